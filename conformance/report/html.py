"""`index.html`: one file that holds everything and asks nobody for anything."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from conformance.report import calls, picture, words
from conformance.report.text import visible

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES: Final = Path(__file__).parent / "templates"
MOST_LINKS: Final = 20


def render(report: dict[str, Any]) -> str:
    """Returns the page of a report. It needs nothing else, and what a target sent stays text in it."""
    style, script = ((TEMPLATES / name).read_text("utf-8") for name in ("page.css", "page.js"))
    shown = calls.show(report)
    made_by = _by_scenario(report["exchanges"])
    rules = [_rule(rule, shown, made_by) for rule in report["rules"]]
    return (
        _environment()
        .get_template("index.html.j2")
        .render(
            report=report,
            run=report["run"],
            style=style,
            script=script,
            policy=_policy(style, script),
            headline=words.headline(report),
            sentence=words.sentence(report),
            tone=words.tone(report),
            sign=words.sign(report),
            signs=words.SIGNS,
            tally=words.tally(report),
            gaps=words.gaps(report),
            remarks=words.remarks(report),
            selected=words.selected(report),
            failed=[rule for rule in report["rules"] if rule["verdict"] == "fail"],
            who=picture.WHO,
            states=picture.STATES,
            cells=picture.draw(report),
            rules=rules,
            others=[(name, [shown[number] for number in numbers]) for name, numbers in made_by.items()],
            timeline=calls.timeline(report["exchanges"]),
            operations=_operations(report["exchanges"]),
            drift=report.get("drift"),
            fuzzing=report.get("fuzzing"),
            walks=report.get("walks"),
            most_links=MOST_LINKS,
            left_out=sum(not call.response for call in shown.values()),
            json=lambda value: json.dumps(value, ensure_ascii=False, indent=1),
        )
    )


def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    from conformance.report import compiled

    def as_content(text: str) -> Markup:
        """Escapes what stands in an element; quotes stay as they are there: a sixth of the page would be `&#34;`."""
        return Markup(escape(visible(text, "\n\t"), quote=False))  # noqa: S704 - it is escaped here

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        bytecode_cache=compiled.kept_for(__file__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=lambda value: visible(value, "\n\t") if type(value) is str else value,
    )
    environment.filters["content"] = as_content
    return environment


def _policy(style: str, script: str) -> str:
    """Returns a Content-Security-Policy under which nothing is loaded and only our own script runs."""
    return "; ".join(
        (
            "default-src 'none'",
            f"style-src '{_digest(style)}'",
            f"script-src '{_digest(script)}'",
            "img-src data:",  # the icon, which a browser would otherwise ask the server for
            "base-uri 'none'",
            "form-action 'none'",
            "require-trusted-types-for 'script'",
        )
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _by_scenario(exchanges: Sequence[Mapping[str, Any]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for exchange in exchanges:
        found.setdefault(exchange["scenario"], []).append(exchange["id"])
    return found


def _rule(rule: Mapping[str, Any], shown: Mapping[int, calls.Call], made_by: dict[str, list[int]]) -> dict[str, Any]:
    """Returns a rule with the calls that its scenarios made, which it takes out of `made_by`."""
    scenarios = []
    for one in rule["scenarios"]:
        own = made_by.pop(one["id"], [])
        elsewhere = [number for number in one["exchanges"] if number not in own]
        scenarios.append({**one, "calls": [shown[number] for number in own], "elsewhere": elsewhere})
    return {**rule, "scenarios": scenarios, "selected": rule["reason"] != words.NOT_SELECTED}


def _operations(exchanges: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for exchange in exchanges:
        found.setdefault(exchange["operation"], []).append(exchange)
    rows = []
    for name, made in sorted(found.items(), key=lambda item: -len(item[1])):
        slowest = max(made, key=lambda one: one["milliseconds"])
        times = sorted(one["milliseconds"] for one in made)
        rows.append(
            {
                "name": name,
                "calls": len(made),
                "median": calls.duration(times[len(times) // 2]),
                "slowest": slowest["id"],
                "slowest_time": calls.duration(slowest["milliseconds"]),
            }
        )
    return rows
