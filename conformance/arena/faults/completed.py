"""Faults in how a completed process locks its steps."""
# ruff: noqa: ARG002, D102, D106 - an override is described by its class, and may ignore what it is given

from dataclasses import replace

from conformance.arena.codes import Situation
from conformance.arena.faults.fault import Fault
from conformance.arena.message import Refusal
from conformance.arena.policy import Policy
from conformance.arena.store import (
    ProcessStatus,
    QualityProcess,
    Step,
    User,
)


class _Unlocked(Policy):
    """Lets some reopen steps of a completed process."""

    def unlocks(self, user: User, process: QualityProcess, step: Step) -> bool:
        """Whether the completed process is no hindrance."""
        raise NotImplementedError

    def why_not_reopen_step(self, user: User, process: QualityProcess, step: Step) -> Situation | None:
        why_not = super().why_not_reopen_step(user, process, step)
        if why_not is Situation.PROCESS_COMPLETED and self.unlocks(user, process, step):
            return Situation.STEP_ALREADY_OPEN if self.is_open(step) else None
        return why_not


class CompletedProcessLocksNothing(Fault):
    """The steps of a completed process can be reopened like any other."""

    rule = "completed-process-locks-steps"

    class Rules(_Unlocked):
        def unlocks(self, user: User, process: QualityProcess, step: Step) -> bool:
            return True


class CompletedProcessOpenToOwner(Fault):
    """The owner may reopen steps of a completed process."""

    rule = "completed-process-locks-steps"

    class Rules(_Unlocked):
        def unlocks(self, user: User, process: QualityProcess, step: Step) -> bool:
            return self.is_owner(user, process)


class CompletedProcessOpenToAssignee(Fault):
    """The assignee may reopen a step of a completed process."""

    rule = "completed-process-locks-steps"

    class Rules(_Unlocked):
        def unlocks(self, user: User, process: QualityProcess, step: Step) -> bool:
            return user in step.users


class CompletedProcessOpenToGroup(Fault):
    """The members of the assigned group may reopen a step of a completed process."""

    rule = "completed-process-locks-steps"

    class Rules(_Unlocked):
        def unlocks(self, user: User, process: QualityProcess, step: Step) -> bool:
            return any(user in group.members for group in step.groups)


class CompletedProcessLeavesUnassignedSteps(Fault):
    """A completed process does not lock its unassigned steps."""

    rule = "completed-process-locks-steps"

    class Rules(_Unlocked):
        def unlocks(self, user: User, process: QualityProcess, step: Step) -> bool:
            return not self.is_assigned(step)


class CompletedProcessLeavesGroupSteps(Fault):
    """A completed process does not lock the steps of groups."""

    rule = "completed-process-locks-steps"

    class Rules(_Unlocked):
        def unlocks(self, user: User, process: QualityProcess, step: Step) -> bool:
            return bool(step.groups)


class CompletedProcessLocksFirstStepOnly(Fault):
    """A completed process locks its first step only."""

    rule = "completed-process-locks-steps"

    class Rules(_Unlocked):
        def unlocks(self, user: User, process: QualityProcess, step: Step) -> bool:
            return step.order > 1


class CompletedProcessLocksLaterStepsOnly(Fault):
    """A completed process leaves its first step open to a reopen."""

    rule = "completed-process-locks-steps"

    class Rules(_Unlocked):
        def unlocks(self, user: User, process: QualityProcess, step: Step) -> bool:
            return step.order == 1


class CompletedBySignoffLocksNothing(Fault):
    """A process that its approved sign-off completed locks nothing; one that its owner completed does."""

    rule = "completed-process-locks-steps"

    class Rules(_Unlocked):
        def unlocks(self, user: User, process: QualityProcess, step: Step) -> bool:
            return process.current_step is None


class CompletedByOwnerLocksNothing(Fault):
    """A process that its owner completed while a step was open locks nothing."""

    rule = "completed-process-locks-steps"

    class Rules(_Unlocked):
        def unlocks(self, user: User, process: QualityProcess, step: Step) -> bool:
            return process.current_step is not None


class CompletedProcessGivesInOnSecondTry(Fault):
    """A completed process refuses the first reopen of a step only."""

    rule = "completed-process-locks-steps"

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        tried = vars(self).setdefault("tried_completed", set())
        locked = self.policy.locks_steps(process)
        seen = (user.guid, step.guid) in tried
        if locked:
            tried.add((user.guid, step.guid))
        super().reopen_step(user, replace(process, status=ProcessStatus.OPEN) if locked and seen else process, step)


class CompletedProcessRefusesButReopens(Fault):
    """In a completed process a reopen is refused after the step was reopened."""

    rule = "completed-process-locks-steps"

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        if self.policy.locks_steps(process) and self.policy.may_change_status(user, process, step):
            self.apply_reopen_step(user, process, step)
        super().reopen_step(user, process, step)


class CompletedProcessReopensItself(Fault):
    """In a completed process a refused reopen of a step reopens the process."""

    rule = "completed-process-locks-steps"

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        try:
            super().reopen_step(user, process, step)
        except Refusal:
            if self.policy.locks_steps(process):
                self.apply_reopen_process(process)
            raise


class CompletedProcessComesBackWithItsStep(Fault):
    """The owner's reopen of a step reopens its completed process too, and succeeds."""

    rule = "completed-process-locks-steps"

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        if self.policy.locks_steps(process) and self.policy.is_owner(user, process):
            self.apply_reopen_process(process)
        super().reopen_step(user, process, step)
