"""Verdicts, how they roll up to a rule's and to the run's, and the exit codes. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

NO_VERDICT: Final = 3  # the exit code


class Verdict(StrEnum):
    """What is known about a scenario or a rule."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    UNTESTED = "untested"
    ERROR = "error"
    OBSERVED = "observed"
    WAIVED = "waived"


# The worst first; `observed` never counts.
_RANK: Final = (Verdict.FAIL, Verdict.ERROR, Verdict.WAIVED, Verdict.UNTESTED, Verdict.PASS)


@dataclass(frozen=True)
class Finding:
    """A promise that an exchange breaks: the rule that owns it, what it promises, what came."""

    rule: str
    expected: str
    actual: str
    exchanges: tuple[int, ...] = ()


@dataclass(frozen=True)
class Scenario:
    """The outcome of one scenario. Every verdict but `pass` needs a reason."""

    id: str
    deciding: bool
    verdict: Verdict
    reason: str = ""
    expected: str = ""
    actual: str = ""
    exchanges: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if self.verdict is not Verdict.PASS and not self.reason.strip():
            raise ValueError(f"{self.id}: a verdict of {self.verdict} needs a reason")

    @property
    def rule(self) -> str:
        """The rule that the scenario belongs to."""
        return self.id.partition("/")[0]


@dataclass(frozen=True)
class RuleOutcome:
    """The outcome of one rule, rolled up from its scenarios."""

    rule: str
    verdict: Verdict
    reason: str
    scenarios: tuple[Scenario, ...] = field(default=())
    selected: bool = True

    @property
    def coverage(self) -> str:
        """How many of the scenarios that judge could be tested, of how many."""
        judging = [one for one in self.scenarios if one.verdict is not Verdict.OBSERVED]
        tested = [one for one in judging if one.verdict not in (Verdict.UNTESTED, Verdict.ERROR)]
        return f"{len(tested)}/{len(judging)}"


def roll_up(rule: str, scenarios: Sequence[Scenario]) -> RuleOutcome:
    """Returns the worst of the deciding scenarios and of every failure."""
    counted = [one for one in scenarios if one.deciding or one.verdict in (Verdict.FAIL, Verdict.WAIVED)]
    counted = [one for one in counted if one.verdict is not Verdict.OBSERVED]
    if not counted:
        return RuleOutcome(rule, Verdict.UNTESTED, "no deciding scenario was run", tuple(scenarios))
    worst = min(counted, key=lambda one: _RANK.index(one.verdict))
    return RuleOutcome(rule, worst.verdict, worst.reason, tuple(scenarios))


@dataclass(frozen=True)
class RunOutcome:
    """The run as a whole: a word for people, the exit code for programs, and why."""

    verdict: str
    exit_code: int
    reason: str


def conclude(rules: Iterable[RuleOutcome], *, stopped: str = "", strict: bool = False) -> RunOutcome:
    """Returns the first that applies: a failed rule (1), no verdict (3), conforms (0).

    `stopped` says why the run ended early, if it did. `strict` turns what could not be tested into no verdict.
    """
    selected = [rule for rule in rules if rule.selected]
    failed = [rule.rule for rule in selected if rule.verdict is Verdict.FAIL]
    if failed:
        return RunOutcome("fails", 1, f"{_count(failed, 'rule')} failed: {', '.join(failed)}")
    if stopped:
        return RunOutcome("no verdict", NO_VERDICT, stopped)
    broken = [one for rule in selected for one in rule.scenarios if one.verdict is Verdict.ERROR]
    if broken:
        return RunOutcome(
            "no verdict", NO_VERDICT, f"{_count(broken, 'scenario')} could not be judged: {broken[0].reason}"
        )
    untested = [rule for rule in selected if rule.verdict is Verdict.UNTESTED]
    if len(untested) == len(selected):
        reason = untested[0].reason if untested else "no rule was selected"
        return RunOutcome("no verdict", NO_VERDICT, f"nothing could be tested: {reason}")
    deciding = [one for rule in selected for one in rule.scenarios if one.deciding and one.verdict is Verdict.UNTESTED]
    if strict and (deciding or untested):
        first = deciding[0].id if deciding else untested[0].rule
        reason = f"{_count(deciding or untested, 'deciding scenario')} untested, first {first}"
        return RunOutcome("no verdict", NO_VERDICT, reason)
    reason = f"{_count(untested, 'rule')} untested" if untested else ""
    return RunOutcome("conforms", 0, reason)


def _count(things: Sequence[object], name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"
