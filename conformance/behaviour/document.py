"""Behaviours as they are written: what most answers have in common stands once. Pure.

`compact` and `expand` undo each other. Written, an answer names only what it does not share with most answers of its
kind, so that a header which every answer gets is one line and not hundreds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final

ACCEPTED, REFUSED, OTHER = "accepted", "refused", "other"
KINDS: Final = (ACCEPTED, REFUSED, OTHER)
ABSENT: Final = "(absent)"
_WHOLE: Final = ("connection", "cost", "current_step", "guids")  # one value each
_ENTRIES: Final = ("headers", "body")  # an entry for each header, and for each place in the body
_TOLD_OR_NOT: Final = frozenset({"cost", "current_step", "guids"})  # the calls around a call do not always tell
_OF_CIRCUMSTANCES: Final = frozenset({"cost", "current_step"})
NOT_TOLD: Final = "(not told)"
NOT_SHOWN: Final = "(not shown)"  # a view does not have the field that a call may change
AT_ONCE: Final = "several at once"  # who called: the answers to simultaneous calls come in any order
GENERATED: Final = "fuzz-"  # the scenario of a class of generated input; how many examples are drawn is chance

Answer = dict[str, Any]
Behaviours = dict[str, dict[str, Any]]


def kind_of(answer: Mapping[str, Any]) -> str:
    """Returns whether the target did what was asked, refused it, or neither."""
    status = answer.get("status")
    hundreds = status // 100 if isinstance(status, int) else 0
    return {2: ACCEPTED, 4: REFUSED}.get(hundreds, OTHER)


def is_ordered(scenario: str, answers: Iterable[Mapping[str, Any]]) -> bool:
    """Tells whether the order of a scenario's answers is that of its calls; where it is chance, they are sorted."""
    drawn = scenario.partition("/")[2].startswith(GENERATED)
    return not drawn and not any(answer.get("as") == AT_ONCE for answer in answers)


def compact(behaviours: Mapping[str, Mapping[str, Any]]) -> Behaviours:
    """Returns the behaviours with what answers have in common under `accepted`, `refused` and `other`."""
    answers = [answer for one in behaviours.values() for answer in one.get("answers", ())]
    shared = {kind: _common([one for one in answers if kind_of(one) == kind]) for kind in KINDS}
    common: Behaviours = {kind: one for kind, one in shared.items() if one}
    for name in sorted(behaviours):
        one = dict(behaviours[name])
        if "answers" in one:
            one["answers"] = [_less(answer, shared[kind_of(answer)]) for answer in one["answers"]]
            if not one["answers"]:
                del one["answers"]
        common[name] = one
    return common


def expand(written: Mapping[str, Mapping[str, Any]]) -> Behaviours:
    """Returns every scenario's behaviour by itself; the answers are whole again."""
    return {
        name: {
            **one,
            "answers": [_whole(answer, written.get(kind_of(answer), {})) for answer in one.get("answers", ())],
        }
        for name, one in written.items()
        if name not in KINDS
    }


def _common(answers: list[Answer]) -> Answer:
    if not answers:
        return {}
    common: Answer = {}
    for part in _WHOLE:
        told = [answer[part] for answer in answers if part in answer]
        value = _usual(told, len(told) if part in _TOLD_OR_NOT else len(answers))
        if value is not None:
            common[part] = value
    for part in _ENTRIES:
        common[part] = _usual_entries([answer.get(part, {}) for answer in answers])
    changes = [answer["changes"] for answer in answers if "changes" in answer]
    views = sorted({view for one in changes for view in one})
    if views:
        common["changes"] = {view: _usual_entries([one[view] for one in changes if view in one]) for view in views}
    return common


def _whole_parts(answer: Mapping[str, Any]) -> tuple[str, ...]:
    """Returns what stands in an answer as one value; of generated input nothing is told of the circumstances."""
    return _WHOLE if "as" in answer else tuple(part for part in _WHOLE if part not in _OF_CIRCUMSTANCES)


def _usual(values: list[Any], of: int) -> Any:
    """Returns the value that more than half of them have; None where there is none."""
    counted = Counter(values).most_common(1)
    return counted[0][0] if counted and counted[0][1] * 2 > of else None


def _usual_entries(entries: list[Mapping[str, str]]) -> dict[str, str]:
    names = sorted({name for one in entries for name in one})
    usual = ((name, _usual([one[name] for one in entries if name in one], len(entries))) for name in names)
    return {name: str(value) for name, value in usual if value is not None}


def _less(answer: Answer, common: Answer) -> Answer:
    """Returns an answer without what it has in common with others."""
    less = {name: value for name, value in answer.items() if name not in (*_WHOLE, *_ENTRIES, "changes")}
    for part in _whole_parts(answer):
        value = answer.get(part, NOT_TOLD)
        if value != common.get(part, NOT_TOLD):
            less[part] = value
    for part in _ENTRIES:
        departing = _departing(answer.get(part, {}), common.get(part, {}))
        if departing:
            less[part] = departing
    if "changes" in answer:
        less["read"] = sorted(answer["changes"])
        changed = {
            view: _departing(entries, common.get("changes", {}).get(view, {}))
            for view, entries in sorted(answer["changes"].items())
        }
        if any(changed.values()):
            less["changes"] = {view: entries for view, entries in changed.items() if entries}
    return less


def _whole(less: Mapping[str, Any], common: Mapping[str, Any]) -> Answer:
    """Returns an answer with what it has in common with others."""
    whole = {name: value for name, value in less.items() if name not in (*_WHOLE, *_ENTRIES, "changes", "read")}
    for part in _whole_parts(less):
        value = less.get(part, common.get(part, NOT_TOLD))
        if value != NOT_TOLD:
            whole[part] = value
    for part in _ENTRIES:
        whole[part] = _merged(common.get(part, {}), less.get(part, {}))
    if "read" in less:
        changes, own = common.get("changes", {}), less.get("changes", {})
        whole["changes"] = {view: _merged(changes.get(view, {}), own.get(view, {})) for view in less["read"]}
    return whole


def _departing(entries: Mapping[str, str], common: Mapping[str, str]) -> dict[str, str]:
    names = sorted({*entries, *common})
    shown = {name: entries.get(name, ABSENT) for name in names}
    return {name: value for name, value in shown.items() if value != common.get(name, ABSENT)}


def _merged(common: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    both = {**common, **own}
    return {name: both[name] for name in sorted(both) if both[name] != ABSENT}
