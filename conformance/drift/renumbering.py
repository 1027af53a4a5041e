"""Recognises the vendor's renumbering of its error codes: one change of profile, not a dozen accidents. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from conformance import contract

OLD, NEW = "documented", "winter-2023"
_FEWEST: Final = 2  # a single code that changed may be chance


@dataclass(frozen=True)
class Recoded:
    """A refusal whose code is another one than before."""

    scenario: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]


@dataclass(frozen=True)
class Renumbering:
    """A change from one profile to another, with what belongs to it."""

    before: str
    after: str
    mapping: tuple[Mapping[str, Any], ...]
    missing: tuple[str, ...]  # what the profile renumbers and no refusal shows
    refusals: tuple[Recoded, ...]

    @property
    def sentence(self) -> str:
        """The change in words."""
        listed = ", ".join(f"{one['before']} is now {one['after']} ({one['situation']})" for one in self.mapping)
        part = f"; not seen: {', '.join(self.missing)}" if self.missing else ""
        some = "Some of the error codes" if self.missing else "The error codes"
        return f"{some} changed from profile {self.before} to {self.after}: {listed}{part}."


@cache
def new_codes() -> Mapping[int, str]:
    """Returns, by code, the situation that the newer profile has it for; codes that only the newer profile fixes."""
    profiles = contract.profiles()
    old = {code for situation in profiles[OLD].values() for code in situation.codes or ()}
    found: dict[int, str] = {}
    for situation in profiles[NEW].values():
        for code in situation.codes or ():
            if code not in old:
                found.setdefault(code, situation.name)
    return found


def recognise(recoded: Sequence[Recoded], codes_now: Iterable[int], codes_before: Iterable[int]) -> Renumbering | None:
    """Returns the change of profile that these refusals show; None where they show none.

    `codes_now` and `codes_before` are all codes that were seen: by them is told what was not renumbered.
    """
    for before, after in ((OLD, NEW), (NEW, OLD)):
        fitting = [one for one in recoded if _fits(one, after)]
        mapping = _mapping(fitting, after)
        if len({one["situation"] for one in mapping}) >= _FEWEST:
            seen = codes_now if after == NEW else [code for code in new_codes() if code not in set(codes_now)]
            touched = new_codes() if after == NEW else {c: s for c, s in new_codes().items() if c in set(codes_before)}
            missing = sorted({name for code, name in touched.items() if code not in set(seen)})
            return Renumbering(before, after, mapping, tuple(missing), tuple(fitting))
    return None


def hint(codes: Sequence[int]) -> str:
    """Returns what the newer profile has a code for, to be said beside a change that is not recognised."""
    known = [f"{code} is what profile {NEW} has for {new_codes()[code]}" for code in codes if code in new_codes()]
    return f" ({'; '.join(known)})" if known else ""


def _fits(one: Recoded, after: str) -> bool:
    old, new = one.before.get("codes") or [], one.after.get("codes") or []
    if len(old) != len(new):
        return False
    pairs = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
    newer = [b if after == NEW else a for a, b in pairs]
    older = [a if after == NEW else b for a, b in pairs]
    return bool(pairs) and all(code in new_codes() for code in newer) and not any(c in new_codes() for c in older)


def _mapping(fitting: Iterable[Recoded], after: str) -> tuple[Mapping[str, Any], ...]:
    found: dict[tuple[int, int], dict[str, Any]] = {}
    for one in fitting:
        sides = zip(
            one.before["codes"], one.after["codes"], one.before["messages"], one.after["messages"], strict=False
        )
        for old, new, said, says in sides:
            if old != new:
                entry = found.setdefault(
                    (old, new),
                    {
                        "situation": new_codes()[new if after == NEW else old],
                        "before": old,
                        "after": new,
                        "message_before": said,
                        "message_after": says,
                        "scenarios": 0,
                    },
                )
                entry["scenarios"] += 1
    return tuple(sorted(found.values(), key=lambda entry: (entry["situation"], entry["before"], entry["after"])))
