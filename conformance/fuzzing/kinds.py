"""The kinds of steps for which valid requests are sent, each with an account that the page lets reopen it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

ASSIGNEE: Final = "assignee-may-reopen"
OWNER: Final = "owner-may-reopen"
UNASSIGNED: Final = "unassigned-open-to-permitted"


@dataclass(frozen=True)
class Kind:
    """A kind of step, who reopens it, and the rule by which this account may."""

    owner: str
    assigned_to: str
    sender: str
    rule: str


# By process and step. One step may be several kinds, as it is assigned in turns.
_STEPS: Final = (
    (
        (Kind("owner", "assignee", "owner", OWNER), Kind("owner", "assignee", "assignee", ASSIGNEE)),
        (Kind("owner", "colleague", "colleague", ASSIGNEE),),
    ),
    (
        (
            Kind("owner", "several", "other_group_member", ASSIGNEE),
            Kind("owner", "several", "group_member", ASSIGNEE),
            Kind("owner", "several", "owner", OWNER),
            Kind("owner", "", "colleague", UNASSIGNED),
            Kind("owner", "", "owner", UNASSIGNED),
            Kind("owner", "", "assignee", UNASSIGNED),
            Kind("owner", "", "group_member", UNASSIGNED),
        ),
        (
            Kind("owner", "group", "group_member", ASSIGNEE),
            Kind("owner", "group", "second_group_member", ASSIGNEE),
            Kind("owner", "group", "owner", OWNER),
        ),
    ),
    (
        (Kind("colleague", "assignee", "assignee", ASSIGNEE),),
        (Kind("colleague", "restricted_assignee", "colleague", OWNER),),
    ),
    (
        (Kind("restricted_owner", "assignee", "assignee", ASSIGNEE),),
        (Kind("restricted_owner", "", "colleague", UNASSIGNED),),
    ),
)
KINDS: Final = tuple(kind for steps in _STEPS for kinds in steps for kind in kinds)


def turns(count: int) -> list[Kind]:
    """Returns a kind for each of so many cases, all kinds equally often as far as that goes.

    The steps of a process take turns, so that one reading shows what was done to either.
    """
    chosen = Counter(KINDS[at * len(KINDS) // count] for at in range(count))
    return [kind for steps in _STEPS for kind in _mixed([[*_repeated(kinds, chosen)] for kinds in steps])]


def _repeated(kinds: Iterable[Kind], chosen: Mapping[Kind, int]) -> Iterator[Kind]:
    for kind in kinds:
        yield from [kind] * chosen[kind]


def _mixed(lists: Sequence[Sequence[Kind]]) -> list[Kind]:
    """Mixes lists evenly, each in its order."""
    placed = [((at + 0.5) / len(one), kind) for one in lists for at, kind in enumerate(one)]
    return [kind for _, kind in sorted(placed, key=lambda place: place[0])]
