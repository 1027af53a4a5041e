"""`summary.md`: the verdict on one screen, for the page of a CI job."""

from __future__ import annotations

import re
from typing import Any, Final

from conformance.report import words
from conformance.report.text import shortened, visible

MOST_SHOWN: Final = 5
LONGEST: Final = 300
# What means something to Markdown, and what GitHub turns into links: addresses, mentions, e-mail addresses.
_MARKUP: Final = re.compile(r"([\\`*_{}\[\]<>#|~&$@!]|:(?=//)|(?<=[wW]{3})\.|\A[+-])")
_NUMBER: Final = re.compile(r"\A(\d+)([.)])")  # would begin a list


def render(report: dict[str, Any]) -> str:
    """Returns Markdown. What a target sent is plain text in it: no markup, no link, no mention, no end of a table."""
    run = report["run"]
    lines = [
        f"## {words.sign(report)} Arena conformance: {words.headline(report)}",
        "",
        _text(words.sentence(report)),
        "",
        f"Target {_code(run['target'])}, profile {run['profile']}, {run['calls']:,} calls in {run['seconds']:.1f} s"
        f"{_quota(run['quota'])}, seed {run['seed']}, {run['started']}.",
        *_failures(report),
        *_drift(report),
        *_gaps(report),
        "",
        "| Rule | Verdict | Scenarios | Calls |",
        "|---|---|---:|---:|",
        *(_row(rule) for rule in words.selected(report)),
    ]
    for title, entries in words.remarks(report).items():
        lines += ["", f"**{title}**", "", *(f"- {_code(entry)}" for entry in entries)]
    return "\n".join(lines) + "\n"


def _row(rule: dict[str, Any]) -> str:
    sign = words.SIGNS[rule["verdict"]]
    return f"| {rule['id']} | {sign} {rule['verdict']} | {rule['coverage']} | {rule['calls']} |"


def _quota(quota: dict[str, int | None]) -> str:
    return "" if quota["after"] is None else f", {quota['after']:,} left of the quota"


def _failures(report: dict[str, Any]) -> list[str]:
    lines = []
    for rule in report["rules"]:
        failed = [one for one in rule["scenarios"] if one["verdict"] == "fail"]
        if failed:
            lines += ["", f"### ✕ {rule['id']}", "", f"{_text(rule['quote'])} (the page, line {rule['lines']})", ""]
            for one in failed[:MOST_SHOWN]:
                lines += [f"- **{one['id'].partition('/')[2]}**", f"  - expected: {_code(one.get('expected', ''))}"]
                lines += [f"  - actual: {_code(one.get('actual') or one['reason'])}"]
            if len(failed) > MOST_SHOWN:
                lines += [f"- and {len(failed) - MOST_SHOWN} more"]
    return lines


def _drift(report: dict[str, Any]) -> list[str]:
    drift = report.get("drift")
    if not drift or not drift["differences"]:
        return []
    shown = [f"- {_text(one['kind'])}: {_text(one['sentence'])}" for one in drift["differences"][: MOST_SHOWN * 2]]
    more = len(drift["differences"]) - len(shown)
    lines = ["", f"### Differs from {_code(drift['baseline'])}", "", *shown]
    return [*lines, f"- and {more} more"] if more else lines


def _gaps(report: dict[str, Any]) -> list[str]:
    gaps = words.gaps(report)
    if not gaps:
        return []
    lines = ["", "**Not tested**", ""]
    for gap in gaps:
        what = ", ".join(gap.rules) or f"{len(gap.scenarios)} scenario{'' if len(gap.scenarios) == 1 else 's'}"
        lines.append(f"- {what}: {_text(gap.reason)}")
    return lines


def _text(text: str) -> str:
    """Returns a text on one line in which nothing means anything to Markdown."""
    line = visible(shortened(text.replace("\n", " "), LONGEST))
    return _NUMBER.sub(r"\1\\\2", _MARKUP.sub(r"\\\1", line))


def _code(text: str) -> str:
    """Returns a text on one line as code: as it is, between more backticks than are in it."""
    line = visible(shortened(text.replace("\n", " "), LONGEST)).strip() or " "
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    return f"{fence} {line} {fence}" if "`" in line else f"{fence}{line}{fence}"
