"""What an account does next, drawn at random, but not blindly.

Most walks would wander if every action were as likely as any other: a call on a step that is in no state for it tells
little. So a walk stays with few steps, comes back to whoever had to do with them, and goes on with what is possible.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, Protocol, TypeVar

from conformance.walks.model import (
    ADMINISTRATOR,
    FOREIGNER,
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


_PROCESSES: Final = (0, 0, 0, 1)
_STEPS: Final = (0, 0, 0, 0, 1, 1, 2)
_HOLDERS: Final = ("assignee", "colleague", "group_member", "other_group_member", "owner", "restricted_assignee")
_SEVERAL: Final = (("assignee", "group_member"), ("colleague", "assignee"))
_CHANCES: Final = range(20)


def next_action(model: Model, accounts: Sequence[str], may_log_out: Collection[str], pick: Pick) -> Action:
    """Draws what one of the accounts does next, as things stand."""
    process, step = pick(_PROCESSES), pick(_STEPS)
    chance = pick(_CHANCES)
    if chance == _CHANCES[-1] and (able := [one for one in accounts if one in may_log_out and one not in model.logged_out]):
        return Action(Kind.LOG_OUT, pick(able))
    if chance >= _CHANCES[-3] and model.logged_out:  # what a session is worth that was logged out
        return Action(pick((Kind.REOPEN, Kind.REOPEN, Kind.LOG_IN)), pick(sorted(model.logged_out)), process, step)
    at = model.processes[process]
    kind = pick(_kinds(at, at.steps[step]))
    account = pick(_actors(kind, at, at.steps[step], accounts))
    if account in model.logged_out and kind is not Kind.REOPEN:
        return Action(Kind.LOG_IN, account)
    to = pick(_holders(at.steps[step], accounts)) if kind is Kind.ASSIGN else ()
    return Action(kind, account, process, step, to)


def _kinds(process: Process, step: Step) -> Sequence[Kind]:
    if process.completed:
        return [Kind.REOPEN] * 4 + [Kind.REOPEN_PROCESS] * 3 + [Kind.COMPLETE_PROCESS]
    if step.signoff:
        return [Kind.REOPEN] * 2 if step.complete else [Kind.REOPEN, Kind.REOPEN, Kind.APPROVE, Kind.REJECT]
    complete = [Kind.COMPLETE_PROCESS] * (2 if process.was_completed else 1)
    if step.complete:
        return [Kind.REOPEN] * 8 + complete
    return [Kind.COMPLETE] * 5 + [Kind.ASSIGN] * 3 + [Kind.REOPEN] * 2 + complete


def _actors(kind: Kind, process: Process, step: Step, accounts: Sequence[str]) -> Sequence[str]:
    """Returns who may well do this: those who may, those who may no longer, and anybody."""
    if kind is Kind.ASSIGN:
        return _of(accounts, process.creator, process.creator, process.owner)
    if kind in (Kind.APPROVE, Kind.REJECT):
        return _of(accounts, process.approver, process.owner)
    if kind in (Kind.COMPLETE_PROCESS, Kind.REOPEN_PROCESS):
        owner = ADMINISTRATOR if process.owner in RESTRICTED else process.owner
        return _of(accounts, owner, owner, ADMINISTRATOR)
    if step.signoff:
        return [*_of(accounts, process.owner, process.approver), *accounts[:4]]
    may = [one for one in accounts if may_reopen(one, process, step)]
    if kind is Kind.COMPLETE and may:
        return may if len(may) < 4 else may[:4]
    once = [one for one in step.known if one in accounts and one not in may]
    return [*may[:4], *may[:4], *once, *once, *once, *accounts] if not process.completed else [*may[:4], *accounts]


def _holders(step: Step, accounts: Sequence[str]) -> Sequence[tuple[str, ...]]:
    """Returns to whom a step may be assigned next: back to one who had it, to somebody new, to nobody."""
    back = [(one,) for one in step.known if one in _HOLDERS]
    new = [(one,) for one in _HOLDERS if one in accounts]
    several = [pair for pair in _SEVERAL if {*pair} <= {*accounts}]
    return [*back, *back, *back, *new, *several, (), (GROUP,), (GROUP,)]


def _of(accounts: Sequence[str], *wanted: str) -> list[str]:
    return [one for one in wanted if one in accounts] or [accounts[0]]
