"""What is measured. Each part returns its figures; what is compared takes turns, round by round."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from operator import truediv
from pathlib import Path
from typing import Any, Final

import yaml

from conformance import fuzzing as fuzzing_phase
from conformance import gate as gate_of_run
from conformance.arena.message import Call, Reply
from conformance.arena.server import Server
from conformance.arena.service import Arena
from conformance.arena.world import World
from conformance.bench import command, load, tape
from conformance.judge import Settings
from conformance.report import html
from conformance.target import from_document

_GROWTH: Final = (500, 2_000, 5_000, 20_000)
_ON_THE_PAGE: Final = 5_000
_DELAYS: Final = (0.05, 0.3)  # seconds
_LOAD_SECONDS: Final = 3.0


@dataclass(frozen=True)
class Figure:
    """One figure; `at_most` or `at_least` is the target that it has to keep, where there is one."""

    what: str
    value: float
    unit: str = "s"
    at_most: float | None = None
    at_least: float | None = None
    digits: int = 2

    @property
    def kept(self) -> bool:
        """Whether the target is kept."""
        above = self.at_most is not None and self.value > self.at_most
        return not above and (self.at_least is None or self.value >= self.at_least)

    @property
    def target(self) -> str:
        """The target in words; empty where there is none."""
        words = "" if self.at_most is None else f"at most {self.at_most:g}"
        words += "" if self.at_least is None else f"at least {self.at_least:g}"
        return words if self.kept else f"{words}: MISSED"

    def as_json(self) -> dict[str, Any]:
        """Returns it with whether the target is kept."""
        return {**asdict(self), "value": round(self.value, 4), "kept": self.kept}


@dataclass(frozen=True)
class Turns:
    """What each contender took in each round."""

    taken: Mapping[str, Sequence[float]]

    def median(self, name: str) -> float:
        """Returns the median of one contender."""
        return statistics.median(self.taken[name])

    def compared(self, name: str, others: Sequence[str], by: Callable[[float, float], float]) -> float:
        """Returns the median of what `by` makes of one contender and the sum of others, round by round.

        What slows a machine down for a while slows all that takes turns: within a round they can be compared.
        """
        sums = (sum(round_) for round_ in zip(*(self.taken[other] for other in others), strict=True))
        return statistics.median(map(by, self.taken[name], sums))

    def ratio(self, name: str, *others: str) -> float:
        """Returns how many times as long one takes as others together."""
        return self.compared(name, others, truediv)


@dataclass(frozen=True)
class Bench:
    """How to measure."""

    rounds: int
    examples: int
    against: str | None
    tell: Callable[[str], None]

    def alternate(self, contenders: Mapping[str, Callable[[], float]]) -> Turns:
        """Lets the contenders take turns."""
        taken: dict[str, list[float]] = {name: [] for name in contenders}
        for number in range(self.rounds):
            for name, contender in contenders.items():
                taken[name].append(contender())
                self.tell(f"{number + 1}/{self.rounds} {name}: {taken[name][-1]:.4g}")
        return Turns(taken)


def start(bench: Bench) -> list[Figure]:
    """How long a person waits for help."""
    turns = bench.alternate({"--help": lambda: command.suite("--help").seconds})
    return [Figure("arena-conformance --help", turns.median("--help"), at_most=0.3)]


def rules(bench: Bench) -> list[Figure]:
    """A run of the rules as a whole command, beside a bare loop of its calls."""
    taped = tape.run(Settings(tape.EVERY_RULE, frozenset({"rules"})))
    same: list[float] = []
    turns = bench.alternate(
        {
            "the command": lambda: command.suite("run", "--only", "rules").seconds,
            "the bare loop": lambda: _kept(tape.send_again(taped.tape), same),
        }
    )
    beyond = turns.compared("the command", ["the bare loop"], lambda command, loop: command - 1.5 * loop)
    return [
        Figure(f"arena-conformance run --only rules ({len(taped.tape)} calls)", turns.median("the command")),
        Figure("a bare loop of its calls", turns.median("the bare loop")),
        Figure("beyond one and a half times the loop", beyond, at_most=0.8),
        Figure("calls of the loop answered with the same status", 100 * min(same), "%", digits=1),
    ]


def gate(bench: Bench) -> list[Figure]:
    """The whole gate, beside a bare loop of its calls; and one of 300 cases of fuzzing, which the target speaks of."""
    taped = tape.run(Settings(tape.EVERY_RULE, frozenset({"rules", "fuzz", "walks"})))
    found: dict[str, list[command.Measured]] = {"the gate": [], "the gate of 300": []}
    same: list[float] = []

    def whole(name: str, *arguments: str) -> float:
        found[name].append(command.suite("run", *arguments))
        return found[name][-1].seconds

    turns = bench.alternate(
        {
            "the gate": lambda: whole("the gate"),
            "the bare loop": lambda: _kept(tape.send_again(taped.tape), same),
            "the gate of 300": lambda: whole("the gate of 300", "--max-examples", "300"),
        }
    )
    calls = {name: int(measured[-1].report["run"]["calls"]) for name, measured in found.items()}
    most = max(one.megabytes for measured in found.values() for one in measured)
    return [
        Figure(f"arena-conformance run ({calls['the gate']:,} calls)", turns.median("the gate")),
        Figure(f"a bare loop of its calls ({len(taped.tape):,})", turns.median("the bare loop")),
        Figure("memory at most", most, "MB", at_most=150, digits=0),
        Figure(
            f"run --max-examples 300: 300 cases, 300 actions of walks ({calls['the gate of 300']:,} calls)",
            turns.median("the gate of 300"),
            at_most=10,
        ),
        Figure("calls of the loop answered with the same status", 100 * min(same), "%", digits=1),
    ]


def fuzzing(bench: Bench) -> list[Figure]:
    """Fuzzing: a case beside one of `schemathesis run`, and the whole beside generating and sending alone."""
    settings = Settings(tape.EVERY_RULE, frozenset({"fuzz"}), max_examples=bench.examples)
    taped = tape.run(settings)
    same: list[float] = []
    with _served() as (arena, url, session_id), _target_file(arena, url) as target:

        def ours() -> float:
            measured = command.suite("run", "--only", "fuzz", "--target", target, "--max-examples", str(bench.examples))
            return 1000 * measured.seconds / int(measured.report["fuzzing"]["cases"])

        def theirs() -> float:
            before = arena.count
            seconds = command.schemathesis(url, session_id, bench.examples).seconds
            return 1000 * seconds / (arena.count - before)

        turns = bench.alternate(
            {
                "ms a case, arena-conformance": ours,
                "ms a case, schemathesis run": theirs,
                "fuzzing in this process": lambda: _on_tape(tape.run(settings)),
                "generation alone": lambda: _generate(settings),
                "the bare loop": lambda: _kept(tape.send_again(taped.tape), same),
            }
        )
    case, other, whole, generation, loop = turns.taken
    past = taped.report["run"]["calls"] - len(taped.tape)
    return [
        Figure(f"a case of run --only fuzz --max-examples {bench.examples}", turns.median(case), "ms"),
        Figure("a case of schemathesis run", turns.median(other), "ms"),
        Figure("ratio of the two cases", turns.ratio(case, other), "", at_most=0.6),
        Figure(f"fuzzing in one process, but for sending {past} calls past requests", turns.median(whole)),
        Figure("generating its cases alone, with Schemathesis", turns.median(generation)),
        Figure(f"a bare loop of its calls ({len(taped.tape):,})", turns.median(loop)),
        Figure("ratio to generating and sending", turns.ratio(whole, generation, loop), "", at_most=1.25),
        Figure("calls of the loop answered with the same status", 100 * min(same), "%", digits=1),
    ]


def growth(bench: Bench) -> list[Figure]:
    """Time and memory of ever longer fuzzing."""
    figures = []
    for examples in _GROWTH:
        with _served() as (arena, url, _), _target_file(arena, url) as target:
            one = command.suite("run", "--only", "fuzz", "--target", target, "--max-examples", str(examples))
        bench.tell(f"{examples} examples: {one.seconds:.1f} s, {one.megabytes:.0f} MB")
        cases = one.report["fuzzing"]["cases"]
        figures += [
            Figure(f"{examples:,} examples ({cases:,} cases)", one.seconds, digits=1),
            Figure("  a case", 1000 * one.seconds / cases, "ms"),
            Figure("  memory at most", one.megabytes, "MB", at_most=150, digits=0),
        ]
    return figures


def prove(bench: Bench) -> list[Figure]:
    """The proof that the catalogue's faults are found, once."""
    seconds = command.suite("prove").seconds
    bench.tell(f"{seconds:.0f} s")
    return [Figure("arena-conformance prove", seconds, at_most=180, digits=0)]


