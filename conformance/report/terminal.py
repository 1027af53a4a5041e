"""What a person reads: failures first, then the table of rules, then one line with the verdict."""

from __future__ import annotations

import textwrap
from collections import Counter, defaultdict
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.report import words
from conformance.report.annotations import disarm
from conformance.report.text import visible

_STYLE = {"pass": "green", "fail": "bold red", "error": "bold magenta", "untested": "yellow", "waived": "cyan"}
_MOST_SHOWN = 3
_MOST_DIFFERENCES = 10  # of a kind
_DRIFT_STYLE = {
    "promise-broken": "bold red",
    "profile-change": "bold red",
    "breaking": "bold red",
    "compatible": "yellow",
    "cosmetic": "",
    "not-reached": "yellow",
    "newly-reached": "",
    "fixed": "green",
}


def print_report(console: Console, report: dict[str, Any], where: str) -> None:
    """Prints the report at the console's width; readable without colour."""
    for rule in report["rules"]:
        failed = [one for one in rule["scenarios"] if one["verdict"] == "fail"]
        if failed:
            _failures(console, rule, failed)
            _stories(console, rule, report)
            console.print()
    console.print(_table(report))
    _reasons(console, report)
    others = len(report["rules"]) - len(words.selected(report))
    if others:
        _line(console, "", f"{others} rule{' was' if others == 1 else 's were'} not selected.", "")
    if "fuzzing" in report:
        _paragraph(console, "", _fuzzing(report["fuzzing"]), "")
    for waiver in report.get("unused_waivers", []):
        _line(console, "waiver that no longer applies  ", waiver, "yellow")
    for note in report.get("notes", []):
        _line(console, "    note  ", note, "yellow")
    for left in report["left_behind"]:
        _line(console, "  left behind  ", left, "yellow")
    if "drift" in report:
        print_drift(console, report["drift"])
    run = report["run"]
    _line(console, "", f"Details: {where}", "")
    style = {0: "bold green", 1: "bold red"}.get(run["exit_code"], "bold yellow")
    reason = f" ({run['reason']})" if run["reason"] else ""
    verdict = {"conforms": "CONFORMS", "fails": "FAILS", "no verdict": "NO VERDICT"}[run["verdict"]]
    if run["exit_code"] == 0 and any(rule["verdict"] == "untested" for rule in words.selected(report)):
        verdict = "CONFORMS AS FAR AS TESTED"
    if run["exit_code"] == 4:
        verdict = "CONFORMS, BUT BEHAVES OTHERWISE THAN THE BASELINE"
    figures = f"{run['calls']} calls, {run['seconds']:.1f} s, seed {run['seed']}, profile {run['profile']}"
    _line(console, "", f"{verdict}{reason}: {figures}", style)


def print_drift(console: Console, drift: dict[str, Any]) -> None:
    """Prints how the target behaves otherwise than before, the worst first."""
    for kind, style in _DRIFT_STYLE.items():
        found = [one for one in drift["differences"] if one["kind"] == kind]
        for one in found[:_MOST_DIFFERENCES]:
            _paragraph(console, f"{kind}: ", one["sentence"], style)
            shown = one["scenarios"][0]
            more = len(one["scenarios"]) - 1
            _line(console, "  in      ", f"{shown}{f' and {more} more' if more else ''}", "")
            if one["curl"]:
                _line(console, "  repeat  ", one["curl"], "dim")
        if len(found) > _MOST_DIFFERENCES:
            _line(console, f"{kind}: ", f"{len(found) - _MOST_DIFFERENCES} more, in drift.json and drift.md", style)
    counts = ", ".join(f"{count} {kind}" for kind, count in drift["summary"].items())
    figures = f"{drift['compared']} scenarios compared with {drift['baseline']}"
    _paragraph(console, "Baseline: ", f"{counts or 'no difference'}; {figures}", "")


