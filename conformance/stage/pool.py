"""The pool of staged processes: a scenario says which state it needs and never knows how it comes about.

A step whose state is known is used again: completing it through the same endpoint costs one call, a new process at
least four. Nothing is staged before a scenario asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from conformance.evidence import UNREADABLE, Exchange, Recorder, Subject
from conformance.session import REOPEN, LoginFailed, NoAccount, Session, Sessions
from conformance.stage import api
from conformance.stage.api import StagingBroke, Unstaged
from conformance.stage.plots import GROUP, GROUP_MEMBERS, PLOTS, RESTRICTED, UNASSIGNED, Plot
from conformance.stage.snapshot import (
    Change,
    Place,
    Snapshot,
    changes,
    decision_facts,
    process_facts,
    step_facts,
)
from conformance.target import Staging

OPEN, COMPLETE, UNKNOWN = "OPEN", "COMPLETE", "UNKNOWN"
_COMPLETED = {"COMPLETE", "COMPLETED"}

# What completing and reopening a step may alter besides its status; the page says nothing about them.
_STEP_ALTERED = frozenset({"completeDateTime", "completeUser"})
_PROCESS_ALTERED = frozenset({"currentStep", "completedDateTime"})


@dataclass
class StagedStep:
    """One step of a staged process and what is known of it."""

    subject: Subject
    assigned_to: str
    state: str = OPEN
    proven_by: int | None = None  # the exchange in which a permitted account reopened it
    waiting: list[Ground] = field(default_factory=list)  # refusals that still lack their positive control


@dataclass
class StagedProcess:
    """One quality process that this run made."""

    plot: Plot
    guid: str
    creator: str
    regular: list[StagedStep] = field(default_factory=list)
    signoffs: list[Subject] = field(default_factory=list)
    signoff: str = "pending"
    completed: bool = False


class Ground:
    """A step on which calls that must change nothing are tried, between two readings.

    `step()` gives the step in its state. When the ground closes, what changed is known; whether the refusals prove
    anything is known once a permitted account has reopened that very step.
    """

    def __init__(
        self, stage: Stage, lease: Callable[[], Subject], read: Callable[[], Snapshot], control: StagedStep
    ) -> None:
        self._stage = stage
        self._lease = lease
        self._read = read
        self.control = control
        self.subject = lease()
        self.before = read()
        self.scenarios: list[str] = []
        self.exchanges: list[int] = []
        self.altered: set[str] = set()  # steps whose state staging changed meanwhile, or a call that was accepted
        self.changes: list[Change] = []
        self.unread = ""
        self.control_exchange: int | None = None
        self.no_control = ""
        stage.recorder.watch(self._watch)
        self._open = True

    def step(self) -> Subject:
        """Returns the step; where a call was accepted against expectation it is staged anew."""
        self.subject = self._lease()
        return self.subject

    def close(self) -> None:
        """Reads everything again."""
        self._open = False
        try:
            after = self._read()
        except (Unstaged, StagingBroke) as error:
            self.unread = str(error)
            return
        self.changes = [change for change in changes(self.before, after) if not self._explained(change)]

    def _explained(self, change: Change) -> bool:
        """Whether a change follows from what staging did, or from a call that was accepted."""
        place = change.place
        if not self.altered:
            return False
        if place.kind == "step" and place.field == "status":
            known = self._stage.known_state(place.guid)
            return place.guid in self.altered and known in (None, change.now)
        if place.kind == "step":
            return place.guid in self.altered and place.field in _STEP_ALTERED
        # an accepted call without a step is about the process itself
        return place.kind == "process" and (place.field in _PROCESS_ALTERED or "" in self.altered)

    def _watch(self, exchange: Exchange) -> None:
        if not self._open or exchange.subject is None:
            return
        if exchange.purpose == "scenario" and exchange.subject.process == self.subject.process:
            self.exchanges.append(exchange.id)
            if exchange.scenario not in self.scenarios:
                self.scenarios.append(exchange.scenario)
        if exchange.operation in (REOPEN, "complete-step") and not exchange.refused:
            self.altered.add(exchange.subject.step)


class Stage:
    """Steps of one target, by the state that a scenario needs."""

    def __init__(self, sessions: Sessions, recorder: Recorder, staging: Staging, run_id: str) -> None:
        self.sessions = sessions
        self.recorder = recorder
        self.left_behind: list[str] = []
        self.grounds: list[Ground] = []
        self._staging = staging
        self._run_id = run_id
        self._made: list[StagedProcess] = []
        self._refused: dict[str, Exception] = {}
        self.shown: dict[str, dict[str, Any]] = {}  # each process as its own view showed it last
        self._fresh: dict[str, dict[str, dict[Place, str]]] = {}  # by process and view
        recorder.watch(self._watch)

    # leases

    def completed_step(self, owner: str = "owner", assigned_to: str = "assignee") -> Subject:
        """Returns a completed regular step. Raises Unstaged, StagingBroke."""
        staged = self._lease(owner, assigned_to)
        self._bring_to(staged, COMPLETE)
        return staged.subject

    def open_step(self, owner: str = "owner", assigned_to: str = "assignee") -> Subject:
        """Returns a regular step that a permitted account has reopened. Raises Unstaged, StagingBroke."""
        staged = self._lease(owner, assigned_to)
        if staged.proven_by is None:
            self._bring_to(staged, COMPLETE)
        self._bring_to(staged, OPEN)
        return staged.subject

    def signoff(self, state: str) -> Subject:
        """Returns a sign-off step that is `pending`, `approved` or `rejected`. Raises Unstaged, StagingBroke."""
        plot = {"approved": "others", "rejected": "shared", "pending": "assigned"}[state]
        process = self._process(plot)
        if not process.signoffs:
            raise Unstaged("the template has no sign-off step")
        if process.signoff != state:
            self._decide(process, state)
        return process.signoffs[0]

    def completed_process_step(self, owner: str = "owner", assigned_to: str = "assignee") -> Subject:
        """Returns a completed regular step, once reopened by a permitted account, of a process completed since."""
        for process in self._made:
            index = _index(process.plot, owner, assigned_to)
            if process.completed and index is not None:
                return process.regular[index].subject
        staged = self._lease(owner, assigned_to)
        process = next(one for one in self._made if staged in one.regular)
        for step in process.regular:
            if step.proven_by is None or step.waiting:
                self._bring_to(step, COMPLETE)
                self.settle(step)
        for step in process.regular:
            self._bring_to(step, COMPLETE)
        self._complete_process(process)
        return staged.subject

    # readings

    def read(self, *subjects: Subject) -> Snapshot:
        """Returns how all steps of these steps' processes look. Raises Unstaged, StagingBroke.

        A reading is used again as long as nothing was sent to the process.
        """
        return self._read(subjects, "steps", self._read_steps)

    def read_whole(self, *subjects: Subject) -> Snapshot:
        """Returns how the processes of these steps look, and all steps of them. Raises Unstaged, StagingBroke."""
        processes = self._read(subjects, "process", self._read_process)
        return Snapshot({**processes.facts, **self.read(*subjects).facts})

    def read_with_decisions(self, subject: Subject) -> Snapshot:
        """Returns how the process of a sign-off step looks, its decisions too."""
        decisions = api.decisions(self._reader(subject.process), subject)
        return Snapshot({**self.read_whole(subject).facts, **decision_facts(decisions)})

    def single_view(self, subject: Subject) -> Snapshot:
        """Returns the step as its own view shows it, not the list of steps."""
        return Snapshot(step_facts([api.step(self._reader(subject.process), subject)]))

    def known_state(self, step: str) -> str | None:
        """Returns the state that a regular step is known to be in; None where it is not known."""
        states = [staged.state for one in self._made for staged in one.regular if staged.subject.step == step]
        return states[0] if states and states[0] != UNKNOWN else None

    # grounds

    @contextmanager
    def ground(self, lease: Callable[[], Subject], *beside: Subject) -> Iterator[Ground]:
        """Yields a ground for refusals on the leased step; what else is named is watched for changes too."""
        subject = lease()
        signoff = next((one for one in self._made if subject in one.signoffs), None)
        if signoff:
            control = signoff.regular[0]
            self._bring_to(control, COMPLETE)
            yield from self._tried(lease, lambda: self.read_with_decisions(subject), control)
        else:
            control = next(step for one in self._made for step in one.regular if step.subject == subject)
            yield from self._tried(lease, lambda: self.read_whole(subject, *beside), control)

    def _tried(
        self, lease: Callable[[], Subject], read: Callable[[], Snapshot], control: StagedStep
    ) -> Iterator[Ground]:
        ground = Ground(self, lease, read, control)
        self.grounds.append(ground)
        if control.state == COMPLETE and not self._completed(control):
            control.waiting.append(ground)
        elif control.proven_by is not None:  # an open step, or one locked since: it was shown before
            ground.control_exchange = control.proven_by
        else:
            ground.no_control = "no permitted account has reopened this step before"
        try:
            yield ground
        finally:
            ground.close()

    def settle(self, staged: StagedStep) -> None:
        """Gives the refusals tried on a step their positive control: a permitted account reopens it."""
        if staged.state != COMPLETE:
            return
        answer = None
        for role in self.permitted(staged):
            answer = self.sessions[role].reopen(staged.subject, purpose="control")
            if answer.accepted:
                return
        for ground in staged.waiting:
            ground.no_control = answer.summary() if answer else "no account of the target file may reopen this step"
        staged.waiting.clear()
        staged.state = UNKNOWN

    def permitted(self, staged: StagedStep) -> list[str]:
        """Returns the accounts that the page lets reopen the step, those first whose right is plainest."""
        process = next(one for one in self._made if staged in one.regular)
        match staged.assigned_to:
            case "":
                roles: tuple[str, ...] = (process.plot.owner, "colleague", "assignee")
            case "group":
                roles = (process.plot.owner, *GROUP_MEMBERS)
            case assignee:
                roles = (process.plot.owner, assignee)
        return [role for role in dict.fromkeys(roles) if role in self.sessions and role not in RESTRICTED]

    def controls(self) -> None:
        """Runs every positive control that is still missing."""
        for process in self._made:
            for step in process.regular:
                if step.waiting and not process.completed:
                    with suppress(Unstaged, StagingBroke, NoAccount, LoginFailed):
                        self._bring_to(step, COMPLETE)
                        self.settle(step)

    def close(self) -> None:
        """Deletes what this run made; what could not be deleted is in `left_behind`."""
        for process in self._made:
            reason = "no account could log in"
            for role in dict.fromkeys((process.creator, process.plot.owner, "administrator")):
                if role in self.sessions and role not in RESTRICTED:
                    with suppress(NoAccount, LoginFailed):
                        answer = api.delete(self.sessions[role], process.guid)
                        reason = answer.summary()
                        if answer.accepted:
                            break
            else:
                self.left_behind.append(f"quality process {process.guid} ({self._name(process.plot)}): {reason}")
        self._made.clear()

    # staging

    def _lease(self, owner: str, assigned_to: str) -> StagedStep:
        plot = next((one for one in PLOTS if _index(one, owner, assigned_to) is not None), None)
        if plot is None:
            raise LookupError(f"no plot has a step of {owner} assigned to {assigned_to or 'nobody'}")
        index = _index(plot, owner, assigned_to) or 0
        if assigned_to not in (UNASSIGNED, GROUP) and assigned_to not in self.sessions:
            raise NoAccount(f"the target file has no account {assigned_to}")
        process = self._process(plot.name)
        staged = process.regular[index]
        if staged.assigned_to != assigned_to:
            raise self._refused.get(f"{plot.name}/{index}") or Unstaged(f"no step is assigned to {assigned_to}")
        return staged

    def _process(self, plot_name: str) -> StagedProcess:
        """Returns the plot's process, made on first use or when the last one was completed."""
        if plot_name in self._refused:
            raise self._refused[plot_name]
        for process in self._made:
            if process.plot.name == plot_name and not process.completed:
                return process
        plot = next(one for one in PLOTS if one.name == plot_name)
        try:
            return self._make(plot)
        except (Unstaged, StagingBroke) as error:
            self._refused[plot_name] = error
            raise

    def _make(self, plot: Plot) -> StagedProcess:
        owner = self.sessions[plot.owner]
        creator = plot.creator if plot.creator in self.sessions else "owner"
        session = self.sessions[creator]
        if not owner.guid and plot.owner != creator:
            raise Unstaged(f"the guid of account {plot.owner} is not known; name it in the target file")
        created = api.create(
            session,
            name=self._name(plot),
            template=self._staging.template,
            number_prefix=self._staging.number_prefix,
            owner=owner.guid,
        )
        guid = str(created["guid"])
        self.shown[guid] = created
        process = StagedProcess(plot, guid, creator)
        self._made.append(process)
        shown = api.steps(session, guid)
        regular = [one for one in shown if one.get("type") == "REGULAR"]
        process.signoffs = [Subject(guid, str(one.get("guid"))) for one in shown if one.get("type") == "SIGNOFF"]
        if len(regular) < len(plot.steps):
            raise Unstaged(f"the template has {len(regular)} regular steps; two are needed")
        for index, one in enumerate(regular[: len(plot.steps)]):
            staged = StagedStep(Subject(guid, str(one.get("guid"))), UNASSIGNED)
            process.regular.append(staged)
            self._assign(process, index, session)
        return process

    def _assign(self, process: StagedProcess, index: int, session: Session) -> None:
        """Assigns one step; a failure makes that step unusable, not the process."""
        staged = process.regular[index]
        holders = process.plot.steps[index]
        for holder in holders:
            try:
                api.assign(session, staged.subject, self._assignees(holder))
                staged.assigned_to = holder
            except (Unstaged, StagingBroke, NoAccount) as error:
                self._refused[f"{process.plot.name}/{index}"] = error
        if holders and staged.assigned_to != holders[-1]:
            staged.assigned_to = "(not as planned)"

    def _assignees(self, holder: str) -> dict[str, Any]:
        if holder == GROUP:
            if not self._staging.assignee_group:
                raise Unstaged("the target file names no assignee_group")
            return {"userGroups": [{"guid": self._staging.assignee_group}]}
        guid = self.sessions[holder].guid
        if not guid:
            raise Unstaged(f"the guid of account {holder} is not known; name it in the target file")
        return {"users": [{"guid": guid}]}

    def _bring_to(self, staged: StagedStep, state: str) -> None:
        if staged.state == UNKNOWN:
            staged.state = self._present_state(staged)
        if staged.state == state:
            return
        if state == OPEN:
            self._reopen(staged)
        else:
            self._complete(staged)

    def _reopen(self, staged: StagedStep) -> None:
        self.settle(staged)
        if staged.state != OPEN:
            raise Unstaged("no permitted account could reopen the step")

    def _complete(self, staged: StagedStep) -> None:
        process = next(one for one in self._made if staged in one.regular)
        self._keep_one_open(process, staged)
        answer = None
        for role in self.permitted(staged):
            answer = api.complete(self.sessions[role], staged.subject)
            if answer.accepted:
                staged.state = COMPLETE
                return
            if self._present_state(staged) == COMPLETE:
                staged.state = COMPLETE
                return
        if answer is None:
            raise Unstaged("no account of the target file may complete the step")
        if answer.refused:
            raise Unstaged(f"exchange {answer.id}: the target refused to complete a step: {answer.summary()}")
        raise StagingBroke(f"exchange {answer.id}: could not complete a step: {answer.summary()}")

    def _keep_one_open(self, process: StagedProcess, staged: StagedStep) -> None:
        """Where the sign-off is approved the last completed step would complete the process (AUTOMATIC)."""
        other = next(step for step in process.regular if step is not staged)
        if process.signoff == "approved" and len(process.signoffs) == 1 and other.state != OPEN:
            self._bring_to(other, OPEN)

    def _present_state(self, staged: StagedStep) -> str:
        self._fresh.pop(staged.subject.process, None)
        status = self.read(staged.subject).of("step", staged.subject.step, "status")
        if status not in (OPEN, COMPLETE):
            raise StagingBroke(f"step {staged.subject.step} reads {status!r}, neither OPEN nor COMPLETE")
        return str(status)

    def _decide(self, process: StagedProcess, state: str) -> None:
        """Lets an account of ours approve or reject the sign-off."""
        subject = process.signoffs[0]
        owner = self.sessions[process.plot.owner]
        ours = {self.sessions[role].guid: role for role in self.sessions.roles if role not in RESTRICTED}
        ours.pop("", None)
        found = _open_decision(api.decisions(owner, subject), ours)
        if found is None:
            if not owner.guid:
                raise Unstaged(f"the guid of account {process.plot.owner} is not known; name it in the target file")
            api.ask_decision(owner, subject, owner.guid)
            found = _open_decision(api.decisions(owner, subject), ours)
        if found is None:
            raise Unstaged("no account of the target file is an approver of the sign-off step")
        decision, role = found
        verdict = {"approved": "APPROVED", "rejected": "REJECTED"}[state]
        api.decide(self.sessions[role], subject, decision, verdict)
        process.signoff = state
        if state == "approved" and self.read(subject).of("step", subject.step, "status") != COMPLETE:
            raise Unstaged("the sign-off step is not complete after our approval; others must approve too")

    def _complete_process(self, process: StagedProcess) -> None:
        owner = self.sessions[process.plot.owner]
        answer = api.complete_process(owner, process.guid)
        if self._status(process) not in _COMPLETED and process.signoffs:
            with suppress(Unstaged, StagingBroke):  # it may want its sign-off first
                self._decide(process, "approved")
            if self._status(process) not in _COMPLETED:
                answer = api.complete_process(owner, process.guid)
        if self._status(process) not in _COMPLETED:
            raise Unstaged(f"exchange {answer.id}: the process could not be completed: {answer.summary()}")
        process.completed = True

    def _completed(self, staged: StagedStep) -> bool:
        return any(one.completed for one in self._made if staged in one.regular)

    def _status(self, process: StagedProcess) -> str:
        return str(
            self._read([Subject(process.guid, "")], "process", self._read_process).of("process", process.guid, "status")
        )

    def _read(self, subjects: Sequence[Subject], view: str, read: Callable[[str], dict[Place, str]]) -> Snapshot:
        facts: dict[Place, str] = {}
        for guid in dict.fromkeys(subject.process for subject in subjects):
            fresh = self._fresh.setdefault(guid, {})
            if view not in fresh:
                fresh[view] = read(guid)
            facts.update(fresh[view])
        return Snapshot(facts)

    def _read_steps(self, guid: str) -> dict[Place, str]:
        return step_facts(api.steps(self._reader(guid), guid))

    def _read_process(self, guid: str) -> dict[Place, str]:
        self.shown[guid] = api.process(self._reader(guid), guid)
        return process_facts(self.shown[guid])

    def _reader(self, guid: str) -> Session:
        return self.sessions[next((one.creator for one in self._made if one.guid == guid), "owner")]

    def _doubt(self) -> None:
        self._fresh.clear()
        for process in self._made:
            for staged in process.regular:
                staged.state = UNKNOWN

    def _name(self, plot: Plot) -> str:
        return f"conformance-{self._run_id}-{plot.name}"

    def _watch(self, exchange: Exchange) -> None:
        """Keeps what is known in step with what was sent."""
        if exchange.subject is None:
            return
        self._fresh.pop(exchange.subject.process, None)
        if exchange.comment is UNREADABLE and exchange.operation == REOPEN and not exchange.refused:
            self._doubt()  # who knows which step such a body reopens
        staged = next((s for one in self._made for s in one.regular if s.subject == exchange.subject), None)
        if staged is None or exchange.operation != REOPEN or exchange.refused:
            return
        ordinary = exchange.comment is not UNREADABLE and exchange.accepted
        staged.state = OPEN if ordinary else UNKNOWN
        if ordinary and exchange.account in self.permitted(staged):
            staged.proven_by = exchange.id
            for ground in staged.waiting:
                ground.control_exchange = exchange.id
            staged.waiting.clear()


def _index(plot: Plot, owner: str, assigned_to: str) -> int | None:
    for index in range(len(plot.steps)):
        if plot.owner == owner and plot.assigned_to(index) == assigned_to:
            return index
    return None


def _open_decision(decisions: list[dict[str, Any]], ours: dict[str, str]) -> tuple[str, str] | None:
    """Returns the guid of an undecided decision that one of our accounts has to make, and that account."""
    for decision in decisions:
        if decision.get("decision") not in ("APPROVED", "REJECTED") and isinstance(decision.get("guid"), str):
            for role in (ours[guid] for guid in _strings(decision) if guid in ours):
                return decision["guid"], role
    return None


def _strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for member in value.values():
                yield from _strings(member)
        case list():
            for member in value:
                yield from _strings(member)
