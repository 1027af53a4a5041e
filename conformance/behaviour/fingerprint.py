"""What each scenario showed, in a form that two runs against the same server have in common."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from conformance.behaviour.chronicle import Chronicle
from conformance.behaviour.classes import Known, header, names_in, shape, template, value
from conformance.behaviour.document import AT_ONCE, GENERATED, Behaviours, compact, is_ordered
from conformance.evidence import UNREADABLE, Exchange
from conformance.session import REOPEN, VARIANT
from conformance.verdict import Scenario, Verdict

# What is drawn at random leaves no behaviour. A class of generated input has a scenario of its own.
_RANDOM: Final = ("walk", "fuzz-drawn", "fuzz-random", "fuzz-answers", "fuzz-race")
_CIRCUMSTANCES: Final = frozenset({"as", "step", "cost", "current_step", "changes"})


def record(
    scenarios: Iterable[Scenario], exchanges: Sequence[Exchange], *, exclusive: bool, clean: Callable[[str], str]
) -> Behaviours:
    """Returns the behaviour of every scenario, compact.

    `exclusive` tells whether nobody else spent the quota, so that what a call costs can be told. `clean` takes the
    secrets out of a text: names and words that the target sent are part of a behaviour.
    """
    chronicle = Chronicle(exchanges, exclusive=exclusive)
    known = names_in(one.json for one in exchanges)
    by_id = {one.id: one for one in exchanges}
    behaviours = {
        one.id: _behaviour(one, by_id, chronicle, known)
        for one in sorted(scenarios, key=lambda one: one.id)
        if not _is_chance(one)
    }
    cleaned: Behaviours = _cleaned(compact(behaviours), clean)
    return cleaned


def _is_chance(scenario: Scenario) -> bool:
    """Tells whether a scenario was drawn at random and showed nothing wrong: another seed may not come to it."""
    return scenario.id.partition("/")[2].startswith(_RANDOM) and scenario.verdict is not Verdict.FAIL


def _behaviour(
    scenario: Scenario, exchanges: Mapping[int, Exchange], chronicle: Chronicle, known: Known
) -> dict[str, Any]:
    slug = scenario.id.partition("/")[2]
    if slug.startswith(_RANDOM):  # that it failed is no chance, but how often and with what
        return {"verdict": str(scenario.verdict), "answers": []}
    own = [exchanges[number] for number in scenario.exchanges]
    generated = slug.startswith(GENERATED)  # whose calls the right of their sender answers for, too
    calls = [one for one in own if one.purpose == "scenario" and one.operation in (REOPEN, VARIANT)]
    calls = [one for one in calls if generated or one.scenario == scenario.id]
    answers = [_answer(one, chronicle, known) for one in calls]
    if generated:  # who asked, and what calls stand around a call, depends on what was drawn
        answers = [{name: value for name, value in one.items() if name not in _CIRCUMSTANCES} for one in answers]
        answers = list({json.dumps(one, sort_keys=True): one for one in answers}.values())
    if not is_ordered(scenario.id, answers):
        answers.sort(key=lambda one: json.dumps(one, sort_keys=True))
    return {"verdict": str(scenario.verdict), "answers": answers}


def _answer(exchange: Exchange, chronicle: Chronicle, known: Known) -> dict[str, Any]:
    """Returns the situation of a call (who asked, in which state the step was) and what came of it."""
    answer: dict[str, Any] = {"as": exchange.account or "nobody"}
    if exchange.id in chronicle.states and not exchange.simultaneous:
        answer["step"] = chronicle.states[exchange.id]
    if exchange.simultaneous:
        answer["as"] = AT_ONCE
    answer["status"] = exchange.status or "no answer"
    if exchange.trouble and exchange.status:
        answer["trouble"] = "the answer broke off"
    if exchange.errors:
        answer["codes"] = exchange.codes
        answer["messages"] = [template(error.get("message"), known) for error in exchange.errors]
    if exchange.header("Location"):
        answer["location"] = _location(exchange.header("Location")[0], exchange.url)
    answer["connection"] = "closed" if "close" in ",".join(exchange.header("Connection")).lower() else "kept"
    answer["headers"] = _headers(exchange)
    answer["body"] = _body(exchange, known)
    if exchange.id in chronicle.costs:
        answer["cost"] = chronicle.costs[exchange.id]
    current = _current_step(exchange, chronicle)
    if current:
        answer["current_step"] = current
    if exchange.accepted and known.alphabet:
        answer["guids"] = known.alphabet
    if exchange.id in chronicle.changes:
        answer["changes"] = chronicle.changes[exchange.id]
    return answer


def _headers(exchange: Exchange) -> dict[str, str]:
    """Returns the class of each header's value, by its name as it is spelled; how a connection ends is told apart."""
    headers = reversed(exchange.headers)
    spelled = {name.lower(): name for name, _ in headers if name.lower() not in ("connection", "keep-alive")}
    return {name[:60]: header(name, exchange.header(name)) for name in sorted(spelled.values(), key=str.lower)[:60]}


def _body(exchange: Exchange, known: Known) -> dict[str, str]:
    if exchange.json is UNREADABLE:
        return {"(whole)": "no JSON" if exchange.body.strip() else "empty"}
    shown = shape(exchange.json, known)
    if exchange.accepted and "comment" in shown and exchange.comment is not UNREADABLE:
        shown["comment"] = _comment(exchange.json["comment"], exchange.comment)
    return shown


def _comment(came: Any, sent: object) -> str:
    if came == sent:
        return "as sent"
    if isinstance(came, str) and isinstance(sent, str):
        return "empty text" if not came else "the beginning of what was sent" if sent.startswith(came) else "changed"
    return value("", came, Known())


def _current_step(exchange: Exchange, chronicle: Chronicle) -> str:
    """Returns which of the open steps the answer calls current; empty where only one is open, or it is not known."""
    process = exchange.json.get("qualityProcess") if isinstance(exchange.json, dict) else None
    step = process.get("currentStep") if isinstance(process, dict) else None
    still_open = chronicle.open_steps.get(exchange.id, ())
    if not isinstance(step, dict) or len(still_open) < 2:
        return ""
    places: Mapping[Any, str] = {
        **dict.fromkeys(still_open, "an open step between others"),
        still_open[0]: "the first open step",
        still_open[-1]: "the last open step",
    }
    guid = step.get("guid")
    return places.get(guid, "no open step") if isinstance(guid, str) else "no open step"


def _location(location: str, url: str) -> str:
    try:
        there, here = urlsplit(location), urlsplit(url)
    except ValueError:
        return "no address"
    if not there.netloc:
        return "the same host"
    return "the same host" if there.netloc == here.netloc else "another host"


def _cleaned(given: Any, clean: Callable[[str], str]) -> Any:
    match given:
        case str():
            return clean(given).encode("utf-8", "backslashreplace").decode()  # a lone surrogate can't be written
        case dict():
            return {_cleaned(key, clean): _cleaned(member, clean) for key, member in given.items()}
        case list():
            return [_cleaned(entry, clean) for entry in given]
    return given
