"""Makes a failing walk short: leaves out what it fails without."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from conformance.walks.model import Action
from conformance.walks.walk import Deed

Again = Callable[[Sequence[Action]], Sequence[Deed]]


def shorten(deeds: Sequence[Deed], again: Again) -> Sequence[Deed]:
    """Returns a walk that fails too, and of whose actions none can be left out.

    `again` goes a walk and returns its deeds up to the one with which it fails; none where it does not fail, or where
    nothing more may be tried. Each try takes real calls, so what is likeliest not to matter is left out first: what
    was refused, other steps, other processes. Then larger and smaller parts are, down to single actions.
    """
    last = deeds[-1]
    for matters in (_same_step, _same_process):
        for refused in (False, True):
            kept = [one for one in deeds[:-1] if matters(one.action, last.action) and (one.accepted or refused)]
            if len(kept) + 1 < len(deeds) and (shorter := again([deed.action for deed in [*kept, last]])):
                return _without_parts(shorter, again)
    return _without_parts(deeds, again)


def _without_parts(deeds: Sequence[Deed], again: Again) -> Sequence[Deed]:
    size = len(deeds) // 2
    while size:
        before, start = len(deeds), 0
        while start + size < len(deeds):
            shorter = again([deed.action for deed in [*deeds[:start], *deeds[start + size :]]])
            deeds, start = (shorter, start) if shorter else (deeds, start + size)
        if size > 1 or len(deeds) == before:
            size //= 2
    return deeds


def _same_step(one: Action, last: Action) -> bool:
    return one.where in (None, last.where) and _same_process(one, last)


def _same_process(one: Action, last: Action) -> bool:
    return one.process == last.process or one.of_session
