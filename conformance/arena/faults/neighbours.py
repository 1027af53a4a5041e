"""Faults in what a reopen changes besides: other steps, assignees, attributes, dates."""
# ruff: noqa: ARG002, D102 - an override is described by its class, and may ignore what it is given

from dataclasses import replace
from datetime import timedelta

from conformance.arena.faults.families import Also
from conformance.arena.faults.fault import Fault
from conformance.arena.store import (
    QualityProcess,
    Step,
    StepStatus,
    StepType,
    User,
    new_guid,
)


class AnotherStepReopens(Fault):
    """It is the first completed step of the process that is reopened."""

    rule = "reopen-step"

    def apply_reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        first = next(other for other in process.steps if other.status is StepStatus.COMPLETE)
        super().apply_reopen_step(user, process, first)


class LaterStepsReopenToo(Also):
    """The steps after the reopened one are reopened too."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        for other in process.steps[step.order :]:
            if other.type is StepType.REGULAR:
                self.open_too(other)


class EarlierStepsReopenToo(Also):
    """The steps before the reopened one are reopened too."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        for other in process.steps[: step.order - 1]:
            self.open_too(other)


class SignoffReopensToo(Also):
    """The sign-off after the reopened step is open again, approved or not."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        for other in process.steps:
            if other.type is StepType.SIGNOFF:
                self.open_too(other)


class SameNamedStepsReopenToo(Also):
    """Steps of the same name in the owner's other processes are reopened too."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        for other in self.store.processes.values():
            if other.owner == process.owner and other is not process:
                self.open_too(other.steps[step.order - 1])


class OtherProcessesReopenToo(Also):
    """The first step of the process made next is reopened too."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        processes = list(self.store.processes.values())
        for other in processes[processes.index(process) + 1 :][:1]:
            self.open_too(other.steps[0])


class AllStepsOfTheAssigneeReopenToo(Also):
    """Whatever else is assigned to the same user is reopened too, in every process."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        for other in self.store.processes.values():
            for one in other.steps:
                if step.users and one.users == step.users:
                    self.open_too(one)


class OtherStepsComplete(Also):
    """The other open regular steps of the process are completed."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        for other in process.steps:
            if other is not step and other.type is StepType.REGULAR:
                other.status = StepStatus.COMPLETE


class AssigneesAreLost(Also):
    """The reopened step has no assignee any more."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        step.users, step.groups = (), ()


class GroupsAreLost(Also):
    """A reopened step that was assigned to a group is unassigned."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        step.groups = ()


class ReopenerIsAssigned(Also):
    """The reopened step is assigned to who reopened it."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        step.users, step.groups = (user,), ()


class UnassignedIsAssigned(Also):
    """An unassigned step is assigned to who reopened it."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        if not self.policy.is_assigned(step):
            step.users = (user,)


class NextAssigneeIsLost(Also):
    """The step after the reopened one loses its assignee."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        for other in process.steps[step.order : step.order + 1]:
            other.users, other.groups = (), ()


class AttributesAreLost(Also):
    """The reopened step loses its attributes."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        step.attributes = ()


class AttributeValuesAreLost(Also):
    """The attributes of the reopened step lose their values."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        step.attributes = tuple(replace(attribute, value=None) for attribute in step.attributes)


class NeighboursAttributesAreLost(Also):
    """The other steps lose their attributes."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        for other in process.steps:
            if other is not step:
                other.attributes = ()


class DueDateIsLost(Also):
    """The reopened step loses its due date."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        step.due_date_time = None


class DueDateMoves(Also):
    """The reopened step is due a day later."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        step.due_date_time = step.due_date_time and step.due_date_time + timedelta(days=1)


class LaterDueDatesMove(Also):
    """The steps after the reopened one are due a week later."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        for other in process.steps[step.order :]:
            other.due_date_time = other.due_date_time and other.due_date_time + timedelta(days=7)


class StepIsRenamed(Also):
    """The reopened step has (reopened) behind its name."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        step.name = f"{step.name} (reopened)"


class StepMovesToTheEnd(Also):
    """The reopened step stands last in its process."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        step.order = 99


class StepBecomesSignoff(Also):
    """The reopened step is a sign-off step."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        step.type = StepType.SIGNOFF


class StepIsReplaced(Also):
    """The reopened step has another guid."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        step.guid = new_guid()


class StepIsCopied(Also):
    """A reopen adds an open copy of the step to the process."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        process.steps.append(replace(step, guid=new_guid()))
