"""The pool of staged steps: a scenario says which state it needs and never knows how it comes about.

A step whose state is known is used again: completing it through the same endpoint costs one call, a new process at
least four. Nothing is staged before a scenario asks for it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from conformance.evidence import UNREADABLE, Exchange, Recorder, Subject
from conformance.session import JSON, REOPEN, VARIANT, LoginFailed, NoAccount, Sessions, Spent
from conformance.stage import api
from conformance.stage.api import StagingBroke, Unstaged
from conformance.stage.ledger import DECISIONS, PROCESS, STEPS, Surprise
from conformance.stage.plots import GROUP, PLOTS, SEVERAL, UNASSIGNED, Plot
from conformance.stage.processes import Processes
from conformance.stage.staged import COMPLETE, DOUBTED, OPEN, UNKNOWN, Proof, StagedProcess, StagedStep
from conformance.stage.standing import StandingProcesses
from conformance.target import Staging


class Stage:
    """Steps of one target, by the state that a scenario needs.

    What leases or reads may raise Unstaged (the target can't be brought there), NoAccount and StagingBroke.

    `careful`: the processes of a scenario are read back before its calls and after them, so that whatever is otherwise
    than it should be is the scenario's doing. Else they are read only before something would hide what calls did.
    """

    def __init__(
        self,
        sessions: Sessions,
        recorder: Recorder,
        staging: Staging,
        run_id: str,
        plots: Sequence[Plot] = PLOTS,
    ) -> None:
        self.careful = False
        self.proofs: dict[str, list[Proof]] = {}  # by scenario: what shows that its refusals are for the right reason
        self._sessions = sessions
        self._recorder = recorder
        self._processes: Processes | StandingProcesses = (
            StandingProcesses(sessions, recorder, staging)
            if staging.steps
            else Processes(sessions, recorder, staging, run_id, plots)
        )
        self._ledger = self._processes.ledger
        self._leased: set[str] = set()  # processes that the scenario under way has leased steps of
        recorder.watch(self._watch)

    # what was found

    def doubt(self) -> None:
        """Takes nothing for granted any more: states are read before they are relied on."""
        for process in self._processes.made:
            process.signoff = process.signoff if process.completed else DOUBTED
            for step in process.regular:
                step.state = UNKNOWN

    @property
    def makes_processes(self) -> bool:
        """Whether the run works on quality processes that it made itself."""
        return isinstance(self._processes, Processes)

    @property
    def surprises(self) -> list[Surprise]:
        """What read otherwise than it should."""
        return self._ledger.surprises

    @property
    def unread(self) -> dict[str, str]:
        """The scenarios of whose calls nothing shows what they did, and why."""
        return self._ledger.unread

    def shown(self, process: str) -> dict[str, object] | None:
        """Returns how the target showed a process last."""
        return self._ledger.shown.get(process)

    # leasing

    def completed_step(self, owner: str = "owner", assigned_to: str = "assignee", completed_by: str = "") -> Subject:
        """Returns a completed regular step; `assigned_to` is an account, "group", "several", or "" for nobody."""
        staged = self._lease(owner, assigned_to)
        if completed_by and staged.state == COMPLETE and staged.completed_by != completed_by:
            self._bring_to(staged, OPEN)
        self._bring_to(staged, COMPLETE, completed_by)
        self._leasing(staged.subject)
        self._bring_to(staged, COMPLETE, completed_by)  # it may have read otherwise
        return staged.subject

    def completed_neighbour(self, owner: str = "owner", assigned_to: str = "assignee") -> Subject:
        """Returns another completed regular step of the process in which such a step is leased."""
        staged = self._lease(owner, assigned_to)
        beside = [one for one in self._processes.of(staged).regular if one is not staged]
        if not beside:
            raise Unstaged("no other step of the process may be used")
        self._bring_to(beside[0], COMPLETE)
        return self._leasing(beside[0].subject)

    def completed_steps(self, owner: str = "owner", assigned_to: str = "assignee") -> list[Subject]:
        """Returns such a step and the one beside it, both completed; alone where both would complete the process."""
        step = self.completed_step(owner, assigned_to)
        staged = self._processes.step(step)
        if staged is None or not self._processes.of(staged).stays_open:
            return [step]
        with suppress(Unstaged):  # there is none
            return [step, self.completed_neighbour(owner, assigned_to)]
        return [step]

    def completed_elsewhere(self, step: Subject) -> tuple[Subject, str]:
        """Returns a completed step of another process, and an account that may reopen the one as well as the other."""
        missing: Exception = Unstaged("no step of another process may be used")
        for owner, assigned_to, role in (("owner", GROUP, "owner"), ("colleague", "assignee", "assignee")):
            try:
                found = self.completed_step(owner, assigned_to)
            except (Unstaged, NoAccount) as error:
                missing = error
            else:
                if found.process != step.process:
                    return found, role
        raise missing

    def permitted(self, step: Subject) -> list[str]:
        """Returns the accounts that may reopen a step; where one was seen to be able to, this one alone.

        For scenarios that are not about who may: they stand even where the server refuses one of those who may.
        """
        staged = self._processes.step(step)
        roles = self._processes.permitted(staged) if staged else []
        if not staged or not roles:
            raise Unstaged("no account of the target file may reopen this step")
        return [staged.proven_role] if staged.proven_role else roles

    def open_step(self, owner: str = "owner", assigned_to: str = "assignee") -> Subject:
        """Returns a regular step that a permitted account has reopened."""
        staged = self._lease(owner, assigned_to)
        if staged.proven_by is None:
            self._bring_to(staged, COMPLETE)
        self._bring_to(staged, OPEN)
        return self._leasing(staged.subject)

    def fresh_step(self) -> Subject:
        """Returns an open regular step that nobody has completed yet."""
        steps = [step for one in self._processes.made if not one.completed for step in one.regular]
        fresh = next((step for step in steps if step.state == OPEN and not step.completed_by), None)
        return self._leasing((fresh or self._processes.fresh()).subject)

    def signoff(self, state: str, plot: str = "") -> Subject:
        """Returns a sign-off step that is `pending`, `approved` or `rejected`."""
        process = self._processes.with_signoff(state, plot)
        if process.signoff != state and isinstance(self._processes, Processes):
            last_open = len(process.spare) + len(process.signoffs) == 1 and state == "approved"
            if last_open and all(step.state != OPEN for step in process.regular):
                self._bring_to(process.regular[1], OPEN)  # else the approval would complete the process (AUTOMATIC)
            self._processes.decide(process, state)
        self._ledger.follow_decisions(process.signoffs[0])
        return self._leasing(process.signoffs[0])

    def completed_process_signoff(self) -> Subject:
        """Returns the approved sign-off step of a process completed since."""
        process = self._processes.locked_signoff()
        if process is not None:
            self._ledger.follow_decisions(process.signoffs[0])
            return self._leasing(process.signoffs[0])
        signoff = self.signoff("approved", "shared")
        self.completed_process_step(assigned_to=GROUP)
        return self._leasing(signoff)

    def completed_process_step(self, owner: str = "owner", assigned_to: str = "assignee") -> Subject:
        """Returns a completed regular step, once reopened by a permitted account, of a process completed since."""
        locked = self._processes.locked(owner, assigned_to)
        if locked is not None:
            return self._leasing(locked.subject)
        staged = self._lease(owner, assigned_to)
        process = self._processes.of(staged)
        assert isinstance(self._processes, Processes)  # noqa: S101 - where steps stand ready, `locked` has raised
        for step in process.regular:
            if step.proven_by is None or step.waiting:
                self._bring_to(step, COMPLETE)
                self._settle(step)
        for step in process.regular:
            if step.state != COMPLETE:
                self._complete_whatever(step)
        self._processes.complete_process(process)
        return self._leasing(staged.subject)

    # what is used apart from scenarios

    def make(self, plot: Plot) -> StagedProcess:
        """Makes a process that no scenario uses; whoever does reads it back. It is deleted like any other."""
        if not isinstance(self._processes, Processes):
            raise Unstaged("the target file lists the steps that may be used, so that no process is made")
        return self._processes.make_apart(plot)

    def remove(self, process: StagedProcess) -> None:
        """Deletes such a process before the run ends."""
        if isinstance(self._processes, Processes):
            self._processes.remove(process)

    # reading

    def look(self, step: Subject, *beside: Subject) -> None:
        """Reads the process of a step and its steps back, now; of what is beside it the steps."""
        self._ledger.read(step.process, PROCESS)
        for guid in dict.fromkeys(subject.process for subject in (step, *beside)):
            self._ledger.read(guid, STEPS)

    def look_at_decisions(self, signoff: Subject) -> None:
        """Reads the decisions of a sign-off step back, now, and all steps of its process."""
        self._ledger.read(signoff.process, STEPS, DECISIONS)

    def look_closely(self, step: Subject) -> None:
        """Reads a step by its own view, which has to show what the list of steps should."""
        self._ledger.compare_single(step)

    def begin_scenario(self, name: str) -> None:
        """Takes note that a scenario begins; one that is tried again has to be proven anew."""
        self.proofs.pop(name, None)

    def end_scenario(self) -> None:
        """Takes note that a scenario is over."""
        if self.careful:
            for guid in sorted(self._leased):
                self._ledger.flush(guid, *self._ledger.views_of(guid))
        self._leased.clear()

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

    def reads_open(self, step: Subject) -> bool:
        """Reads a step back and tells whether it is open; what it should not be is a surprise."""
        try:
            return not self._ledger.blind and self._ledger.status(step) == OPEN
        except (Unstaged, StagingBroke):
            return False

    def forget(self, step: Subject) -> None:
        """Takes nothing for granted of a step and its process: they were called upon from two sides at once."""
        self._ledger.forget(step.process)
        for staged in self._processes.steps(step.process):
            staged.state = UNKNOWN

    def retire(self, step: Subject) -> None:
        """Leases no step of this process any more; it is deleted with the others."""
        self.forget(step)
        staged = self._processes.step(step)
        if staged is not None:
            self._processes.of(staged).unusable = True

    def why_gone(self, exchange: Exchange) -> str:
        """Returns why a refusal says nothing: the process is shown no more. Empty where it is or never was."""
        guid = exchange.subject.process if exchange.subject else ""
        process = next((one for one in self._processes.made if one.guid == guid), None)
        if process is None or self._ledger.blind:
            return ""
        try:
            api.steps(self._sessions[process.creator], guid)  # which was read before
        except Unstaged as error:
            return f"what this run made is no longer there; was the target restarted, or its data restored? {error}"
        except (StagingBroke, LoginFailed, NoAccount, Spent):
            return ""
        return ""

    # ending

    def settle(self) -> None:
        """Reads everything back, once every positive control was run that is still missing."""
        for process in self._processes.made:
            for step in process.regular:
                if step.waiting and not process.completed:
                    with suppress(Unstaged, StagingBroke, NoAccount, LoginFailed):
                        self._bring_to(step, COMPLETE)
                        self._settle(step)
        for process in self._processes.made:
            self._ledger.flush(process.guid, *self._ledger.views_of(process.guid))
            for step in process.regular if self._ledger.blind else ():
                with suppress(NoAccount, LoginFailed):
                    self._probe(step)

    def forgo(self, reason: str) -> None:
        """Reads nothing any more: nothing shows what the last calls did."""
        self._ledger.forgo(reason)

    @property
    def left_behind(self) -> list[str]:
        """What this run made and has not deleted, or can't."""
        return self._processes.remaining()

    def calls_to_end(self) -> int:
        """Returns how many calls it takes at most to prove refusals, read everything back and remove what was made."""
        waiting = sum(1 for one in self._processes.made for step in one.regular if step.waiting and not one.completed)
        changed = 2 * len(self._sessions.journal.past.changed)
        apart = len(self._processes.apart) if isinstance(self._processes, Processes) else 0
        read_back = sum(len(self._ledger.views_of(one.guid)) + 1 for one in self._processes.made)
        return 2 * waiting + changed + apart + read_back

    def close(self) -> None:
        """Deletes what this run made; what could not be deleted is in `left_behind`."""
        self._processes.delete()

    # inside

    def _lease(self, owner: str, assigned_to: str) -> StagedStep:
        if assigned_to not in (UNASSIGNED, GROUP, SEVERAL) and assigned_to not in self._sessions:
            raise NoAccount(f"the target file has no account {assigned_to}")
        staged = self._processes.lease(owner, assigned_to)
        if staged.assigned_to != assigned_to and isinstance(self._processes, Processes):
            self._bring_to(staged, OPEN)
            self._processes.assign(self._processes.of(staged), staged, assigned_to)
        return staged

    def _leasing(self, subject: Subject) -> Subject:
        """Hands a step out."""
        self._ledger.know(subject.process)
        if self.careful and not self._ledger.blind:
            self._ledger.read(subject.process, *self._ledger.views_of(subject.process))
        self._leased.add(subject.process)
        return subject

    def _bring_to(self, staged: StagedStep, state: str, by: str = "") -> None:
        if staged.state == UNKNOWN and self._ledger.blind:
            with suppress(Unstaged):  # what can't be completed is complete already
                self._processes.complete(staged)
            staged.state = COMPLETE
        if staged.state == UNKNOWN:
            staged.state = self._ledger.status(staged.subject)
            self._follow(self._processes.of(staged))
        else:  # a reading may have shown that a call did what it should not
            known = self._ledger.statuses(staged.subject.process)
            staged.state = known.get(staged.subject.step, staged.state)
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
        if not process.stays_open:
            self._bring_to(next(step for step in process.regular if step is not staged), OPEN)
        try:
            self._complete_whatever(staged, by)
        except Unstaged:  # steps may have to be completed in their order
            first = process.regular[0]
            if first is staged or first.state == COMPLETE or not process.stays_open:
                raise
            self._complete_whatever(first)
            self._complete_whatever(staged, by)

    def _complete_whatever(self, staged: StagedStep, by: str = "") -> None:
        """Completes a step, once it was seen what earlier calls did to it: completing would hide that."""
        if self._ledger.blind:
            self._probe(staged)
        elif self._ledger.pending(staged.subject):
            self._ledger.flush(staged.subject.process, STEPS)
            staged.state = OPEN
            self._follow(self._processes.of(staged))
        if staged.state != COMPLETE:
            self._processes.complete(staged, by)

    def _probe(self, staged: StagedStep) -> None:
        """Where nothing can be read a second reopen tells whether the first was done: it has to be refused."""
        first, staged.unseen = staged.unseen, None
        if first is not None and staged.state == OPEN:
            answer = self._sessions[first.account].reopen(staged.subject, purpose="control")
            if answer.accepted:
                self._ledger.not_open(first, staged.subject)

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
        for proof in staged.waiting:
            proof.missing = reason
        staged.waiting.clear()
        staged.state = UNKNOWN

    def _control_of(self, process: StagedProcess, staged: StagedStep | None) -> StagedStep | None:
        """Returns the step whose reopening shows that a refusal is for the right reason.

        It is the step itself, or for a sign-off step a regular one of the process. In a completed process it was
        reopened before, or else another step of the same owner can be.
        """
        own = [staged] if staged else process.regular
        reopened = (step for step in own if step.proven_by is not None)
        if not process.completed or any(step.proven_by for step in own):
            return next(reopened, own[0] if own else None)
        near = (one for one in self._processes.made if one.plot.owner == process.plot.owner and not one.completed)
        return next((step for one in near for step in one.regular), None)

    def _follow(self, process: StagedProcess) -> None:
        """Takes over what a reading showed of the steps' states."""
        statuses = self._ledger.statuses(process.guid)
        for step in process.regular:
            step.state = statuses.get(step.subject.step, step.state)

    def _watch(self, exchange: Exchange) -> None:
        """Keeps what is known in step with what was sent."""
        if exchange.subject is None or exchange.operation not in (REOPEN, VARIANT):
            return
        if exchange.refused:
            self._refused(exchange, exchange.subject)
            return
        if exchange.comment is UNREADABLE:  # who knows what such a body asks for
            for step in self._processes.steps(exchange.subject.process):
                step.state = UNKNOWN if exchange.subject.step in (step.subject.step, "") else step.state
            return
        staged = self._processes.step(exchange.subject)
        if staged is None:
            return
        staged.state = OPEN if exchange.accepted else UNKNOWN
        staged.unseen = exchange if exchange.purpose == "scenario" and not exchange.simultaneous else staged.unseen
        if exchange.accepted and exchange.account in self._processes.permitted(staged):
            staged.proven_by = exchange.id
            if not exchange.simultaneous:  # who comes first is chance, and what is sent next must not hang on it
                staged.proven_role = exchange.account
            for proof in staged.waiting:
                proof.exchange = exchange.id
            staged.waiting.clear()

    def _refused(self, exchange: Exchange, subject: Subject) -> None:
        """Says what will show that a refusal is for the right reason: a permitted account reopens that very step.

        For a sign-off step a regular one of its process does; in a completed process the step was reopened before.
        """
        process = next((one for one in self._processes.made if one.guid == subject.process), None)
        staged = self._processes.step(subject)
        if process is None or exchange.purpose != "scenario":
            return
        expected = staged and staged.state == COMPLETE and not process.completed and _ordinary(exchange)
        if staged and expected and exchange.account in self._processes.permitted(staged):
            staged.state = UNKNOWN  # it should have been reopened; perhaps it was open already
        proof = Proof()
        self.proofs.setdefault(exchange.scenario, []).append(proof)
        control = self._control_of(process, staged)
        if control is None:
            proof.missing = "no step is left that could be reopened"
            return
        known = staged is None or process.completed or control.state == OPEN
        if known and control.proven_by is not None:
            proof.exchange = control.proven_by
        else:
            control.waiting.append(proof)


def _ordinary(exchange: Exchange) -> bool:
    """Tells whether a call asks for a reopening as the page shows it."""
    types = [value for name, value in exchange.request_headers if name.lower() == "content-type"]
    return exchange.comment is not UNREADABLE and types == [JSON]
