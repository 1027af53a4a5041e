"""Makes a failing walk short: leaves out what it fails without."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from conformance.walks.model import Action

Failing = Callable[[Sequence[Action]], Sequence[Action]]


def shorten(actions: Sequence[Action], failing: Failing) -> Sequence[Action]:
    """Returns a walk that fails too, and of whose actions none can be left out.

    `failing` goes a walk and returns its actions up to the one with which it fails; none where it does not fail, or
    where no more may be tried. First all that is about other processes and steps is left out, then one action after
    the other, the last first.
    """
    last = actions[-1]
    for about in (_same_step, _same_process):
        candidate = [one for one in actions if about(one, last)]
        if len(candidate) < len(actions) and (shorter := failing(candidate)):
            actions = shorter
            break
    position = len(actions) - 2
    while position >= 0:
        actions = failing([*actions[:position], *actions[position + 1 :]]) or actions
        position = min(position, len(actions) - 1) - 1
    return actions


def _same_step(one: Action, last: Action) -> bool:
    return one.where in (None, last.where) and _same_process(one, last)


def _same_process(one: Action, last: Action) -> bool:
    return one.process == last.process or one.of_session
