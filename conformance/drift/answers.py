"""Two answers to the same call: in what they differ, and whether that breaks a client. Pure.

A difference has a name, such as `status`, `headers.server` or `body.qualityProcess.status`: a baseline says by it what
is unstable.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from conformance.behaviour.document import ACCEPTED, NOT_SHOWN, OTHER, REFUSED, kind_of
from conformance.drift.difference import Level

Answer = Mapping[str, Any]
Differing = dict[str, tuple[Any, Any]]

FLIPPED: Final = "outcome"
_MOST_NAMED = 6

_WORD: Final = {ACCEPTED: "accepted", REFUSED: "refused", OTHER: "neither accepted nor refused"}


@dataclass(frozen=True)
class Departure:
    """One thing that is otherwise in an answer; `says` goes on where the subject of the sentence ends."""

    name: str
    level: Level
    says: str
    before: Any
    after: Any


def differing(old: Answer, new: Answer) -> Differing:
    """Returns, by name, what differs, with both sides.

    Where one was accepted and the other refused, everything differs: that alone is told. What only the calls around
    a call can tell is compared where both sides know it.
    """
    if kind_of(old) != kind_of(new):
        return {FLIPPED: (_brief(old), _brief(new))}
    found: Differing = {}
    for name in ("status", "codes", "messages", "location", "connection", "trouble"):
        if old.get(name) != new.get(name):
            found[name] = (old.get(name), new.get(name))
    for name in ("cost", "current_step", "guids"):
        if name in old and name in new and old[name] != new[name]:
            found[name] = (old[name], new[name])
    found.update(_named("headers", _by_lower(old["headers"]), _by_lower(new["headers"])))
    found.update(_named("body", *_comparable(old["body"], new["body"])))
    before, after = old.get("changes", {}), new.get("changes", {})
    for view in sorted({*before} & {*after}):
        found.update(_named(f"changes.{view}", before[view], after[view]))
    if "body.(whole)" in found:  # nothing else can be read out of it
        found = {name: sides for name, sides in found.items() if name not in ("codes", "messages")}
    return {name: sides for name, sides in found.items() if NOT_SHOWN not in sides}


def departures(old: Answer, new: Answer, ignored: Collection[str] = ()) -> list[Departure]:
    """Returns what the new answer has otherwise than the old one; what is `ignored` by name is left out."""
    found = {name: sides for name, sides in differing(old, new).items() if name not in ignored}
    if "codes" in found:  # another code has another message
        found.pop("messages", None)
    parts = {part: _below(found, part) for part in ("headers", "body", "changes")}
    single = [(name, sides) for name, sides in found.items() if name.partition(".")[0] not in parts]
    return [
        *(_SAYERS[name](name, *sides) for name, sides in single),
        *_headers(parts["headers"]),
        *_body(parts["body"]),
        *_changes(parts["changes"]),
    ]


def align(old: list[Answer], new: list[Answer], *, ordered: bool) -> Iterator[tuple[int, Answer, Answer]]:
    """Yields the answers that belong together, with the place of the new one.

    They come in the order of the scenario's calls. Where their order is chance, equal ones belong together, and an
    answer that has no counterpart is compared with one that was there.
    """
    left, right = list(old), list(enumerate(new))
    if not ordered:
        for pair in list(right):
            if pair[1] in left:
                left.remove(pair[1])
                right.remove(pair)
        left += [old[-1]] * len(right) if old else []
    for before, (place, after) in zip(left, right, strict=False):
        yield place, before, after


def _brief(answer: Answer) -> dict[str, Any]:
    return {name: answer[name] for name in ("status", "codes", "messages", "trouble") if name in answer}


def _by_lower(headers: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    return {name.lower(): (name, value) for name, value in headers.items()}


def _named(part: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> Differing:
    names = sorted({*old, *new})
    return {f"{part}.{name}": (old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)}


def _comparable(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Leaves out what is below a place that differs itself, and the entries of a list that is empty on one side."""
    top = {path for path in {*old, *new} if old.get(path) != new.get(path)}
    empty = {
        path
        for path in {*old, *new}
        if path.endswith("[]") and old.get(path[:-2]) == new.get(path[:-2]) and not (path in old and path in new)
    }
    hidden = {path for path in {*old, *new} if path in empty or any(above in top | empty for above in _above(path))}
    kept_old = {path: kind for path, kind in old.items() if path not in hidden}
    return kept_old, {path: kind for path, kind in new.items() if path not in hidden}


def _above(path: str) -> Iterator[str]:
    if path != "(whole)":
        yield "(whole)"
    for end, character in enumerate(path):
        if character in ".[" and end:
            yield path[:end]
        if character == "]" and end + 1 < len(path):
            yield path[: end + 1]


def _below(found: Differing, part: str) -> Differing:
    return {name.partition(".")[2]: sides for name, sides in found.items() if name.startswith(f"{part}.")}


# What each difference is called, and how bad it is.


def _flipped(name: str, before: Any, after: Any) -> Departure:
    says = f"is now {_WORD[kind_of(after)]} ({_outcome(after)}); it was {_WORD[kind_of(before)]} ({_outcome(before)})"
    return Departure(name, Level.BREAKING, says, before, after)


def _outcome(brief: Answer) -> str:
    codes = f" with code {_listed(brief['codes'])}" if brief.get("codes") else ""
    return f"{brief['status']}{codes}"


def _status(name: str, before: Any, after: Any) -> Departure:
    return Departure(name, Level.BREAKING, f"is now answered {after}; it was {before}", before, after)


