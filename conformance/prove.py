"""Proves that the suite finds faults: runs it against every faulty Arena of the catalogue, and against correct ones.

Each run is an ordinary one, over HTTP, in a worker process; nobody tells the suite what is wrong.
"""

from __future__ import annotations

import itertools
import logging
import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass, replace
from functools import cache
from multiprocessing import get_context
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance import contract, drift, gate, target
from conformance.arena.faults import CATALOGUE, combined, contradict
from conformance.arena.server import Server
from conformance.arena.service import Arena
from conformance.arena.variants import CATALOGUE as VARIANTS
from conformance.arena.world import World
from conformance.garbage import look_rarely
from conformance.judge import Settings
from conformance.verdict import NO_VERDICT

PAIRS: Final = 50
_MOST_RUNS: Final = 60  # in one process, where runs have walks
VERSION: Final = 1
PHASES: Final = frozenset({"rules", "variations"})
_TIMEOUT_SECONDS: Final = 5  # a fault that never answers must not hold the proof up; the Arena answers in milliseconds
_KINDS: Final = ("fault", "pair", "variant")

Report = dict[str, Any]


@dataclass(frozen=True)
class Task:
    """One thing to prove: a fault, a pair of faults or a variant, by name; `full`: with all rules.

    `phases` are those of a run that it is proven with; without any, those in which the fault has to show.
    """

    kind: str
    names: tuple[str, ...]
    profile: str
    full: bool
    phases: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Outcome:
    """What the suite made of one Arena.

    `caught`: "rule" (every expected rule failed), "drift" (no rule failed, but it behaves otherwise than the usual
    Arena), "other" (rules failed, but not every expected one), "missed"; of a variant "green" or "alarm". `differs`
    says, in sentences, what is otherwise than the usual Arena's behaviour.
    """

    kind: str
    name: str
    sentence: str
    profile: str
    expected: tuple[str, ...]
    caught: str
    failed: tuple[str, ...]
    differs: tuple[str, ...]
    exit_code: int
    reason: str
    calls: int
    complete: bool  # whether all rules were tested, or the expected ones only

    @property
    def proven(self) -> bool:
        """Whether the suite did what it must; where the page is silent, no rule may fail."""
        return self.caught in (("rule",) if self.expected else ("drift", "green"))

    @property
    def others(self) -> tuple[str, ...]:
        """The rules that failed beside those expected to."""
        return tuple(rule for rule in self.failed if rule not in self.expected)


def tasks(
    *, only: Sequence[str] = (), full: bool = False, seed: int = 1, phases: frozenset[str] = frozenset()
) -> list[Task]:
    """Returns what there is to prove: every fault, a sample of pairs, every variant; or what `only` names.

    With `phases` each is proven with these parts of a run alone, and pairs are left out: they would count faults twice.
    Raises KeyError for a name that neither catalogue has.
    """
    faults = [_fault(name, full) for name in only or CATALOGUE if name in CATALOGUE]
    variants = [task for name in only or VARIANTS if not only or name not in CATALOGUE for task in _variant(name, full)]
    pairs = () if only or phases else sample_pairs(seed)
    paired = [Task("pair", pair, CATALOGUE[pair[0]].in_profile, full) for pair in pairs]
    return [replace(task, phases=phases) for task in (*faults, *paired, *variants)]


def sample_pairs(seed: int) -> list[tuple[str, str]]:
    """Returns pairs of faults of different rules that can be had together, the same for the same seed."""
    broken = [name for name, fault in CATALOGUE.items() if fault.rule is not None and fault.shown_by == "rules"]
    possible = [
        (one, other)
        for one, other in itertools.combinations(broken, 2)
        if CATALOGUE[one].rule != CATALOGUE[other].rule and not contradict(CATALOGUE[one], CATALOGUE[other])
    ]
    return random.Random(seed).sample(possible, min(PAIRS, len(possible)))  # noqa: S311 - a sample, no secret


