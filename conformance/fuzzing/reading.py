"""What a generated body says, as it is sent: whether it is valid, or in which one point it is not.

A generator's own opinion does not count: what it made wrong may have become right on the way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from conformance import contract
from conformance.evidence import UNREADABLE
from conformance.fuzzing.case import ACCEPTED, OBSERVED, PROCESS, STEP, Case
from conformance.invariants import promised

# What might be read as true: it would complete the step.
_TRUE: Final = frozenset({"true", "t", "yes", "y", "on", "1"})
_PLACES: Final = {
    (): "body",
    ("qualityProcess",): "process",
    ("qualityProcess", "guid"): "process-guid",
    ("qualityProcess", "step"): "step",
    ("qualityProcess", "step", "guid"): "step-guid",
    ("complete",): "complete",
    ("comment",): "comment",
}
_LENIENT: Final = ("utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")

Place = tuple[str, ...]

_GUIDS: Final[Mapping[Place, str]] = {("qualityProcess", "guid"): PROCESS, ("qualityProcess", "step", "guid"): STEP}
_STAND_IN: Final = re.compile(rb"@[a-z-]*(?:process|step)@")


@dataclass(frozen=True)
class Departure:
    """One point in which a body is not as it has to be: the place, and what stands there."""

    place: Place
    found: str

    @property
    def name(self) -> str:
        """The class of input, from the place and what stands there."""
        return f"drawn-{_PLACES[self.place]}-{self.found}"


def read(body: bytes) -> Case | None:
    """Returns the case that a body makes; None where it must not be sent, or where more than one point is wrong."""
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        wanted = "other" if _perhaps_json(body) else "malformed-json"
        return None if _STAND_IN.search(body) else Case("drawn-no-json", body, wanted)
    if _is_dangerous(value) or _has_others(body, value):
        return None
    departures = sorted({*_departures(value)}, key=lambda one: one.place)
    if not departures:
        return _valid(value, body)
    if len(departures) > 1:
        return None
    (only,) = departures
    if only.place == ("comment",) or (only.place == ("complete",) and only.found in ("missing", "null")):
        return Case(only.name, body, OBSERVED)
    guid = only.place[-1:] == ("guid",)
    return Case(only.name, body, "guid-empty" if guid and only.found in ("null", "empty") else "other")


def _valid(value: Any, body: bytes) -> Case:
    process = value["qualityProcess"]
    known = (value, {"qualityProcess", "complete", "comment"}), (process, {"guid", "step"}), (process["step"], {"guid"})
    if any(members.keys() - names for members, names in known):
        return Case("drawn-extra-members", body, OBSERVED, valid=True)
    if "comment" not in value:
        return Case("drawn-comment-missing", body, OBSERVED, valid=True)
    comment = value["comment"]
    wanted, name = (ACCEPTED, "valid") if promised(comment) else (OBSERVED, "unpromised-comment")
    return Case(f"drawn-{name}", body, wanted, comment=comment, valid=True)


def _departures(value: Any) -> Iterator[Departure]:
    for error in contract.schema("reopen-request").errors(value):
        place = tuple(str(part) for part in error.absolute_path)
        if error.validator == "required":
            wanted: Any = error.validator_value
            instance: Any = error.instance
            for name in wanted:
                if name not in instance:
                    yield Departure((*place, name), "missing")
        else:
            yield Departure(place, _kind(error.instance))
    for place, wanted in _GUIDS.items():
        found = _at(value, place)
        if isinstance(found, str) and found != wanted:
            yield Departure(place, _kind(found))


def _at(value: Any, place: Place) -> Any:
    for name in place:
        value = value.get(name, UNREADABLE) if isinstance(value, dict) else UNREADABLE
    return value


def _kind(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "text" if value else "empty"
        case list():
            return "list"
    return "object"


def _is_dangerous(value: Any) -> bool:
    """Whether a body may complete something, or be about the process itself."""
    if not isinstance(value, dict):
        return False
    complete = value.get("complete")
    if complete is True or (isinstance(complete, str) and complete.strip().lower() in _TRUE):
        return True
    process = value.get("qualityProcess")
    return isinstance(process, dict) and process.get("guid") == PROCESS and process.get("step") is None


def _has_others(body: bytes, value: Any) -> bool:
    """Whether something stands for a guid in another place than that guid's."""
    right = len([place for place, guid in _GUIDS.items() if _at(value, place) == guid])
    return len(_STAND_IN.findall(body)) != right


def _perhaps_json(body: bytes) -> bool:
    """Whether a lenient server could read JSON in it, so that the refusal may be for what the JSON says."""
    if b"\0" in body:
        return True
    for encoding in _LENIENT:
        try:
            json.loads(body.decode(encoding))
        except (ValueError, RecursionError):
            continue
        return True
    return False


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")
