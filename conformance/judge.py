"""The pytest plugin of a run: gives each scenario its id, and turns what happened into a verdict."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import pytest

from conformance import contract, expect
from conformance.contract import Profile
from conformance.evidence import Exchange, Recorder
from conformance.expect import Broken, NoAnswer, Refused, Unclear
from conformance.invariants import Breakdowns, Judgement, QuotaWatch, calls_left, judge, quota_used_up
from conformance.journal import Untouchable
from conformance.session import DOUBTFUL, FOREIGNER, VARIANT, LoginFailed, NoAccount, NotOurs, Sessions, Spent
from conformance.stage import Stage, StagingBroke, Surprise, Unstaged
from conformance.target import Target, Waiver
from conformance.verdict import Finding, RuleOutcome, Scenario, Verdict, roll_up

# In which order the rules are tested. What a reopening changes is looked at before anything was reopened. Rules that
# refuse calls on the same step stand together, and what uses a process up comes last, be it a single scenario: that
# saves calls.
ORDER: Final = (
    "reopen-step",
    "others-may-not-reopen",
    "request-shape",
    "json-required",
    "failure-is-400",
    "session-required",
    "quota-counts-down",
    "edit-details-required",
    "approved-signoff-is-final",
    "assignee-may-reopen",
    "owner-may-reopen",
    "response-shape",
    "success-is-201",
    "response-headers",
    "unassigned-open-to-permitted",
    "already-open-is-3089",
    "completed-process-locks-steps",
    "approved-signoff-is-final/in-a-completed-process",
)


# What a call adds to what has to be cleaned up: a process is read back and deleted, an account logged out.
_ADDS: Final = {"create-quality-process": 4, "login": 1}
# So many calls do for every scenario of the rules, if nothing is found that has to be tried again.
EVERYTHING: Final = 200
# So many requests are generated beside the whole fixed list, and so many actions of walks done, unless told otherwise.
DRAWN: Final = 300


@dataclass(frozen=True)
class Settings:
    """What a run tests, and how.

    `phases`: "rules" (the scenarios), "fuzz" (generated requests), "walks" (random walks), "replay" (saved cases),
    "deciding" (those scenarios alone that decide a rule, at the fewest calls), "variations" (the scenarios that belong
    to fuzzing, without it).
    `max_examples` bounds the requests that fuzzing sends, those of the fixed list among them, and likewise the actions
    of all walks together; without it the whole fixed list is sent. The same `seed` sends the same requests. No more
    than `budget` calls are made; where that may not do for everything, deciding scenarios come first. A run ends as
    soon as all rules of `until` have failed; their scenarios come first.
    """

    rules: frozenset[str]
    phases: frozenset[str] = frozenset({"rules"})
    seed: int = 1
    max_examples: int | None = None
    strict: bool = False
    budget: int | None = None
    until: frozenset[str] = frozenset()
    replayed: tuple[Mapping[str, Any], ...] = ()  # saved cases, for the phase "replay"

    @property
    def frugal(self) -> bool:
        """Whether nothing but what decides is tested."""
        return self.phases == {"deciding"}


@dataclass
class Run:
    """What one run has at hand, and what it has found so far."""

    target: Target
    profile: Profile
    recorder: Recorder
    sessions: Sessions
    stage: Stage
    settings: Settings
    progress: Callable[[str, int, int], None] = lambda *_: None
    scenarios: list[Scenario] = field(default_factory=list)
    findings: list[tuple[str, Finding]] = field(default_factory=list)
    extras: dict[str, Any] = field(default_factory=dict)  # what a phase adds to the report, by its key there
    planned: dict[str, bool] = field(default_factory=dict)  # the scenarios to run, and whether each is deciding
    stopped: str = ""  # why no further scenario can be run
    ending: bool = False  # whether only what cleans up is sent from now on
    fuzzing: Mapping[str, Any] | None = None  # the figures of fuzzing
    saved: dict[str, Callable[[], Mapping[str, Any]]] = field(default_factory=dict)  # by scenario: its case, to be kept
    _first: list[Surprise] = field(default_factory=list)  # what read otherwise than it should in the first go
    _again: dict[str, Scenario] = field(default_factory=dict)  # how scenarios came out that were tried again
    _judged: set[str] = field(default_factory=set)
    _judgements: dict[int, Judgement] = field(default_factory=dict)
    _observed: dict[str, str] = field(default_factory=dict)
    _borrowed: dict[str, int] = field(default_factory=dict)  # by scenario: the exchange of another one that it judges

    def __post_init__(self) -> None:
        self.interrupted = False
        self._quota = QuotaWatch(self.target.exclusive)
        self._breakdowns = Breakdowns()
        self.recorder.watch(self._see)

    def interrupt(self) -> None:
        """Ends all judging: a call may have been cut off whose effect nobody knows."""
        self.interrupted = True
        self.stopped = self.stopped or "interrupted"
        self.stage.forgo("interrupted")

    def _see(self, exchange: Exchange) -> None:
        """Judges what binds every answer."""
        if self.interrupted:
            return
        subject = exchange.subject.process if exchange.subject else ""
        judgements = (judge(exchange, self.profile, self.stage.shown(subject)), self._quota.see(exchange))
        whole = Judgement(
            frozenset().union(*(one.judged for one in judgements)),
            tuple(finding for one in judgements for finding in one.findings),
        )
        self._breakdowns.see(exchange)
        self._judgements[exchange.id] = whole
        self._judged |= whole.judged
        self.findings += [(exchange.scenario, finding) for finding in whole.findings]
        known = exchange.account not in ("", DOUBTFUL, FOREIGNER) and exchange.operation != VARIANT
        left = calls_left(exchange) if known else None
        if quota_used_up(exchange):
            self.stopped = f"the quota is used up (exchange {exchange.id} was answered 429)"
        elif not exchange.whole and not self.stopped:
            self.stopped = self._breakdowns.hopeless
        elif left is not None and left <= self.reserve() and not self.stopped:
            self.stopped = f"only {left} calls of the quota are left; they are kept for cleaning up"

    def borrow(self, item: pytest.Item, exchange: Exchange) -> None:
        """Lets a scenario judge an answer that another one got."""
        self._borrowed[item.nodeid] = exchange.id

    def reserve(self) -> int:
        """Returns how many calls it takes at most to read back, delete and log out what there is now."""
        return self.stage.calls_to_end() + self.sessions.opened

    def may_send(self, operation: str) -> None:
        """Raises Spent where only those calls of the budget are left that cleaning up takes."""
        budget = self.settings.budget
        if budget is None or self.ending:
            return
        if self.recorder.count + self.reserve() + 1 + _ADDS.get(operation, 0) > budget:
            self.stopped = self.stopped or f"the budget of {budget} calls is spent"
            raise Spent(self.stopped)

    def judgement(self, exchange: Exchange) -> Judgement:
        """Returns what was found about an answer as it came in."""
        return self._judgements.get(exchange.id, Judgement())

    def forget(self, after: int, *, but: Set[int]) -> None:
        """Keeps of the exchanges after this id, all settled, those that are named, that broke, or prove a refusal."""
        but = but | {proof.exchange for proofs in self.stage.proofs.values() for proof in proofs if proof.exchange}
        but |= {exchange.id for exchange in self.recorder.since(after) if exchange.trouble}
        self.recorder.forget(after, but=but)
        for number in [number for number in self._judgements if number > after and number not in but]:
            del self._judgements[number]

    def observe(self, item: pytest.Item, answer: Exchange) -> None:
        """Marks a scenario as one that the page leaves open."""
        self._observed[item.nodeid] = answer.observation()

    def conclude(self, item: pytest.Item, call: pytest.CallInfo[None]) -> None:
        """Takes the outcome of one scenario in."""
        name, deciding = scenario_id(item), is_deciding(item)
        own = [e.id for e in self.recorder.exchanges if e.scenario == name and e.purpose == "scenario"]
        own = [number for number in own if number not in self.recorder.disregarded]
        own += [self._borrowed[item.nodeid]] if item.nodeid in self._borrowed else []
        scenario = Scenario(name, deciding, Verdict.PASS, exchanges=tuple(own))
        error = call.excinfo.value if call.excinfo else None
        if isinstance(error, Broken) and error.rule not in ("", scenario.rule):
            finding = Finding(error.rule, error.expected, error.actual, error.exchanges)
            self.findings.append((name, finding))
        elif isinstance(error, Broken) and (why := self._spoiled(error)):
            scenario = replace(scenario, verdict=Verdict.UNTESTED, reason=why)
        elif error is not None:
            scenario = _unhappy(scenario, error)
        elif item.nodeid in self._observed:
            scenario = replace(scenario, verdict=Verdict.OBSERVED, reason=self._observed[item.nodeid], deciding=False)
        if self.stage.careful:
            self._again[scenario.id] = scenario
        else:
            self.scenarios.append(scenario)

    def _spoiled(self, error: Broken) -> str:
        """Returns why a refusal that breaks a promise breaks none after all.

        Staging has spoiled the step, the target has lost it, or it recognises the account no longer.
        """
        refusals = [one for number in error.exchanges if (one := self.recorder[number]).refused]
        if not refusals:
            return ""
        if isinstance(error, Refused) and (why := self.stage.why_not_reopenable(refusals[0])):
            return why
        return self.stage.why_gone(refusals[0])

    def outcomes(self) -> list[RuleOutcome]:
        """Returns every rule's outcome so far, in the page's order."""
        kept = self.scenarios, self.findings
        self.scenarios, self.findings = [*self.scenarios], [*self.findings]
        try:
            return self._outcomes()
        finally:
            self.scenarios, self.findings = kept

    def _outcomes(self) -> list[RuleOutcome]:
        self._settle()
        done = {one.id for one in self.scenarios}
        why = f"not run: {self.stopped or 'the run ended early'}"
        self.scenarios += [
            Scenario(name, deciding, Verdict.UNTESTED, why)
            for name, deciding in self.planned.items()
            if name not in done
        ]
        outcomes = []
        for rule in contract.rules():
            if rule.id not in self.settings.rules:
                outcomes.append(RuleOutcome(rule.id, Verdict.UNTESTED, "not selected", selected=False))
                continue
            scenarios = [one for one in self.scenarios if one.rule == rule.id]
            scenarios += self._every_answer(rule.id)
            outcomes.append(roll_up(rule.id, [_waived(one, self.target.waivers) for one in scenarios]))
        return outcomes

    def seen_enough(self) -> bool:
        """Tells whether every rule has failed of those that the run is to end with."""
        if not self.settings.until:
            return False
        failed = {scenario.rule for scenario in self.scenarios if scenario.verdict is Verdict.FAIL}
        failed |= {finding.rule for _, finding in self.findings}
        return self.settings.until <= failed

    @property
    def unexplained(self) -> bool:
        """Whether something changed in this part of the run of which it is not known yet what did it."""
        return bool(self._first or self.stage.surprises)

    def try_again(self) -> frozenset[str]:
        """Returns the scenarios to be tried again one by one, to find out which of them changed what it should not."""
        self._first, self.stage.surprises[:] = [*self.stage.surprises], []
        if self._first:
            self.stage.doubt()
        self.stage.careful = self.unexplained
        return frozenset(name for one in self._first if not _plain(one) for name in one.scenarios if name)

    def explain(self) -> None:
        """Closes one part of the run: its scenarios take what became known after them, and the next begins anew."""
        self._settle()
        self._first, self._again, self.stage.careful = [], {}, False
        self.stage.surprises.clear()

    def _settle(self) -> None:
        """Adds to the scenarios what became known after them: what their calls did, and whether they prove anything."""
        for surprise in self._explained():
            for name in surprise.scenarios:
                self._charge(name, surprise)
        self.scenarios = [self._proven(scenario) for scenario in self.scenarios]

    def _explained(self) -> list[Surprise]:
        """Returns the surprises that scenarios answer for, each with as few suspects as could be found out."""
        culprits = {name for surprise in self.stage.surprises for name in surprise.scenarios}
        found_out = [one for one in self._first if culprits & {*one.scenarios}]
        suspected = {name for one in found_out for name in one.scenarios}
        # what the culprit changed may have had the others judged wrongly
        self.scenarios = [self._again.get(one.id, one) if one.id in suspected else one for one in self.scenarios]
        # what does not happen again may be what completing or assigning does on this target
        unclear = [one for one in self._first if one not in found_out and (_plain(one) or not one.staged)]
        return [*map(_likeliest, unclear), *self.stage.surprises]

    def _charge(self, name: str, surprise: Surprise) -> None:
        """Makes a scenario answer for what its calls changed; for a positive control the rule `reopen-step` answers."""
        own = [exchange for exchange in surprise.exchanges if not name or exchange.scenario == name]
        numbers = tuple(exchange.id for exchange in own)
        steps = {exchange.subject.step for exchange in own if exchange.subject and exchange.accepted}
        if name and not steps:
            self._fail(name, expect.UNCHANGED, expect.in_words(surprise.changes), numbers)
            return
        own_status = [
            one for one in surprise.changes if name and one.place.guid in steps and one.place.field == "status"
        ]
        beside = [change for change in surprise.changes if change not in own_status]
        for change in own_status:
            self._fail(name, expect.READS_OPEN, f"it reads {change.now}", numbers)
        if beside:
            finding = Finding("reopen-step", expect.UNTOUCHED, expect.in_words(beside), numbers[-1:])
            self.findings.append((name, finding))

    def _fail(self, name: str, expected: str, actual: str, exchanges: tuple[int, ...]) -> None:
        where = f"exchange {exchanges[0]}" if len(exchanges) == 1 else f"exchanges {exchanges[0]} to {exchanges[-1]}"
        self.scenarios = [
            replace(
                one,
                verdict=Verdict.FAIL,
                reason=f"{where}: expected {expected}; {actual}",
                expected=expected,
                actual=actual,
                exchanges=tuple(dict.fromkeys((*exchanges, *one.exchanges))),
            )
            if one.id == name and one.verdict is not Verdict.FAIL
            else one
            for one in self.scenarios
        ]

    def _proven(self, scenario: Scenario) -> Scenario:
        """Returns the scenario as untested where nothing shows its effect, or its refusal may have another reason."""
        if scenario.verdict not in (Verdict.PASS, Verdict.OBSERVED):
            return scenario
        if scenario.id in self.stage.unread:
            reason = f"nothing shows the effect: {self.stage.unread[scenario.id]}"
            return replace(scenario, verdict=Verdict.UNTESTED, reason=reason)
        proofs = self.stage.proofs.get(scenario.id, []) if scenario.verdict is Verdict.PASS else []
        for proof in proofs:
            if proof.exchange is None:
                reason = f"no permitted account could reopen the step ({proof.missing or 'not tried'})"
                return replace(scenario, verdict=Verdict.UNTESTED, reason=f"the refusal proves nothing: {reason}")
        controls = [proof.exchange for proof in proofs if proof.exchange is not None]
        return replace(scenario, exchanges=tuple(dict.fromkeys((*scenario.exchanges, *controls))))

    def unused_waivers(self, outcomes: Sequence[RuleOutcome]) -> list[str]:
        """Returns the waivers that waived nothing, though what they are about was tested, or does not exist."""
        scenarios = [one for rule in outcomes for one in rule.scenarios]
        complete = {rule.rule for rule in outcomes if rule.selected and not self.stopped}
        unused = []
        for waiver in self.target.waivers:
            about = [one.verdict for one in scenarios if _fits(waiver, one)]
            name = f"{waiver.rule}{'/' if waiver.scenario else ''}{waiver.scenario.removeprefix(f'{waiver.rule}/')}"
            if not about and waiver.scenario and waiver.rule in complete and not _generated(waiver.scenario):
                unused.append(
                    f"{name}: {waiver.reason} (there is no such scenario; `arena-conformance rules` lists them)"
                )
            elif Verdict.PASS in about and Verdict.WAIVED not in about:
                unused.append(f"{name}: {waiver.reason}")
        return unused

    def _every_answer(self, rule: str) -> list[Scenario]:
        """Returns what all answers together say about a rule that binds each of them."""
        found = [
            (origin, finding)
            for origin, finding in (*self.findings, *(("", finding) for finding in self._breakdowns.findings))
            if finding.rule == rule and not self.recorder.disregarded.intersection(finding.exchanges)
        ]
        name = f"{rule}/every-answer"
        if not found:
            return [Scenario(name, True, Verdict.PASS)] if rule in self._judged else []
        origin, first = found[0]
        more = f"; {len(found)} answers in all" if len(found) > 1 else ""
        return [
            Scenario(
                name,
                True,
                Verdict.FAIL,
                reason=f"{first.expected}: {first.actual} (first in {origin or 'staging'}{more})",
                expected=first.expected,
                actual=first.actual,
                exchanges=tuple(dict.fromkeys(number for _, finding in found for number in finding.exchanges)),
            )
        ]


RUN: Final = pytest.StashKey[Run]()

# Takes what an answer must be like, and what else to ask; returns an answer of the run that is so, or else asks.
Reopen = Callable[..., Exchange]  # reopens a step, with a comment and a content type
Answered = Callable[[Callable[[Exchange], bool], Callable[[], Exchange]], Exchange]


def scenario_id(item: pytest.Item) -> str:
    """Returns `rule-id/scenario-name`, from the names of module, function and parameters."""
    module, _, rest = item.nodeid.rpartition("/")[2].partition("::")
    function, _, parameters = rest.removeprefix("test_").partition("[")
    slug = "-".join(filter(None, (function, parameters.removesuffix("]"))))
    return f"{rule_of(module)}/{slug}".replace("_", "-")


def is_deciding(item: pytest.Item) -> bool:
    """Tells whether the rule's verdict depends on the scenario."""
    return item.get_closest_marker("deciding") is not None


