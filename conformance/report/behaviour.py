"""What a scenario showed, in a form that two runs against the same server have in common.

No guid, time, name or count is in it: they differ from run to run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conformance.evidence import Exchange
from conformance.verdict import Scenario


def fingerprint(scenario: Scenario, exchanges: Sequence[Exchange]) -> dict[str, Any]:
    """Returns how the target answered the calls of a scenario, and what it did."""
    own = [exchanges[number - 1] for number in scenario.exchanges]
    if "/fuzz-" in scenario.id:
        return {"verdict": scenario.verdict, "answers": _classes(own)}
    answers = [one for one in own if one.scenario == scenario.id and one.purpose == "scenario"]
    shown = [_answer(one, exchanges) for one in answers]
    if any(one.simultaneous for one in answers):  # who comes first is chance
        shown.sort(key=str)
    return {"verdict": scenario.verdict, "answers": shown}


def _classes(answers: Sequence[Exchange]) -> list[dict[str, Any]]:
    """Returns each kind of answer once: how many cases a class of input has depends on the seed."""
    shown = (_answer(one, ()) for one in answers if one.purpose == "scenario")
    distinct = {str(one): one for one in shown}
    return [distinct[text] for text in sorted(distinct)]


def _answer(exchange: Exchange, exchanges: Sequence[Exchange]) -> dict[str, Any]:
    answer: dict[str, Any] = {"status": exchange.status, "codes": exchange.codes}
    process = exchange.json.get("qualityProcess") if isinstance(exchange.json, dict) else None
    if exchange.accepted and isinstance(process, dict):
        answer |= {
            "comment": _comment(exchange.json.get("comment"), exchange.comment),
            "status_shown": process.get("status"),
            "completedDateTime": _class(process.get("completedDateTime")),
            "currentStep": _current(process.get("currentStep"), exchange),
        }
    if exchange.accepted and not exchange.simultaneous:
        answer |= _read_back(exchange, exchanges)
    return answer


def _comment(came: Any, sent: object) -> str:
    if came == sent:
        return "as sent"
    if isinstance(came, str) and isinstance(sent, str):
        return "cut short" if sent.startswith(came) and came else "empty" if not came else "changed"
    return _class(came)


def _current(step: Any, exchange: Exchange) -> str:
    guid = step.get("guid") if isinstance(step, dict) else None
    if guid is None:
        return "null"
    return "the reopened step" if exchange.subject and guid == exchange.subject.step else "another step"


def _read_back(exchange: Exchange, exchanges: Sequence[Exchange]) -> dict[str, str]:
    """Returns what the next reading of the process says of the step's completion, if nothing was sent in between."""
    for later in exchanges[exchange.id :]:
        if exchange.subject is None or (later.subject and later.subject.process == exchange.subject.process):
            break
        results = later.json.get("results") if isinstance(later.json, dict) else None
        if later.operation == "list-steps" and isinstance(results, list):
            for step in results:
                if isinstance(step, dict) and step.get("guid") == exchange.subject.step:
                    return {name: _class(step.get(name)) for name in ("completeDateTime", "completeUser")}
    return {}


def _class(value: Any) -> str:
    return "null" if value is None else type(value).__name__
