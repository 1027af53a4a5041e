"""What becomes of each class of input, over all its cases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from conformance.evidence import Exchange
from conformance.fuzzing.case import OBSERVED, Case
from conformance.verdict import Finding, Scenario, Verdict

# Below this name a rule answers for what is not the rule that the class of input is about.
ANSWERS: Final = "answers"
_MOST_FAILURES: Final = 20  # of a class, that the report shows


@dataclass
class Failure:
    """A case that fails, how, and the exchange that shows it."""

    case: Case
    finding: Finding
    exchange: Exchange

    @property
    def size(self) -> int:
        """How much there is to read: a smaller one is better evidence."""
        return len(self.exchange.request_body or b"") + sum(len(value) for _, value in self.exchange.request_headers)


@dataclass
class Tally:
    """One class of input: what came of its cases."""

    id: str
    deciding: bool
    failures: list[Failure] = field(default_factory=list)
    kept: list[int] = field(default_factory=list)  # exchanges in which the promise was kept
    observed: dict[int, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    untested: list[str] = field(default_factory=list)
    shown: set[int] = field(default_factory=set)  # exchanges that the reasons speak of

    @property
    def touched(self) -> bool:
        """Whether any case was sent, or tried to."""
        return bool(self.failures or self.kept or self.observed or self.errors or self.untested)

    def put_off(self, why: str, answer: Exchange) -> None:
        """Notes why an answer proves nothing. The first one stays: the verdict speaks of it."""
        if not self.untested:
            self.shown.add(answer.id)
        self.untested.append(why)

    def failure(self) -> Failure:
        """Returns the failure that is easiest to read."""
        return min(self.failures, key=lambda one: one.size)

    def forget(self, after: int) -> set[int]:
        """Gives up what nobody needs to see, and returns the exchanges that stay beside those up to this id.

        These are what fails, the first exchange in which the promise was kept, the first of each
        thing that was observed, and what the reasons speak of.
        """
        needed = {one.exchange.id for one in self.failures} | self.shown
        needed |= {number for one in self.failures for number in one.finding.exchanges}
        needed |= {*self.kept[:1], *{text: number for number, text in reversed(self.observed.items())}.values()}
        self.kept = [number for number in self.kept if number <= after or number in needed]
        self.observed = {number: text for number, text in self.observed.items() if number <= after or number in needed}
        return needed

    def scenario(self, nothing_proven: str) -> Scenario:
        """Returns the verdict. With `nothing_proven` what passed proves nothing."""
        exchanges = tuple(sorted({*self.kept, *self.observed}))
        if self.failures:
            shown = self.failure()
            finding = shown.finding
            more = f" ({len(self.failures)} cases in all)" if len(self.failures) > 1 else ""
            failed = (one.exchange.id for one in self.failures[:_MOST_FAILURES])
            numbers = (shown.exchange.id, *finding.exchanges, *failed)
            return Scenario(
                self.id,
                self.deciding,
                Verdict.FAIL,
                reason=f"expected {finding.expected}; {finding.actual}{more}",
                expected=finding.expected,
                actual=finding.actual,
                exchanges=tuple(dict.fromkeys(numbers)),
            )
        if self.errors:
            return Scenario(self.id, self.deciding, Verdict.ERROR, self.errors[0], exchanges=exchanges)
        if self.kept:
            if nothing_proven:
                return Scenario(self.id, self.deciding, Verdict.UNTESTED, nothing_proven, exchanges=exchanges)
            return Scenario(self.id, self.deciding, Verdict.PASS, exchanges=exchanges)
        if self.observed:
            reason = "; ".join(dict.fromkeys(self.observed.values()))
            return Scenario(self.id, False, Verdict.OBSERVED, reason, exchanges=exchanges)
        return Scenario(self.id, self.deciding, Verdict.UNTESTED, (self.untested or ["no case was sent"])[0])


class Tallies:
    """All classes of input of a run."""

    def __init__(self, *, deciding: bool) -> None:
        self._deciding = deciding
        self._by_id: dict[str, Tally] = {}
        self.judged: set[int] = set()

    def expect(self, cases: Sequence[Case]) -> dict[str, bool]:
        """Takes the classes of cases in that will be sent, and returns whether each decides."""
        tallies = [self.of(case) for case in cases]
        return {tally.id: tally.deciding for tally in tallies}

    def forget(self, after: int) -> set[int]:
        """Gives up the exchanges after this id that nobody needs to see, and returns those that stay."""
        needed = set().union(*(tally.forget(after) for tally in self))
        self.judged = {number for number in self.judged if number <= after or number in needed}
        return needed

    def _decides(self, case: Case) -> bool:
        return self._deciding and case.wanted != OBSERVED and case.input_class != "expired"

    def __iter__(self) -> Iterator[Tally]:
        return iter(self._by_id.values())

    def of(self, case: Case) -> Tally:
        """Returns the tally of a case's class."""
        return self._by_id.setdefault(case.scenario, Tally(case.scenario, self._decides(case)))

    def keep(self, rule: str, exchange: Exchange) -> None:
        """Notes that a rule was kept which is not the one that the class of input is about."""
        self._answers(rule).kept.append(exchange.id)

    def settle(self, rule: str) -> None:
        """Notes that a rule was kept in every answer that does not break it."""
        tally = self._answers(rule)
        tally.kept += sorted(self.judged - {one.exchange.id for one in tally.failures})

    def fail(self, case: Case, finding: Finding, exchange: Exchange) -> None:
        """Takes a finding in, below the rule that owns it."""
        tally = self.of(case) if finding.rule == case.rule else self._answers(finding.rule)
        tally.failures.append(Failure(case, finding, exchange))

    def _answers(self, rule: str) -> Tally:
        name = f"{rule}/fuzz-{ANSWERS}"
        return self._by_id.setdefault(name, Tally(name, self._deciding))