def prove(todo: Sequence[Task], seen: Callable[[Outcome, int, int], None]) -> Iterator[Outcome]:
    """Yields every outcome in the order of `todo`, when all are known; `seen` is told of each at once."""
    done: dict[Task, Outcome] = {}
    workers = min(os.cpu_count() or 1, len(todo))
    # Hypothesis keeps what walks refer to as long as its process lives
    share = workers * _MOST_RUNS if any(task.phases for task in todo) else len(todo)
    for start in range(0, len(todo), share):
        with ProcessPoolExecutor(workers, get_context("spawn"), _begin_worker) as executor:
            futures = {executor.submit(examine, task): task for task in todo[start : start + share]}
            try:
                for future in as_completed(futures):
                    done[futures[future]] = future.result()
                    seen(done[futures[future]], len(done), len(todo))
            except BaseException:
                executor.shutdown(cancel_futures=True)
                raise
    yield from (done[task] for task in todo)


def examine(task: Task) -> Outcome:
    """Runs the suite for one task, in this process.

    Unless the task is a full one, the expected rules are tested first, and all only where these do not fail. With
    phases of its own it is one run of all rules, as a user's would be, which ends once the expected ones have failed.
    """
    if task.kind == "variant":
        return _examine_variant(task)
    faults = [CATALOGUE[name] for name in task.names]
    arena = faults[0] if len(faults) == 1 else combined(*faults)
    expected = tuple(fault.rule for fault in faults if fault.rule is not None)
    until = frozenset() if task.full else frozenset(expected)
    phases = task.phases or (frozenset({arena.shown_by}) if arena.shown_by not in PHASES else PHASES)
    failed: tuple[str, ...] = ()
    for selected in _selections(expected, at_once=task.full or bool(task.phases)):
        report = _run(arena, task.profile, Settings(selected, phases, until=until))
        failed = _failed(report)
        by_rule = bool(expected) and {*expected} <= {*failed}
        if by_rule:
            break
    complete = (task.full or not by_rule) and phases == (task.phases or PHASES)
    differs = tuple(one.sentence for one in _differences(task.profile, report, phases)) if complete else ()
    caught = "rule" if by_rule else "other" if failed else "drift" if differs else "missed"
    return _outcome(task, faults, report, expected=expected, caught=caught, differs=differs, complete=complete)


def share(outcomes: Sequence[Outcome]) -> Report:
    """Returns how many of the faults were caught, and how: what parts of a run catch by themselves."""
    faults = [one for one in outcomes if one.kind == "fault"]
    promised = Counter(one.caught for one in faults if one.expected)
    silent = Counter(one.caught for one in faults if not one.expected)
    return {
        "promised": {"faults": promised.total(), "own_rule": promised["rule"], "another_rule": promised["other"]},
        "silent": {"faults": silent.total(), "drift": silent["drift"]},
        "caught": promised["rule"] + silent["drift"],
        "faults": len(faults),
    }


def as_document(outcomes: Sequence[Outcome], phases: frozenset[str] = frozenset()) -> Report:
    """Returns what kill-matrix.json says; of chosen phases also which, and the share that they caught."""
    by_kind = {f"{kind}s": [asdict(one) for one in outcomes if one.kind == kind] for kind in _KINDS}
    proven = all(one.proven for one in outcomes)
    alone = {"phases": sorted(phases), "share": share(outcomes)} if phases else {}
    return {"version": VERSION, "proven": proven, **alone, "caught_by_rule": dict(_grid(outcomes)), **by_kind}