def is_variation(item: pytest.Item) -> bool:
    """Tells whether the scenario is a further class of input, which belongs to the generated ones."""
    return item.get_closest_marker("variation") is not None


def _phases(item: pytest.Item) -> frozenset[str]:
    if is_variation(item):
        return frozenset({"fuzz", "variations"})
    return frozenset({"rules", "deciding"} if is_deciding(item) else {"rules"})


def _place(item: pytest.Item) -> int:
    name = scenario_id(item)
    return ORDER.index(name if name in ORDER else rule_of_item(item))


def rule_of_item(item: pytest.Item) -> str:
    """Returns the rule that a scenario is about."""
    return scenario_id(item).partition("/")[0]


def rule_of(module: str) -> str:
    """Returns the rule that a module of scenarios is about."""
    return module.removesuffix(".py").removeprefix("test_").replace("_", "-")


class Plugin:
    """Runs the scenarios of the selected rules."""

    def __init__(self, run: Run, names: frozenset[str]) -> None:
        self._run = run
        self._names = names  # the scenarios to run; empty: all of the selected rules
        self.broke = ""  # why pytest itself could not go on

    def pytest_configure(self, config: pytest.Config) -> None:
        """Hands the run to the fixtures."""
        config.stash[RUN] = self._run
        config.option.tbstyle = "no"  # nobody reads pytest's own account of a failure, and it takes long to write

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Leaves the modules of other rules alone: loading them takes longer than many a rule does."""
        of_rule = collection_path.match("test_*.py")
        return True if of_rule and rule_of(collection_path.name) not in self._run.settings.rules else None

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Keeps the selected rules' scenarios, in the order that saves calls."""
        settings = self._run.settings
        chosen = [item for item in items if rule_of_item(item) in settings.rules and settings.phases & _phases(item)]
        items[:] = sorted(chosen, key=self._turn)
        if self._names:
            items[:] = [item for item in items if scenario_id(item) in self._names]
            return
        self._run.planned |= {scenario_id(item): is_deciding(item) for item in items}

    def _turn(self, item: pytest.Item) -> tuple[bool, bool, int]:
        settings = self._run.settings
        extra = settings.budget is not None and settings.budget < EVERYTHING and not is_deciding(item)
        return rule_of_item(item) not in settings.until, extra, _place(item)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keeps what went wrong before any scenario ran."""
        if report.failed:
            self.broke = f"the scenarios can't be loaded: {str(report.longrepr).strip().splitlines()[-1]}"

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Names the scenario to whoever records."""
        self._run.recorder.scenario = scenario_id(item)
        self._run.stage.begin_scenario(scenario_id(item))
        self._run.progress(scenario_id(item), len(self._run.scenarios), len(self._run.planned))
        result = yield
        self._run.recorder.scenario = ""
        self._run.stage.end_scenario()
        item.session.shouldstop = self._run.stopped or self._run.seen_enough()
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Turns what happened into a verdict, once for each scenario."""
        if call.when == "call" or (call.when == "setup" and call.excinfo is not None):
            self._run.conclude(item, call)
        report = yield
        report.longrepr = None  # pytest's own account of a failure prints the values of fixtures
        return report


def _unhappy(scenario: Scenario, error: BaseException) -> Scenario:
    match error:
        case Broken():
            numbers = tuple(dict.fromkeys((*error.exchanges, *scenario.exchanges)))
            reason = f"expected {error.expected}; {error.actual}"
            return replace(
                scenario,
                verdict=Verdict.FAIL,
                reason=reason,
                expected=error.expected,
                actual=error.actual,
                exchanges=numbers,
            )
        case Unclear() | NoAccount() | NotOurs() | Unstaged() | Spent() | Untouchable():
            return replace(scenario, verdict=Verdict.UNTESTED, reason=str(error))
        case NoAnswer() | StagingBroke() | LoginFailed():
            return replace(scenario, verdict=Verdict.ERROR, reason=str(error))
    reason = f"the suite itself broke, which says nothing about the target: {type(error).__name__}: {error}"
    return replace(scenario, verdict=Verdict.ERROR, reason=reason)


def _likeliest(surprise: Surprise) -> Surprise:
    """Returns the surprise without those suspects whose calls were refused, where others' were done."""
    accepted = tuple(exchange for exchange in surprise.exchanges if exchange.accepted)
    return replace(surprise, exchanges=accepted) if accepted and not _plain(surprise) else surprise


