"""What the calls around a call tell about it: the step's state before, what it changed, what it cost. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from conformance.behaviour.classes import Known, value
from conformance.behaviour.document import NOT_SHOWN
from conformance.evidence import UNREADABLE, Exchange, Subject
from conformance.invariants import calls_left
from conformance.session import DOUBTFUL, FOREIGNER, REOPEN
from conformance.stage.snapshot import (
    REFERENCES,
    Change,
    Place,
    Snapshot,
    changes,
    decision_facts,
    process_facts,
    step_facts,
)

# A view shows the state of some objects at one moment. What a call changed is told by the readings around it.
STEP, NEIGHBOURS, PROCESS, DECISIONS = "step", "neighbours", "process", "decisions"
_READINGS: Final[Mapping[str, Callable[[dict[str, Any]], dict[Place, str]]]] = {
    "list-steps": lambda body: step_facts(_results(body)),
    "read-quality-process": process_facts,
    "list-decisions": lambda body: decision_facts(_results(body)),
}
# What each reading shows beside the step that a call aims at.
_VIEWS: Final[Mapping[str, tuple[str, ...]]] = {
    "list-steps": (NEIGHBOURS,),
    "read-quality-process": (PROCESS,),
    "list-decisions": (DECISIONS,),
}
_COMPLETION: Final = ("status", "completeDateTime", "completeUser")
# What completing or assigning a step may set on others, as their turn comes.
_SET_BY_STAGING: Final = frozenset({"dueDateTime", "approvals"})

Changes = dict[str, dict[str, str]]


class Chronicle:
    """Looks at all calls of a run in their order, once."""

    def __init__(self, exchanges: Sequence[Exchange], *, exclusive: bool) -> None:
        self.states: dict[int, str] = {}  # by exchange: the state of the step that it aims at, before
        self.open_steps: dict[int, tuple[str, ...]] = {}  # by exchange: the open steps of the process, after
        self.changes: dict[int, Changes] = defaultdict(dict)  # by exchange: by view, what it changed
        self.costs: dict[int, str] = _costs(exchanges) if exclusive else {}
        self._follow_states(exchanges)
        self._compare_readings(exchanges)

    def _follow_states(self, exchanges: Sequence[Exchange]) -> None:
        known: dict[str, dict[str, str | None]] = {}  # by process: the steps, in their order where they were listed
        listed: set[str] = set()
        for exchange in exchanges:
            if exchange.operation == "list-steps" and exchange.accepted:
                known[_process_of(exchange)] = _states(exchange)
                listed.add(_process_of(exchange))
            subject = exchange.subject
            if subject is None:
                continue
            steps = known.setdefault(subject.process, {})
            if steps.get(subject.step):
                self.states[exchange.id] = str(steps[subject.step])
            if not exchange.refused and exchange.method != "GET":
                steps[subject.step] = _state_after(exchange)
            whole = subject.process in listed and all(steps.values())
            if exchange.accepted and not exchange.simultaneous and whole:
                self.open_steps[exchange.id] = tuple(step for step, state in steps.items() if state == "OPEN")

    def _compare_readings(self, exchanges: Sequence[Exchange]) -> None:
        last: dict[str, tuple[int, Snapshot]] = {}
        for at, exchange in enumerate(exchanges):
            snapshot = _reading(exchange)
            if snapshot is None:
                continue
            if exchange.url in last:
                earlier, before = last[exchange.url]
                calls = exchanges[earlier + 1 : at]
                if len(calls) < exchange.id - exchanges[earlier].id - 1:
                    continue  # some of them were not kept
                interval = _Interval(exchange, before, snapshot, calls)
                for number, view, changed in interval.effects():
                    self.changes[number].setdefault(view, {}).update(changed)
            last[exchange.url] = (at, snapshot)


class _Interval:
    """The calls between two readings of one view, and what the second reading shows of what they did."""

    def __init__(self, reading: Exchange, before: Snapshot, after: Snapshot, calls: Sequence[Exchange]) -> None:
        self._reading = reading
        self._after = after
        writing = [one for one in calls if one.method != "GET" and one.subject is not None]
        self._done = [one for one in writing if not one.refused]
        process = _process_of(reading)
        here = [one for one in writing if _subject(one).process == process]
        self._reopening = [one for one in here if one.operation == REOPEN and not one.simultaneous]
        self._changes = [one for one in changes(before, after) if not self._by_staging(one)]

    def effects(self) -> Iterator[tuple[int, str, dict[str, str]]]:
        """Yields what calls changed: the call, the view, and the fields; none where it changed nothing."""
        own = {one.id for one in self._reopening if self._alone(one)}
        reopened = [one for one in self._done if one.operation == REOPEN]
        beside = [one for one in self._changes if one.place.guid not in {_subject(call).step for call in self._done}]
        for call in self._reopening:
            subject = _subject(call)
            if call.id in own and self._after.knows("step", subject.step):
                yield call.id, STEP, self._own(call)
            others = [one for one in beside if one.place.guid != subject.step]
            # what is beside may be told of one call only, or that nothing of it changed of all
            if not others or reopened == [call] or not self._done:
                for view in _VIEWS[self._reading.operation]:
                    yield call.id, view, {one.place.field: _class(one) for one in others}

    def _by_staging(self, change: Change) -> bool:
        """Whether it follows from what staging did, or depends on what ran before."""
        if change.place.field == "currentStep" and change.now is not None:
            return True
        staged = any(one.operation != REOPEN for one in self._done)
        return staged and (change.place.kind != "step" or change.place.field in _SET_BY_STAGING)

    def _alone(self, call: Exchange) -> bool:
        """Whether what the second reading shows of the call's step is its doing, and no later call's."""
        step = _subject(call).step
        touching = [one for one in self._done if _subject(one).step == step]
        return touching[-1:] == [call] if call.accepted else not touching

    def _own(self, call: Exchange) -> dict[str, str]:
        """Returns how a call left its step: of a reopening what stands for its completion, and what else changed."""
        step = _subject(call).step
        alone = [one for one in self._done if _subject(one).step == step] in ([], [call])
        changed = [one for one in self._changes if one.place.guid == step and alone]
        shown = {one.place.field: _class(one) for one in changed if one.place.field not in _COMPLETION}
        if not call.accepted:
            return {one.place.field: _class(one) for one in changed}
        fields = {field for one in _results(self._reading.json) if one.get("guid") == step for field in one}
        for field in _COMPLETION:
            value_after = self._after.of("step", step, field)
            shown[field] = _state(field, value_after) if field in fields else NOT_SHOWN
        return shown


def _subject(call: Exchange) -> Subject:
    return call.subject or Subject("", "")


def _results(body: Any) -> list[dict[str, Any]]:
    results = body.get("results")
    return [one for one in results if isinstance(one, dict)] if isinstance(results, list) else []


def _reading(exchange: Exchange) -> Snapshot | None:
    read = _READINGS.get(exchange.operation)
    if read is None or not exchange.accepted or not isinstance(exchange.json, dict):
        return None
    return Snapshot(read(exchange.json))


def _process_of(exchange: Exchange) -> str:
    """Returns the guid in an address such as …/qualityprocesses/GUID/steps."""
    return unquote(urlsplit(exchange.url).path.rpartition("/qualityprocesses/")[2].partition("/")[0])


def _states(exchange: Exchange) -> dict[str, str | None]:
    steps = _results(exchange.json) if isinstance(exchange.json, dict) else []
    orders = [step.get("order") for step in steps]
    if all(type(order) is int for order in orders):
        steps.sort(key=lambda step: step["order"])
    return {str(step.get("guid")): str(step.get("status")) for step in steps}


def _state_after(exchange: Exchange) -> str | None:
    """Returns the state that a step is in once a call was done; None where that is not sure."""
    if not exchange.accepted:
        return None
    if exchange.operation == "complete-step":
        return "COMPLETE"
    return "OPEN" if exchange.operation == REOPEN and exchange.comment is not UNREADABLE else None


def _class(change: Change) -> str:
    if change.place.field == "(all)":
        return f"{change.was} -> {change.now}"
    before, after = (_state(change.place.field, one) for one in (change.was, change.now))
    return f"{before} -> {'another ' if before == after else ''}{after}"


def _state(field: str, one: Any) -> str:
    if field in REFERENCES and isinstance(one, str):
        return "guid"
    return value(field, one, Known()).lstrip("=")


def _costs(exchanges: Iterable[Exchange]) -> dict[int, str]:
    """Returns by how much a call lowered the quota, where its answer and the one before it tell."""
    costs: dict[int, str] = {}
    left: dict[bool, int] = {}  # by workspace: the home or the foreigner's
    last = 0
    for exchange in exchanges:
        if exchange.id > last + 1:  # what is between them was not kept
            left = {}
        last = exchange.id
        number = calls_left(exchange)
        if exchange.operation == "login":
            continue
        if exchange.account == DOUBTFUL or exchange.operation == "logout" or exchange.simultaneous or number is None:
            left = {}
            continue
        foreign = exchange.account == FOREIGNER
        drop = left[foreign] - number if foreign in left else -1
        if exchange.account == "" and drop not in (0, 1):  # whose number it is that nobody is shown is not known
            continue
        if drop >= 0:
            costs[exchange.id] = {0: "nothing", 1: "one call"}.get(drop, "several calls")
        left[foreign] = number
    return costs
