"""Who may do what: the rules of the page, each one method, each a question about a user and a step."""

from conformance.arena.codes import Situation
from conformance.arena.store import (
    Decision,
    DecisionType,
    ProcessStatus,
    QualityProcess,
    StatusMode,
    Step,
    StepStatus,
    StepType,
    User,
    Verdict,
)


class Policy:
    """Answers questions and changes nothing. `why_not_…` returns the first reason for a refusal, or None."""

    # The page's rules on a step.

    def may_edit(self, user: User) -> bool:
        """The access policy asks for the rule Quality Edit Details, of everybody."""
        return user.quality_edit_details

    def is_owner(self, user: User, process: QualityProcess) -> bool:
        """The owner, which the creator need not be."""
        return user.guid == process.owner.guid

    def is_assignee(self, user: User, step: Step) -> bool:
        """An assigned user, or any member of an assigned group."""
        assigned = [*step.users, *(member for group in step.groups for member in group.members)]
        return any(user.guid == other.guid for other in assigned)

    def is_assigned(self, step: Step) -> bool:
        """Whether the step has any assignee at all."""
        return bool(step.users or step.groups)

    def may_change_status(self, user: User, process: QualityProcess, step: Step) -> bool:
        """An assigned step is for its assignee and the owner; an unassigned one for every user with permissions."""
        if not self.may_edit(user):
            return False
        return not self.is_assigned(step) or self.is_assignee(user, step) or self.is_owner(user, process)

    def is_approved_signoff(self, step: Step) -> bool:
        """A sign-off step is complete only by approval, and then it is final."""
        return step.type is StepType.SIGNOFF and step.status is StepStatus.COMPLETE

    def locks_steps(self, process: QualityProcess) -> bool:
        """A completed quality process keeps its steps as they are."""
        return process.status is ProcessStatus.COMPLETED

    def is_open(self, step: Step) -> bool:
        """Nothing is left to reopen."""
        return step.status is StepStatus.OPEN

    def why_not_reopen_step(self, user: User, process: QualityProcess, step: Step) -> Situation | None:
        """The operation this project is about: privileges first, then what the step and its process allow."""
        if not self.may_change_status(user, process, step):
            return Situation.NOT_PERMITTED
        if self.is_approved_signoff(step):
            return Situation.SIGNOFF_APPROVED
        if self.locks_steps(process):
            return Situation.PROCESS_COMPLETED
        if self.is_open(step):
            return Situation.STEP_ALREADY_OPEN
        return None

    def why_not_complete_step(self, user: User, process: QualityProcess, step: Step) -> Situation | None:
        """Who may complete a step is who may reopen it."""
        if not self.may_change_status(user, process, step):
            return Situation.NOT_PERMITTED
        if step.type is StepType.SIGNOFF:
            return Situation.SIGNOFF_TAKES_DECISIONS
        if self.locks_steps(process):
            return Situation.PROCESS_COMPLETED
        if not self.is_open(step):
            return Situation.STEP_ALREADY_COMPLETE
        return None

    # The vendor's other pages: the whole process, its making, its decisions.

    def may_change_process(self, user: User, process: QualityProcess) -> bool:
        """The owner or an account administrator completes and reopens the whole process."""
        return self.may_edit(user) and (self.is_owner(user, process) or user.account_administrator)

    def why_not_complete_process(self, user: User, process: QualityProcess) -> Situation | None:
        """Open steps do not hinder it."""
        if not self.may_change_process(user, process):
            return Situation.NOT_PERMITTED
        return Situation.PROCESS_COMPLETED if self.locks_steps(process) else None

    def why_not_reopen_process(self, user: User, process: QualityProcess) -> Situation | None:
        """Its steps stay as they are."""
        if not self.may_change_process(user, process):
            return Situation.NOT_PERMITTED
        return None if self.locks_steps(process) else Situation.PROCESS_ALREADY_OPEN

    def completes_itself(self, process: QualityProcess) -> bool:
        """An AUTOMATIC process is complete when its last step is."""
        return process.status_mode is StatusMode.AUTOMATIC and process.current_step is None

    def may_see(self, user: User, workspace_id: int) -> bool:
        """Everybody reads what is in their own workspace, and nothing else."""
        return user.workspace_id == workspace_id

    def may_delete(self, user: User, process: QualityProcess) -> bool:
        """Owner, creator or account administrator."""
        return self.is_owner(user, process) or user.guid == process.creator.guid or user.account_administrator

    def why_not_assign(self, user: User, process: QualityProcess, step: Step) -> Situation | None:
        """Any user with permissions, while the step is open."""
        if not self.may_edit(user):
            return Situation.NOT_PERMITTED
        if self.locks_steps(process):
            return Situation.PROCESS_COMPLETED
        return None if self.is_open(step) else Situation.COMPLETED_STEP_IS_FIXED

    def why_not_ask_decision(self, user: User, process: QualityProcess, step: Step) -> Situation | None:
        """Any user with permissions names decision makers, while the sign-off is pending."""
        if not self.may_edit(user):
            return Situation.NOT_PERMITTED
        return self._why_not_sign_off(process, step)

    def why_not_decide(self, user: User, process: QualityProcess, step: Step, decision: Decision) -> Situation | None:
        """Each decision is its maker's own; a rejection can be taken back, an approved sign-off cannot."""
        if user.guid != decision.user.guid:
            return Situation.NOT_PERMITTED
        return self._why_not_sign_off(process, step)

    def is_signed_off(self, step: Step) -> bool:
        """All who must have approved, and one of those of whom one is enough."""
        every = [d.verdict for d in step.decisions if d.type is DecisionType.ALL_REQUIRED]
        one = [d.verdict for d in step.decisions if d.type is DecisionType.ONE_REQUIRED]
        return all(v is Verdict.APPROVED for v in every) and (not one or Verdict.APPROVED in one)

    def _why_not_sign_off(self, process: QualityProcess, step: Step) -> Situation | None:
        if step.type is not StepType.SIGNOFF:
            return Situation.NOT_A_SIGNOFF
        if self.is_approved_signoff(step):
            return Situation.SIGNOFF_APPROVED
        return Situation.PROCESS_COMPLETED if self.locks_steps(process) else None
