"""Whole commands, each in a process of its own: how long they take, and how much memory."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Measured:
    """One run of a command."""

    seconds: float
    megabytes: float  # at most, of memory
    report: Mapping[str, Any] = field(default_factory=dict)


def suite(*arguments: str) -> Measured:
    """Runs `arena-conformance` with these arguments; the report is what it wrote, if it wrote one."""
    with tempfile.TemporaryDirectory() as folder:
        to_report = ["--report-dir", folder] if "run" in arguments else []
        measured = _run([sys.executable, "-m", "conformance", *arguments, *to_report])
        report = Path(folder, "report.json")
        if to_report:
            return Measured(measured.seconds, measured.megabytes, json.loads(report.read_text("utf-8")))
    return measured


def schemathesis(url: str, session_id: str, examples: int) -> Measured:
    """Runs `schemathesis run` on our OpenAPI file, with so many examples, for the operation under test."""
    from conformance.resources import resource

    command = [sys.executable, "-m", "schemathesis.cli", "run", str(resource("openapi/arena-reopen.yaml"))]
    command += ["--url", url, "--include-operation-id", "reopenStep", "-H", f"arena_session_id: {session_id}"]
    command += ["--phases", "fuzzing", "--max-examples", str(examples), "--seed", "1", "--continue-on-failure"]
    command += ["--no-shrink", "--generation-database", "none", "--no-color"]
    return _run(command, codes=(0, 1))


# Starts the command and tells about it. A process begins with the memory of the one that starts it: this one is small.
_STARTER = """
import json, resource, subprocess, sys, time
begun = time.perf_counter()
code = subprocess.call(sys.argv[2:])
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
with open(sys.argv[1], "w") as file:
    json.dump([code, time.perf_counter() - begun, usage.ru_maxrss], file)
"""


def _run(command: list[str], codes: tuple[int, ...] = (0,)) -> Measured:
    with tempfile.TemporaryFile() as output, tempfile.TemporaryDirectory() as folder:
        told = Path(folder, "told.json")
        starting = [sys.executable, "-c", _STARTER, str(told), *command]
        subprocess.run(starting, stdout=output, stderr=output, cwd=folder, check=True)  # noqa: S603 - our own command
        code, seconds, kilobytes = json.loads(told.read_text("utf-8"))
        if code not in codes:
            output.seek(0)
            text = output.read().decode(errors="replace")[-2000:]
            raise RuntimeError(f"{' '.join(command[2:5])} ended with {code}:\n{text}")
    return Measured(seconds, kilobytes / 1024)
