"""One run of the gate: logs in, tests, cleans up and reports. Nothing that happens prevents the cleaning up."""

from __future__ import annotations

import datetime as dt
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conformance import contract, wire
from conformance.evidence import Recorder, Redactor
from conformance.judge import Run, Settings, run_scenarios
from conformance.report import document
from conformance.session import Client, LoginFailed, NoAccount, Sessions, Spent
from conformance.stage import Stage
from conformance.target import Target
from conformance.verdict import conclude

RULES_FOLDER = Path(__file__).parent / "rules"

Progress = Callable[[str, int, int], None]


def run(target: Target, settings: Settings, progress: Progress) -> dict[str, Any]:
    """Tests `target` and returns the report. Raises nothing for whatever the target does.

    `progress` is told the scenario that begins, how many are done and how many there are.
    """
    started, begun = dt.datetime.now(dt.UTC), time.monotonic()
    recorder = Recorder(Redactor())
    connection = wire.Wire(loopback=target.loopback, timeout_seconds=target.timeout_seconds)
    sessions = Sessions(Client(target, recorder, connection, lambda operation: state.may_send(operation)))
    stage = Stage(sessions, recorder, target.staging, run_id=f"{started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}")
    state = Run(target, contract.profiles()[target.profile], recorder, sessions, stage, settings, progress)
    with _interruptible(state):
        try:
            stopped = _test(state)
        except KeyboardInterrupt:
            stopped = "interrupted"
        recorder.scenario, state.ending = "", True
        try:
            stage.close()
            sessions.close()
        except KeyboardInterrupt:  # a second one: stop at once, and say what is left
            stage.abandon()
        finally:
            connection.close()
    outcomes = state.outcomes()
    outcome = conclude(outcomes, stopped=stopped, strict=settings.strict)
    seconds = round(time.monotonic() - begun, 3)
    return document.make(state, outcomes, outcome, started=started, seconds=seconds)


def _test(state: Run) -> str:
    """Runs the scenarios and returns why they ended early; empty where they did not."""
    if not state.target.writes_allowed:
        return "the target file does not allow writes; add `writes: allowed` where steps may be created and reopened"
    try:
        state.sessions.log_in()
        state.stopped = stopped = run_scenarios(state, str(RULES_FOLDER))
        state.recorder.scenario = ""
    except (LoginFailed, NoAccount, Spent) as error:
        return str(error)
    return stopped


@contextmanager
def _interruptible(state: Run) -> Iterator[None]:
    """Lets SIGTERM end a run as Ctrl-C does: with a report, and cleaned up."""

    def interrupt(*_: object) -> None:
        state.interrupt()
        raise KeyboardInterrupt

    try:
        before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    except ValueError:  # not the main thread: whoever runs us there handles signals
        yield
        return
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
