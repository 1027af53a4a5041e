"""Faults in what reopening an open step is answered."""
# ruff: noqa: ARG002, D102, D106 - an override is described by its class, and may ignore what it is given

from conformance.arena.codes import Code, Situation
from conformance.arena.faults.families import Says
from conformance.arena.faults.fault import Fault
from conformance.arena.message import Refusal
from conformance.arena.policy import Policy
from conformance.arena.store import (
    QualityProcess,
    Step,
    StepType,
    User,
)


class AlreadyOpenHasAnotherCode(Says):
    """Reopening an open step is refused with code 3090."""

    rule = "already-open-is-3089"
    situation = Situation.STEP_ALREADY_OPEN
    says = Code(400, 3090, "The quality process is already open.")


class AlreadyOpenSaysStep(Says):
    """Reopening an open step is refused with 3089, and a message that speaks of the step."""

    rule = "already-open-is-3089"
    situation = Situation.STEP_ALREADY_OPEN
    says = Code(400, 3089, "The quality process step is already open.")


class AlreadyOpenLacksItsFullStop(Says):
    """Reopening an open step is refused with the page's message but for the full stop."""

    rule = "already-open-is-3089"
    situation = Situation.STEP_ALREADY_OPEN
    says = Code(400, 3089, "The quality process is already open")


class AlreadyOpenInOtherLetters(Says):
    """Reopening an open step is refused with the page's message in other letter case."""

    rule = "already-open-is-3089"
    situation = Situation.STEP_ALREADY_OPEN
    says = Code(400, 3089, "The Quality Process is already open.")


class AlreadyOpenHasCodeOfNextRelease(Says):
    """Reopening an open step is refused with the code of a later release, 3169."""

    rule = "already-open-is-3089"
    situation = Situation.STEP_ALREADY_OPEN
    says = Code(400, 3169, "The quality process step is already open.")


class AlreadyOpenHasCodeZero(Says):
    """Reopening an open step is refused with code 0 and the page's message."""

    rule = "already-open-is-3089"
    situation = Situation.STEP_ALREADY_OPEN
    says = Code(400, 0, "The quality process is already open.")


class AlreadyOpenIsSuccess(Fault):
    """Reopening an open step succeeds: nothing to do."""

    rule = "already-open-is-3089"

    class Rules(Policy):
        def why_not_reopen_step(self, user: User, process: QualityProcess, step: Step) -> Situation | None:
            why_not = super().why_not_reopen_step(user, process, step)
            return None if why_not is Situation.STEP_ALREADY_OPEN else why_not


class _NotAlreadyOpen(Fault):
    """Lets some reopen an open step."""

    def idle(self, user: User, process: QualityProcess, step: Step) -> bool:
        """Whether reopening this open step is a success."""
        raise NotImplementedError

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        try:
            super().reopen_step(user, process, step)
        except Refusal as refusal:
            if refusal.situation is not Situation.STEP_ALREADY_OPEN or not self.idle(user, process, step):
                raise


class AlreadyOpenForTheOwnerIsSuccess(_NotAlreadyOpen):
    """Reopening an open step succeeds for the owner."""

    rule = "already-open-is-3089"

    def idle(self, user: User, process: QualityProcess, step: Step) -> bool:
        return self.policy.is_owner(user, process)


class AlreadyOpenForTheAssigneeIsSuccess(_NotAlreadyOpen):
    """Reopening an open step succeeds for its assignee."""

    rule = "already-open-is-3089"

    def idle(self, user: User, process: QualityProcess, step: Step) -> bool:
        return user in step.users


class AlreadyOpenGroupStepIsSuccess(_NotAlreadyOpen):
    """Reopening an open step succeeds where it is assigned to a group."""

    rule = "already-open-is-3089"

    def idle(self, user: User, process: QualityProcess, step: Step) -> bool:
        return bool(step.groups)


class AlreadyOpenUnassignedStepIsSuccess(_NotAlreadyOpen):
    """Reopening an open step succeeds where it is unassigned."""

    rule = "already-open-is-3089"

    def idle(self, user: User, process: QualityProcess, step: Step) -> bool:
        return not self.policy.is_assigned(step)


class AlreadyOpenForgetsFreshSteps(_NotAlreadyOpen):
    """Reopening an open step succeeds where the step was never completed before."""

    rule = "already-open-is-3089"

    def idle(self, user: User, process: QualityProcess, step: Step) -> bool:
        return step.guid not in vars(self).get("once_completed", set()) and step.type is StepType.REGULAR

    def complete_step(self, user: User, process: QualityProcess, step: Step) -> None:
        super().complete_step(user, process, step)
        vars(self).setdefault("once_completed", set()).add(step.guid)


class AlreadyOpenIsToldOnce(_NotAlreadyOpen):
    """Reopening an open step is refused the first time, and succeeds the second."""

    rule = "already-open-is-3089"

    def idle(self, user: User, process: QualityProcess, step: Step) -> bool:
        told = vars(self).setdefault("told", set())
        known = (user.guid, step.guid) in told
        told.add((user.guid, step.guid))
        return known and step.type is StepType.REGULAR


class AlreadyOpenCompletes(Fault):
    """Reopening an open step is refused, and completes it: the status is toggled."""

    rule = "already-open-is-3089"

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        why_not = self.policy.why_not_reopen_step(user, process, step)
        if why_not is Situation.STEP_ALREADY_OPEN and step.type is StepType.REGULAR:
            self.apply_complete_step(user, process, step)
        self.allow(why_not)
        super().reopen_step(user, process, step)


class AlreadyOpenMovesTheDueDate(Fault):
    """Reopening an open step is refused, and its due date is gone."""

    rule = "already-open-is-3089"

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        if self.policy.why_not_reopen_step(user, process, step) is Situation.STEP_ALREADY_OPEN:
            step.due_date_time = None
        super().reopen_step(user, process, step)


class ToggleIgnoresComplete(Fault):
    """The call toggles the step, whatever `complete` says: an open one is completed, with 201."""

    rule = "already-open-is-3089"

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        if self.policy.why_not_reopen_step(user, process, step) is Situation.STEP_ALREADY_OPEN:
            self.complete_step(user, process, step)
        else:
            super().reopen_step(user, process, step)
