"""Compares the behaviour of a target at two times. Pure."""

from __future__ import annotations

import re
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
_NOUNS: Final = {ACCEPTED: "success", REFUSED: "refusal"}
_KINDS: Final = {Level.BREAKING: Kind.BREAKING, Level.COMPATIBLE: Kind.COMPATIBLE, Level.COSMETIC: Kind.COSMETIC}

# What is sent there is a guid that was altered, so that it depends on what guids are made of.
_ALTERED_GUID: Final = re.compile(r"request-shape/(.*-)?guids?(-|$)")

# Which calls a rule's scenarios make, for the sentences: "a call …".
_CALLS: Final[Mapping[str, str]] = {
    "assignee-may-reopen": "from the assignee",
    "owner-may-reopen": "from the owner",
    "others-may-not-reopen": "from somebody else",
    "unassigned-open-to-permitted": "on a step without assignee",
    "completed-process-locks-steps": "on a completed process",
    "approved-signoff-is-final": "on a sign-off step",
    "edit-details-required": "from a user without Quality Edit Details",
    "session-required": "without a valid session",
    "json-required": "with another content type",
    "request-shape": "with a body of another shape",
    "already-open-is-3089": "on a step that is open already",
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
    told = [
        (before["guids"], after["guids"]) for _, _, before, after in pairs if "guids" in before and "guids" in after
    ]
    other_guids = any(one != another for one, another in told)
    renumbered = {(one.scenario, id(one.after)) for one in renumbering.refusals} if renumbering else set()
    seen, compared = [], defaultdict(list)
    for name, place, before, after in pairs:
        compared[_kind(before, after)].append((name, place))
        ignored = _ignored(old, new, name, kind_of(after))
        if (name, id(after)) in renumbered:
            ignored |= {"codes", "messages", "status"}
        if name in broken or (other_guids and _ALTERED_GUID.match(name)):
            ignored |= {FLIPPED, "codes", "messages", "status"}  # that it fails says so already
        kind = _kind(before, after)
        seen += [_Seen(name, place, kind, one) for one in departures(before, after, ignored)]
    found = [
        *_verdicts(old, new, names, broken),
        *([_profile_change(renumbering, new.profile)] if renumbering else []),
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
        passed = "passed" if scenarios[0] in old.reached or _rule_passed(old, rule) else "was not tested"
        waived = " (waived)" if _verdict(new, scenarios[0]) == "waived" else ""
        sentence = f"{rule} fails{waived}, in {_counted(scenarios)}; it {passed} before{why}"
        yield Difference(Kind.PROMISE_BROKEN, sentence, tuple(scenarios), "pass", "fail", answer=0)
    fixed = [name for name in names if _verdict(old, name) in _FAILING and _verdict(new, name) in ("pass", "observed")]
    for rule, scenarios in _by_rule(fixed).items():
        sentence = f"{rule} no longer fails, in {_counted(scenarios)}."
        yield Difference(Kind.FIXED, sentence, tuple(scenarios), "fail", "pass")
    lost = [name for name in names if name in old.reached and name not in new.reached]
    yield from _lost([name for name in lost if name not in new.behaviours], "it was not run")
    for scenarios in _by_rule(name for name in lost if name in new.behaviours).values():
        yield from _lost(scenarios, new.reasons.get(scenarios[0], "untested")[:200])
    come = [name for name in names if name in new.reached and name not in old.reached and name not in broken]
    for known, before in ((True, "not tested"), (False, "not in the baseline")):
        scenarios = [name for name in come if (name in old.behaviours) is known]
        if scenarios:
            sentence = f"{_counted(scenarios)} can be compared from now on; before: {before}."
            yield Difference(Kind.NEWLY_REACHED, sentence, tuple(scenarios), "not reached", "reached")


def _lost(scenarios: Sequence[str], reason: str) -> Iterator[Difference]:
    if scenarios:
        sentence = f"{_counted(scenarios)} can't be compared any more: {reason}"
        yield Difference(Kind.NOT_REACHED, sentence, tuple(scenarios), "reached", "not reached")


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


def _profile_change(found: Renumbering, profile: str) -> Difference:
    scenarios = tuple(dict.fromkeys(one.scenario for one in found.refusals))
    still = "" if profile == found.after else f" It was tested as profile {profile}."
    return Difference(
        Kind.PROFILE_CHANGE,
        found.sentence + still,
        scenarios,
        found.before,
        found.after,
        answer=0,
        mapping=found.mapping,
    )


def _grouped(seen: Iterable[_Seen], compared: Mapping[str, Sequence[Any]]) -> Iterator[Difference]:
    """Yields one difference for what is said alike of several answers."""
    groups: dict[tuple[bool, str, str], list[_Seen]] = defaultdict(list)
    for one in seen:
        groups[one.kind == FLIPPED, one.departure.name, one.departure.says].append(one)
    for group in groups.values():
        first = group[0]
        scenarios = tuple(dict.fromkeys(one.scenario for one in group))
        before, after = first.departure.before, first.departure.after
        code = hint([code for code in after or [] if code not in before]) if first.departure.name == "codes" else ""
        yield Difference(
            _KINDS[first.departure.level],
            f"{_subject(group, scenarios, compared)} {first.departure.says}{code}.",
            scenarios,
            before,
            after,
            answer=first.answer,
        )


def _subject(group: Sequence[_Seen], scenarios: Sequence[str], compared: Mapping[str, Sequence[Any]]) -> str:
    kinds = {one.kind for one in group}
    noun = _NOUNS.get(group[0].kind, "answer") if len(kinds) == 1 else "answer"
    if FLIPPED not in kinds and 1 < len(group) == sum(len(compared[kind]) for kind in kinds):
        return f"Every {noun}"
    thing = "A call" if FLIPPED in kinds else f"The {noun} of a call"
    rules = list(dict.fromkeys(name.partition("/")[0] for name in scenarios))
    if len(rules) == 1 and rules[0] in _CALLS:
        where = scenarios[0].partition("/")[2] if len(scenarios) == 1 else f"{len(scenarios)} scenarios"
        return f"{thing} {_CALLS[rules[0]]} ({where})"
    return f"{thing} in {_counted(scenarios)}"


def _counted(scenarios: Sequence[str]) -> str:
    """Returns how many scenarios of which rules these are; the name where it is one."""
    if len(scenarios) == 1:
        return scenarios[0]
    rules = list(dict.fromkeys(name.partition("/")[0] for name in scenarios))
    return f"{len(scenarios)} scenarios of {rules[0] if len(rules) == 1 else f'{len(rules)} rules'}"
