"""Faults in what a reopen changes about its process and the sign-off of it."""
# ruff: noqa: ARG002, D102 - an override is described by its class, and may ignore what it is given

from datetime import timedelta

from conformance.arena.faults.families import Also
from conformance.arena.store import (
    ProcessStatus,
    QualityProcess,
    StatusMode,
    Step,
    User,
)


class DecisionsAreReset(Also):
    """The decisions on the process' sign-off are pending again."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        for other in process.steps:
            for decision in other.decisions:
                decision.verdict = None


class DecisionsAreLost(Also):
    """The decisions on the process' sign-off are gone."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        for other in process.steps:
            other.decisions.clear()


class DecisionCommentsAreLost(Also):
    """The comments of the decisions on the process' sign-off are gone."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        for other in process.steps:
            for decision in other.decisions:
                decision.comments = None


class ReopenerIsAskedToDecide(Also):
    """Who reopened a step becomes the decision maker of the sign-off."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        for other in process.steps:
            for decision in other.decisions:
                decision.user = user if decision.user != user else process.creator


class ReopenerOwnsTheProcess(Also):
    """The process belongs to who reopened a step of it."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        process.owner = user


class ProcessIsRenamed(Also):
    """The process has (reopened) behind its name."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        process.name = f"{process.name} (reopened)"


class CommentGoesIntoDescription(Also):
    """The description of the process grows with every reopen."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        process.description = f"{process.description}\nReopened."


class ProcessIsNumberedAnew(Also):
    """The process has a new number."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        process.number = f"{process.number}-R"


class ProcessIsCompleted(Also):
    """The process is completed: the status goes the wrong way."""

    rule = "reopen-step"
    alone = True

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        process.status = ProcessStatus.COMPLETED


class ProcessBecomesManual(Also):
    """The process is completed by hand only from now on."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        process.status_mode = StatusMode.MANUAL


class ProcessIsDueLater(Also):
    """The process has another target completion date."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        process.target_completion_date_time = self.now() + timedelta(days=30)


class ProcessIsMadeAnew(Also):
    """The process counts as created now."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        process.creation_date_time += timedelta(hours=1)


class ReopenerCreatedTheProcess(Also):
    """The process counts as created by who reopened a step of it."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        process.creator = user


class NextProcessChangesOwner(Also):
    """The owner's other processes belong to the assignee of the reopened step."""

    rule = "reopen-step"

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        for other in self.store.processes.values():
            if other is not process and other.owner == process.owner and step.users:
                other.owner = step.users[0]