def _plain(surprise: Surprise) -> bool:
    """Whether there is but one suspect, and staging did nothing that could have done it."""
    return len(surprise.scenarios) <= 1 and not surprise.staged


def _waived(scenario: Scenario, waivers: Sequence[Waiver]) -> Scenario:
    """Turns a failure that the target file waives into `waived`, until the waiver's day is over."""
    if scenario.verdict is not Verdict.FAIL:
        return scenario
    today = dt.datetime.now(dt.UTC).date()
    fitting = [one for one in waivers if _fits(one, scenario)]
    if not fitting:
        return scenario
    waiver = max(fitting, key=lambda one: one.until)
    if today > waiver.until:
        return replace(scenario, reason=f"{scenario.reason} (the waiver ended on {waiver.until})")
    reason = f"waived until {waiver.until}: {waiver.reason} ({scenario.reason})"
    return replace(scenario, verdict=Verdict.WAIVED, reason=reason)


def _generated(scenario: str) -> bool:
    """Tells whether a scenario is there only if what belongs to it was run, or was answered."""
    return scenario.rpartition("/")[2].startswith(("fuzz-", "walk-", "every-answer"))


def _fits(waiver: Waiver, scenario: Scenario) -> bool:
    rule, _, name = scenario.id.partition("/")
    return waiver.rule == rule and waiver.scenario in ("", name, scenario.id)


