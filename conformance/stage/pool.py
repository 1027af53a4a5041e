"""The pool of staged steps: a scenario says which state it needs and never knows how it comes about.

A step whose state is known is used again: completing it through the same endpoint costs one call, a new process at
least four. Nothing is staged before a scenario asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from conformance.evidence import UNREADABLE, Exchange, Recorder, Subject
from conformance.session import REOPEN, VARIANT, LoginFailed, NoAccount, Sessions
from conformance.stage.api import StagingBroke, Unstaged
from conformance.stage.ground import Ground
from conformance.stage.plots import GROUP, PLOTS, SEVERAL, UNASSIGNED, Plot
from conformance.stage.processes import Processes
from conformance.stage.staged import COMPLETE, OPEN, UNKNOWN, StagedStep
from conformance.stage.views import Views
from conformance.target import Staging


class Stage:
    """Steps of one target, by the state that a scenario needs.

    What leases or reads may raise Unstaged (the target can't be brought there), NoAccount and StagingBroke.
    """

    def __init__(self, sessions: Sessions, recorder: Recorder, staging: Staging, run_id: str) -> None:
        self.grounds: list[Ground] = []
        self.left_behind: list[str] = []
        self._sessions = sessions
        self._recorder = recorder
        self._processes = Processes(sessions, recorder, staging, run_id)
        recorder.watch(self._watch)

    @property
    def views(self) -> Views:
        """How the target shows what the run made."""
        return self._processes.views

    def completed_step(self, owner: str = "owner", assigned_to: str = "assignee", completed_by: str = "") -> Subject:
        """Returns a completed regular step; `assigned_to` is an account, "group", "several", or "" for nobody."""
        staged = self._lease(owner, assigned_to)
        if completed_by and staged.state == COMPLETE and staged.completed_by != completed_by:
            self._bring_to(staged, OPEN)
        self._bring_to(staged, COMPLETE, completed_by)
        return staged.subject

    def reopener(self, step: Subject) -> str:
        """Returns an account that has been shown to be able to reopen a step.

        For scenarios that are not about who may: they stand even where the server refuses one of those who may.
        """
        staged = self._processes.step(step)
        if staged is None:
            raise Unstaged("the step is no regular one")
        if not staged.proven_role and staged.state == COMPLETE:
            self._settle(staged)
            self._bring_to(staged, COMPLETE)
        permitted = self._processes.permitted(staged)
        if not permitted:
            raise Unstaged("no account of the target file may reopen this step")
        return staged.proven_role or permitted[0]

    def open_step(self, owner: str = "owner", assigned_to: str = "assignee") -> Subject:
        """Returns a regular step that a permitted account has reopened."""
        staged = self._lease(owner, assigned_to)
        if staged.proven_by is None:
            self._bring_to(staged, COMPLETE)
        self._bring_to(staged, OPEN)
        return staged.subject

    def fresh_step(self) -> Subject:
        """Returns an open regular step that nobody has completed yet."""
        found = (step for one in self._processes.made for step in one.regular if not step.completed_by)
        return next((step.subject for step in found), None) or self._lease("owner", "assignee").subject

    def signoff(self, state: str, plot: str = "") -> Subject:
        """Returns a sign-off step that is `pending`, `approved` or `rejected`."""
        process = self._processes.process(plot or {"approved": "others", "rejected": "shared"}.get(state, "assigned"))
        if not process.signoffs:
            raise Unstaged("the template has no sign-off step")
        if process.signoff != state:
            last_open = len(process.spare) + len(process.signoffs) == 1 and state == "approved"
            if last_open and all(step.state != OPEN for step in process.regular):
                self._bring_to(process.regular[1], OPEN)  # else the approval would complete the process (AUTOMATIC)
            self._processes.decide(process, state)
        return process.signoffs[0]

    def completed_process_signoff(self) -> Subject:
        """Returns the approved sign-off step of a process completed since."""
        for process in self._processes.made:
            if process.completed and process.signoff == "approved":
                return process.signoffs[0]
        signoff = self.signoff("approved", "several")
        self.completed_process_step(assigned_to=SEVERAL)
        return signoff

    def completed_process_step(self, owner: str = "owner", assigned_to: str = "assignee") -> Subject:
        """Returns a completed regular step, once reopened by a permitted account, of a process completed since."""
        for process in self._processes.made:
            index = _index(process.plot, owner, assigned_to)
            if process.completed and index is not None:
                return process.regular[index].subject
        staged = self._lease(owner, assigned_to)
        process = self._processes.of(staged)
        for step in process.regular:
            if step.proven_by is None or step.waiting:
                self._bring_to(step, COMPLETE)
                self._settle(step)
        for step in process.regular:
            if step.state != COMPLETE:
                self._processes.complete(step)
        self._processes.complete_process(process)
        return staged.subject

    @contextmanager
    def ground(self, lease: Callable[[], Subject], *beside: Subject, control: bool = True) -> Iterator[Ground]:
        """Yields a ground for refusals on the leased step; the processes of `beside` are watched for changes too.

        Without `control` the refusals prove nothing: for what is observed.
        """
        subject = lease()
        staged = self._processes.step(subject)
        signoff = staged is None
        if staged is None:  # a regular step of the process shows that reopening works in it
            staged = self._first_regular(subject)
            if control and not self._processes.of(staged).completed:
                self._bring_to(staged, COMPLETE)
        read = self.views.with_decisions if signoff else self.views.whole
        ground = Ground(self._recorder, lease, lambda: read(subject, *beside), self._known_state)
        self.grounds.append(ground)
        if control:
            self._await_control(ground, staged)
        try:
            yield ground
        finally:
            ground.close()
            if ground.changes:  # something was done that was refused: nothing is sure any more
                self._doubt()

    def why_not_reopenable(self, exchange: Exchange) -> str:
        """Returns what staging did that gave the target a reason to refuse a reopen; empty where it did nothing."""
        if exchange.subject is None or not exchange.refused:
            return ""
        try:
            if self._processes.completed_itself(exchange.subject):
                return "the process was completed by its last step, which staging did not mean to do"
        except (Unstaged, StagingBroke):
            return ""
        return ""

    def doubt(self, step: Subject) -> None:
        """Forgets in which state a step is: it was called upon from two sides at once."""
        staged = self._processes.step(step)
        if staged is not None:
            staged.state = UNKNOWN

    def retire(self, step: Subject) -> None:
        """Leases no step of this process any more; it is deleted with the others."""
        staged = self._processes.step(step)
        if staged is not None:
            self._processes.of(staged).unusable = True

    def controls(self) -> None:
        """Runs every positive control that is still missing."""
        for process in self._processes.made:
            for step in process.regular:
                if step.waiting and not process.completed:
                    with suppress(Unstaged, StagingBroke, NoAccount, LoginFailed):
                        self._bring_to(step, COMPLETE)
                        self._settle(step)

    def close(self) -> None:
        """Deletes what this run made; what could not be deleted is in `left_behind`."""
        self.left_behind += self._processes.delete()

    def abandon(self) -> None:
        """Leaves behind what was not deleted yet."""
        self.left_behind += self._processes.remaining()

    def _lease(self, owner: str, assigned_to: str) -> StagedStep:
        if assigned_to not in (UNASSIGNED, GROUP, SEVERAL) and assigned_to not in self._sessions:
            raise NoAccount(f"the target file has no account {assigned_to}")
        found = ((plot, _index(plot, owner, assigned_to)) for plot in PLOTS)
        plot, index = next((plot, index) for plot, index in found if index is not None)
        process = self._processes.process(plot.name)
        staged = process.regular[index]
        if staged.assigned_to != assigned_to:
            raise self._processes.why_not_assigned(process, index)
        return staged

    def _first_regular(self, signoff: Subject) -> StagedStep:
        return next(one.regular[0] for one in self._processes.made if signoff in one.signoffs)

    def _bring_to(self, staged: StagedStep, state: str, by: str = "") -> None:
        if staged.state == UNKNOWN:
            staged.state = self._processes.status(staged.subject)
        if staged.state == state:
            return
        if state == OPEN:
            self._settle(staged)
            if staged.state != OPEN:
                raise Unstaged("no permitted account could reopen the step")
        else:
            self._complete(staged, by)

    def _complete(self, staged: StagedStep, by: str) -> None:
        process = self._processes.of(staged)
        other = next(step for step in process.regular if step is not staged)
        if not process.stays_open:
            self._bring_to(other, OPEN)
        try:
            self._processes.complete(staged, by)
        except Unstaged:  # steps may have to be completed in their order
            if staged is process.regular[0] or other.state == COMPLETE or not process.stays_open:
                raise
            self._processes.complete(other)
            self._processes.complete(staged, by)

    def _await_control(self, ground: Ground, control: StagedStep) -> None:
        """Says what will show that the refusals on a ground are for the right reason."""
        locked = self._processes.of(control).completed
        if control.proven_by is not None and (locked or control.state == OPEN):
            ground.control_exchange = control.proven_by
        elif locked:
            ground.no_control = "no permitted account reopened this step before"
        else:
            control.waiting.append(ground)

    def _settle(self, staged: StagedStep) -> None:
        """Gives the refusals tried on a completed step their positive control: a permitted account reopens it."""
        if staged.state != COMPLETE:
            return
        reason = "no account of the target file may reopen this step"
        for role in sorted(self._processes.permitted(staged), key=lambda role: role != staged.proven_role):
            answer = self._sessions[role].reopen(staged.subject, purpose="control")
            if answer.accepted:
                return
            reason = answer.summary()
        for ground in staged.waiting:
            ground.no_control = reason
        staged.waiting.clear()
        staged.state = UNKNOWN

    def _known_state(self, step: str) -> str | None:
        """Returns the state that a regular step is known to be in; None where it is not known."""
        states = [one.state for process in self._processes.made for one in process.regular if one.subject.step == step]
        return states[0] if states and states[0] != UNKNOWN else None

    def _watch(self, exchange: Exchange) -> None:
        """Keeps what is known in step with what was sent."""
        if exchange.subject is None or exchange.operation not in (REOPEN, VARIANT) or exchange.refused:
            return
        if exchange.comment is UNREADABLE:  # who knows which step such a body reopened
            self._doubt()
            return
        staged = self._processes.step(exchange.subject)
        if staged is None:
            return
        staged.state = OPEN if exchange.accepted else UNKNOWN
        if exchange.accepted and exchange.account in self._processes.permitted(staged):
            staged.proven_by, staged.proven_role = exchange.id, exchange.account
            for ground in staged.waiting:
                ground.control_exchange = exchange.id
            staged.waiting.clear()

    def _doubt(self) -> None:
        self.views.forget()
        for process in self._processes.made:
            for staged in process.regular:
                staged.state = UNKNOWN


def _index(plot: Plot, owner: str, assigned_to: str) -> int | None:
    """Returns which step of a plot is meant; None where it has none of the kind."""
    if plot.owner == owner:
        for index in range(len(plot.steps)):
            if plot.assigned_to(index) == assigned_to:
                return index
    return None
