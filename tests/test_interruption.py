"""Ctrl-C and SIGTERM: whenever they come, there is a whole report within five seconds, and then all is cleaned up."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from command import Command
from killed import kind_of, world
from test_journal import JOURNAL, RULE, ready, restore, target_of, write_target
from test_run import report_in

from conformance import gate
from conformance.arena.message import Call, Reply
from conformance.arena.server import Server
from conformance.arena.service import Arena
from conformance.arena.world import World
from conformance.journal import Journal
from conformance.judge import Settings


class Hanging(Arena):
    """Lets every call of a kind wait until it is told to go on."""

    def __init__(self, kind: str) -> None:
        super().__init__(World.load())
        self.reached, self.go_on = threading.Event(), threading.Event()
        self._kind = kind

    def handle(self, operation: str, call: Call) -> Reply:
        if kind_of(operation, call) == self._kind:
            self.reached.set()
            self.go_on.wait(60)
        return super().handle(operation, call)


@contextmanager
def running(command: Command, folder: Path, arena: Hanging, url: str) -> Iterator[subprocess.Popen[str]]:
    """Runs the real command until it hangs."""
    file = write_target(folder, arena, url)
    process = command.start("run", "--only", "rules", "--target", file, "--report-dir", folder, "--rule", *RULE)
    try:
        assert arena.reached.wait(60)
        yield process
    finally:
        arena.go_on.set()
        process.communicate(timeout=60)


def cleaning_up(process: subprocess.Popen[str]) -> bool:
    """Waits until the run says that it cleans up: its report is written before."""
    assert process.stderr is not None
    return any("cleaning up" in line for line in process.stderr)


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_the_report_comes_first_and_a_second_interruption_names_the_journal(tmp_path, command, stop):
    arena = Hanging("complete_process")
    with Server(arena) as server, running(command, tmp_path, arena, server.url) as process:
        begun = time.monotonic()
        process.send_signal(stop)
        assert cleaning_up(process)
        assert time.monotonic() - begun < 5
        report = report_in(tmp_path)
        assert report["run"]["reason"] == "interrupted"
        assert len(report["left_behind"]) == 2
        begun = time.monotonic()
        process.send_signal(stop)
        out, err = process.communicate(timeout=60)
        assert time.monotonic() - begun < 5
        assert (process.returncode, out) == (3, "")
        assert f"restore --target FILE --journal {tmp_path / JOURNAL}" in err
        assert report_in(tmp_path)["left_behind"] == report["left_behind"]
        arena.go_on.set()
        before = len(World.load().new_store(arena.now()).processes)
        assert len(arena.store.processes) > before
        assert restore(tmp_path).exit_code == 0
        assert len(arena.store.processes) == before


def test_after_the_report_everything_is_cleaned_up(tmp_path, command):
    arena = Hanging("complete_process")
    before = world(arena.store)
    with Server(arena) as server, running(command, tmp_path, arena, server.url) as process:
        process.send_signal(signal.SIGINT)
        assert cleaning_up(process)
        arena.go_on.set()
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 3
        assert "interrupted" in out.splitlines()[-1]
        report = report_in(tmp_path)
        assert report["left_behind"] == []
        assert {rule["verdict"] for rule in report["rules"]} == {"untested"}
        assert world(arena.store) == before
        assert restore(tmp_path).output == "Nothing is left to undo.\n"


def test_an_interruption_while_cleaning_up_loses_nothing(tmp_path, command):
    arena = Hanging("delete_process")
    before = world(arena.store)
    with Server(arena) as server, running(command, tmp_path, arena, server.url) as process:
        process.send_signal(signal.SIGINT)
        assert cleaning_up(process)
        assert len(report_in(tmp_path)["left_behind"]) == 2
        arena.go_on.set()
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 0, out
        assert report_in(tmp_path)["left_behind"] == []
        assert world(arena.store) == before


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Has Ctrl-C interrupt this process, also in a shell's background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.usefixtures("interruptible")
def test_a_report_is_written_whole_and_the_second_interruption_heeded_after_it(server, tmp_path):
    published: list[dict[str, Any]] = []

    def publish(report: dict[str, Any]) -> None:
        interrupt()
        published.append(report)

    with closing(Journal(tmp_path / JOURNAL)) as journal, pytest.raises(gate.Abandoned) as stopped:
        gate.run(target_of(server.url), Settings(RULE), interrupt, journal=journal, publish=publish)
    assert published == [stopped.value.report]
    assert published[0]["complete"]


@pytest.mark.usefixtures("interruptible")
def test_an_interruption_of_the_last_report_changes_nothing(server):
    report = gate.run(target_of(server.url), Settings(RULE), lambda *_: None, publish=interrupt)
    assert report["run"]["exit_code"] == 0


@pytest.mark.usefixtures("interruptible")
def test_a_report_that_cannot_be_written_keeps_nothing_from_being_cleaned_up(arena, server):
    before = world(arena.store)
    tries = []

    def publish(report: dict[str, Any]) -> None:
        tries.append(report["left_behind"])
        if len(tries) == 1:
            raise OSError(28, os.strerror(28))

    def progress(scenario: str, done: int, total: int) -> None:
        if done == 2 and "/" in scenario:
            interrupt()

    gate.run(target_of(server.url), Settings(RULE), progress, publish=publish)
    assert tries[0]
    assert tries[1:] == [[]]
    assert world(arena.store) == before


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("module", ["conformance.cli", "conformance.target", "conformance.gate"])
def test_an_interruption_while_the_command_starts(arena, tmp_path, module, stop):
    script = f"""
import os, signal, sys
class Finder:
    def find_spec(self, name, *_):
        if name == {module!r}:
            os.kill(os.getpid(), {stop.value})
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Finder())
sys.argv = ["arena-conformance", "run", "--only", "rules", "--target", "arena.yaml"]
from conformance.__main__ import entry
entry()
"""
    write_target(tmp_path, arena, "http://127.0.0.1:1/v1")
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr.strip()) == (3, "", "arena-conformance: interrupted")


def test_restore_can_be_interrupted_and_run_again(tmp_path, command):
    arena = Hanging("delete_process")
    process, _ = ready(arena)
    with Server(arena) as server:
        write_target(tmp_path, arena, server.url)
        begin = {"event": "begin", "version": 1, "run": "r", "target": server.url, "workspace_id": 801460213}
        begin |= {"workspace_name": "Meridian Instruments", "at": "", "pid": 1}
        made = {"event": "created", "process": process.guid, "name": process.name}
        (tmp_path / JOURNAL).write_text(json.dumps(begin) + "\n" + json.dumps(made) + "\n")
        undoing = command.start("restore", "--target", "arena.yaml", "--report-dir", ".")
        assert arena.reached.wait(60)
        undoing.send_signal(signal.SIGTERM)
        arena.go_on.set()
        _, err = undoing.communicate(timeout=60)
        assert (undoing.returncode, err.strip()) == (3, "arena-conformance: interrupted")
        assert restore(tmp_path).exit_code == 0
        assert process.guid not in arena.store.processes
