"""The phase of a run that fuzzes, and the one that sends saved cases once more."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

from conformance.fuzzing.bodies import bodies, process_bodies
from conformance.fuzzing.case import ACCEPTED, OBSERVED, Case
from conformance.fuzzing.examination import Examination, Stopped
from conformance.fuzzing.kinds import ASSIGNEE, OWNER, UNASSIGNED
from conformance.fuzzing.races import RACES, races
from conformance.fuzzing.races import RULE as RACES_RULE
from conformance.fuzzing.saved import from_saved, to_saved
from conformance.fuzzing.tally import Failure, Tallies, Tally
from conformance.fuzzing.ways import ways
from conformance.invariants import FAILURE, HEADERS, QUOTA, SHAPE, SUCCESS
from conformance.judge import DRAWN, Run, Settings
from conformance.session import Spent
from conformance.verdict import Scenario, Verdict

if TYPE_CHECKING:
    from conformance.fuzzing.generation import Drawn, Generator

NOTHING_PROVEN: Final = "no reopen was answered 201, so that nothing is proven"

# Rules that any case may break, whatever it is about.
_ANY_CASE: Final = frozenset({FAILURE, HEADERS, QUOTA, SHAPE, SUCCESS, ASSIGNEE, OWNER, UNASSIGNED, RACES_RULE})
_ROUND: Final = 500  # cases that are generated, sent and settled before the next ones are
_MOST_SHRUNK: Final = 4  # findings that are made smaller
_MOST_TRIED: Final = 40  # calls for each


@dataclass
class Round:
    """What is sent, in this order, before anything more is generated."""

    generator: Generator
    fixed: list[Case] = field(default_factory=list)
    left_out: list[Case] = field(default_factory=list)  # of the fixed list, since no more may be sent
    generated: list[Case] = field(default_factory=list)
    drawn: dict[bytes, Drawn] = field(default_factory=dict)  # by body: how a generated case came about
    later: int = 0  # how many may come after this round

    @property
    def cases(self) -> list[Case]:
        """All cases."""
        return [*self.fixed, *self.generated]


def run(run: Run) -> str:
    """Fuzzes, and returns why it had to end early; empty where it had not.

    What was refused without need, or changed something, fails the rule that owns it. What `max_examples` leaves out of
    the fixed list is untested, and decides nothing: somebody wanted it so. Without "rules" among the phases the classes
    of input decide.
    """
    deciding = "rules" not in run.settings.phases
    ahead = rounds(run.settings, loopback=run.target.loopback)
    first = next(ahead)
    beyond = f"beyond --max-examples {run.settings.max_examples}"
    run.scenarios += [Scenario(case.scenario, False, Verdict.UNTESTED, beyond) for case in first.left_out]
    if not first.cases:
        return run.stopped  # none is about a rule that was chosen
    tallies = Tallies(deciding=deciding)
    examination = Examination(run, tallies)
    try:
        for number, cases in enumerate(chain([first], ahead)):
            before = run.recorder.count
            examination.fixed += len(cases.fixed)
            _expect(run, examination, tallies, cases.cases, cases.later)
            _send(examination, cases.cases)
            _shrink(run, examination, tallies, cases)
            examination.find_out()
            if run.unexplained:  # what could be found out about it was
                if cases.later:
                    sent = f"{examination.done} of {examination.total} cases"
                    run.recorder.notes.append(f"fuzzing ended after {sent}: something changed that should not have")
                break
            if number:  # the first round is evidence enough for what is as it should be
                _forget(run, tallies, before)
        if RACES_RULE in run.settings.rules:
            run.scenarios += races(run, RACES, deciding=deciding)
    except (Stopped, Spent):
        examination.break_off()
    finally:
        _conclude(run, examination, tallies)
    if run.seen_enough():
        return "every rule has failed that the run was to end with"
    return run.stopped or ("" if examination.accepted or not deciding else NOTHING_PROVEN)


def replay(run: Run) -> str:
    """Sends saved cases once more and judges them, and runs saved races again."""
    cases = [from_saved(entry) for entry in run.settings.replayed if entry["kind"] == "fuzz"]
    named = {entry["race"] for entry in run.settings.replayed if entry["kind"] == "race"}
    try:
        if cases:
            _replay(run, cases)
        run.scenarios += races(run, [name for name in RACES if name in named and not run.stopped], deciding=True)
    except Spent:
        pass  # the run says what stopped it
    return run.stopped


def _replay(run: Run, cases: Sequence[Case]) -> None:
    tallies = Tallies(deciding=True)
    examination = Examination(run, tallies)
    examination.fixed = len(cases)
    _expect(run, examination, tallies, cases)
    try:
        _send(examination, cases)
        examination.control()
        examination.find_out()
        for rule in {entry["rule"] for entry in run.settings.replayed if entry["kind"] == "fuzz"}:
            if rule not in {case.rule for case in cases}:
                tallies.settle(rule)
    except (Stopped, Spent):
        examination.break_off()
    finally:
        _conclude(run, examination, tallies)


def rounds(settings: Settings, *, loopback: bool) -> Iterator[Round]:
    """Yields what a run sends; the same for the same seed. Only one round at a time takes memory."""
    from conformance.fuzzing.generation import Generator

    everything = bool(settings.rules & _ANY_CASE)
    fixed = [one for one in (*bodies(), *process_bodies(), *ways()) if one.harmless or loopback]
    fixed = [case for case in fixed if everything or case.rule in settings.rules]
    drawn = DRAWN if everything else 0  # what is generated is about the shape of a request
    kept, left_out = _within(fixed, settings.max_examples, drawn)
    most = drawn if settings.max_examples is None or not everything else settings.max_examples - len(kept)
    known = {hash(case.body) for case in kept}
    for number, start in enumerate(range(0, max(most, 1), _ROUND)):
        share = min(most - start, _ROUND)
        one = Round(Generator(settings.seed + (number << 64)), later=most - start - share)
        if number == 0:
            one.fixed, one.left_out = kept, left_out
        _generate(one, share, known, first=number == 0)
        gc.collect()  # what drawing leaves behind holds on to itself
        yield one


def _generate(one: Round, most: int, known: set[int], *, first: bool) -> None:
    """Generates so many cases for a round, fewer where no more are found; none that is `known` already."""
    if not most:
        return

    def take(cases: Sequence[Case], share: int) -> None:
        new = [case for case in cases if hash(case.body) not in known][: max(share, 0)]
        known.update(hash(case.body) for case in new)
        one.generated += new

    if first:
        take(one.generator.examples(), most)
        take(one.generator.boundaries(), min(most // 2, most - len(one.generated)))
    # most random violations are those of the boundaries again: they get the smaller share
    positive = one.generator.positive((most - len(one.generated)) * 2 // 3)
    take([drawn.case for drawn in positive], most - len(one.generated))
    negative = one.generator.negative(most - len(one.generated))
    take([drawn.case for drawn in negative], most - len(one.generated))
    one.drawn = {drawn.case.body: drawn for drawn in (*negative, *positive)}


def _expect(run: Run, examination: Examination, tallies: Tallies, cases: Sequence[Case], later: int = 0) -> None:
    """Takes in what will be sent next, and how much comes after it."""
    examination.total = examination.done + len(cases) + later
    run.planned |= tallies.expect(cases)
    for case in cases:  # for a change that only the reading afterwards shows
        run.saved.setdefault(case.scenario, partial(to_saved, case, None))


def _forget(run: Run, tallies: Tallies, after: int) -> None:
    """Keeps of the exchanges of a round those that something rests on."""
    numbers = {number for _, finding in run.findings for number in finding.exchanges}
    run.forget(after, but=numbers | tallies.forget(after))


def _within(fixed: list[Case], most: int | None, drawn: int) -> tuple[list[Case], list[Case]]:
    """Returns the part of the fixed list for which there is room among so many cases, and the rest.

    Half of them are left to what is generated, but no more than are `drawn` where nothing is said. What goes first has
    to do with nothing but its name, so that a greater number always sends what a smaller one does, and of every part
    of the list.
    """
    if most is None:
        return fixed, []
    first = sorted(fixed, key=lambda case: sha256(case.scenario.encode()).digest())
    chosen = {case.scenario for case in first[: max(most // 2, most - drawn)]}
    kept = [case for case in fixed if case.scenario in chosen]
    return kept, [case for case in fixed if case.scenario not in chosen]


def _send(examination: Examination, cases: Sequence[Case]) -> None:
    """Sends the cases: what reopens first, what may do anything last."""
    itself = [case for case in cases if case.about_process]
    others = [case for case in cases if not case.about_process]
    examination.reopen([case for case in others if case.wanted == ACCEPTED])
    refused = [case for case in others if case.wanted not in (ACCEPTED, OBSERVED)]
    for rule in dict.fromkeys(case.rule for case in refused):  # a change is for one rule to answer for
        examination.refuse([case for case in refused if case.rule == rule])
    examination.observe([case for case in others if case.wanted == OBSERVED])
    for case in itself if examination.may_touch_processes else ():
        examination.process_itself(case)


def _shrink(run: Run, examination: Examination, tallies: Tallies, cases: Round) -> None:
    """Makes the generated cases smaller that show a failure, as far as some calls reach."""
    failing = [tally for tally in tallies if tally.failures and tally.failure().case.body in cases.drawn]
    for tally in failing[:_MOST_SHRUNK]:
        shown = tally.failure()
        if len(shown.finding.exchanges) < 2:
            cases.generator.shrink(cases.drawn[shown.case.body], _smaller(examination, tally, shown))
    run.recorder.scenario = ""


def _smaller(examination: Examination, tally: Tally, shown: Failure) -> Callable[[Case], bool]:
    """Returns a check whether a smaller case breaks the same rule; each answer is remembered."""
    tried: dict[bytes, bool] = {}

    def fails(case: Case) -> bool:
        if case.wanted != shown.case.wanted or (case.body not in tried and len(tried) >= _MOST_TRIED):
            return False
        if case.body not in tried:
            failure = examination.failure(case, shown.finding.rule)
            tried[case.body] = failure is not None
            if failure is not None:
                tally.failures.append(failure)
        return tried[case.body]

    return fails


def _conclude(run: Run, examination: Examination, tallies: Tallies) -> None:
    """Hands over what was found: to the scenarios, to the report, and for a replay."""
    # a finding stands below its class of input, with the smallest request that shows it, and nowhere else
    run.findings = [
        (origin, finding)
        for origin, finding in run.findings
        if finding.rule == QUOTA or not {*finding.exchanges} <= tallies.judged or not finding.exchanges
    ]
    nothing_proven = "" if examination.accepted else NOTHING_PROVEN
    for tally in tallies:
        if tally.touched or not run.stopped:
            run.scenarios.append(tally.scenario(nothing_proven))
        if tally.failures:
            shown = tally.failure()
            run.saved[tally.id] = partial(to_saved, shown.case, shown.finding)
    run.fuzzing = _figures(examination)
    run.explain()


def _figures(examination: Examination) -> dict[str, Any]:
    positive, reached = examination.positive, examination.reached
    return {
        "cases": examination.done,
        "positive": positive,
        "reached": reached,
        "depth": round(reached / positive, 4) if positive else None,
        "negative": examination.negative,
        "raw": examination.fixed,
    }