def page(bench: Bench) -> list[Figure]:
    """The page of a report with very many calls."""
    report = dict(tape.run(Settings(tape.EVERY_RULE, frozenset({"rules"}))).report)
    calls = report["exchanges"]
    report["exchanges"] = [{**calls[at % len(calls)], "id": at + 1} for at in range(_ON_THE_PAGE)]
    turns = bench.alternate({"the page": lambda: _timed(lambda: html.render(report))})
    return [Figure(f"index.html of {_ON_THE_PAGE:,} calls", turns.median("the page"), at_most=1)]


def far(bench: Bench) -> list[Figure]:
    """The rules against an Arena that is far away: each call takes so much longer."""
    figures = []
    for delay in (0.0, *_DELAYS):
        with _served(delay) as (arena, url, _):
            target = from_document(arena.target(url), environ={})
            settings = Settings(tape.EVERY_RULE, frozenset({"rules"}))
            begun = time.perf_counter()
            report = gate_of_run.run(target, settings, lambda *_: None)
            seconds = time.perf_counter() - begun
        bench.tell(f"{delay} s: {seconds:.2f} s")
        calls = report["run"]["calls"]
        figures += [
            Figure(f"rules with {delay * 1000:.0f} ms more a call ({calls} calls)", seconds),
            Figure("  of these spent waiting for the delay", seconds and 100 * calls * delay / seconds, "%", digits=0),
        ]
    return figures


