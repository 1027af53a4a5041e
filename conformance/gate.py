"""One run of the gate: logs in, tests, cleans up and reports. Nothing that happens prevents the cleaning up."""

from __future__ import annotations

import datetime as dt
import secrets
import signal
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Self

from conformance import contract, wire
from conformance.evidence import Recorder, Redactor
from conformance.journal import Journal
from conformance.judge import Run, Settings, run_scenarios
from conformance.report import document
from conformance.session import Client, LoginFailed, NoAccount, Sessions, Spent
from conformance.stage import DECISIVE, FEWEST, PLOTS, Plot, Stage
from conformance.target import Target
from conformance.verdict import conclude

INTERRUPTED: Final = "interrupted"
RULES_FOLDER = Path(__file__).parent / "rules"

Progress = Callable[[str, int, int], None]
Report = dict[str, Any]


def _fuzz(run: Run) -> str:
    from conformance import fuzzing  # here and below: the rules alone begin sooner without it

    return fuzzing.run(run)


def _walk(run: Run) -> str:
    from conformance import walks

    return walks.run(run)


def _replay_requests(run: Run) -> str:
    from conformance import fuzzing

    return fuzzing.replay(run)


def _replay_walks(run: Run) -> str:
    from conformance import walks

    return walks.replay(run)


# What a run consists of, in this order. Each runs its part and returns why it had to end early; empty where it had not.
# Further classes of input that stand beside the scenarios belong to what is generated.
PHASES: Final[Mapping[str, tuple[frozenset[str], Callable[[Run], str]]]] = {
    "scenarios": (
        frozenset({"rules", "deciding", "variations", "fuzz"}),
        lambda run: run_scenarios(run, str(RULES_FOLDER)),
    ),
    "fuzzing": (frozenset({"fuzz"}), _fuzz),
    "walks": (frozenset({"walks"}), _walk),
    "replayed requests": (frozenset({"replay"}), _replay_requests),
    "replayed walks": (frozenset({"replay"}), _replay_walks),
}


class Abandoned(Exception):
    """A second interruption: what the run made or changed is still there. `report` was published before."""

    def __init__(self, report: Report) -> None:
        super().__init__("interrupted twice")
        self.report = report


def run(
    target: Target,
    settings: Settings,
    progress: Progress,
    *,
    journal: Journal | None = None,
    publish: Callable[[Report], None] = lambda _: None,
) -> Report:
    """Tests `target` and returns the report. Raises nothing for whatever the target does.

    `progress` is told the scenario that begins, how many are done and how many there are. `publish` takes the report
    and is never interrupted; an interrupted run is reported before it cleans up, and again afterwards. Raises Abandoned
    for a second interruption, and JournalError where the journal can't be begun: then nothing was sent.
    """
    plots: tuple[Plot, ...] = PLOTS
    if settings.frugal and target.accounts.keys() >= {*DECISIVE} and not target.staging.steps:
        plots, target = FEWEST, replace(target, accounts={role: target.accounts[role] for role in DECISIVE})
    started, begun = dt.datetime.now(dt.UTC), time.monotonic()
    run_id = f"{started:%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    recorder = Recorder(Redactor())
    journal = journal or Journal()
    connection = wire.Wire(loopback=target.loopback, timeout_seconds=target.timeout_seconds)
    sessions = Sessions(Client(target, recorder, connection, journal, lambda operation: state.may_send(operation)))
    journal.begin(run_id, target, recorder.redactor)
    recorder.watch(journal.after)
    stage = Stage(sessions, recorder, target.staging, run_id=run_id, plots=plots)
    state = Run(target, contract.profiles()[target.profile], recorder, sessions, stage, settings, progress)

    def report(stopped: str) -> Report:
        outcomes = state.outcomes()
        outcome = conclude(outcomes, stopped=stopped, strict=settings.strict)
        seconds = round(time.monotonic() - begun, 3)
        return document.make(state, outcomes, outcome, started=started, seconds=seconds)

    with _Interruptions(state) as interruptions, closing(connection):
        stopped = interruptions.heed(lambda: _test(state))
        recorder.scenario, state.ending, answered = "", True, 0
        while True:
            if interruptions.count > answered:
                answered = interruptions.count
                made = report(stopped)
                with suppress(OSError):  # a full disk must not keep anything from being cleaned up
                    publish(made)
                if interruptions.count > 1:
                    raise Abandoned(made)
                progress("interrupted: cleaning up; once more stops at once", len(state.scenarios), len(state.planned))
            if interruptions.heed(lambda: _clean_up(state)) != INTERRUPTED:
                break
        if not stage.left_behind:
            journal.clean()
        made = report(stopped)
        publish(made)
        return made


def _clean_up(state: Run) -> str:
    state.sessions.allow_renewal()
    state.stage.close()
    state.sessions.close()
    return ""


def _test(state: Run) -> str:
    """Runs the scenarios and returns why they ended early; empty where they did not."""
    if not state.target.writes_allowed:
        return "the target file does not allow writes; add `writes: allowed` where steps may be created and reopened"
    try:
        state.sessions.log_in()
        stopped = ""
        for phases, part in PHASES.values():
            if phases & state.settings.phases and not stopped:
                state.stopped = stopped = part(state)
                state.recorder.scenario = ""
    except (LoginFailed, NoAccount, Spent) as error:
        return str(error)
    except Exception as error:  # a mistake of ours must not keep anything from being cleaned up
        if state.interrupted:
            return INTERRUPTED
        return f"the suite itself broke, which says nothing about the target: {type(error).__name__}: {error}"
    return stopped


class _Interruptions:
    """Lets Ctrl-C and SIGTERM end a run with a report, and cleaned up.

    They interrupt only what is `heeded`, and that once: everything else is done in a moment, and has to be whole.
    """

    def __init__(self, state: Run) -> None:
        self.count = 0
        self._state = state
        self._heeded = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        with suppress(ValueError):  # not the main thread: whoever runs us there handles signals
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._interrupt)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def heed(self, work: Callable[[], str]) -> str:
        """Returns what `work` returns; "interrupted" where an interruption ended it."""
        try:
            try:
                self._heeded = True
                return work()
            finally:
                self._heeded = False
        except KeyboardInterrupt:
            self.count = self.count or 1  # where others handle signals
            return INTERRUPTED

    def _interrupt(self, *_: object) -> None:
        self.count += 1
        self._state.interrupt()
        if self._heeded:
            self._heeded = False
            raise KeyboardInterrupt
