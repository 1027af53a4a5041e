import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance.arena.server import Server
from conformance.arena.service import Arena
from conformance.arena.world import World

Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Runs the real command in an empty folder."""

    def run(*arguments: str | Path, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "conformance", *map(str, arguments)],
            cwd=tmp_path,
            env={**os.environ, "COLUMNS": "80", **(env or {})},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return run


@pytest.fixture
def arena() -> Arena:
    """An Arena of its own for a test."""
    return Arena(World.load())


@pytest.fixture
def server(arena: Arena) -> Iterator[Server]:
    """The test's Arena, listening on a free loopback port."""
    with Server(arena) as server:
        yield server
