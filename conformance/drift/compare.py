"""Compares the behaviour of a target at two times. Pure."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from conformance import contract
from conformance.behaviour.document import ACCEPTED, REFUSED, is_ordered, kind_of
from conformance.drift.answers import FLIPPED, Departure, align, departures
from conformance.drift.difference import Difference, Kind, Level, Side
from conformance.drift.renumbering import Recoded, Renumbering, hint, recognise

_FAILING: Final = frozenset({"fail", "waived"})
_KINDS: Final = {Level.BREAKING: Kind.BREAKING, Level.COMPATIBLE: Kind.COMPATIBLE, Level.COSMETIC: Kind.COSMETIC}

# What a rule's scenarios are about, for the sentences.
_ABOUT: Final[Mapping[str, str]] = {
    "reopen-step": "a completed step",
    "assignee-may-reopen": "the assignee",
    "owner-may-reopen": "the owner",
    "others-may-not-reopen": "somebody else",
    "unassigned-open-to-permitted": "a step without assignee",
    "completed-process-locks-steps": "a completed process",
    "approved-signoff-is-final": "a sign-off step",
    "edit-details-required": "a user without Quality Edit Details",
    "session-required": "a call without a valid session",
    "json-required": "another content type",
    "request-shape": "a body of another shape",
    "success-is-201": "a permitted call",
    "failure-is-400": "a wrong call",
    "response-headers": "a call",
    "quota-counts-down": "a call",
    "response-shape": "a permitted call",
    "already-open-is-3089": "a step that is open already",
}


@dataclass(frozen=True)
class _Seen:
    """A departure where it was seen."""

    scenario: str
    answer: int
    kind: str
    departure: Departure


def compare(old: Side, new: Side) -> list[Difference]:
    """Returns every difference, the worst first. What several scenarios show alike is one difference."""
    names = sorted({*old.behaviours, *new.behaviours}, key=_place)
    reached = [name for name in names if name in old.reached and name in new.reached]
    broken = [name for name in names if _broken(old, new, name)]
    pairs = [(name, *pair) for name in reached for pair in _answers(old, new, name)]
    renumbering = _renumbering(pairs)
    renumbered = {(one.scenario, id(one.after)) for one in renumbering.refusals} if renumbering else set()
    seen, compared = [], defaultdict(list)
    for name, place, before, after in pairs:
        compared[_kind(before, after)].append((name, place))
        ignored = _ignored(old, new, name, kind_of(after))
        if (name, id(after)) in renumbered:
            ignored |= {"codes", "messages", "status"}
        if name in broken:  # that it fails says so already
            ignored |= {FLIPPED, "codes", "messages", "status"}
        kind = _kind(before, after)
        seen += [_Seen(name, place, kind, one) for one in departures(before, after, ignored)]
    found = [
        *_verdicts(old, new, names, broken),
        *([_profile_change(renumbering)] if renumbering else []),
        *_grouped(seen, compared),
    ]
    order = [*Kind]
    return sorted(found, key=lambda one: (order.index(one.kind), _place(one.scenarios[0])))


def _place(name: str) -> tuple[int, str]:
    rules = [rule.id for rule in contract.rules()]
    rule = name.partition("/")[0]
    return (rules.index(rule) if rule in rules else len(rules), name)


def _verdict(side: Side, name: str) -> str:
    return str(side.behaviours.get(name, {}).get("verdict", ""))


def _broken(old: Side, new: Side, name: str) -> bool:
    now_fails = _verdict(new, name) in _FAILING and _verdict(old, name) not in _FAILING
    known = name in old.behaviours or _rule_passed(old, name.partition("/")[0])
    return now_fails and known and "verdict" not in old.unstable.get(name, ())


def _rule_passed(side: Side, rule: str) -> bool:
    verdicts = [_verdict(side, name) for name in side.behaviours if name.startswith(f"{rule}/")]
    return "pass" in verdicts and not _FAILING.intersection(verdicts)


def _answers(old: Side, new: Side, name: str) -> Iterator[tuple[int, Any, Any]]:
    before, after = old.behaviours[name].get("answers", []), new.behaviours[name].get("answers", [])
    yield from align(before, after, ordered=is_ordered(name, after))


def _ignored(old: Side, new: Side, name: str, kind: str) -> set[str]:
    return {one for side in (old, new) for scope in (name, kind) for one in side.unstable.get(scope, ())}


def _kind(before: Any, after: Any) -> str:
    return kind_of(after) if kind_of(before) == kind_of(after) else FLIPPED


def _verdicts(old: Side, new: Side, names: Sequence[str], broken: Sequence[str]) -> Iterator[Difference]:
    """Yields what fails, is fixed, is no longer reached and is newly reached, each reason once."""
    for rule, scenarios in _by_rule(broken).items():
        why = f": {new.reasons[scenarios[0]]}" if scenarios[0] in new.reasons else ""
        passed = "passed" if scenarios[0] in old.reached else "was not tested"
        waived = " (waived)" if _verdict(new, scenarios[0]) == "waived" else ""
        sentence = f"{rule} fails{waived}, in {_counted(scenarios)}; it {passed} before{why}"
        yield Difference(Kind.PROMISE_BROKEN, sentence, tuple(scenarios), "pass", "fail", answer=0)
    fixed = [name for name in names if _verdict(old, name) in _FAILING and _verdict(new, name) in ("pass", "observed")]
    for rule, scenarios in _by_rule(fixed).items():
        sentence = f"{rule} no longer fails, in {_counted(scenarios)}."
        yield Difference(Kind.FIXED, sentence, tuple(scenarios), "fail", "pass")
    lost: dict[tuple[str, str], list[str]] = defaultdict(list)
    come: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name in names:
        rule, before, after = name.partition("/")[0], _verdict(old, name), _verdict(new, name)
        if name in old.reached and name not in new.reached:
            lost[rule if after else "", new.reasons.get(name, "") if after else "it was not run"].append(name)
        if name in new.reached and name not in old.reached and name not in broken:
            come["", "not tested" if before else "not in the baseline"].append(name)
    for (_, reason), scenarios in lost.items():
        sentence = f"{_counted(scenarios)} can't be compared any more: {reason or 'untested'}"
        yield Difference(Kind.NOT_REACHED, sentence, tuple(scenarios), "reached", "not reached")
    for (_, reason), scenarios in come.items():
        sentence = f"{_counted(scenarios)} can be compared from now on; before: {reason}."
        yield Difference(Kind.NEWLY_REACHED, sentence, tuple(scenarios), "not reached", "reached")


def _by_rule(names: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for name in names:
        found[name.partition("/")[0]].append(name)
    return found


def _renumbering(pairs: Iterable[tuple[str, int, Any, Any]]) -> Renumbering | None:
    recoded, now, before = [], set(), set()
    for name, _, old, new in pairs:
        now |= {*new.get("codes", ())}
        before |= {*old.get("codes", ())}
        if kind_of(old) == kind_of(new) == REFUSED and old.get("codes") != new.get("codes"):
            recoded.append(Recoded(name, old, new))
    return recognise(recoded, now, before)


def _profile_change(found: Renumbering) -> Difference:
    scenarios = tuple(dict.fromkeys(one.scenario for one in found.refusals))
    return Difference(
        Kind.PROFILE_CHANGE, found.sentence, scenarios, found.before, found.after, answer=0, mapping=found.mapping
    )


def _grouped(seen: Iterable[_Seen], compared: Mapping[str, Sequence[Any]]) -> Iterator[Difference]:
    groups: dict[str, list[_Seen]] = defaultdict(list)
    for one in seen:
        key = json.dumps([one.kind, one.departure.name, one.departure.says], sort_keys=True)
        groups[key].append(one)
    for group in groups.values():
        first = group[0]
        whole = len(group) == len(compared[first.kind]) > 1
        scenarios = tuple(dict.fromkeys(one.scenario for one in group))
        code = hint(first.departure.after or []) if first.departure.name == "codes" else ""
        yield Difference(
            _KINDS[first.departure.level],
            f"{_subject(first.kind, scenarios, whole=whole)} {first.departure.says}{code}.",
            scenarios,
            first.departure.before,
            first.departure.after,
            answer=first.answer,
        )


def _subject(kind: str, scenarios: Sequence[str], *, whole: bool) -> str:
    noun = {ACCEPTED: "success", REFUSED: "refusal", FLIPPED: "call"}.get(kind, "answer")
    if whole:
        return f"Every {noun}"
    rules = list(dict.fromkeys(name.partition("/")[0] for name in scenarios))
    if len(rules) > 1:
        return f"The {noun} in {_counted(scenarios)}"
    where = scenarios[0].partition("/")[2] if len(scenarios) == 1 else f"{len(scenarios)} scenarios"
    return f"The {noun} for {_ABOUT.get(rules[0], rules[0])} ({where})"


def _counted(scenarios: Sequence[str]) -> str:
    """Returns how many scenarios of which rules these are; the name where it is one."""
    if len(scenarios) == 1:
        return scenarios[0]
    rules = list(dict.fromkeys(name.partition("/")[0] for name in scenarios))
    return f"{len(scenarios)} scenarios of {rules[0] if len(rules) == 1 else f'{len(rules)} rules'}"
