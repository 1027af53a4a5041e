"""Steps that stand ready on the target, as the target file lists them: for targets that can't create processes.

Nothing but these steps is touched, and each is brought back to the state that it was found in.
"""

from __future__ import annotations

from typing import Final

from conformance.evidence import Recorder, Subject
from conformance.journal import Standing
from conformance.session import Sessions
from conformance.stage import undo
from conformance.stage.api import Unstaged
from conformance.stage.known import KnownProcesses
from conformance.stage.plots import GROUP, UNASSIGNED, Plot
from conformance.stage.staged import COMPLETE, OPEN, StagedProcess, StagedStep
from conformance.target import Staging, StandingStep

_SIGNOFFS: Final = {"signoff-approved": "approved", "signoff-rejected": "rejected", "signoff-pending": "pending"}


class StandingProcesses(KnownProcesses):
    """The quality processes of the steps that stand ready."""

    def __init__(self, sessions: Sessions, recorder: Recorder, staging: Staging) -> None:
        super().__init__(sessions, recorder)
        self._kept: dict[Subject, str] = {}  # the steps that could not be brought back, and why
        self._otherwise: dict[Subject, str] = {}  # how a step read that was not as it is listed; empty where it was
        for standing in staging.steps:
            self._stand(standing)
        steps = [step for process in self.made if not process.completed for step in process.regular]
        sessions.journal.lists(Standing(one.subject, one.state, tuple(self.permitted(one))) for one in steps)
        sessions.journal.allows(Subject(one.process, one.step) for one in staging.steps)

    def lease(self, owner: str, assigned_to: str) -> StagedStep:
        """Returns a step of that owner and assignee in an open process. Raises Unstaged where none stands ready."""
        for process in self.made:
            for step in process.regular:
                if process.plot.owner == owner and step.assigned_to == assigned_to and not process.completed:
                    self._must_stand(step.subject, step.state)
                    return step
        raise Unstaged(f"the target file lists no step of {owner} {_whose(assigned_to)}")

    def locked(self, owner: str, assigned_to: str) -> StagedStep:
        """Returns such a step of a completed process. Raises Unstaged where none stands ready."""
        for process in self.made:
            for step in process.regular:
                if process.plot.owner == owner and step.assigned_to == assigned_to and process.completed:
                    self._must_stand(step.subject, COMPLETE, process)
                    return step
        raise Unstaged(f"the target file lists no step of {owner} {_whose(assigned_to)} in a completed process")

    def fresh(self) -> StagedStep:
        """Raises Unstaged: every open step that is listed has been completed since."""
        raise Unstaged("the target file lists no open step")

    def with_signoff(self, state: str, plot: str = "") -> StagedProcess:
        """Returns the process of a sign-off step in that state. Raises Unstaged where none stands ready."""
        for process in self.made:
            if process.signoffs and process.signoff == state and not process.completed and not plot:
                self._must_stand(process.signoffs[0], COMPLETE if state == "approved" else "")
                return process
        raise Unstaged(f"the target file lists no sign-off step that is {state}")

    def locked_signoff(self) -> StagedProcess:
        """Raises Unstaged: such a step can't be listed."""
        raise Unstaged("a target file lists no sign-off steps of completed processes")

    def delete(self) -> None:
        """Brings every changed step back to the state that it was found in. Which are not, `remaining` tells."""
        journal = self._sessions.journal
        for standing in [*journal.past.changed.values()]:
            step = self.step(standing.subject)
            if step and step.state == standing.status:
                journal.restored(standing.subject)
            else:
                self._kept[standing.subject] = undo.restore(self._sessions, standing)

    def remaining(self) -> list[str]:
        """Returns the steps that are not as they were found."""
        changed = self._sessions.journal.past.changed.values()
        return [f"{undo.shown(one)}: {self._kept.get(one.subject) or 'not restored'}" for one in changed]

    def _must_stand(self, subject: Subject, status: str, completed: StagedProcess | None = None) -> None:
        """Raises Unstaged where a step did not read as it is listed when it was looked at first.

        It is not touched then: whoever wrote the file meant another one. Where nothing can be read it is believed.
        """
        if subject not in self._otherwise:
            self.ledger.know(subject.process)
            found = {} if self.ledger.blind else self.ledger.statuses(subject.process)
            otherwise = ""
            if not self.ledger.blind and subject.step not in found:
                otherwise = "its process shows no such step"
            elif status and found.get(subject.step, status) != status:
                otherwise = f"it reads {found[subject.step]} where the target file says {status}"
            elif completed and not self.ledger.blind and not self._is_completed(completed):
                otherwise = "its process is not completed"
            self._otherwise[subject] = otherwise
        if otherwise := self._otherwise[subject]:
            raise Unstaged(f"step {subject.step} does not stand ready: {otherwise}; correct staging.steps")

    def _stand(self, standing: StandingStep) -> None:
        process = next((one for one in self.made if one.guid == standing.process), None)
        if process is None:
            plot = Plot("standing", standing.owner, standing.owner, ((), ()))
            process = StagedProcess(plot, standing.process, standing.owner)
            process.spare = [Subject(standing.process, "")]  # that it stays open is up to whoever prepared it
            process.completed = standing.state == "in-completed-process"
            self.made.append(process)
        subject = Subject(standing.process, standing.step)
        if standing.state in _SIGNOFFS:
            process.signoffs.append(subject)
            process.signoff = _SIGNOFFS[standing.state]
            return
        state = OPEN if standing.state.startswith("open-") else COMPLETE
        assigned_to = GROUP if standing.state == "completed-group" else standing.assignee or UNASSIGNED
        process.regular.append(StagedStep(subject, assigned_to, state))


def _whose(assigned_to: str) -> str:
    return f"that is assigned to {assigned_to}" if assigned_to else "without assignee"
