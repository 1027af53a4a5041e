"""What a scenario may expect of an answer. Pure functions over exchanges and snapshots.

Each returns where the promise is kept and raises where it is not: `Broken` for a broken promise, `Unclear` where the
answer does not tell, `NoAnswer` where there is none that can be read. What must hold on every exchange (status,
envelope, headers, quota) is not judged here but in `conformance.invariants`, under the rule that owns it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from conformance.contract import Situation
from conformance.evidence import Exchange
from conformance.invariants import BELOW_THE_OPERATION, CREATED, QUOTA_EXHAUSTED, Judgement
from conformance.stage.snapshot import Change

READS_OPEN: Final = "the step reads OPEN after a success"
UNTOUCHED: Final = "nothing but the reopened step changes"
UNCHANGED: Final = "a refusal changes nothing"


class Broken(Exception):
    """A promise is broken. `rule` owns it; empty: the rule of the scenario."""

    def __init__(self, expected: str, actual: str, *exchanges: Exchange, rule: str = "") -> None:
        super().__init__(f"expected {expected}; {actual}")
        self.expected = expected
        self.actual = actual
        self.exchanges = tuple(exchange.id for exchange in exchanges)
        self.rule = rule


class Refused(Broken):
    """What the page permits is refused."""


class Unclear(Exception):
    """The answer tells nothing about the promise."""


class NoAnswer(Exception):
    """There is no answer that can be read."""


def reopened(answer: Exchange) -> None:
    """Expects that the target did what was asked.

    That the status is 201 belongs to `success-is-201`; that the step reads OPEN and nothing else changed, the stage
    finds out.
    """
    _answered(answer)
    if answer.refused:
        raise Refused("the step is reopened (201)", f"the call was refused: {answer.summary()}", answer)
    if not answer.accepted:
        raise Unclear(f"exchange {answer.id} was answered {answer.status}: it is neither done nor refused")


def refused(answer: Exchange, situation: Situation) -> None:
    """Expects a refusal with a code that is right for the situation. Status and envelope belong to `failure-is-400`."""
    if answer.status != CREATED:  # which says enough, whatever became of the body
        _answered(answer)
    if answer.accepted:
        raise Broken(f"a refusal ({_wanted(situation)})", f"the call was accepted: {answer.summary()}", answer)
    if not answer.refused:
        raise Unclear(f"exchange {answer.id} was answered {answer.status}: it is neither done nor refused")
    matching = [error for error in answer.errors if situation.codes is None or error.get("code") in situation.codes]
    if answer.errors and not matching:
        codes = ", ".join(map(str, answer.codes)) or "missing"
        raise Broken(_wanted(situation), f"the code is {codes}: {answer.summary()}", answer)
    if situation.message is not None and answer.errors:
        messages = [error.get("message") for error in matching]
        if situation.message not in messages:
            raise Broken(f"the message {situation.message!r}", f"it is {messages[0]!r}: {answer.summary()}", answer)


def status(answer: Exchange, wanted: int) -> None:
    """Expects an HTTP status."""
    _answered(answer)
    if answer.status != wanted:
        raise Broken(f"status {wanted}", f"the answer is {answer.summary()}", answer)


def kept(judgement: Judgement, rule: str) -> None:
    """Expects that an answer was judged under `rule` and breaks none of it."""
    if rule not in judgement.judged:
        raise Unclear("the answer says nothing about this rule")
    for finding in judgement.findings:
        if finding.rule == rule:
            raise Broken(finding.expected, finding.actual)


def exactly_one(answers: Sequence[Exchange]) -> None:
    """Expects that of simultaneous reopens of one step exactly one is done."""
    for answer in answers:
        _answered(answer)
    done = [answer for answer in answers if answer.accepted]
    if len(done) != 1:
        statuses = ", ".join(str(answer.status) for answer in answers)
        raise Broken("exactly one of several simultaneous reopens succeeds", f"the answers are {statuses}", *answers)


def in_words(found: Sequence[Change]) -> str:
    """Returns what changed, in words."""
    return "; ".join(str(change) for change in found[:5]) + (f" and {len(found) - 5} more" if len(found) > 5 else "")


def _answered(answer: Exchange) -> None:
    if not answer.whole:
        raise NoAnswer(f"exchange {answer.id}: {answer.trouble}")
    if answer.status in BELOW_THE_OPERATION:
        raise Unclear(f"exchange {answer.id} was answered {answer.status}, by the HTTP layer below the operation")
    if answer.status == QUOTA_EXHAUSTED:
        raise Unclear(f"exchange {answer.id} was answered 429: no call is left, or calls come too fast")


def _wanted(situation: Situation) -> str:
    statuses = " or ".join(map(str, situation.statuses))
    codes = "any code" if situation.codes is None else f"code {' or '.join(map(str, situation.codes))}"
    return f"{statuses} with {codes}"