def run_scenarios(run: Run, folder: str) -> str:
    """Runs the scenarios below `folder` and returns why it could not, if so.

    Where a reading shows something that one of several scenarios must have done, these are tried again one by one.
    """
    stopped = _run(run, folder, frozenset())
    if run.seen_enough():
        return "every rule has failed that the run was to end with"
    settle(run)
    names = run.try_again()
    if names and not stopped:
        stopped = _run(run, folder, names)
        settle(run)
    run.explain()
    return stopped


def settle(run: Run) -> None:
    """Lets the stage make those calls that are kept for it; after an interruption nothing is read any more."""
    if run.interrupted:
        return
    run.ending = True
    run.stage.settle()
    run.ending = False


def _run(run: Run, folder: str, names: frozenset[str]) -> str:
    """Runs scenarios. Nothing of the user's reaches them: no configuration, no plugin, no option."""
    plugin = Plugin(run, names)
    with _without_environment():
        code = pytest.main(_isolated(folder), plugins=[plugin])
    if plugin.broke or run.stopped:
        return plugin.broke or run.stopped
    if code == pytest.ExitCode.INTERRUPTED:
        return "interrupted"
    if code in (pytest.ExitCode.INTERNAL_ERROR, pytest.ExitCode.USAGE_ERROR):
        return f"pytest could not run the scenarios ({pytest.ExitCode(code).name.lower().replace('_', ' ')})"
    return ""


