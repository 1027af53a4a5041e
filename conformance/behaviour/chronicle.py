"""What the calls around a call tell about it: the step's state before, what it changed, what it cost. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
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
_FREE: Final = frozenset({"login", "logout"})
_MAY_CHANGE: Final = frozenset({"completeDateTime", "completeUser"})

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
        known: dict[str, dict[str, str | None]] = {}  # by process: the steps in their order
        for exchange in exchanges:
            if exchange.operation == "list-steps" and exchange.accepted:
                known[_process_of(exchange)] = _states(exchange)
            subject = exchange.subject
            if subject is None:
                continue
            steps = known.setdefault(subject.process, {})
            if steps.get(subject.step):
                self.states[exchange.id] = str(steps[subject.step])
            if not exchange.refused and exchange.method != "GET":
                steps[subject.step] = _state_after(exchange)
            if exchange.accepted and not exchange.simultaneous and len(steps) > 1 and all(steps.values()):
                self.open_steps[exchange.id] = tuple(step for step, state in steps.items() if state == "OPEN")

    def _compare_readings(self, exchanges: Sequence[Exchange]) -> None:
        last: dict[str, tuple[int, Snapshot]] = {}
        for exchange in exchanges:
            snapshot = _reading(exchange)
            if snapshot is None:
                continue
            if exchange.url in last:
                start, before = last[exchange.url]
                between = exchanges[start : exchange.id - 1]
                self._attribute(exchange, changes(before, snapshot), between)
            last[exchange.url] = (exchange.id, snapshot)

    def _attribute(self, reading: Exchange, found: list[Change], between: Iterable[Exchange]) -> None:
        """Tells calls what they changed: the one that was done, or all refused ones where none was done."""
        writing = [one for one in between if one.method != "GET" and one.operation not in _FREE]
        done = [one for one in writing if not one.refused]
        asked = [one for one in writing if one.operation == REOPEN and one.refused]
        if len(done) == 1 and done[0].operation == REOPEN:
            asked = done
        elif done:
            return
        for exchange in asked:
            if exchange.subject is not None and not exchange.simultaneous:
                for view, changed in _by_view(reading, found, exchange.subject).items():
                    self.changes[exchange.id].setdefault(view, {}).update(changed)


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


def _by_view(reading: Exchange, found: Iterable[Change], subject: Subject) -> Changes:
    """Returns, by view, the fields that changed. A view that was read and shows no change is there, and empty."""
    views: Mapping[str, tuple[str, ...]] = {
        "list-steps": (STEP, NEIGHBOURS),
        "read-quality-process": (PROCESS,),
        "list-decisions": (DECISIONS,),
    }
    shown: Changes = {view: {} for view in views[reading.operation]}
    if STEP in shown:
        fields = {field for step in _results(reading.json) if step.get("guid") == subject.step for field in step}
        shown[STEP] = dict.fromkeys(sorted(_MAY_CHANGE - fields), NOT_SHOWN)
    for change in found:
        view = _view(change.place, subject)
        # which step is current depends on what ran before; the answer's is compared with the steps that are open
        if view in shown and (change.place.field != "currentStep" or change.now is None):
            shown[view][change.place.field] = _class(change)
    return shown


def _view(place: Place, subject: Subject) -> str:
    if place.kind == "step":
        return STEP if place.guid == subject.step else NEIGHBOURS
    return {"process": PROCESS, "decision": DECISIONS}[place.kind]


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
    """Returns by how much a call lowered the quota, where its own answer and those beside it tell."""
    costs: dict[int, str] = {}
    left: dict[bool, int] = {}  # by workspace: the home or the foreigner's
    unknown: list[int] = []  # calls that no account made, since the home workspace's number was last seen
    for exchange in exchanges:
        if exchange.operation == "login":
            continue
        if exchange.account == "" and exchange.operation == REOPEN:
            unknown.append(exchange.id)
            continue
        foreign, number = exchange.account == FOREIGNER, calls_left(exchange)
        if exchange.account == DOUBTFUL or exchange.operation == "logout" or exchange.simultaneous or number is None:
            left, unknown = {}, []
            continue
        if foreign in left:
            drop = left[foreign] - number
            if not unknown and drop >= 0:
                costs[exchange.id] = {0: "nothing", 1: "one call"}.get(drop, "several calls")
            elif not foreign and drop in (1, len(unknown) + 1):
                costs.update(dict.fromkeys(unknown, "nothing" if drop == 1 else "one call"))
        left[foreign] = number
        unknown = unknown if foreign else []
    return costs
