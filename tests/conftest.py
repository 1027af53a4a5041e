from collections.abc import Iterator
from pathlib import Path

import pytest
from command import Command

from conformance.arena.server import Server
from conformance.arena.service import Arena
from conformance.arena.world import World


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Runs the real command in an empty folder."""
    return Command(tmp_path)


@pytest.fixture
def arena() -> Arena:
    """An Arena of its own for a test."""
    return Arena(World.load())


@pytest.fixture
def server(arena: Arena) -> Iterator[Server]:
    """The test's Arena, listening on a free loopback port."""
    with Server(arena) as server:
        yield server
