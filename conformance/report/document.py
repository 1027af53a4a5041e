"""`report.json`: the one source of everything that is rendered."""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

from conformance import __version__, behaviour, contract, schemas
from conformance.evidence import Exchange, Recorder, curl
from conformance.invariants import REMAINING
from conformance.verdict import RuleOutcome, RunOutcome, Scenario, Verdict

if TYPE_CHECKING:
    from conformance.judge import Run

VERSION: Final = 1
LONGEST_TEXT: Final = 64 * 1024
_SCHEMA: Final = Path(__file__).with_name("report.schema.json")

Clean = Callable[[str], str]


def make(
    run: Run, outcomes: Sequence[RuleOutcome], outcome: RunOutcome, *, started: dt.datetime, seconds: float
) -> dict[str, Any]:
    """Returns the report of a finished run. No secret is in it, whatever the target sent."""
    recorder = run.recorder
    exchanges = recorder.exchanges
    scenarios = [scenario for rule in outcomes for scenario in rule.scenarios]
    clean = run.recorder.redactor.text
    return {
        "version": VERSION,
        "run": {
            "verdict": outcome.verdict,
            "exit_code": outcome.exit_code,
            "reason": clean(outcome.reason),
            "started": started.isoformat(timespec="seconds").replace("+00:00", "Z"),
            "seconds": seconds,
            "seed": run.settings.seed,
            "suite_version": __version__,
            "target": run.target.base_url,
            "profile": run.target.profile,
            "calls": recorder.count,
            "quota": _quota(exchanges),
        },
        "rules": [_rule(rule, recorder, clean) for rule in outcomes],
        "observations": [
            {"scenario": one.id, "observed": clean(one.reason)} for one in scenarios if one.verdict is Verdict.OBSERVED
        ],
        "behaviours": behaviour.record(scenarios, exchanges, exclusive=run.target.exclusive, clean=clean),
        **_fuzzing(run, scenarios, clean),
        "exchanges": [_exchange(exchange) for exchange in exchanges],
        **_cleaned(run.extras, clean),
        "unused_waivers": [clean(waiver) for waiver in run.unused_waivers(outcomes)],
        "notes": [clean(note) for note in run.recorder.notes],
        "left_behind": [clean(left) for left in run.stage.left_behind],
        "complete": True,
    }


def read(path: Path) -> dict[str, Any]:
    """Returns the report that a run wrote to `path`.

    Raises ValueError, with what is wrong, where there is no such file or where it is no whole report.
    """
    try:
        report = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ValueError(f"can't be read: {error.strerror}") from error
    except ValueError as error:
        raise ValueError(f"is no JSON, so it is no report: {error}") from error
    if isinstance(report, dict) and "complete" not in report and "run" in report:
        raise ValueError("is no whole report: it lacks `complete: true`; run again")
    if errors := [*schemas.read(_SCHEMA).errors(report)]:
        from jsonschema.exceptions import best_match

        problem = best_match(errors)
        place = "/".join(map(str, problem.absolute_path)) or "the whole"
        raise ValueError(f"is no report of version {VERSION}: {place}: {problem.message[:300]}")
    known = {exchange["id"] for exchange in report["exchanges"]}
    named = {number for rule in report["rules"] for one in rule["scenarios"] for number in one["exchanges"]}
    if missing := sorted(named - known):
        raise ValueError(f"is no whole report: exchange {missing[0]} is named in it and not there")
    return cast("dict[str, Any]", report)


def write(report: dict[str, Any], path: Path) -> None:
    """Writes the report so that `path` holds a whole one or what it held before."""
    encoder = json.JSONEncoder(indent=1, ensure_ascii=True)
    write_parts(path, chain(encoder.iterencode(report), ["\n"]))  # the whole text would take much memory


def write_text(path: Path, text: str) -> None:
    """Writes a file by renaming a finished one."""
    write_parts(path, [text])