def list_scenarios(folder: str) -> dict[str, list[tuple[str, bool]]]:
    """Returns, by rule, the names of the scenarios below `folder` and whether each is deciding."""

    class Listing:
        def __init__(self) -> None:
            self.found: dict[str, list[tuple[str, bool]]] = {}

        def pytest_collection_finish(self, session: pytest.Session) -> None:
            for item in session.items:
                rule, _, name = scenario_id(item).partition("/")
                self.found.setdefault(rule, []).append((name, is_deciding(item)))

    listing = Listing()
    with _without_environment():
        pytest.main([*_isolated(folder), "--collect-only"], plugins=[listing])
    return listing.found


@contextmanager
def _without_environment() -> Iterator[None]:
    """Hides what steers pytest from outside."""
    hidden = {name: os.environ.pop(name) for name in ("PYTEST_ADDOPTS", "PYTEST_PLUGINS") if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(hidden)


def _isolated(folder: str) -> list[str]:
    """Returns pytest's arguments: nothing of the user's configuration, plugins or files reaches a run."""
    return [
        folder,
        f"--config-file={folder}/pytest.ini",
        f"--rootdir={folder}",
        f"--confcutdir={folder}",
        "--disable-plugin-autoload",
        "--import-mode=importlib",
        "--assert=plain",
        "--strict-markers",
        "--capture=no",
        "-pno:cacheprovider",
        "-pno:logging",
        "-pno:terminal",
        "-pno:junitxml",
        "-pno:faulthandler",
        "-pno:doctest",
        "-pno:unittest",
        "-pno:stepwise",
        "-pno:pastebin",
        "-pno:setuponly",
        "-pno:threadexception",  # what is thrown away in a moment is nobody's failure
        "-pno:unraisableexception",
    ]
