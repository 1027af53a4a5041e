"""Hypothesis, kept to the seed: what it draws depends on nothing else, and nothing is kept.

It likes to draw constants: its own, and those that it finds in whatever modules happen to be loaded. The latter must
never be drawn. Both ways to prevent that are here, since they reach into Hypothesis further than its interface does.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from conformance.locks import own_folder

if TYPE_CHECKING:
    import hypothesis

_CHOOSING: Final = "conformance-choosing"
_ONCE: Final = "conformance-once"


def settings(*, examples: int, phases: Sequence[hypothesis.Phase], **more: Any) -> hypothesis.settings:
    """Returns settings without a database, a deadline, a health check or anything printed."""
    import hypothesis

    keep_tables_elsewhere()
    return hypothesis.settings(
        max_examples=examples,
        phases=phases,
        database=None,
        deadline=None,
        derandomize=False,
        print_blob=False,
        report_multiple_bugs=False,
        verbosity=hypothesis.Verbosity.quiet,
        suppress_health_check=list(hypothesis.HealthCheck),
        **more,
    )


@cache
def keep_tables_elsewhere() -> None:
    """Lets Hypothesis write its tables of characters not into the folder where the user happens to be."""
    from hypothesis.configuration import set_hypothesis_home_dir

    if "HYPOTHESIS_STORAGE_DIRECTORY" not in os.environ:
        with suppress(OSError):
            set_hypothesis_home_dir(own_folder() / "hypothesis")


def once() -> str:
    """Returns a backend that draws as the usual one does, and each case once.

    Of each case Hypothesis tries changed copies, in which parts are alike. Of single requests nearly all of these are
    known already, and they are half of what it draws.
    """
    from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider

    AVAILABLE_PROVIDERS[_ONCE] = HypothesisProvider
    return _ONCE


def choosing() -> str:
    """Returns the name of a backend that draws no constants at all: where one of some options is drawn, none helps."""
    from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, HypothesisProvider

    class Provider(HypothesisProvider):
        def _maybe_draw_constant(self, *_: Any, **__: Any) -> None:
            return None

    AVAILABLE_PROVIDERS[_CHOOSING] = Provider
    return _CHOOSING


@contextmanager
def drawing() -> Iterator[None]:
    """Lets Hypothesis draw no constants but its own as long as this lasts: where texts are drawn, these are welcome."""
    from hypothesis.internal.conjecture import providers
    from hypothesis.internal.constants_ast import Constants

    collect = providers._get_local_constants
    providers._get_local_constants = Constants
    providers.CONSTANTS_CACHE.cache.clear()
    try:
        yield
    finally:
        providers._get_local_constants = collect
        providers.CONSTANTS_CACHE.cache.clear()
