"""What the target should show by now, and what it does show.

A call that the target says it did changes what the next reading should show; a refused one changes nothing. So calls
need not be read back one by one: a reading tells for all of them whether anything is otherwise than it should be. If
it is, the calls since the last reading are suspects, and trying them again one by one tells which it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from conformance.evidence import UNREADABLE, Exchange, Recorder, Subject
from conformance.session import REOPEN, VARIANT, Session
from conformance.stage import api
from conformance.stage.api import StagingBroke, Unstaged
from conformance.stage.snapshot import (
    Change,
    Place,
    Snapshot,
    assignees,
    canonical,
    changes,
    decision_facts,
    process_facts,
    step_facts,
)

_KNOWN: Final = {canonical(status): status for status in ("OPEN", "COMPLETE")}  # each call asks for them
STEPS, PROCESS, DECISIONS = "steps", "process", "decisions"
# What CONTRACT leaves to the server when a step is completed or reopened.
_COMPLETION: Final = ("completeDateTime", "completeUser")
# What completing or assigning a step may set beside it, as the next step's turn comes.
_STAGED: Final = frozenset({"dueDateTime", "approvals", "targetCompletionDateTime", *_COMPLETION})
_FREE_OF_PROCESS: Final = frozenset({"currentStep", "completedDateTime"})


@dataclass(frozen=True)
class Surprise:
    """A reading that shows something else than it should.

    `exchanges`: the calls since the last reading one of which did it. `staged`: staging changed the process meanwhile
    too, so that it may be what completing or assigning a step does on this target.
    """

    changes: tuple[Change, ...]
    exchanges: tuple[Exchange, ...]
    staged: bool

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The scenarios whose calls are suspects; an empty name where only positive controls are."""
        names = (exchange.scenario for exchange in self.exchanges if exchange.purpose == "scenario")
        return tuple(dict.fromkeys(names)) or ("",)


@dataclass
class _View:
    """One view of one process as the next reading should show it."""

    facts: dict[Place, str]
    read_at: int  # how many exchanges there were when it was read
    free: set[Place] = field(default_factory=set)  # what may read otherwise
    partial: bool = False  # whether it says nothing of what is not among the facts
    staged: bool = False  # whether staging has changed the process since


