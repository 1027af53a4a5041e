"""What CI services read off a job's log: our own messages reach them, and nothing that a target sent does."""

from __future__ import annotations

import re
from typing import Any, Final

from conformance.report import words
from conformance.report.text import shortened, visible

LONGEST: Final = 1000
# GitHub obeys `##[command]` and Azure `##vso[command]` anywhere in a line, TeamCity `##teamcity[...]`
_COMMAND: Final = re.compile(r"##(?=\w*\[)")


def disarm(line: str) -> str:
    """Returns a line of a log in which no CI service finds a command, and that is otherwise as it was."""
    line = _COMMAND.sub(r"#\\x23", line)
    return re.sub(r"\A(\s*):(?=:)", r"\1\\x3a", line)


def render(report: dict[str, Any]) -> list[str]:
    """Returns an `::error` command for each rule that failed, and one for a run without a verdict."""
    commands = []
    for rule in report["rules"]:
        failed = [one for one in rule["scenarios"] if one["verdict"] == "fail"]
        if failed:
            first = failed[0]
            more = f" (and {len(failed) - 1} more)" if len(failed) > 1 else ""
            message = f"{first['id']}: {first['reason']}{more}\nThe page, line {rule['lines']}: {rule['quote']}"
            commands.append(_error(f"Arena rule broken: {rule['id']}", message))
    run = report["run"]
    if run["exit_code"] not in (0, 1):
        commands.append(_error(f"Arena conformance: {words.headline(report)}", run["reason"] or run["verdict"]))
    return commands


def _error(title: str, message: str) -> str:
    shown = visible(shortened(message, LONGEST), "\n")
    return f"::error title={_property(title)}::{_data(shown)}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
