"""Random walks of several actors, compared with a pure model of what the page promises them."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from conformance.judge import DRAWN, Run
from conformance.verdict import Finding, Scenario, Verdict
from conformance.walks.ground import Ground
from conformance.walks.model import GROUP, Action, Kind, Model, Process, new_steps
from conformance.walks.moves import Pick, next_action
from conformance.walks.saved import Parts, Saved, from_saved, to_saved
from conformance.walks.shorten import shorten
from conformance.walks.walk import EFFECTS, SLUG, Deed, Seen, Walk

RULES: Final = (
    "reopen-step",
    "assignee-may-reopen",
    "owner-may-reopen",
    "others-may-not-reopen",
    "unassigned-open-to-permitted",
    "completed-process-locks-steps",
    "approved-signoff-is-final",
    "edit-details-required",
    "session-required",
    "already-open-is-3089",
)
ACTIONS: Final = 100  # of one walk at most: only who stays long enough meets a step with a history
SIMPLEST: Final = 6  # of the first walk, in which Hypothesis draws the simplest of everything
MOST_UNANSWERED: Final = 5

# Who owns, and who approves the sign-off of, the second process of a walk; the first is the owner's.
_SECOND: Final = (("colleague", "owner"), ("restricted_owner", ""), ("assignee", "owner"))

# What the page lets everybody do who is in a target file: the owner completes a step of nobody's, and reopens it.
_CONTROL: Final = (Action(Kind.COMPLETE, "owner"), Action(Kind.REOPEN, "owner"))


def run(run: Run) -> str:
    """Goes random walks, and returns why they ended early, if so.

    A failing walk is shortened and becomes a story; that costs at most as many actions again as all walks together.
    """
    if not {*RULES} & run.settings.rules:
        return ""
    phase = _Phase(run)

    def work() -> None:
        phase.walk()
        phase.shorten()

    return _do(phase, work)


def replay(run: Run) -> str:
    """Goes saved walks again, and returns why that ended early, if so."""
    walks = [from_saved(entry) for entry in run.settings.replayed if entry["kind"] == "walk"]
    phase = _Phase(run)
    return _do(phase, lambda: phase.replay(walks)) if walks else ""


def _do(phase: _Phase, work: Callable[[], None]) -> str:
    try:
        work()
    except Exception as error:
        return f"the walks broke, which says nothing about the target: {type(error).__name__}: {error}"
    finally:
        phase.run.recorder.scenario = ""
        phase.conclude()
    return phase.run.stopped


@dataclass(frozen=True)
class _Failure:
    """A walk whose last action breaks a rule."""

    finding: Finding
    deeds: tuple[Deed, ...]
    parts: Parts


class _Phase:
    """All walks of a run, and what they showed."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.seen = Seen()
        self.failed: dict[str, _Failure] = {}  # by rule: the shortest walk that breaks it
        self.replayed: dict[str, Scenario | None] = {}  # by rule of a saved walk: why it says nothing, if so
        self.people = {role: run.sessions[role].guid for role in run.sessions.roles}
        self.people[GROUP] = run.target.staging.assignee_group
        self.accounts = tuple(run.sessions.roles)
        given = {role for role, account in run.sessions.roles.items() if account.session_id is not None}
        self.may_log_out = {*self.accounts} - given if run.target.loopback else set()
        self.bound = run.settings.max_examples or DRAWN
        self._most = self.bound
        self._names = itertools.count(1)

    @property
    def spent(self) -> bool:
        """Whether no further action may be done."""
        unanswered = len(self.seen.unanswered) >= MOST_UNANSWERED
        return bool(self.seen.actions >= self._most or self.run.stopped or unanswered or self.seen_enough)

    @property
    def seen_enough(self) -> bool:
        """Whether every rule has failed of those that the run is to end with."""
        return bool(self.run.settings.until) and self.run.settings.until <= {*self.failed}

    def walk(self) -> None:
        """Goes all walks."""
        from conformance.walks.machine import draw_walks  # Hypothesis takes long to load

        walks = 4 * (1 + self._most // ACTIONS)  # one that ends early makes room for another
        draw_walks(lambda: _Walker(self), seed=self.run.settings.seed, walks=walks, actions=ACTIONS)

    def parts(self, cast: int) -> Parts:
        """Returns who owns what in the walk of this number."""
        seconds = [one for one in _SECOND if one[0] in self.accounts] or [("owner", "")]
        return ("owner", "colleague"), seconds[cast % len(seconds)]

    def begin(self, parts: Parts) -> Walk:
        """Returns a walk that has not begun."""
        creator = "colleague" if "colleague" in self.accounts else "owner"
        model = Model([Process(owner, creator, approver, new_steps()) for owner, approver in parts])
        ground = Ground(self.run.stage, self.run.sessions, model, str(next(self._names)), self.people)
        return Walk(self.run, model, ground, self.seen)

    def keep(self, finding: Finding, deeds: Sequence[Deed], parts: Parts) -> None:
        """Keeps a failure where no shorter walk shows its rule broken."""
        known = self.failed.get(finding.rule)
        if known is None or len(deeds) < len(known.deeds):
            self.failed[finding.rule] = _Failure(finding, tuple(deeds), parts)

    def shorten(self) -> None:
        """Shortens every failing walk."""
        self._most = self.seen.actions + self.bound
        for rule, failure in sorted(self.failed.items()):
            shorten(failure.deeds, partial(self._again, rule, failure.parts))

    def _again(self, rule: str, parts: Parts, actions: Sequence[Action]) -> Sequence[Deed]:
        """Goes a walk again, and returns its deeds up to the one that breaks the rule; none where none does."""
        walk = self.begin(parts)
        try:
            for action in actions:
                finding = None if self.spent else walk.do(action)
                if finding is not None and finding.rule == rule:
                    self.keep(finding, walk.deeds, parts)
                    return walk.deeds
        finally:
            walk.end()
        return ()

    def replay(self, walks: Sequence[Saved]) -> None:
        """Goes saved walks again, and another one where they reopened nothing: else refusals would prove nothing."""
        self.replayed = dict.fromkeys(walk.rule for walk in walks)
        for saved in walks:
            self._replay(saved)
        if not self.seen.reopened and not {*self.replayed} <= {*self.failed}:
            self._go(self.begin(self.parts(0)), _CONTROL)

    def _replay(self, saved: Saved) -> None:
        """Goes one saved walk again."""
        name, before = f"{saved.rule}/{SLUG}", len(self.seen.unanswered)
        kept = sorted({one.account for one in saved.actions if one.kind is Kind.LOG_OUT} - self.may_log_out)
        if kept:
            reason = f"{', '.join(kept)} may not log out: the session was given, or the host is not this machine"
            self.replayed[saved.rule] = Scenario(name, True, Verdict.UNTESTED, reason)
            return
        walk = self.begin(saved.parts)
        others, self.seen.judged = self.seen.judged, set()
        finding = self._go(walk, saved.actions)
        judged = self.seen.judged
        self.seen.judged = judged | others
        if finding is not None:
            self.keep(finding, walk.deeds, saved.parts)
        if finding is not None and finding.rule != saved.rule:
            reason = f"the walk breaks {finding.rule} before: expected {finding.expected}; {finding.actual}"
            self.replayed[saved.rule] = Scenario(name, True, Verdict.UNTESTED, reason)
        elif len(self.seen.unanswered) > before:
            self.replayed[saved.rule] = Scenario(name, True, Verdict.ERROR, self.seen.unanswered[-1])
        elif finding is None and (walk.doubt or saved.rule not in judged):
            reason = walk.doubt or "the walk comes to no call that the rule decides"
            self.replayed[saved.rule] = Scenario(name, True, Verdict.UNTESTED, reason)

    def _go(self, walk: Walk, actions: Sequence[Action]) -> Finding | None:
        """Does these things and returns what is wrong, if anything is."""
        self.seen.walks += 1
        try:
            for action in actions:
                self.run.progress(f"{EFFECTS}/{SLUG}", self.seen.actions, len(actions))
                finding = walk.do(action)
                if finding is not None:
                    return finding
        finally:
            walk.end()
        return None

    def conclude(self) -> None:
        """Hands over what the walks showed."""
        judged = [*self.replayed] or [rule for rule in RULES if rule in {*self.failed, *self.seen.judged}] or [EFFECTS]
        for rule, failure in self.failed.items():
            actions = [deed.action for deed in failure.deeds]
            self.run.saved[f"{rule}/{SLUG}"] = partial(to_saved, failure.finding, failure.parts, actions)
        self.run.scenarios += [self._scenario(rule) for rule in judged]
        self.run.scenarios += [
            Scenario(f"{rule}/{SLUG}-observed", False, Verdict.OBSERVED, _observed(question, answers))
            for (rule, question), answers in sorted(self.seen.silent.items())
        ]
        stories = [_story(failure) for failure in self.failed.values()]
        self.run.extras["walks"] = {"walks": self.seen.walks, "actions": self.seen.actions, "stories": stories}

    def _scenario(self, rule: str) -> Scenario:
        name, deciding = f"{rule}/{SLUG}", "rules" not in self.run.settings.phases
        failure = self.failed.get(rule)
        if failure is not None:
            expected, actual = failure.finding.expected, failure.finding.actual
            last, *others = reversed([deed.exchange for deed in failure.deeds])
            reason = f"expected {expected}; {actual}"
            exchanges = (last, *reversed(others))
            return Scenario(name, deciding, Verdict.FAIL, reason, expected, actual, exchanges)
        if (silent := self.replayed.get(rule)) is not None:
            return silent
        if len(self.seen.unanswered) >= MOST_UNANSWERED:
            return Scenario(name, deciding, Verdict.ERROR, f"the walks ended early: {self.seen.unanswered[-1]}")
        if not self.seen.reopened:
            why = self.seen.unstaged or "no step was reopened in any walk, so that refusals prove nothing"
            return Scenario(name, deciding, Verdict.UNTESTED, why)
        return Scenario(name, deciding, Verdict.PASS)


class _Walker:
    """Goes one walk, as long as there is anything to learn from it."""

    def __init__(self, phase: _Phase) -> None:
        self._phase = phase
        self._most = ACTIONS if phase.seen.walks else SIMPLEST
        self._cast = phase.seen.walks
        self._parts = phase.parts(self._cast)
        self._walk = phase.begin(self._parts)
        phase.seen.walks += not phase.spent

    def go(self, pick: Pick) -> None:
        """Does the next action."""
        phase = self._phase
        if phase.spent or self._walk.over or len(self._walk.deeds) >= self._most:
            return
        phase.run.progress(f"{EFFECTS}/{SLUG}", phase.seen.actions, phase.bound)
        focus = self._cast % 2
        finding = self._walk.do(next_action(self._walk.model, phase.accounts, phase.may_log_out, pick, focus))
        if finding is not None:
            phase.keep(finding, self._walk.deeds, self._parts)

    def end(self) -> None:
        """Leaves nothing behind."""
        self._walk.end()


def _observed(question: str, answers: Counter[str]) -> str:
    return f"{question}; the answers are {', '.join(f'{told} ({count})' for told, count in sorted(answers.items()))}"


def _story(failure: _Failure) -> dict[str, Any]:
    finding = failure.finding
    return {
        "rule": finding.rule,
        "expected": finding.expected,
        "actual": finding.actual,
        "exchanges": [deed.exchange for deed in failure.deeds],
        "actions": [
            {
                "account": deed.action.account,
                "action": str(deed.action),
                "expected": deed.expected,
                "actual": deed.actual,
                "exchange": deed.exchange,
            }
            for deed in failure.deeds
        ],
    }
