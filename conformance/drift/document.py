"""`drift.json` and `drift.md`: what a comparison found, for programs and for people."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from conformance.behaviour.document import is_ordered
from conformance.drift.compare import compare
from conformance.drift.difference import Difference, Kind, Level, Side
from conformance.evidence import curl_of
from conformance.session import REOPEN

VERSION: Final = 1
DIFFERS: Final = 4  # the exit code of a run that conforms, and of a comparison, with differences that matter
TITLES: Final[Mapping[str, str]] = {
    Kind.PROMISE_BROKEN: "Promises broken",
    Kind.PROFILE_CHANGE: "Change of profile",
    Kind.BREAKING: "Breaking",
    Kind.COMPATIBLE: "Compatible",
    Kind.COSMETIC: "Cosmetic",
    Kind.NOT_REACHED: "Not reached any more",
    Kind.NEWLY_REACHED: "Newly reached",
    Kind.FIXED: "Fixed",
}
_MOST_SCENARIOS: Final = 10


def make(
    differences: Sequence[Difference],
    old: Side,
    new: Side,
    *,
    names: tuple[str, str],
    report: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Returns what drift.json says. `names` are what the sides are called; `report` is the newer one."""
    counts = Counter(one.kind for one in differences)
    return {
        "version": VERSION,
        "baseline": names[0],
        "new": names[1],
        "profile": {"before": old.profile, "after": new.profile},
        "worst": worst(differences).name.lower(),
        "compared": len(old.reached & new.reached),
        "summary": {str(kind): counts[kind] for kind in Kind if counts[kind]},
        "differences": [_entry(one, report) for one in differences],
    }


def worst(differences: Iterable[Difference]) -> Level:
    """Returns how bad the worst of them is."""
    return max((one.level for one in differences), default=Level.NONE)


def markdown(drift: Mapping[str, Any]) -> str:
    """Returns drift.md; what a target sent stands in code, so that it can't be taken for Markdown."""
    lines = ["# Differences from the baseline", "", f"{_code(drift['new'])} compared with {_code(drift['baseline'])}"]
    before, after = drift["profile"]["before"], drift["profile"]["after"]
    lines[-1] += f" (profile {before})." if before == after else f" (profile {after} with {before})."
    counts = ", ".join(f"{count} {kind.replace('-', ' ')}" for kind, count in drift["summary"].items())
    lines += ["", f"{drift['compared']} scenarios compared: {counts or 'no difference'}. Worst: {drift['worst']}.", ""]
    for kind, title in TITLES.items():
        found = [one for one in drift["differences"] if one["kind"] == kind]
        if found:
            lines += [f"## {title}", ""]
            for one in found:
                lines += _section(one)
    return "\n".join(lines)


def _section(one: Mapping[str, Any]) -> list[str]:
    lines = [f"### {_plain(one['sentence'])}", ""]
    if "mapping" in one:
        lines += [
            "| situation | before | after | message before | message after | scenarios |",
            "|---|---|---|---|---|---|",
        ]
        for entry in one["mapping"]:
            messages = [_code(entry[name]) for name in ("message_before", "message_after")]
            cells = [entry["situation"], entry["before"], entry["after"], *messages, entry["scenarios"]]
            lines.append(f"| {' | '.join(str(cell).replace('|', chr(92) + '|') for cell in cells)} |")
        lines.append("")
    else:
        lines += [f"- before: {_code(_json(one['before']))}", f"- after: {_code(_json(one['after']))}"]
    shown = [_code(name) for name in one["scenarios"][:_MOST_SCENARIOS]]
    more = len(one["scenarios"]) - len(shown)
    lines.append(f"- in {', '.join(shown)}{f' and {more} more' if more else ''}")
    if one["curl"]:
        lines.append(f"- repeat: {_code(one['curl'])}")
    return [*lines, ""]


def _entry(one: Difference, report: Mapping[str, Any] | None) -> dict[str, Any]:
    entry = {
        "kind": str(one.kind),
        "rule": one.scenarios[0].partition("/")[0],
        "scenario": one.scenarios[0],
        "scenarios": list(one.scenarios),
        "sentence": one.sentence,
        "before": one.before,
        "after": one.after,
        "curl": _curl(one, report) if report else "",
    }
    return entry | ({"mapping": [dict(entry) for entry in one.mapping]} if one.mapping else {})


def _curl(one: Difference, report: Mapping[str, Any]) -> str:
    """Returns the command that repeats the call which shows a difference."""
    if one.answer is None:
        return ""
    name = one.scenarios[0]
    scenarios = [scenario for rule in report["rules"] for scenario in rule["scenarios"] if scenario["id"] == name]
    numbers = scenarios[0]["exchanges"] if scenarios else []
    by_id = {exchange["id"]: exchange for exchange in report["exchanges"]}
    own = [by_id[number] for number in numbers if number in by_id]
    calls = [call for call in own if call["operation"] == REOPEN and call["purpose"] == "scenario"] or own
    if not calls:
        return ""
    answers = report["behaviours"].get(name, {}).get("answers", [])
    call = calls[one.answer if is_ordered(name, answers) and one.answer < len(calls) else 0]
    return curl_of(call["request"])


def _json(given: Any) -> str:
    return json.dumps(given, ensure_ascii=False)


def _visible(text: str) -> str:
    """Returns a text on one line, with all that could turn or hide what is around it made visible."""
    line = " ".join(text.split())
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in line)


def _plain(text: str) -> str:
    """Returns a text for a heading: on one line, without anything that Markdown would take for itself."""
    return "".join(f"\\{character}" if character in "\\`*_[]<>#|" else character for character in _visible(text))


def _code(text: str) -> str:
    """Returns a text as inline code, whatever back-ticks are in it."""
    text = _visible(text) or " "
    longest = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {text} {fence}" if longest else f"{fence}{text}{fence}"


def attach(report: Mapping[str, Any], baseline: Side, name: str, fail_on: Level) -> dict[str, Any]:
    """Returns the report with how the target behaves otherwise than the baseline.

    A run that conforms has exit code 4 where a difference is as bad as `fail_on`, or worse.
    """
    new = Side.of_report(report)
    differences = compare(baseline, new)
    drift = make(differences, baseline, new, names=(name, str(report["run"]["target"])), report=report)
    run = dict(report["run"])
    if run["exit_code"] == 0 and worst(differences) >= fail_on:
        number = sum(one.level >= fail_on for one in differences)
        reason = f"{number} difference{'' if number == 1 else 's'} from the baseline, the worst {drift['worst']}"
        run |= {"exit_code": DIFFERS, "reason": "; ".join(filter(None, (run["reason"], reason)))}
    return {**report, "run": run, "drift": drift}
