"""The verdict in words, and what was left out: the same in every rendering."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

SIGNS: Final = {"pass": "✓", "fail": "✕", "error": "!", "untested": "?", "waived": "~", "observed": "○"}
WORST_FIRST: Final = ("fail", "error", "untested", "waived", "observed", "pass")
NOT_SELECTED: Final = "not selected"
DIFFERS: Final = 4  # the exit code of a run that conforms, but not as the baseline says


@dataclass(frozen=True)
class Gap:
    """Scenarios, or whole rules, that could not be tested for one reason."""

    verdict: str
    reason: str
    rules: tuple[str, ...]
    scenarios: tuple[str, ...]


def selected(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Returns the rules that the run was to test."""
    return [rule for rule in report["rules"] if rule["reason"] != NOT_SELECTED]


def headline(report: dict[str, Any]) -> str:
    """Returns the run's verdict in a few words."""
    run = report["run"]
    if run["exit_code"] == DIFFERS:
        return "Conforms, but differs from the baseline"
    if run["verdict"] == "conforms" and any(rule["verdict"] == "untested" for rule in selected(report)):
        return "Conforms as far as tested"
    return str(run["verdict"]).capitalize()


def tone(report: dict[str, Any]) -> str:
    """Returns the verdict whose colour and sign stand for the whole run."""
    return {0: "pass", 1: "fail"}.get(report["run"]["exit_code"], "untested")


def sign(report: dict[str, Any]) -> str:
    """Returns the verdict as one character."""
    return "≠" if report["run"]["exit_code"] == DIFFERS else SIGNS[tone(report)]


def sentence(report: dict[str, Any]) -> str:
    """Returns what the verdict means, as a sentence."""
    run, tested = report["run"], selected(report)
    total = len(report["rules"])
    count = Counter(rule["verdict"] for rule in tested)
    if count["fail"]:
        said = f"The server breaks {count['fail']} of the page's {total} promises."
    elif run["verdict"] == "no verdict":
        return f"Nothing can be said about the server: {run['reason']}."
    elif len(tested) == total == count["pass"]:
        said = f"The server keeps all {total} promises of the page."
    else:
        said = f"The server keeps {count['pass']} of the page's {total} promises."
    others = [
        (count["untested"] + count["error"], "could not be tested"),
        (count["waived"], "waived"),
        (total - len(tested), "not selected for this run"),
    ]
    rest = ", ".join(f"{number} {what}" for number, what in others if number)
    return f"{said} Of the others: {rest}." if rest else said


def gaps(report: dict[str, Any]) -> list[Gap]:
    """Returns what could not be tested, each reason once; what was not selected is not in it."""
    rules: dict[tuple[str, str], list[str]] = {}
    scenarios: dict[tuple[str, str], list[str]] = {}
    for rule in selected(report):
        own = (rule["verdict"], rule["reason"])
        if rule["verdict"] in ("untested", "error"):
            rules.setdefault(own, []).append(rule["id"])
        for one in rule["scenarios"]:
            if one["verdict"] in ("untested", "error"):
                scenarios.setdefault((one["verdict"], one["reason"]), []).append(one["id"])
    keys = [*rules, *(key for key in scenarios if key not in rules)]
    return [Gap(*key, tuple(rules.get(key, ())), tuple(scenarios.get(key, ()))) for key in keys]


def tally(report: dict[str, Any]) -> dict[str, int]:
    """Returns how many scenarios have each verdict, the worst first; without those that none has."""
    count = Counter(one["verdict"] for rule in report["rules"] for one in rule["scenarios"])
    return {
        verdict: count[verdict]
        for verdict in ("fail", "error", "untested", "waived", "observed", "pass")
        if count[verdict]
    }


def remarks(report: dict[str, Any]) -> dict[str, list[str]]:
    """Returns, by title, what else whoever reads the report must know."""
    lists = {
        "Left behind on the target": report["left_behind"],
        "Waivers that waive nothing any more": report.get("unused_waivers", []),
        "Notes": report.get("notes", []),
    }
    return {title: entries for title, entries in lists.items() if entries}
