"""Faults that show only after four particular actions of two actors on the same step or process.

No scenario goes that way. Random walks of several actors do.
"""
# ruff: noqa: D102 - an override is described by its class, and may ignore what it is given

from conformance.arena.codes import Situation
from conformance.arena.faults.fault import Fault, as_owner
from conformance.arena.message import Visit
from conformance.arena.store import QualityProcess, Step, User


class _History(Fault):
    """Takes something of the past for the present."""

    shown_by = "walks"

    def notes(self, name: str) -> set[tuple[str, str]]:
        """What was noted under a name: pairs of guids."""
        found: set[tuple[str, str]] = vars(self).setdefault(name, set())
        return found


class UndoneWorkStaysYours(_History):
    """Who completed a step may reopen it for ever once somebody else has reopened it, whoever holds it by then."""

    # Completed by the assignee, reopened by the owner, given to somebody else, completed by them: the reopening has put
    # the step back into the first assignee's list of tasks, and nothing takes it out again.

    rule = "others-may-not-reopen"

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        undone, completed_by = (user.guid, step.guid) in self.notes("undone"), step.complete_user
        super().reopen_step(user, as_owner(process, user) if undone else process, step)
        if completed_by is not None and completed_by != user:
            self.notes("undone").add((completed_by.guid, step.guid))


class ReturningAssigneeIsForgotten(_History):
    """Who was assigned to a step, lost it and got it back may not reopen it."""

    # Given to one, to another, to the first again, completed: the first assignment was marked as ended, and the third
    # is taken for the same.

    rule = "assignee-may-reopen"

    def update_step(self, visit: Visit) -> tuple[int, object]:
        _, step = self.step_in_path(visit)
        before = step.users
        answer = super().update_step(visit)
        self.notes("ended").update((user.guid, step.guid) for user in before if user not in step.users)
        return answer

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        ended = user in step.users and (user.guid, step.guid) in self.notes("ended")
        if ended and not self.policy.is_owner(user, process):
            raise self.refusal(Situation.NOT_PERMITTED)
        super().reopen_step(user, process, step)


class SecondCompletionLocksNothing(_History):
    """A quality process that was completed, reopened and completed again does not lock its steps."""

    # A step is completed, the process too, the process is reopened, and completed again: the first completion made the
    # lock, the reopening marked it as removed, and the second completion finds that there is one.

    rule = "completed-process-locks-steps"

    def apply_reopen_process(self, process: QualityProcess) -> None:
        super().apply_reopen_process(process)
        self.notes("unlocked").add((process.guid, ""))

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        completed = process.status
        if (process.guid, "") in self.notes("unlocked") and self.policy.locks_steps(process):
            process.status = type(completed).OPEN
        try:
            super().reopen_step(user, process, step)
        finally:
            process.status = completed
