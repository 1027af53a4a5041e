"""What an account does next, drawn at random, but not blindly.

Most walks would wander if every action were as likely as any other: a call on a step that is in no state for it tells
little. So a walk stays with few steps, comes back to whoever had to do with them, and goes on with what is possible.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, Protocol, TypeVar

from conformance.walks.model import (
    ADMINISTRATOR,
    GROUP,
    RESTRICTED,
    Action,
    Kind,
    Model,
    Process,
    Step,
    may_reopen,
)

T = TypeVar("T")


class Pick(Protocol):
    """Draws one of several options; the more often one stands among them, the likelier."""

    def __call__(self, options: Sequence[T], /) -> T:
        """Returns one of them."""


_PROCESSES: Final = (0, 0, 0, 0, 0, 0, 1)
_STEPS: Final = ((0,) * 9 + (1, 1, 2), (1,) * 9 + (0, 0, 2))  # more of the one, or of the other
_HOLDERS: Final = ("assignee", "colleague", "group_member", "other_group_member", "owner", "restricted_assignee")
_SEVERAL: Final = ("assignee", "group_member")
_CHANCES: Final = range(60)
_LAST: Final = _CHANCES[-1]


def next_action(
    model: Model, accounts: Sequence[str], may_log_out: Collection[str], pick: Pick, focus: int = 0
) -> Action:
    """Draws what one of the accounts does next, as things stand, most of it with the regular step `focus`."""
    process, step = pick(_PROCESSES), pick(_STEPS[focus])
    chance = pick(_CHANCES)
    logged_in = [one for one in accounts if one in may_log_out and one not in model.logged_out]
    if chance == _LAST and logged_in:
        return Action(Kind.LOG_OUT, pick(logged_in))
    if chance > _LAST - 3 and model.logged_out:  # what a session is worth that was logged out
        return Action(pick((Kind.REOPEN, Kind.REOPEN, Kind.LOG_IN)), pick(sorted(model.logged_out)), process, step)
    at = model.processes[process]
    kind = pick(_kinds(at, at.steps[step]))
    account = pick(_actors(kind, at, at.steps[step], accounts))
    if account in model.logged_out and kind is not Kind.REOPEN:
        return Action(Kind.LOG_IN, account)
    to = pick(_holders(at.steps[step], accounts)) if kind is Kind.ASSIGN else ()
    return Action(kind, account, process, step, to)


def _kinds(process: Process, step: Step) -> Sequence[Kind]:
    """Returns what may well be done to a step, the likelier the more often."""
    if process.completed:
        return [Kind.REOPEN] * 4 + [Kind.REOPEN_PROCESS] * 3
    if step.signoff:
        return [Kind.REOPEN] if step.complete else [Kind.REOPEN, Kind.APPROVE, Kind.REJECT]
    if step.complete:
        return [Kind.REOPEN] * 16 + [Kind.COMPLETE_PROCESS] * (4 if process.was_completed else 2)
    if not step.holders:
        return [Kind.COMPLETE] * 4 + [Kind.ASSIGN] * 8 + [Kind.REOPEN] * 2
    return [Kind.COMPLETE] * 8 + [Kind.ASSIGN] * 7 + [Kind.REOPEN] * 2


def _actors(kind: Kind, process: Process, step: Step, accounts: Sequence[str]) -> Sequence[str]:
    """Returns who may well do it: those who may, those who had to do with the step, and anybody."""
    if kind is Kind.ASSIGN:
        return _of(accounts, process.creator, process.creator, process.owner)
    if kind in (Kind.APPROVE, Kind.REJECT):
        return _of(accounts, process.approver)
    if kind in (Kind.COMPLETE_PROCESS, Kind.REOPEN_PROCESS):
        return _of(accounts, *([process.owner] * 3 if process.owner not in RESTRICTED else []), ADMINISTRATOR)
    if step.signoff:
        return [*_of(accounts, process.owner, process.approver, process.approver), *accounts[:3]]
    may = [one for one in accounts if may_reopen(one, process, step)][:4]
    if kind is Kind.COMPLETE and may:
        return may
    known = [one for one in step.known if one in accounts]
    others = [one for one in known if one not in may]
    return [*may, *may, *may, *known, *others, *others, *others, *accounts]


def _holders(step: Step, accounts: Sequence[str]) -> Sequence[tuple[str, ...]]:
    """Returns to whom a step may be assigned next: back to one who had it, to somebody new, to nobody."""
    back = [(one,) for one in step.known if one in _HOLDERS and one not in step.holders]
    new = [(one,) for one in _HOLDERS if one in accounts]
    several = [_SEVERAL] if {*_SEVERAL} <= {*accounts} else []
    return [*back, *back, *back, *back, *new, *several, (), (GROUP,), (GROUP,), (GROUP,)]


def _of(accounts: Sequence[str], *wanted: str) -> list[str]:
    return [one for one in wanted if one in accounts] or [accounts[0]]
