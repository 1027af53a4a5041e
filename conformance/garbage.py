"""How often Python looks for garbage."""

from __future__ import annotations

import gc

# How many new objects there are before it looks among them, and after how many times at older ones.
_NEW, _YOUNG, _OLD = 10_000, 15, 30


def look_rarely() -> None:
    """Lets Python look less often: what a run makes is kept for its report, and looking at it took a fifteenth."""
    gc.set_threshold(_NEW, _YOUNG, _OLD)


def look_no_more() -> None:
    """Lets a process end without looking at all that it made, which took a tenth of a second: it ends with it."""
    gc.freeze()