def print_outcomes(
    console: Console, outcomes: Sequence[Outcome], where: str, phases: frozenset[str] = frozenset()
) -> None:
    """Prints every fault below the rule that must catch it, the grid of rules, and what is not proven.

    With `phases` of its own the proof ends with the share that these caught, and only a false alarm is a problem.
    """
    faults = [one for one in outcomes if one.kind == "fault"]
    for rule in [rule.id for rule in contract.rules()]:
        _print_table(console, rule, [one for one in faults if one.expected == (rule,)])
    _print_table(console, "the page is silent", [one for one in faults if not one.expected])
    for kind in ("pair", "variant"):
        _print_table(console, f"{kind}s", [one for one in outcomes if one.kind == kind])
    if len(faults) > 1:
        grid = Table("rule", "faults", "caught", box=None, pad_edge=False, header_style="bold")
        for rule, caught in _grid(outcomes):
            grid.add_row(rule, str(sum(1 for one in faults if one.expected == (rule,))), str(caught))
        console.print(grid, "")
    problems = [one for one in outcomes if not one.proven and (one.kind == "variant" or not phases)]
    for one in problems:
        _print_problem(console, one)
    _line(console, "", f"Details: {where}", "")
    if phases and faults:
        _print_share(console, share(outcomes), " and ".join(sorted(phases)))
    counts = ", ".join(f"{sum(1 for one in outcomes if one.kind == kind)} {kind}s" for kind in _KINDS)
    if phases:
        verdict = f"FALSE ALARM ({len(problems)} correct Arenas fail)" if problems else "NO FALSE ALARM"
    else:
        verdict = f"NOT PROVEN ({len(problems)} of them not as they must be)" if problems else "PROVEN"
    _line(console, "", f"{verdict}: {counts}", "bold red" if problems else "bold green")


def describe(outcome: Outcome) -> str:
    """Returns one line on what became of an Arena."""
    return f"{outcome.name}: {outcome.caught}" + (f" ({', '.join(outcome.others)})" if outcome.others else "")


def _fault(name: str, full: bool) -> Task:
    return Task("fault", (name,), CATALOGUE[name].in_profile, full)


def _selections(expected: tuple[str, ...], *, at_once: bool) -> list[frozenset[str]]:
    """Returns which rules to test, one selection after the other until the fault is caught."""
    return [_all_rules()] if at_once or not expected else [frozenset(expected), _all_rules()]


def _variant(name: str, full: bool) -> list[Task]:
    profiles = VARIANTS[name].profiles
    return [Task("variant", (name,), profile, True) for profile in (profiles if full else profiles[:1])]


