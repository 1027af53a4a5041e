"""Hypothesis, kept to the seed: what it draws depends on nothing else, and nothing is kept.

It likes to draw constants: its own, and those that it finds in whatever modules happen to be loaded. The latter must
never be drawn. Both ways to prevent that are here, since they reach into Hypothesis further than its interface does.
"""

from __future__ import annotations

import gzip
import json
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
# The characters that UTF-8 can encode, all but surrogates, and those of them that it would not give back, none.
_UTF_8: Final[tuple[list[list[int]], list[list[int]]]] = ([[0x0, 0xD7FF], [0xE000, 0x10FFFF]], [])


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
    """Lets Hypothesis write its tables of characters not into the folder where the user happens to be.

    One of them is written for it: it encodes each character there is to find out what UTF-8 has, which would take a
    second or two and 200 MB wherever there is no such table yet, as in a new container of a CI.
    """
    from hypothesis.configuration import set_hypothesis_home_dir
    from hypothesis.internal.charmap import charmap_file

    with suppress(OSError):
        if "HYPOTHESIS_STORAGE_DIRECTORY" not in os.environ:
            set_hypothesis_home_dir(own_folder() / "hypothesis")
        table = charmap_file("codec-v2-utf-8")
        if not table.exists():  # whoever finds half of it makes the table after all, and writes it
            table.parent.mkdir(parents=True, exist_ok=True)
            table.write_bytes(gzip.compress(json.dumps(_UTF_8).encode(), mtime=1))


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