def write_parts(path: Path, parts: Iterable[str]) -> None:
    """Writes a file, from parts of its text, by renaming a finished one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.writelines(parts)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _fuzzing(run: Run, scenarios: Sequence[Scenario], clean: Clean) -> dict[str, Any]:
    """Returns what fuzzing did and found, and the failing cases as they can be sent again."""
    failed = [one for one in scenarios if one.verdict is Verdict.FAIL]
    found = [
        {
            "rule": one.rule,
            "input_class": one.id.partition("/fuzz-")[2],
            "expected": clean(one.expected),
            "actual": clean(one.actual),
            "exchanges": list(one.exchanges),
        }
        for one in failed
        if "/fuzz-" in one.id
    ]
    saved = [{**run.saved[one.id](), "actual": clean(one.actual)} for one in failed if one.id in run.saved]
    figures = {} if run.fuzzing is None else {"fuzzing": {**run.fuzzing, "findings": found}}
    return {**figures, **({"replay": saved} if saved else {})}


def _rule(outcome: RuleOutcome, recorder: Recorder, clean: Clean) -> dict[str, Any]:
    rule = next(rule for rule in contract.rules() if rule.id == outcome.rule)
    return {
        "id": rule.id,
        "statement": rule.statement,
        "quote": rule.quote,
        "lines": rule.lines,
        "verdict": outcome.verdict,
        "reason": clean(outcome.reason),
        "coverage": outcome.coverage,
        "calls": sum(calls for name, calls in recorder.calls.items() if name.startswith(f"{rule.id}/")),
        "scenarios": [_scenario(scenario, recorder, clean) for scenario in outcome.scenarios],
    }


def _scenario(scenario: Scenario, recorder: Recorder, clean: Clean) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": scenario.id,
        "deciding": scenario.deciding,
        "verdict": scenario.verdict,
        "reason": clean(scenario.reason),
        "exchanges": list(scenario.exchanges),
    }
    if scenario.expected:
        shown |= {"expected": clean(scenario.expected), "actual": clean(scenario.actual)}
        if scenario.exchanges and (command := curl(recorder[scenario.exchanges[0]])):
            shown["curl"] = clean(command)
    return shown


def _exchange(exchange: Exchange) -> dict[str, Any]:
    return {
        "id": exchange.id,
        "scenario": exchange.scenario,
        "purpose": exchange.purpose,
        "account": exchange.account,
        "operation": exchange.operation,
        "started": exchange.started,
        "milliseconds": exchange.milliseconds,
        "request": {
            "method": exchange.method,
            "url": exchange.url,
            "headers": [list(header) for header in exchange.request_headers],
            **_body(exchange.request_body),
        },
        "response": None
        if exchange.status is None
        else {
            "status": exchange.status,
            "headers": [list(header) for header in exchange.headers],
            "bytes": exchange.body_bytes,
            "body": exchange.body[:LONGEST_TEXT],
        },
        "trouble": exchange.trouble,
    }


def _body(raw: bytes | None) -> dict[str, str]:
    """Returns a request body as text, or in base64 where it is none; the end of a long one is left out."""
    if raw is None:
        return {}
    try:
        return {"body": raw.decode()[:LONGEST_TEXT]}
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(raw[:LONGEST_TEXT]).decode()}


def _cleaned(value: Any, clean: Clean) -> Any:
    """Returns what a phase says of itself without any secret."""
    match value:
        case str():
            return clean(value)
        case list():
            return [_cleaned(one, clean) for one in value]
        case dict():
            return {key: _cleaned(one, clean) for key, one in value.items()}
    return value


def _quota(exchanges: Sequence[Exchange]) -> dict[str, int | None]:
    counts = [value for exchange in exchanges if exchange.account for value in exchange.header(REMAINING)]
    numbers = [int(value) for value in counts if value.isascii() and value.isdigit()]
    return {"before": numbers[0] + 1 if numbers else None, "after": numbers[-1] if numbers else None}
