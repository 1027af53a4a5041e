"""Runs that are killed (SIGKILL) at a moment that a test chooses, each in a process forked from a warm one."""

import json
import multiprocessing
import os
import signal
from collections.abc import Callable
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from conformance import gate, journal, target
from conformance.arena.message import Call, Reply
from conformance.arena.service import Arena
from conformance.arena.store import Store
from conformance.arena.variants.standing import NothingCanBeRead, StepsStandReady
from conformance.arena.world import World
from conformance.cli import main
from conformance.evidence import Recorder, Redactor
from conformance.journal import Journal, Standing
from conformance.judge import Settings
from conformance.session import Client, Sessions
from conformance.stage import undo
from conformance.wire import Wire

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["killed", "conformance.gate", "conformance.prove", "pytest"])


@dataclass(frozen=True)
class At:
    """The moment of a kill: an entry of the journal, the `nth` of its kind; "before", "within" or "after" its writing.

    Without an event nobody is killed.
    """

    event: str = ""
    when: str = "after"
    nth: int = 1

    def arm(self) -> None:
        """Makes this process kill itself at that moment."""
        write, seen = os.write, [0]

        def deadly(handle: int, data: bytes) -> int:
            if data.startswith(b'{"event": ') and json.loads(data)["event"] == self.event:
                seen[0] += 1
                if seen[0] == self.nth:
                    if self.when != "before":
                        write(handle, data if self.when == "after" else data[: len(data) // 2])
                    os.kill(os.getpid(), signal.SIGKILL)
            return write(handle, data)

        if self.event:
            journal.os = _Os(deadly)  # type: ignore[attr-defined] # a module in disguise


class _Os:
    """The module os, with another `write`."""

    def __init__(self, write: Callable[[int, bytes], int]) -> None:
        self.write = write

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)


class _Deadly(Arena):
    """Kills its client at the `nth` call of a kind: "before" it does what is asked, or "after", without an answer.

    Without a kind every call counts; without `nth` it counts only, in `calls`.
    """

    def __init__(self, kind: str = "", when: str = "after", nth: int = 0) -> None:
        super().__init__(World.load())
        self.client = 0
        self.calls = 0
        self._kind, self._when, self._nth = kind, when, nth

    def handle(self, operation: str, call: Call) -> Reply:
        if self.client and self._kind in ("", kind_of(operation, call)):
            self.calls += 1
            if self.calls == self._nth:
                if self._when == "after":
                    super().handle(operation, call)
                os.kill(self.client, signal.SIGKILL)
                return Reply(500, [("Content-Length", "0")], b"")
        return super().handle(operation, call)


class Deadly(_Deadly):
    """On which a run makes its quality processes."""


class DeadlyStanding(_Deadly, StepsStandReady):
    """On which steps stand ready."""


class DeadlyBlind(_Deadly, NothingCanBeRead):
    """On which steps stand ready, and nothing can be read."""


def kind_of(operation: str, call: Call) -> str:
    """Returns which change a call asks for."""
    if operation != "change_status":
        return operation
    try:
        body = json.loads(call.body)
        what = "step" if body["qualityProcess"].get("step") else "process"
        return f"{'complete' if body['complete'] is True else 'reopen'}_{what}"
    except (ValueError, KeyError, TypeError, AttributeError):
        return operation


def world(store: Store) -> bytes:
    """Returns everything that a run must leave as it was: all but quota, sessions and the numbers used up."""
    return _dumped(
        [asdict(one) for kind in (store.users, store.groups, store.templates, store.processes) for one in kind.values()]
    )


def but_for_completion(dumped: bytes) -> bytes:
    """Returns a world without when and by whom steps were completed, where they are."""

    def without(value: Any) -> Any:
        match value:
            case dict():
                hidden = {"complete_date_time", "complete_user"} if value.get("status") == "COMPLETE" else set()
                return {key: without(member) for key, member in value.items() if key not in hidden}
            case list():
                return [without(member) for member in value]
        return value

    return _dumped(without(json.loads(dumped)))


def _dumped(value: Any) -> bytes:
    return json.dumps(value, default=str, sort_keys=True, indent=1).encode()


def run(arena: Arena, url: str, folder: Path, rules: frozenset[str], at: At = At()) -> int:
    """Runs the gate on an Arena, and returns its exit code: -9 where it was killed."""
    return _in_a_process(arena, _run, arena.target(url), folder, rules, at)


def run_on_listed(arena: Arena, url: str, folder: Path, steps: list[Standing], at: At = At()) -> int:
    """Reopens or completes the steps and brings them back, as a run does on steps that stand ready."""
    return _in_a_process(arena, _run_on_listed, arena.target(url), folder, steps, at)


def restore(arena: Arena, folder: Path, at: At = At()) -> int:
    """Runs `restore` in a process of its own, and returns its exit code."""
    return _in_a_process(arena, _restore, folder, at)


def _in_a_process(arena: Arena, work: Callable[..., None], *arguments: Any) -> int:
    here, there = _FORKS.Pipe()
    with here, there:
        process = _FORKS.Process(target=_work, args=(there, work, *arguments))
        process.start()
        if isinstance(arena, _Deadly):
            arena.client = process.pid or 0
        here.send("go")
        process.join(60)
        if isinstance(arena, _Deadly):
            arena.client = 0
    assert process.exitcode is not None
    return process.exitcode


def _work(go: Connection, work: Callable[..., None], *arguments: Any) -> None:
    go.recv()
    work(*arguments)


def _run(document: dict[str, Any], folder: Path, rules: frozenset[str], at: At) -> None:
    tested = target.from_document(document, environ={})
    at.arm()
    report = gate.run(tested, Settings(rules), lambda *_: None, journal=Journal(folder / "journal.jsonl"))
    os._exit(report["run"]["exit_code"])


def _run_on_listed(document: dict[str, Any], folder: Path, steps: list[Standing], at: At) -> None:
    tested = target.from_document(document, environ={})
    at.arm()
    kept, recorder = Journal(folder / "journal.jsonl"), Recorder(Redactor())
    sessions = Sessions(Client(tested, recorder, Wire(loopback=True, timeout_seconds=10), kept))
    kept.begin("listed", tested, recorder.redactor)
    kept.lists(steps)
    for one in steps:
        if one.status == "COMPLETE":
            assert sessions[one.roles[0]].reopen(one.subject).accepted
        else:
            assert undo.api.complete(sessions[one.roles[0]], one.subject).accepted
    for one in steps:
        assert undo.restore(sessions, one) == ""
    kept.clean()
    os._exit(0)


def _restore(folder: Path, at: At) -> None:
    at.arm()
    main.main(["restore", "--target", str(folder / "arena.yaml"), "--report-dir", str(folder)])
