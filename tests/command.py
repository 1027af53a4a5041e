"""The real command, in a process of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Command:
    """Runs `arena-conformance` in a folder. `env` is added to this process's environment."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(
        self, *arguments: str | Path, env: Mapping[str, str] | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Runs it to its end."""
        return subprocess.run(**self._how(arguments, env), timeout=timeout, check=False)

    def start(
        self, *arguments: str | Path, env: Mapping[str, str] | None = None, **streams: int
    ) -> subprocess.Popen[str]:
        """Starts it, so that it can be interrupted."""
        # where these tests run in a shell's background SIGINT is ignored, and a child inherits that
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            return subprocess.Popen(**self._how(arguments, env) | streams)
        finally:
            signal.signal(signal.SIGINT, before)

    def _how(self, arguments: tuple[str | Path, ...], env: Mapping[str, str] | None) -> dict[str, Any]:
        return {
            "args": [sys.executable, "-m", "conformance", *map(str, arguments)],
            "cwd": self._folder,
            "env": {**os.environ, "COLUMNS": "80", **(env or {})},
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "text": True,
        }