def server(bench: Bench) -> list[Figure]:
    """The embedded Arena under load, beside another server of the same operation, where one is named."""
    load.own_processor(1)
    with load.embedded() as embedded:
        contenders = {"the embedded Arena": embedded}
        if bench.against:
            contenders[bench.against] = load.elsewhere(bench.against)
        served: dict[str, list[load.Served]] = {name: [] for name in contenders}

        def ask(name: str) -> Callable[[], float]:
            def once() -> float:
                served[name].append(load.ask(contenders[name], _LOAD_SECONDS))
                return served[name][-1].per_second

            return once

        turns = bench.alternate({name: ask(name) for name in contenders})
    p99 = {name: statistics.median(one.p99 for one in answers) for name, answers in served.items()}
    figures = []
    for name, answers in served.items():
        statuses = ", ".join(map(str, sorted(frozenset().union(*(one.statuses for one in answers)))))
        what = f"{name}: reopens a second, {load.CONNECTIONS} connections ({statuses})"
        figures += [
            Figure(what, turns.median(name), "", digits=0),
            Figure("  slowest of a hundred", p99[name], "ms", digits=1),
        ]
    ours, *others = contenders
    for other in others:
        figures += [
            Figure("times as many a second", turns.ratio(ours, other), "", at_least=3),
            Figure("  slowest of a hundred, ratio", p99[ours] / p99[other], "", at_most=1),
        ]
    return figures


class _Counting(Arena):
    """Counts the calls of the operation under test; an answer may take its time on the way."""

    count = 0
    delay = 0.0

    async def answer(self, operation: str, call: Call) -> Reply:
        self.count += operation == "change_status"
        if self.delay:
            await asyncio.sleep(self.delay)
        return await super().answer(operation, call)


@contextmanager
def _served(delay: float = 0.0) -> Iterator[tuple[_Counting, str, str]]:
    """Serves an Arena and yields it, its address and a session of its owner."""
    arena = _Counting(World.load())
    arena.delay = delay
    with Server(arena) as server:
        yield arena, server.url, load.open_session(arena).id


@contextmanager
def _target_file(arena: Arena, url: str) -> Iterator[str]:
    """Yields the name of a target file for an Arena, whose quota does for whatever is measured."""
    workspace = arena.store.main_workspace
    workspace.request_limit = workspace.remaining = 10 * _GROWTH[-1]
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder, "target.yaml")
        target.write_text(yaml.safe_dump(arena.target(url)), "utf-8")
        yield str(target)


def _generate(settings: Settings) -> float:
    """Returns how long it takes to generate what a run would send."""
    return _timed(lambda: list(fuzzing_phase.rounds(settings, loopback=True)))


def _on_tape(run: tape.TapedRun) -> float:
    """Returns what a run takes but for sending what a bare loop can't send."""
    return run.seconds - run.past


def _timed(work: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _kept(measured: tuple[float, float], into: list[float]) -> float:
    seconds, share = measured
    into.append(share)
    return seconds
