"""Faults in how final an approved sign-off step is; and what undecided ones do, which the page leaves open."""
# ruff: noqa: ARG002, D102, D106 - an override is described by its class, and may ignore what it is given

from conformance.arena.codes import Situation
from conformance.arena.faults.fault import Fault
from conformance.arena.policy import Policy
from conformance.arena.store import (
    DecisionType,
    QualityProcess,
    Step,
    StepStatus,
    StepType,
    User,
    Verdict,
)


class _Reversible(Policy):
    """Lets some reopen approved sign-off steps."""

    def reverses(self, user: User, process: QualityProcess, step: Step) -> bool:
        """Whether the approval is no hindrance."""
        raise NotImplementedError

    def why_not_reopen_step(self, user: User, process: QualityProcess, step: Step) -> Situation | None:
        why_not = super().why_not_reopen_step(user, process, step)
        reversed_here = self.is_approved_signoff(step) and self.reverses(user, process, step)
        return None if why_not is not None and reversed_here else why_not


class ApprovedSignoffReopens(Fault):
    """An approved sign-off step can be reopened like any other."""

    rule = "approved-signoff-is-final"

    class Rules(Policy):
        def is_approved_signoff(self, step: Step) -> bool:
            return False


class ApprovedSignoffReopensForOwner(Fault):
    """The owner may reopen an approved sign-off step."""

    rule = "approved-signoff-is-final"

    class Rules(_Reversible):
        def reverses(self, user: User, process: QualityProcess, step: Step) -> bool:
            return self.is_owner(user, process)


class ApprovedSignoffReopensForAdministrator(Fault):
    """An account administrator may reopen an approved sign-off step."""

    rule = "approved-signoff-is-final"

    class Rules(_Reversible):
        def reverses(self, user: User, process: QualityProcess, step: Step) -> bool:
            return user.account_administrator


class ApprovedSignoffReopensForApprover(Fault):
    """Who approved a sign-off step and owns nothing of it may reopen it."""

    rule = "approved-signoff-is-final"

    class Rules(_Reversible):
        def reverses(self, user: User, process: QualityProcess, step: Step) -> bool:
            return not self.is_owner(user, process) and any(user == decision.user for decision in step.decisions)


class ApprovedSignoffReopensForOthers(Fault):
    """Whoever neither owns the process nor approved the sign-off step may reopen it."""

    rule = "approved-signoff-is-final"

    class Rules(_Reversible):
        def reverses(self, user: User, process: QualityProcess, step: Step) -> bool:
            near = [process.owner, *(decision.user for decision in step.decisions)]
            return self.may_edit(user) and not user.account_administrator and user not in near


class ApprovedByOneReopens(Fault):
    """A sign-off step that needed one approval only can be reopened."""

    rule = "approved-signoff-is-final"

    class Rules(_Reversible):
        def reverses(self, user: User, process: QualityProcess, step: Step) -> bool:
            return any(decision.type is DecisionType.ONE_REQUIRED for decision in step.decisions)


class ApprovedSignoffReopensInCompletedProcess(Fault):
    """In a completed process the owner may reopen an approved sign-off step."""

    rule = "approved-signoff-is-final"

    class Rules(_Reversible):
        def reverses(self, user: User, process: QualityProcess, step: Step) -> bool:
            return self.locks_steps(process) and self.is_owner(user, process)


class _AfterRefusedSignoff(Fault):
    """Changes something although it refuses to reopen an approved sign-off step."""

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        if self.policy.is_approved_signoff(step):
            self.spoil(step)
        super().reopen_step(user, process, step)

    def spoil(self, step: Step) -> None:
        """What is changed."""
        raise NotImplementedError


class RefusedSignoffReopens(_AfterRefusedSignoff):
    """The reopen of an approved sign-off step is refused, but the step is open."""

    rule = "approved-signoff-is-final"

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        final = self.policy.is_approved_signoff(step)
        super().reopen_step(user, process, step) if not final else self.spoil(step)
        if final:
            raise self.refusal(Situation.SIGNOFF_APPROVED)

    def spoil(self, step: Step) -> None:
        step.status = StepStatus.OPEN


class RefusedSignoffIsReversed(_AfterRefusedSignoff):
    """The reopen of an approved sign-off step is refused, but the approvals are pending again."""

    rule = "approved-signoff-is-final"

    def spoil(self, step: Step) -> None:
        for decision in step.decisions:
            decision.verdict = None


class RefusedSignoffIsRejected(_AfterRefusedSignoff):
    """The reopen of an approved sign-off step is refused, but the approvals are rejections now."""

    rule = "approved-signoff-is-final"

    def spoil(self, step: Step) -> None:
        for decision in step.decisions:
            decision.verdict = Verdict.REJECTED


class RefusedSignoffLosesItsDecisions(_AfterRefusedSignoff):
    """The reopen of an approved sign-off step is refused, but its decisions are gone."""

    rule = "approved-signoff-is-final"

    def spoil(self, step: Step) -> None:
        step.decisions.clear()


class RefusedSignoffLosesItsComments(_AfterRefusedSignoff):
    """The reopen of an approved sign-off step is refused, but the approvers' comments are gone."""

    rule = "approved-signoff-is-final"

    def spoil(self, step: Step) -> None:
        for decision in step.decisions:
            decision.comments = None


class RefusedSignoffGetsAnotherDate(_AfterRefusedSignoff):
    """The reopen of an approved sign-off step is refused, but it counts as completed another day."""

    rule = "approved-signoff-is-final"

    def spoil(self, step: Step) -> None:
        step.complete_date_time = self.clock.now().replace(year=2031)


class _Undecided(Fault):
    """Answers otherwise where a sign-off step is pending or rejected."""

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        if step.type is StepType.SIGNOFF and not self.policy.is_approved_signoff(step):
            self.undecided(user, process, step)
        else:
            super().reopen_step(user, process, step)

    def undecided(self, user: User, process: QualityProcess, step: Step) -> None:
        """What happens instead."""
        raise NotImplementedError


class PendingSignoffIsFinal(_Undecided):
    """Undecided sign-off steps are refused like approved ones."""

    def undecided(self, user: User, process: QualityProcess, step: Step) -> None:
        raise self.refusal(Situation.SIGNOFF_APPROVED)


class RejectedSignoffReopens(_Undecided):
    """The reopen of an undecided sign-off step takes rejections back, and succeeds."""

    def undecided(self, user: User, process: QualityProcess, step: Step) -> None:
        for decision in step.decisions:
            decision.verdict = None


class PendingSignoffIsTaken(_Undecided):
    """The reopen of a sign-off step that nobody has decided succeeds, and changes nothing."""

    def undecided(self, user: User, process: QualityProcess, step: Step) -> None:
        if any(decision.verdict for decision in step.decisions):
            raise self.refusal(Situation.STEP_ALREADY_OPEN)


class RefusedSignoffForgetsItsRejection(_Undecided):
    """The reopen of a rejected sign-off step is refused, and takes the rejection back."""

    rule = "approved-signoff-is-final"

    def undecided(self, user: User, process: QualityProcess, step: Step) -> None:
        for decision in step.decisions:
            decision.verdict = None
        raise self.refusal(Situation.STEP_ALREADY_OPEN)
