"""What a comparison is made of: two sides, and differences between them. Pure values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from functools import cached_property
from typing import Any, Final

from conformance.behaviour.document import Behaviours, expand

UNREACHED: Final = frozenset({"untested", "error"})  # verdicts that tell nothing about the target


class Kind(StrEnum):
    """What a difference is, the worst first."""

    PROMISE_BROKEN = "promise-broken"  # what passed fails
    PROFILE_CHANGE = "profile-change"  # the vendor's renumbering of the error codes
    BREAKING = "breaking"  # the page is silent, but a client may rely on what was there
    COMPATIBLE = "compatible"
    COSMETIC = "cosmetic"
    NOT_REACHED = "not-reached"  # nothing is known about it any more
    NEWLY_REACHED = "newly-reached"
    FIXED = "fixed"


class Level(IntEnum):
    """How bad a difference is for a client that has relied on what was there."""

    NONE = 0
    COSMETIC = 1
    COMPATIBLE = 2
    BREAKING = 3


# What is no longer reached is no change, but none can be ruled out either: only who wants no difference at all minds.
_LEVELS: Final[Mapping[Kind, Level]] = {
    Kind.PROMISE_BROKEN: Level.BREAKING,
    Kind.PROFILE_CHANGE: Level.BREAKING,
    Kind.BREAKING: Level.BREAKING,
    Kind.COMPATIBLE: Level.COMPATIBLE,
    Kind.COSMETIC: Level.COSMETIC,
    Kind.NOT_REACHED: Level.COSMETIC,
}


@dataclass(frozen=True)
class Difference:
    """One thing that is otherwise than before, however many scenarios show it.

    `sentence` says it in plain words. `before` and `after` are JSON values. `answer` is which of the first scenario's
    answers shows it; None where no single one does.
    """

    kind: Kind
    sentence: str
    scenarios: tuple[str, ...]
    before: Any = None
    after: Any = None
    answer: int | None = None
    mapping: tuple[Mapping[str, Any], ...] = ()

    @property
    def level(self) -> Level:
        """How bad it is."""
        return _LEVELS.get(self.kind, Level.NONE)


@dataclass(frozen=True)
class Side:
    """The behaviour of a target at one time.

    `unstable` names, by scenario or by kind of answer, what differs between runs against one and the same server.
    `reasons` says why a scenario failed or was not tested, as far as that is known.
    """

    behaviours: Behaviours
    profile: str
    unstable: Mapping[str, frozenset[str]] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def reached(self) -> frozenset[str]:
        """The scenarios of which something is known."""
        return frozenset(name for name, one in self.behaviours.items() if one["verdict"] not in UNREACHED)

    @classmethod
    def of_report(cls, report: Mapping[str, Any]) -> Side:
        """Returns the behaviour that a report recorded."""
        scenarios = [one for rule in report["rules"] for one in rule["scenarios"]]
        return cls(
            expand(report["behaviours"]),
            report["run"]["profile"],
            reasons={one["id"]: _why(one) for one in scenarios},
        )


def _why(scenario: Mapping[str, Any]) -> str:
    if "expected" in scenario:
        return f"expected {scenario['expected']}; {scenario['actual']}"
    return str(scenario["reason"])