def _paragraph(console: Console, label: str, text: str, style: str) -> None:
    """Prints a sentence, broken at the console's width, or at 80 columns where that is wider."""
    width = min(console.width, 80) - 2
    lines = textwrap.wrap(f"{label}{plain(text)}", width, subsequent_indent="  ", break_on_hyphens=False)
    for number, line in enumerate(lines):
        start = label if number == 0 and line.startswith(label) else ""
        console.print(Text(start, style) + Text(line.removeprefix(start)), soft_wrap=True)


def _fuzzing(fuzzing: dict[str, Any]) -> str:
    found, drawn = len(fuzzing["findings"]), fuzzing["cases"] - fuzzing["raw"]
    cases = f"{fuzzing['cases']} cases, {drawn} of them generated" if drawn > 0 else f"{fuzzing['cases']} cases"
    reached = f"{fuzzing['reached']} of {fuzzing['positive']} valid ones reached the rules"
    return f"Fuzzing: {cases}; {reached}; {found or 'no'} finding{'' if found == 1 else 's'}"


def _failures(console: Console, rule: dict[str, Any], failed: list[dict[str, Any]]) -> None:
    _line(console, "FAIL ", rule["id"], "bold red")
    _line(console, f"  page, line {rule['lines']}: ", rule["quote"], "italic")
    for scenario in failed[:_MOST_SHOWN]:
        _line(console, "  ", scenario["id"], "bold")
        if "expected" in scenario:
            _line(console, "    expected  ", scenario["expected"], "")
            _line(console, "    actual    ", scenario["actual"], "")
        else:
            _line(console, "    reason    ", scenario["reason"], "")
        if "curl" in scenario:
            _line(console, "    repeat    ", scenario["curl"], "dim")
    if len(failed) > _MOST_SHOWN:
        more = len(failed) - _MOST_SHOWN
        _line(console, "  ", f"and {more} more scenario{'' if more == 1 else 's'} of this rule", "")


def _stories(console: Console, rule: dict[str, Any], report: dict[str, Any]) -> None:
    """Tells the shortest walk that breaks the rule, an action a line; its last answer is the failure itself."""
    for story in report.get("walks", {}).get("stories", []):
        if story["rule"] == rule["id"]:
            _line(console, "  ", "the shortest walk that shows it", "bold")
            for number, one in enumerate(story["actions"], start=1):
                told = f"{one['account']} {one['action']}: {one['actual'].partition(' ')[0]}"
                wanted = f", expected {one['expected']}" if one["expected"] else ""
                _line(console, f"    {number}. ", f"{told}{wanted}", "")


def _table(report: dict[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("rule")
    table.add_column("verdict")
    table.add_column("scenarios", justify="right")
    table.add_column("calls", justify="right")
    for rule in words.selected(report):
        verdict = Text(rule["verdict"], style=_STYLE[rule["verdict"]])
        table.add_row(rule["id"], verdict, rule["coverage"], str(rule["calls"]))
    return table


def _reasons(console: Console, report: dict[str, Any]) -> None:
    """Says why a rule, or a scenario, could not be tested: each reason once."""
    rules, scenarios = defaultdict(list), Counter[tuple[str, str]]()
    for rule in words.selected(report):
        if rule["verdict"] in ("error", "untested", "waived"):
            rules[rule["verdict"], rule["reason"]].append(rule["id"])
        for one in rule["scenarios"]:
            if one["verdict"] in ("untested", "error") and one["reason"] != rule["reason"]:
                scenarios[one["verdict"], one["reason"]] += 1
    for (verdict, reason), names in rules.items():
        _line(console, f"{verdict:>8}  ", f"{', '.join(names)}: {reason}", _STYLE[verdict])
    for (verdict, reason), count in scenarios.items():
        _line(console, f"{verdict:>8}  ", f"{count} scenario{'' if count == 1 else 's'}: {reason}", _STYLE[verdict])


def _line(console: Console, label: str, text: str, style: str) -> None:
    """Prints one line. What the target sent can't move the cursor, and is never at a line's beginning."""
    console.print(Text(label) + Text(plain(text), style=style), soft_wrap=True)


def plain(text: str) -> str:
    """Returns `text` with all that steers a terminal, a CI service or the direction of writing made visible."""
    return disarm(visible(text))