def _begin_worker() -> None:
    """Ctrl-C is for the parent, which lets a run that has begun clean up; what faulty Arenas log is of no interest."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.disable(logging.CRITICAL)
    look_rarely()


def _examine_variant(task: Task) -> Outcome:
    variant = VARIANTS[task.names[0]]
    phases = task.phases or PHASES
    report = _run(variant, task.profile, Settings(_all_rules(), phases), server_class=variant.server_class)
    untested = {rule["id"] for rule in report["rules"] if rule["verdict"] != "pass"}
    differences = _differences(task.profile, report, phases)
    harmless = variant.breaks or all(one.level < drift.Level.BREAKING for one in differences)
    if task.phases:  # parts of a run need neither decide every rule, nor be done where the quota is small
        green = report["run"]["exit_code"] in (0, NO_VERDICT) and not _failed(report)
    else:
        green = report["run"]["exit_code"] == 0 and untested <= variant.untested and bool(harmless)
    differs = tuple(one.sentence for one in differences)
    return _outcome(
        task, [variant], report, expected=(), caught="green" if green else "alarm", differs=differs, complete=True
    )


def _run(arena: type[Arena], profile: str, settings: Settings, server_class: type[Server] = Server) -> Report:
    served = arena(_world(), profile=profile)
    with server_class(served) as server:
        document = {**served.target(server.url), "timeout_seconds": _TIMEOUT_SECONDS}
        tested = target.from_document(document, environ={})
        return gate.run(tested, settings, lambda *_: None)


def _all_rules() -> frozenset[str]:
    return frozenset(rule.id for rule in contract.rules())


@cache
def _world() -> World:
    return World.load()


@cache
def _usual(profile: str, phases: frozenset[str]) -> drift.Side:
    return drift.Side.of_report(_run(Arena, profile, Settings(_all_rules(), phases)))


def _differences(profile: str, report: Report, phases: frozenset[str]) -> list[drift.Difference]:
    """Returns what is otherwise than on the usual Arena; what was reached or not is none of it."""
    found = drift.compare(_usual(profile, phases), drift.Side.of_report(report))
    reached = (drift.Kind.NOT_REACHED, drift.Kind.NEWLY_REACHED)
    return [one for one in found if one.kind not in reached]


def _outcome(
    task: Task,
    arenas: Iterable[type[Arena]],
    report: Report,
    *,
    expected: tuple[str, ...],
    caught: str,
    differs: tuple[str, ...],
    complete: bool,
) -> Outcome:
    return Outcome(
        kind=task.kind,
        name=" + ".join(task.names),
        sentence=" ".join(" ".join((arena.__doc__ or "").split()) for arena in arenas),
        profile=task.profile,
        expected=expected,
        caught=caught,
        failed=_failed(report),
        differs=differs,
        exit_code=report["run"]["exit_code"],
        reason=report["run"]["reason"],
        calls=report["run"]["calls"],
        complete=complete,
    )


def _failed(report: Report) -> tuple[str, ...]:
    return tuple(rule["id"] for rule in report["rules"] if rule["verdict"] == "fail")


def _grid(outcomes: Sequence[Outcome]) -> list[tuple[str, int]]:
    """Returns how many faults each rule caught of those that it must."""
    caught = [one for one in outcomes if one.kind == "fault" and one.caught == "rule"]
    return [(rule.id, sum(1 for one in caught if one.expected == (rule.id,))) for rule in contract.rules()]


def _print_table(console: Console, title: str, outcomes: Sequence[Outcome]) -> None:
    if not outcomes:
        return
    table = Table(box=None, pad_edge=False, header_style="bold", width=min(console.width, 80))
    table.add_column(title, ratio=1, overflow="fold")
    table.add_column("caught by", width=9)
    table.add_column("calls", justify="right", width=5)
    for one in outcomes:
        name = Text(one.name)
        if one.complete and one.others and one.expected:
            name.append(f"\n  also: {', '.join(one.others)}", "dim")
        table.add_row(name, Text(one.caught, "" if one.proven else "bold red"), str(one.calls))
    console.print(table, "")


def _print_share(console: Console, share: Report, phases: str) -> None:
    """Prints what the chosen parts of a run caught by themselves: a figure, since nothing was promised of them."""
    promised, silent = share["promised"], share["silent"]
    total = promised["faults"]
    failed = promised["own_rule"] + promised["another_rule"]
    lines = (
        ("against a promise: its rule fails", promised["own_rule"], total),
        ("against a promise: any rule fails", failed, total),
        ("the page is silent: shows as drift", silent["drift"], silent["faults"]),
        ("caught by its rule, or as drift", share["caught"], share["faults"]),
    )
    table = Table(f"{phases} alone", box=None, pad_edge=False, header_style="bold")
    for name in ("faults", "caught", "share"):
        table.add_column(name, justify="right")
    for name, caught, faults in lines:
        table.add_row(name, str(faults), str(caught), f"{100 * caught / faults:.1f} %" if faults else "")
    console.print(table, "")


def _print_problem(console: Console, one: Outcome) -> None:
    _line(console, f"{one.caught:<7} ", one.name, "bold red")
    _line(console, "    wrong     ", one.sentence, "")
    _line(
        console,
        "    expected  ",
        ", ".join(one.expected) or ("no alarm" if one.kind == "variant" else "drift only"),
        "",
    )
    _line(
        console,
        "    failed    ",
        ", ".join(one.failed) or f"no rule; exit code {one.exit_code} {one.reason}".strip(),
        "",
    )
    if one.kind != "variant":
        command = f"arena-conformance prove --only {one.name.replace(' + ', ' --only ')} --full"
        _line(console, "    repeat    ", command, "dim")


def _line(console: Console, label: str, text: str, style: str) -> None:
    console.print(Text(label) + Text(text, style), soft_wrap=True)
