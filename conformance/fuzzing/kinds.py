"""The kinds of steps for which valid requests are sent, each with an account that the page lets reopen it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations
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
    """Returns a kind for each of so many cases: each process as often as it has kinds, as far as that goes.

    The steps of a process take turns, so that one reading shows what was done to either.
    """
    places = [at for at, steps in enumerate(_STEPS) for kinds in steps for _ in kinds]
    shares = Counter(places[number * len(places) // count] for number in range(count))
    return [kind for at, steps in enumerate(_STEPS) for kind in _in_turn(steps, shares[at])]


def are_neighbours(one: Kind, other: Kind) -> bool:
    """Tells whether these are kinds of two steps of one process."""
    return any(one in these and other in those for steps in _STEPS for these, those in permutations(steps, 2))


def _in_turn(steps: Sequence[Sequence[Kind]], count: int) -> Iterator[Kind]:
    """Yields the kinds of a step equally often and one after the other: for each the step is assigned anew."""
    for number in range(count):
        turn, step = divmod(number, len(steps))
        of_step = len(range(step, count, len(steps)))
        yield steps[step][turn * len(steps[step]) // of_step]
