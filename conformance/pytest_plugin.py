"""The pytest plugin for other people's tests: the fixture `arena`. Until a test uses it, nothing is imported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from conformance.arena.lent import Lender, LentArena


@pytest.fixture(scope="session")
def arena_profile() -> str:
    """Which error codes the Arena speaks. Override it in a conftest.py to get those of `winter-2023`."""
    return "documented"


@pytest.fixture(scope="session")
def _arena_lender() -> Iterator[Lender]:
    from conformance.arena.lent import Lender
    from conformance.arena.world import World

    with Lender(World.load()) as lender:
        yield lender


@pytest.fixture
def arena(_arena_lender: Lender, arena_profile: str) -> LentArena:
    """An Arena on a loopback port, with a world of its own for each test.

    `arena.url`, `arena.accounts["owner"].email` and `.password`, `arena.step(state="completed")`,
    `arena.clock.advance(timedelta(...))`, `arena.fault("creator-may")`, `arena.calls`.
    """
    return _arena_lender.lend(arena_profile)
