"""What a quality process looks like at one moment, and what changed between two moments. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

_encode = json.JSONEncoder(sort_keys=True).encode
_SHORT_TEXT = 64  # what is longer is not remembered

# A server may show more than these; what the vendor may add, and how it may change by itself, is unknown.
PROCESS_FIELDS = (
    "name",
    "number",
    "description",
    "status",
    "statusMode",
    "type",
    "creationDateTime",
    "completedDateTime",
    "targetCompletionDateTime",
    "creator",
    "owner",
    "template",
    "currentStep",
)
STEP_FIELDS = (
    "name",
    "order",
    "type",
    "status",
    "assignees",
    "completeDateTime",
    "completeUser",
    "dueDateTime",
    "approvals",
    "attributes",
)
ENTRY_FIELDS = (
    "guid",
    "name",
    "value",
    "decision",
    "decisionType",
    "decisionDateTime",
    "comments",
    "decisionMaker",
    "user",
    "userGroup",
)

# Of these only the guid is kept: what else is shown beside it differs from view to view.
REFERENCES = frozenset({"creator", "owner", "template", "currentStep", "completeUser"})


def canonical(value: Any) -> str:
    """Returns the one JSON text for values that are equal."""
    if value is None:
        return "null"
    return _canonical_text(value) if isinstance(value, str) and len(value) <= _SHORT_TEXT else _encode(value)


@lru_cache(maxsize=1024)  # most of what is shown is shown each time
def _canonical_text(text: str) -> str:
    return _encode(text)


class Place(NamedTuple):
    """Where a value stands: `kind` is "process", "step" or "decision"."""

    kind: str
    guid: str
    field: str


@dataclass(frozen=True)
class Snapshot:
    """The known fields of some processes and their steps, each in one canonical form."""

    facts: Mapping[Place, str]

    def of(self, kind: str, guid: str, field: str) -> Any:
        """Returns a value; None where it is null or was not shown."""
        return json.loads(self.facts.get(Place(kind, guid, field), "null"))

    @property
    def objects(self) -> frozenset[tuple[str, str]]:
        """What was shown at all: the kind and the guid of each."""
        return frozenset((place.kind, place.guid) for place in self.facts)

    def knows(self, kind: str, guid: str) -> bool:
        """Whether the object was shown at all."""
        return (kind, guid) in self.objects


@dataclass(frozen=True)
class Change:
    """One value that is not what it was."""

    place: Place
    was: Any
    now: Any

    def __str__(self) -> str:
        return f"{self.place.kind} {self.place.guid}: {self.place.field} was {_short(self.was)}, is {_short(self.now)}"


def process_facts(process: Mapping[str, Any]) -> dict[Place, str]:
    """Returns the facts of one process as its single view shows it."""
    return _facts("process", process, PROCESS_FIELDS)


def step_facts(steps: Iterable[Mapping[str, Any]]) -> dict[Place, str]:
    """Returns the facts of steps."""
    return {place: value for step in steps for place, value in _facts("step", step, STEP_FIELDS).items()}


def decision_facts(decisions: Iterable[Mapping[str, Any]]) -> dict[Place, str]:
    """Returns the facts of the decisions of a sign-off step, whatever they are made of."""
    return {
        Place("decision", str(decision.get("guid")), field): canonical(value)
        for decision in decisions
        for field, value in _entry(decision).items()
    }


def changes(before: Snapshot, after: Snapshot) -> list[Change]:
    """Returns every difference, by place. An absent value equals null; an object that vanished is a difference."""
    was, now = before.facts, after.facts
    if was == now:
        return []
    differing = sorted(place for place in {*was, *now} if was.get(place, "null") != now.get(place, "null"))
    gone, new = before.objects - after.objects, after.objects - before.objects
    found = [
        Change(place, before.of(*place), after.of(*place))
        for place in differing
        if (place.kind, place.guid) not in gone | new
    ]
    found += [Change(Place(*one, "(all)"), "there", "gone") for one in gone]
    found += [Change(Place(*one, "(all)"), "absent", "there") for one in new]
    return sorted(found, key=lambda change: change.place)


def assignees(value: Mapping[str, Any] | None) -> dict[str, list[str]] | None:
    """Returns the guids of assigned users and groups; None for nobody. What else a server shows is left out."""
    members = {
        kind: sorted(str(one.get("guid")) for one in entries if isinstance(one, dict))
        for kind, entries in (value or {}).items()
        if kind in ("users", "userGroups") and isinstance(entries, list) and entries
    }
    return members or None


def _facts(kind: str, shown: Mapping[str, Any], fields: Iterable[str]) -> dict[Place, str]:
    guid = str(shown.get("guid"))
    values = {"guid": guid, **{field: _canonical(field, shown.get(field)) for field in fields}}
    return {Place(kind, guid, field): canonical(value) for field, value in values.items()}


def _canonical(field: str, value: Any) -> Any:
    """Leaves out what may differ between two views of the same state: order, and all of a reference but its guid."""
    if field in REFERENCES:
        return value.get("guid") if isinstance(value, dict) else value
    if field == "assignees" and isinstance(value, dict):
        return assignees(value)
    if field in {"approvals", "attributes"} and isinstance(value, list):
        return sorted(map(_entry, value), key=canonical) or None
    return "COMPLETE" if (field, value) == ("status", "COMPLETED") else value


def _entry(value: Any) -> Any:
    """Returns what is known to belong to a decision or an attribute; what else a server shows may change by itself."""
    if not isinstance(value, dict):
        return value
    known = {field: value[field] for field in ENTRY_FIELDS if field in value}
    return {field: one.get("guid") if isinstance(one, dict) else one for field, one in known.items()}


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 80 else f"{text[:79]}…"