def _codes(name: str, before: Any, after: Any) -> Departure:
    if before and after and after[: len(before)] == before:
        more = f"lists {_count(len(after) - len(before), 'more error')}, code {_listed(after[len(before) :])}"
        return Departure(name, Level.COMPATIBLE, f"now {more}", before, after)
    was = f"it was {_listed(before)}" if before else "it carried none"
    says = f"now carries code {_listed(after)}; {was}" if after else f"no longer carries a code; {was}"
    return Departure(name, Level.BREAKING, says, before, after)


def _messages(name: str, before: Any, after: Any) -> Departure:
    says = f"now says {_quoted(after)}; it said {_quoted(before)}"
    return Departure(name, Level.COSMETIC, says, before, after)


def _location(name: str, before: Any, after: Any) -> Departure:
    return Departure(name, Level.BREAKING, f"now redirects to {after or 'nowhere'}; it was {before}", before, after)


def _connection(name: str, before: Any, after: Any) -> Departure:
    says = "now closes the connection; it was kept" if after == "closed" else "now keeps the connection; it was closed"
    return Departure(name, Level.COMPATIBLE, says, before, after)


def _trouble(name: str, before: Any, after: Any) -> Departure:
    says = f"has trouble: {after}" if after else f"is whole again; before, {before}"
    return Departure(name, Level.BREAKING if after else Level.COMPATIBLE, says, before, after)


def _cost(name: str, before: Any, after: Any) -> Departure:
    return Departure(name, Level.BREAKING, f"now costs {after} of the quota; it cost {before}", before, after)


def _guids(name: str, before: Any, after: Any) -> Departure:
    return Departure(name, Level.COMPATIBLE, f"now has guids made of {after}; they were of {before}", before, after)


def _current_step(name: str, before: Any, after: Any) -> Departure:
    return Departure(name, Level.BREAKING, f"now calls {after} the current one; it was {before}", before, after)


_SAYERS: Final[Mapping[str, Callable[[str, Any, Any], Departure]]] = {
    FLIPPED: _flipped,
    "status": _status,
    "codes": _codes,
    "messages": _messages,
    "location": _location,
    "connection": _connection,
    "trouble": _trouble,
    "cost": _cost,
    "current_step": _current_step,
    "guids": _guids,
}


def _headers(found: Differing) -> Iterator[Departure]:
    gone = {sides[0][0]: sides[0][1] for sides in found.values() if sides[1] is None}
    new = {sides[1][0]: sides[1][1] for sides in found.values() if sides[0] is None}
    if gone:
        says = f"no longer has the {_these('header', gone)}"
        yield Departure("headers", Level.BREAKING, says, gone, None)
    if new:
        yield Departure("headers", Level.COMPATIBLE, f"now has the {_these('header', new)}", None, new)
    respelled = {}
    for name, (before, after) in found.items():
        if before is None or after is None:
            continue
        if before[1] == after[1]:
            respelled[before[0]] = after[0]
            continue
        level = _header_level(name, before[1], after[1])
        says = f"now shows header {after[0]} as {after[1]}; it was {before[1]}"
        yield Departure(f"headers.{name}", level, says, before[1], after[1])
    if respelled:
        spelled = ", ".join(list(respelled.values())[:_MOST_NAMED])
        says = f"now spells {_count(len(respelled), 'header name')} otherwise: {spelled}"
        yield Departure("headers", Level.COSMETIC, says, [*respelled], [*respelled.values()])


def _header_level(name: str, before: str, after: str) -> Level:
    if "".join(before.split()).lower() == "".join(after.split()).lower():
        return Level.COSMETIC
    # a parameter more, another way to cache: HTTP has clients expect it
    media_types = {text.partition(";")[0].strip().lower() for text in (before, after)}
    harmless = name in ("vary", "cache-control", "pragma")
    return Level.COMPATIBLE if harmless or (name == "content-type" and len(media_types) == 1) else Level.BREAKING


def _body(found: Differing) -> Iterator[Departure]:
    gone = {path: before for path, (before, after) in found.items() if after is None}
    new = {path: after for path, (before, after) in found.items() if before is None}
    if gone:
        yield Departure("body", Level.BREAKING, f"no longer has the {_these('member', gone)}", gone, None)
    if new:
        yield Departure("body", Level.COMPATIBLE, f"now has the {_these('member', new)}", None, new)
    for path, (before, after) in found.items():
        if before is not None and after is not None:
            says = f"now shows {path} as {_value(after)}; it was {_value(before)}"
            yield Departure(f"body.{path}", Level.BREAKING, says, before, after)


_VIEWS: Final = {
    "step": "the step's",
    "neighbours": "another step's",
    "process": "the process's",
    "decisions": "a decision's",
}


def _changes(found: Differing) -> Iterator[Departure]:
    for name, (before, after) in found.items():
        view, _, member = name.partition(".")
        if view == "step" and before and after:
            says = f"now leaves the step's {member} as {after}; it was {before}"
            yield Departure(f"changes.{name}", Level.BREAKING, says, before, after)
            continue
        what = f"{_VIEWS[view]} {member}"
        says = f"now changes {what} ({after})" if after else f"no longer changes {what}"
        was = f"; it was {before}" if before else "; it did not"
        yield Departure(f"changes.{name}", Level.BREAKING, says + was, before, after)


def _these(kind: str, named: Mapping[str, Any]) -> str:
    more = f" and {len(named) - _MOST_NAMED} more" if len(named) > _MOST_NAMED else ""
    return f"{kind}{'' if len(named) == 1 else 's'} {', '.join([*named][:_MOST_NAMED])}{more}"


def _count(number: int, thing: str) -> str:
    return f"{'one' if number == 1 else number} {thing}{'' if number == 1 else 's'}"


def _listed(codes: Any) -> str:
    return ", ".join(map(str, codes))


def _quoted(messages: Any) -> str:
    return ", ".join(f"“{message}”" for message in messages or ["nothing"])


def _value(kind: str) -> str:
    return kind.removeprefix("=")