class Ledger:
    """Follows every process of a run. What reads may raise Unstaged and StagingBroke."""

    def __init__(self, recorder: Recorder, reader: Callable[[str], Session]) -> None:
        self.shown: dict[str, dict[str, Any]] = {}  # each process as the target showed it last
        self.surprises: list[Surprise] = []
        self.unread: dict[str, str] = {}  # by scenario: why nothing shows what its calls did
        self.blind = ""  # why the target can't be read at all; empty where it can
        self._recorder = recorder
        self._reader = reader  # whose session reads a process
        self._views: dict[tuple[str, str], _View] = {}  # by process and view
        self._signoffs: dict[str, Subject] = {}
        recorder.watch(self._watch)

    # reading

    def created(self, process: dict[str, Any]) -> None:
        """Takes in how the target shows a process that was just made; what it leaves out is not known."""
        guid = str(process["guid"])
        self.shown[guid] = process
        facts = {place: value for place, value in process_facts(process).items() if place.field in process}
        self._views[guid, PROCESS] = _View(facts, self._recorder.count, partial=True)

    def listed(self, guid: str, steps: Iterable[dict[str, Any]]) -> None:
        """Takes in the steps of a process that was just made."""
        self._keep(guid, STEPS, step_facts(steps))

    def know(self, guid: str) -> None:
        """Reads the steps of a process that was not read before; finds out whether the target can be read at all."""
        if not self.blind and (guid, STEPS) not in self._views:
            try:
                self.read(guid, STEPS)
            except Unstaged as error:
                self.blind = str(error)

    def read(self, guid: str, *views: str) -> None:
        """Reads a process back, and finds what is otherwise than it should be."""
        self._must_see()
        for view in views:
            self._take(guid, view, self._read(guid, view))

    def flush(self, guid: str, *views: str) -> None:
        """Reads a process back as `read` does; where it can't be read, nothing shows what the calls did."""
        for view in views if not self.blind else ():
            try:
                self.read(guid, view)
            except (Unstaged, StagingBroke) as error:
                self._give_up([(guid, view)], str(error))

    def forgo(self, reason: str) -> None:
        """Gives up reading: nothing shows what the calls did that were made since."""
        self._give_up([*self._views], reason)

    def forget(self, guid: str) -> None:
        """Takes nothing for granted of a process any more: the next reading shows what is, and is compared to none."""
        for view in (STEPS, PROCESS, DECISIONS):
            self._views.pop((guid, view), None)

    def compare_single(self, step: Subject) -> None:
        """Reads the step by its own view; its status and assignees have to be those that the list of steps shows."""
        self._must_see()
        known = self._views[step.process, STEPS]
        facts = step_facts([api.step(self._reader(step.process), step)])
        places = [Place("step", step.step, name) for name in ("status", "assignees")]
        expected = {place: known.facts[place] for place in places if place in known.facts}
        self._compare(step.process, replace(known, facts=expected, partial=True), facts)

    def status(self, step: Subject) -> str:
        """Reads whether a step is OPEN or COMPLETE."""
        self.read(step.process, STEPS)
        status = Snapshot(self._views[step.process, STEPS].facts).of("step", step.step, "status")
        if status not in ("OPEN", "COMPLETE"):
            raise StagingBroke(f"step {step.step} reads {status!r}, neither OPEN nor COMPLETE")
        return str(status)

    def process_status(self, guid: str) -> str:
        """Reads the status of a process: OPEN or COMPLETE."""
        self.read(guid, PROCESS)
        return str(Snapshot(self._views[guid, PROCESS].facts).of("process", guid, "status"))

    def statuses(self, guid: str) -> Mapping[str, str]:
        """Returns what the last reading showed of the steps, where nothing has changed them since."""
        known = self._views.get((guid, STEPS))
        if known is None:
            return {}
        shown = [(place, value) for place, value in known.facts.items() if place.field == "status"]
        return {place.guid: _KNOWN.get(value) or json.loads(value) for place, value in shown if place not in known.free}

    def pending(self, step: Subject, view: str = STEPS) -> bool:
        """Tells whether calls on this step wait for a reading of a view to show what they did."""
        known = self._views.get((step.process, view))
        since = self._since(known.read_at, step.process) if known else []
        return any(
            (exchange.subject and exchange.subject.step in (step.step, "")) or _mentions(exchange, step.step)
            for exchange in since
        )

    def follow_decisions(self, signoff: Subject) -> None:
        """Makes the decisions of a sign-off step part of what is read, from now on."""
        if (signoff.process, DECISIONS) not in self._views:
            self._signoffs[signoff.process] = signoff
            try:
                self.read(signoff.process, DECISIONS)
            except (Unstaged, StagingBroke):  # a target may lack decisions
                del self._signoffs[signoff.process]

    def views_of(self, guid: str) -> tuple[str, ...]:
        """Returns every view that there is of a process."""
        return (STEPS, PROCESS, DECISIONS) if guid in self._signoffs else (STEPS, PROCESS)

    def _must_see(self) -> None:
        if self.blind:
            raise Unstaged(f"nothing can be read back: {self.blind}")

    def _read(self, guid: str, view: str) -> dict[Place, str]:
        session = self._reader(guid)
        if view == STEPS:
            return step_facts(api.steps(session, guid))
        if view == DECISIONS:
            return decision_facts(api.decisions(session, self._signoffs[guid]))
        self.shown[guid] = api.process(session, guid)
        return process_facts(self.shown[guid])

    def _give_up(self, views: Iterable[tuple[str, str]], reason: str) -> None:
        for guid, view in views:
            known = self._views.pop((guid, view), None)
            for exchange in self._since(known.read_at if known else 0, guid):
                self.unread[exchange.scenario] = reason

    def not_open(self, exchange: Exchange, step: Subject) -> None:
        """Takes in that a step was not open after a call that should have reopened it."""
        change = Change(Place("step", step.step, "status"), "OPEN", "COMPLETE")
        self.surprises.append(Surprise((change,), (exchange,), staged=False))

    def _take(self, guid: str, view: str, facts: dict[Place, str]) -> None:
        known = self._views.get((guid, view))
        if known is not None:
            self._compare(guid, known, facts)
        self._keep(guid, view, facts)

    def _keep(self, guid: str, view: str, facts: dict[Place, str]) -> None:
        self._views[guid, view] = _View(facts, self._recorder.count)

    def _compare(self, guid: str, known: _View, facts: Mapping[Place, str]) -> None:
        was, now = (
            Snapshot({place: value for place, value in one.items() if not _is_free(place, known)})
            for one in (known.facts, facts)
        )
        found = changes(was, now)
        if found:
            may_be_staging = known.staged and all(change.place.field in _STAGED for change in found)
            suspects = self._since(known.read_at, guid)
            if not suspects and not may_be_staging:  # then a call on another process did it
                suspects = self._since(known.read_at)
            by_suspects: dict[tuple[Exchange, ...], list[Change]] = {}
            for change in found:
                by_suspects.setdefault(_suspects(change, suspects), []).append(change)
            for those, changed in by_suspects.items():
                if those:  # else it came about by itself
                    self.surprises.append(Surprise(tuple(changed), those, may_be_staging))

    def _since(self, number: int, guid: str = "") -> list[Exchange]:
        """Returns the calls after exchange `number` that name the process or a step of it, but for staging."""
        calls = (one for one in self._recorder.since(number) if one.operation in (REOPEN, VARIANT))
        return [one for one in calls if one.purpose != "staging" and (not guid or self._names(one, guid))]

    def _names(self, exchange: Exchange, guid: str) -> bool:
        aimed = exchange.subject is not None and exchange.subject.process == guid
        known = self._views.get((guid, STEPS))
        steps = {place.guid for place in known.facts} if known else set()
        return aimed or any(_mentions(exchange, one) for one in {guid, *steps})

    # what should be read next

    def _watch(self, exchange: Exchange) -> None:
        subject = exchange.subject
        if subject is None or exchange.refused:
            return
        staged = exchange.purpose == "staging"
        for view in (STEPS, PROCESS, DECISIONS):
            known = self._views.get((subject.process, view))
            if known is not None:
                known.staged |= staged
        if exchange.operation == "complete-step":
            self._expect_status(subject, "COMPLETE", sure=exchange.accepted)
        elif exchange.operation == REOPEN and self._is_signoff(subject):
            self._expect_decision(subject)
        elif exchange.operation == REOPEN and exchange.comment is not UNREADABLE:
            self._expect_status(subject, "OPEN", sure=exchange.accepted)
        elif exchange.operation == "assign-step":
            self._expect_assignees(subject, exchange)
        elif exchange.operation in (REOPEN, VARIANT) and subject.step:  # who knows what such a body asks for
            self._free(subject.process, STEPS, subject.step, ("status", *_COMPLETION))
        elif subject.step:
            self._expect_decision(subject)
        else:
            self._free(subject.process, PROCESS, subject.process, ("status",))
            if exchange.operation != REOPEN:  # a process may take along what is still open in it
                self._free_what_is_open(subject.process)

    def _free_what_is_open(self, guid: str) -> None:
        known = self._views.get((guid, STEPS))
        statuses = [place for place in known.facts if place.field == "status"] if known else []
        for place in statuses:
            if known and (place in known.free or known.facts[place] != '"COMPLETE"'):
                self._free(guid, STEPS, place.guid)

    def _is_signoff(self, subject: Subject) -> bool:
        known = self._views.get((subject.process, STEPS))
        return known is not None and known.facts.get(Place("step", subject.step, "type")) == '"SIGNOFF"'

    def _expect_decision(self, signoff: Subject) -> None:
        """What is decided shows in the sign-off step, and may complete the process."""
        self._free(signoff.process, STEPS, signoff.step)
        self._free(signoff.process, PROCESS, signoff.process, ("status",))
        self._views.pop((signoff.process, DECISIONS), None)

    def _expect_status(self, step: Subject, status: str, *, sure: bool) -> None:
        known = self._views.get((step.process, STEPS))
        if known is None:
            return
        self._free(step.process, STEPS, step.step, _COMPLETION if sure else ("status", *_COMPLETION))
        place = Place("step", step.step, "status")
        known.facts[place] = canonical(status)
        known.free -= {place} if sure else set()
        statuses = {json.loads(value) for place, value in known.facts.items() if place.field == "status"}
        if status == "COMPLETE" and "OPEN" not in statuses:  # the last step may complete the process
            self._free(step.process, PROCESS, step.process, ("status",))

    def _expect_assignees(self, step: Subject, exchange: Exchange) -> None:
        known = self._views.get((step.process, STEPS))
        if known is not None and exchange.accepted:
            asked = json.loads(exchange.request_body or b"{}").get("assignees")
            known.facts[Place("step", step.step, "assignees")] = canonical(assignees(asked))
        elif known is not None:
            self._free(step.process, STEPS, step.step, ("assignees",))

    def _free(self, guid: str, view: str, of: str, fields: tuple[str, ...] = ()) -> None:
        """Lets fields of an object read as they will; without fields all of them."""
        known = self._views.get((guid, view))
        if known is not None:
            known.free |= {place for place in known.facts if place.guid == of and (not fields or place.field in fields)}


def _suspects(change: Change, calls: Sequence[Exchange]) -> tuple[Exchange, ...]:
    """Returns the calls one of which may have done it.

    That a step is not open is no doing of what came before the last call that was answered to have reopened it.
    """
    reopened = [
        at
        for at, call in enumerate(calls)
        if call.operation == REOPEN and call.accepted and call.subject and call.subject.step == change.place.guid
    ]
    return tuple(calls[reopened[-1] :] if reopened and change.place.field == "status" else calls)


def _is_free(place: Place, known: _View) -> bool:
    of_process = place.kind == "process" and place.field in _FREE_OF_PROCESS
    return place in known.free or of_process or (known.partial and place not in known.facts)


def _mentions(exchange: Exchange, guid: str) -> bool:
    return guid.encode() in (exchange.request_body or b"")
