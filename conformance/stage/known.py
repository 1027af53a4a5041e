"""The quality processes that a run works with, wherever they come from."""

from __future__ import annotations

from typing import Final

from conformance.evidence import Exchange, Recorder, Subject
from conformance.session import Session, Sessions
from conformance.stage import api
from conformance.stage.api import StagingBroke, Unstaged
from conformance.stage.ledger import Ledger
from conformance.stage.plots import RESTRICTED, holders
from conformance.stage.staged import COMPLETE, UNKNOWN, StagedProcess, StagedStep

_COMPLETED: Final = frozenset({"COMPLETE", "COMPLETED"})


class KnownProcesses:
    """What is common to processes that the run makes and to those that stand ready."""

    def __init__(self, sessions: Sessions, recorder: Recorder) -> None:
        self.made: list[StagedProcess] = []
        self.ledger = Ledger(recorder, self._reader)
        self._sessions = sessions

    def of(self, staged: StagedStep) -> StagedProcess:
        """Returns the process of a step."""
        return next(one for one in self.made if staged in one.regular)

    def step(self, subject: Subject) -> StagedStep | None:
        """Returns what is known of a regular step."""
        return next((step for one in self.made for step in one.regular if step.subject == subject), None)

    def steps(self, guid: str) -> list[StagedStep]:
        """Returns the regular steps of a process that scenarios use."""
        return [step for one in self.made if one.guid == guid for step in one.regular]

    def permitted(self, staged: StagedStep) -> list[str]:
        """Returns the accounts that the page lets reopen the step, those first whose right is plainest."""
        owner = self.of(staged).plot.owner
        roles = (owner, *(holders(staged.assigned_to) or ("colleague", "assignee")))
        return [role for role in dict.fromkeys(roles) if role in self._sessions and role not in RESTRICTED]

    def complete(self, staged: StagedStep, by: str = "") -> None:
        """Completes a step, by the account `by` or by whoever may."""
        answer: Exchange | None = None
        for role in dict.fromkeys([*filter(None, [by]), *self.permitted(staged)]):
            known, staged.state = staged.state, UNKNOWN  # until an answer tells
            answer = api.complete(self._sessions[role], staged.subject)
            # what is refused may be complete already
            if answer.accepted or (not self.ledger.blind and self.ledger.status(staged.subject) == COMPLETE):
                staged.state, staged.completed_by = COMPLETE, role
                return
            staged.state = known if answer.refused else UNKNOWN
        if answer is None:
            raise Unstaged("no account of the target file may complete the step")
        if answer.refused:
            raise Unstaged(f"exchange {answer.id}: the target refused to complete a step: {answer.summary()}")
        raise StagingBroke(f"exchange {answer.id}: could not complete a step: {answer.summary()}")

    def completed_itself(self, subject: Subject) -> bool:
        """Tells whether a process that this run did not complete reads completed: staging did not mean to."""
        process = next((one for one in self.made if one.guid == subject.process), None)
        return process is not None and not process.completed and self._is_completed(process)

    def _is_completed(self, process: StagedProcess) -> bool:
        return self.ledger.process_status(process.guid) in _COMPLETED

    def _reader(self, guid: str) -> Session:
        return self._sessions[next((one.creator for one in self.made if one.guid == guid), "owner")]
