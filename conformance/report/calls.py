"""The calls as the page shows them: as HTTP is written, each once, each under the scenario that made it."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from conformance.evidence import curl_of
from conformance.report.text import shortened, visible

LONGEST_BODY: Final = 4_000
SHORTEST_SHARED: Final = 300  # a shorter body is repeated rather than referred to
MOST_EVIDENCE: Final = 500_000  # characters of requests and answers on one page

_KEPT: Final = "\n\t"


@dataclass(frozen=True)
class Call:
    """One call, in texts that are ready to be shown."""

    id: int
    account: str
    operation: str
    kind: str  # "yes" for a success, "no" for a refusal, "broken" for everything else
    status: str
    time: str
    judged: bool
    request: str  # as the command that repeats it; as HTTP where a part of the body is left out
    response: str  # as HTTP; empty where the page has no room for this call
    same_as: int | None  # the call whose answer had this very body


@dataclass(frozen=True)
class Timeline:
    """The latency of each call as SVG paths, one unit wide and up to 100 high; decades of milliseconds upwards."""

    calls: int
    decades: tuple[str, ...]
    paths: tuple[tuple[str, str], ...]
    median: str
    p95: str
    slowest: int
    slowest_time: str


def show(report: Mapping[str, Any], most: int = MOST_EVIDENCE) -> dict[int, Call]:
    """Returns every call, by its id. A long body that is shown already is referred to.

    Where there is no room for all evidence, it is shown for what failed, then for what the scenarios did.
    """
    first: dict[str, int] = {}
    shown = {}
    for exchange in sorted(report["exchanges"], key=_rank(report)):
        response, number = exchange["response"], exchange["id"]
        long = response is not None and len(response["body"]) >= SHORTEST_SHARED
        same_as = first.get(response["body"]) if long else None
        call = _call(exchange, same_as) if most > 0 else _call(exchange, None, evidence=False)
        most -= len(call.request) + len(call.response)
        if long and call.response:
            first.setdefault(response["body"], number)
        shown[number] = call
    return {number: shown[number] for number in sorted(shown)}


def _rank(report: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], int]:
    """Returns what tells how much a call matters: 0 the most."""
    scenarios = [one for rule in report["rules"] for one in rule["scenarios"]]
    told = [*report.get("fuzzing", {}).get("findings", ()), *report.get("walks", {}).get("stories", ())]
    unhappy = {one["id"]: one["exchanges"] for one in scenarios if one["verdict"] in ("fail", "error")}
    named = {number for numbers in (*unhappy.values(), *(one["exchanges"] for one in told)) for number in numbers}
    named |= {action["exchange"] for one in told for action in one.get("actions", ())}
    known = {one["id"] for one in scenarios}

    def rank(exchange: Mapping[str, Any]) -> int:
        if exchange["id"] in named:
            return 0
        return 1 if exchange["scenario"] in unhappy else 2 if exchange["scenario"] in known else 3

    return rank


def _call(exchange: Mapping[str, Any], same_as: int | None, *, evidence: bool = True) -> Call:
    request, response = exchange["request"], exchange["response"]
    status = response["status"] if response else None
    return Call(
        id=exchange["id"],
        account=exchange["account"],
        operation=exchange["operation"],
        kind={2: "yes", 4: "no"}.get(status // 100, "broken") if status else "broken",
        status=str(status or "no answer"),
        time=duration(exchange["milliseconds"]),
        judged=exchange["purpose"] != "staging",
        request=(visible(curl_of(request)) or _request(request)) if evidence else "",
        response=_response(response, exchange["trouble"], body=same_as is None) if evidence else "",
        same_as=same_as,
    )


def _request(request: Mapping[str, Any]) -> str:
    address = urlsplit(request["url"])
    path = address.path + (f"?{address.query}" if address.query else "")
    return _message(f"{request['method']} {path}", request["headers"], request_text(request))


def _response(response: Mapping[str, Any] | None, trouble: str, *, body: bool) -> str:
    if response is None:
        return visible(f"No answer: {trouble}")
    first = f"{response['status']} {phrase(response['status'])}".rstrip()
    text = _message(first, response["headers"], response["body"] if body else "")
    return text + (visible(f"\n\n({trouble})", _KEPT) if trouble else "")


def _message(first: str, headers: Sequence[Sequence[str]], body: str) -> str:
    head = "\n".join((visible(first), *(visible(f"{name}: {value}") for name, value in headers)))
    return f"{head}\n\n{visible(shortened(body, LONGEST_BODY), _KEPT)}" if body else head


def request_text(request: Mapping[str, Any]) -> str:
    """Returns the body of a request as a person reads it; bytes that are no text in base64."""
    if "body_base64" in request:
        return f"(base64) {request['body_base64']}"
    return str(request.get("body", ""))


def phrase(status: int) -> str:
    """Returns the reason phrase of a status, where HTTP knows one."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def duration(milliseconds: float) -> str:
    """Returns a duration with its unit."""
    if milliseconds >= 1000:
        return f"{milliseconds / 1000:.1f} s"
    return f"{milliseconds:.1f} ms" if milliseconds < 10 else f"{milliseconds:.0f} ms"


def timeline(exchanges: Sequence[Mapping[str, Any]]) -> Timeline | None:
    """Returns how long each call took; None where there was none."""
    if not exchanges:
        return None
    times = [max(one["milliseconds"], 0.01) for one in exchanges]
    low = math.floor(math.log10(min(times)))
    high = max(math.ceil(math.log10(max(times))), low + 1)
    paths: dict[str, list[str]] = {"staging": [], "judged": [], "broken": []}
    for at, (exchange, time) in enumerate(zip(exchanges, times, strict=True)):
        kind = "broken" if exchange["response"] is None else "judged" if exchange["purpose"] != "staging" else "staging"
        height = round(100 * (math.log10(time) - low) / (high - low))
        paths[kind].append(f"M{at}.5 100V{100 - max(height, 1)}")
    ordered = sorted(times)
    slowest = max(exchanges, key=lambda one: one["milliseconds"])
    return Timeline(
        calls=len(exchanges),
        decades=tuple(_decade(power) for power in range(high, low - 1, -1)),
        paths=tuple((kind, "".join(parts)) for kind, parts in paths.items() if parts),
        median=duration(statistics.median(ordered)),
        p95=duration(ordered[math.ceil(len(ordered) * 0.95) - 1]),
        slowest=slowest["id"],
        slowest_time=duration(slowest["milliseconds"]),
    )


def _decade(power: int) -> str:
    return f"{10 ** (power - 3):g} s" if power >= 3 else f"{10.0**power:g} ms"
