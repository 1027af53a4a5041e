"""What must hold on every answer of the reopen operation, whatever the scenario was about.

One mechanism judges each exchange once and hands every finding to the one rule that owns it. Pure, but for the
quota's memory of what came before.
"""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from conformance import contract
from conformance.contract import Profile
from conformance.evidence import UNREADABLE, Exchange, Trouble
from conformance.session import DOUBTFUL, FOREIGNER, JSON, REOPEN, STATUS_CHANGES, VARIANT
from conformance.stage.snapshot import process_facts
from conformance.verdict import Finding

SUCCESS: Final = "success-is-201"
FAILURE: Final = "failure-is-400"
HEADERS: Final = "response-headers"
QUOTA: Final = "quota-counts-down"
SHAPE: Final = "response-shape"

CREATED, NO_CONTENT, BAD_REQUEST, UNAUTHORIZED, QUOTA_EXHAUSTED = 201, 204, 400, 401, 429
REMAINING: Final = "X-Arena-Requests-Remaining"
RESET: Final = "X-Arena-Next-Request-Limit-Reset"

# Answers of the HTTP layer below the operation: observed.
BELOW_THE_OPERATION: Final = frozenset({408, 411, 501, 505})
# The HTTP layer may turn a request away for its size before the operation sees it.
_TOO_LARGE = frozenset({413, 414, 431})
_LARGE_BODY = 64 * 1024
_LONG_HEADER = 1000
COMMENT_LIMIT: Final = 1000

_AN_ANSWER: Final = "201, or a refusal with status 400"
_ENVELOPE: Final = 'the envelope {"status": …, "errors": [{"code": …, "message": …}]}'
_SUCCESS_BODY: Final = "the success body of the page's sample"

# What a process is, as opposed to how it stands: no reopening changes it.
_IDENTITY = (
    "number",
    "owner",
    "name",
    "creator",
    "template",
    "creationDateTime",
    "targetCompletionDateTime",
    "description",
    "statusMode",
)


@dataclass(frozen=True)
class Judgement:
    """What one exchange says about the rules that bind every answer."""

    judged: frozenset[str] = frozenset()
    findings: tuple[Finding, ...] = ()


def judge(exchange: Exchange, profile: Profile, process: Mapping[str, Any] | None = None) -> Judgement:
    """Judges one answer of the reopen operation; `process` is what its single view showed before.

    An exchange of another operation, or without an answer, is not judged. What can't be read is judged here only
    where no network can be the cause; `Breakdowns` knows what else is.
    """
    if exchange.operation != REOPEN or exchange.purpose == "staging" or turned_away(exchange):
        return Judgement()
    if exchange.status is None:
        if exchange.trouble_kind is not Trouble.MALFORMED:
            return Judgement()
        return Judgement(frozenset({FAILURE}), (Finding(FAILURE, _AN_ANSWER, exchange.trouble, (exchange.id,)),))
    judged, broken = {FAILURE}, list(_status(exchange, profile))
    if exchange.accepted:
        judged.add(SUCCESS)
    if exchange.status < 500 and exchange.status != NO_CONTENT:
        judged.add(HEADERS)
        broken += [(HEADERS, expected, actual) for expected, actual in _headers(exchange)]
    broken_off = exchange.surplus_bytes or exchange.cut_short or exchange.trouble
    malformed = exchange.trouble_kind is Trouble.MALFORMED
    readable = exchange.json is not UNREADABLE or not broken_off or malformed
    ordinary = exchange.comment is not UNREADABLE  # what another body is answered with is not promised
    if readable and ordinary and exchange.accepted and (exchange.status == CREATED or exchange.body):
        judged.add(SHAPE)
        broken += [(SHAPE, expected, actual) for expected, actual in _success_body(exchange, process)]
    if readable and exchange.refused:
        broken += [(FAILURE, expected, actual) for expected, actual in _envelope(exchange)]
    findings = (Finding(rule, expected, actual, (exchange.id,)) for rule, expected, actual in broken)
    return Judgement(frozenset(judged), tuple(findings))


def turned_away(exchange: Exchange) -> bool:
    """Tells whether the HTTP layer refused a request before the operation saw it: one that is large, or any."""
    if exchange.status in BELOW_THE_OPERATION or (exchange.unusual and _not_from_here(exchange)):
        return True
    large = len(exchange.request_body or b"") > _LARGE_BODY
    large = large or any(len(value) > _LONG_HEADER for _, value in exchange.request_headers)
    return large and (exchange.status in _TOO_LARGE or _plain_refusal(exchange))


def _plain_refusal(exchange: Exchange) -> bool:
    media_types = [value.partition(";")[0].strip().lower() for value in exchange.header("Content-Type")]
    return exchange.status == BAD_REQUEST and media_types == ["text/plain"] and not exchange.header(REMAINING)


def _not_from_here(exchange: Exchange) -> bool:
    """Whether the answer to an unusual request is one that the operation does not give, or was not read whole."""
    json_type = any(JSON in value.lower() for value in exchange.header("Content-Type"))
    plain = exchange.status == BAD_REQUEST and not json_type
    return plain or exchange.status in _TOO_LARGE or bool(exchange.trouble)


def _status(exchange: Exchange, profile: Profile) -> list[tuple[str, str, str]]:
    status = exchange.status or 0
    if exchange.accepted:
        return [] if status == CREATED else [(SUCCESS, "status 201", f"status {status}")]
    if not exchange.refused:
        kind = "a redirect; none is followed" if 300 <= status < 400 else "no answer to a client"
        kind = "the server failed" if status >= 500 else kind
        return [(FAILURE, "201, or a refusal with status 400; never 5xx", f"status {status}: {kind}")]
    allowed = {status for name in _situations(exchange) for status in profile[name].statuses}
    if quota_used_up(exchange):
        allowed |= {*profile["quota-exhausted"].statuses}
    if status in allowed:
        return []
    return [(FAILURE, f"status {' or '.join(map(str, sorted(allowed)))}", f"status {status}")]


def _situations(exchange: Exchange) -> tuple[str, ...]:
    """Returns what the request itself gives reason for; a refusal for anything else is a plain 400."""
    if not exchange.account:
        return ("no-session",)
    if exchange.account == DOUBTFUL:
        return ("no-session", "other")
    sent = [value for name, value in exchange.request_headers if name.lower() == "content-type"]
    content_type = "".join(sent[0].split()) if sent else ""
    media_type, _, parameters = content_type.partition(";")
    if media_type == JSON and parameters.lower() in ("", "charset=utf-8"):
        return ("other",)
    # whether other parameters and other spellings are taken is left to the server
    return ("not-json", "other") if media_type.lower() == JSON else ("not-json",)


def _envelope(exchange: Exchange) -> list[tuple[str, str]]:
    expected = _ENVELOPE
    if exchange.json is UNREADABLE:
        return [(expected, f"a body that is {exchange.no_json}: {exchange.summary()}")]
    departure = contract.mismatch("error", exchange.json)
    if departure:
        return [(expected, departure)]
    if exchange.json["status"] != exchange.status:
        return [("the same status in HTTP and in the body", f"{exchange.status} and {exchange.json['status']}")]
    return []


def _success_body(exchange: Exchange, process: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    if exchange.json is UNREADABLE:
        return [(_SUCCESS_BODY, f"a body that is {exchange.no_json}: {exchange.summary()}")]
    departure = contract.mismatch("reopen-success", exchange.json)
    if departure:
        return [(_SUCCESS_BODY, departure)]
    found = []
    shown = exchange.json["qualityProcess"]
    if exchange.subject is None or shown["guid"] != exchange.subject.process:
        found.append(("the process that was asked for", f"process {shown['guid']}"))
    else:
        found += _identity(shown, process or {})
    if promised(exchange.comment) and exchange.json["comment"] != exchange.comment:
        found.append(("the comment as it was sent", f"{_short(exchange.json['comment'])}"))
    return found


def _identity(shown: Mapping[str, Any], process: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Compares what names the process in the answer with what its own view shows."""
    here, there = process_facts(shown), process_facts(process)
    by_field = {place.field: value for place, value in there.items()}
    found = [
        (f"{place.field} of the process: {by_field[place.field]}", f"{place.field} is {_short(value)}")
        for place, value in here.items()
        if place.field in _IDENTITY and place.field in process and not _same(value, by_field[place.field])
    ]
    for person in ("owner", "creator"):
        known = process[person].get("fullName") if isinstance(process.get(person), dict) else None
        name = shown[person].get("fullName")
        if known is not None and name != known:
            found.append((f"fullName of the {person}: {known}", f"it is {_short(name)}"))
    return found


def _same(one: str, other: str) -> bool:
    if one == other:
        return True
    try:
        return dt.datetime.fromisoformat(one.strip('"')) == dt.datetime.fromisoformat(other.strip('"'))
    except (ValueError, TypeError):
        return False


def promised(comment: object) -> bool:
    """Tells whether a comment has to come back unchanged: up to 1,000 printable characters and newlines."""
    return (
        isinstance(comment, str)
        and 0 < len(comment) <= COMMENT_LIMIT
        and all(character == "\n" or character.isprintable() for character in comment)
    )


# headers


def _headers(exchange: Exchange) -> list[tuple[str, str]]:
    """Judges the six headers of the page, each by its own reader."""
    found = []
    for name, (expected, problem) in _READERS.items():
        values = exchange.header(name)
        if not values:
            found.append((f"header {name}: {expected}", "it is missing"))
        elif len(set(values)) > 1:
            found.append((f"header {name}: {expected}", f"it stands {len(values)} times: {_short(values)}"))
        elif actual := problem(values[0].strip(), exchange):
            found.append((f"header {name}: {expected}", actual))
    return found


def _content_length(value: str, exchange: Exchange) -> str:
    if not (value.isascii() and value.isdigit()):
        return f"it is {_short(value)}"
    if exchange.surplus_bytes:
        return f"it is {value}, and more of the body follows"
    if (exchange.cut_short and exchange.whole) or (int(value) != exchange.body_bytes and not exchange.trouble):
        return f"it is {value}, but the body has {exchange.body_bytes} bytes"
    return ""


def _content_type(value: str, _: Exchange) -> str:
    return "" if value.partition(";")[0].strip().lower() == JSON else f"it is {_short(value)}"


def _date(value: str, exchange: Exchange) -> str:
    sent = http_date(value)
    if sent is None:
        return f"it is {_short(value)}"
    away = abs(sent - dt.datetime.fromisoformat(exchange.started))
    return "" if away <= dt.timedelta(hours=24) else f"it is {value}, {away.days} days away from today"


def _server(value: str, _: Exchange) -> str:
    return "" if value == "ArenaSolutions" else f"it is {_short(value)}"


def _reset(value: str, _: Exchange) -> str:
    return "" if readable_date(value) else f"no date can be read in {_short(value)}"


def _requests_remaining(value: str, _: Exchange) -> str:
    return "" if (value.isascii() and value.isdigit()) or re.fullmatch(r"-\d+", value) else f"it is {_short(value)}"


_READERS: Final = {
    "Content-Length": ("the number of bytes of the body", _content_length),
    "Content-Type": (JSON, _content_type),
    "Date": ("today's date and time as an HTTP-date", _date),
    "Server": ("ArenaSolutions", _server),
    RESET: ("the date of the next reset", _reset),
    REMAINING: ("a number", _requests_remaining),
}


@lru_cache(maxsize=256)
def http_date(text: str) -> dt.datetime | None:
    """Reads an HTTP-date in any of the three forms of RFC 9110, section 5.6.7; None where it is none."""
    for form in ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"):
        try:
            return dt.datetime.strptime(" ".join(text.split()), form).replace(tzinfo=dt.UTC)
        except ValueError:
            continue
    return None


_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAY_FIRST = re.compile(r"\b(?P<day>\d{1,2})[-\s./]*(?P<month>[A-Za-z]{3})[A-Za-z]*[-\s.,/]*(?P<year>\d{4}|\d{2})\b")
_MONTH_FIRST = re.compile(r"\b(?P<month>[A-Za-z]{3})[A-Za-z]*[-\s.]*(?P<day>\d{1,2})\b(?:.*?)\b(?P<year>\d{4})\b")
_YEAR_FIRST = re.compile(r"\b(?P<year>\d{4})[-/.]?(?P<month>\d{2})[-/.]?(?P<day>\d{2})(?!\d)")


@lru_cache(maxsize=256)
def readable_date(text: str) -> dt.date | None:
    """Returns the date that a person would read in `text`: an HTTP-date, the vendor's form, ISO 8601 and their like."""
    for form in (_YEAR_FIRST, _DAY_FIRST, _MONTH_FIRST):
        match = form.search(text)
        if match:
            month = match["month"].lower()
            number = int(month) if month.isdigit() else _MONTHS.index(month) + 1 if month in _MONTHS else 0
            year = int(match["year"]) + (2000 if len(match["year"]) == 2 else 0)
            try:
                return dt.date(year, number, int(match["day"]))
            except ValueError:
                continue
    return None


# answers that can't be read


def _owner(exchange: Exchange) -> tuple[str, str]:
    """Returns the rule that an unreadable answer breaks, and what it promises."""
    if exchange.status is None:
        return FAILURE, _AN_ANSWER
    if exchange.cut_short:
        return HEADERS, "header Content-Length: the number of bytes of the body"
    return (SHAPE, _SUCCESS_BODY) if exchange.accepted else (FAILURE, _ENVELOPE)


@dataclass
class Breakdowns:
    """Tells a server that never answers reopens as it should from a network that breaks now and then.

    A connection that breaks or falls silent proves nothing by itself. Where it happens at the endpoint only, or only to
    texts beyond ASCII, and so often that chance would hardly have spared all the other calls, it is the server's doing.
    A connection that is closed without any answer is left to it.
    """

    _calls: int = 0
    _here: int = 0  # calls of the endpoint, which completes steps too
    _beyond_ascii: int = 0  # those of them whose body is beyond ASCII
    _in_a_row: int = 0  # calls without an answer
    _last_trouble: str = ""
    _troubled: list[Exchange] = field(default_factory=list)

    def see(self, exchange: Exchange) -> None:
        """Takes the next exchange in."""
        self._calls += 1
        self._here += _is_here(exchange)
        self._beyond_ascii += _is_beyond_ascii(exchange)
        self._in_a_row = self._in_a_row + 1 if exchange.status is None else 0
        self._last_trouble = exchange.trouble
        if not exchange.whole and exchange.trouble_kind is not Trouble.MALFORMED:
            self._troubled.append(exchange)

    @property
    def hopeless(self) -> str:
        """Why it is no use to go on; empty where it is."""
        if len(self._troubled) == self._here >= _ENOUGH and self.findings:
            return f"none of {self._here} calls had an answer that can be read: {self._troubled[-1].trouble}"
        if self._in_a_row >= _ENOUGH:
            return f"{self._in_a_row} calls in a row had no answer: {self._last_trouble}"
        return ""

    @property
    def findings(self) -> list[Finding]:
        """What follows from all calls together; each finding stands for all answers of its kind."""
        if not self._is_no_chance:
            return []
        kinds: dict[tuple[str, str, str], list[int]] = {}
        for exchange in self._troubled:
            if exchange.operation == REOPEN and exchange.trouble_kind is not Trouble.CLOSED:
                kinds.setdefault((*_owner(exchange), exchange.trouble), []).append(exchange.id)
        others = self._calls - self._here
        return [
            Finding(
                rule,
                expected,
                f"{trouble}: {len(ids)} reopens, and none of the {others} calls of other endpoints",
                tuple(ids),
            )
            for (rule, expected, trouble), ids in kinds.items()
        ]

    @property
    def _is_no_chance(self) -> bool:
        count = len(self._troubled)
        return count >= _SEVERAL and any(
            all(map(belongs, self._troubled)) and math.comb(size, count) / math.comb(self._calls, count) <= _BY_CHANCE
            for belongs, size in ((_is_here, self._here), (_is_beyond_ascii, self._beyond_ascii))
        )


def _is_here(exchange: Exchange) -> bool:
    return exchange.url.endswith(STATUS_CHANGES)


def _is_beyond_ascii(exchange: Exchange) -> bool:
    return _is_here(exchange) and not (exchange.request_body or b"").isascii()


_SEVERAL: Final = 3
_ENOUGH: Final = 10
_BY_CHANCE: Final = 0.001

# quota


def quota_used_up(exchange: Exchange) -> bool:
    """Tells whether the answer says that no call is left: it shows 0, or a bare 429."""
    left = calls_left(exchange)
    return exchange.status == QUOTA_EXHAUSTED and (left is None or left <= 0)


def calls_left(exchange: Exchange) -> int | None:
    """Returns what X-Arena-Requests-Remaining says; None where it says no number."""
    values = exchange.header(REMAINING)
    text = values[0].strip() if len(set(values)) == 1 else ""
    return int(text) if re.fullmatch(r"-?\d{1,40}", text) else None


@dataclass
class _Count:
    """What is known of one workspace's quota: its last value, and the calls made since."""

    value: int | None = None
    since: int = 0  # calls that count for sure
    perhaps: int = 0  # calls that may count
    at: str = ""


@dataclass
class QuotaWatch:
    """Follows X-Arena-Requests-Remaining through a run, for each workspace by itself.

    `exclusive`: nobody else spends the workspace's quota, so that each call lowers it by exactly one.
    """

    exclusive: bool
    _counts: dict[str, _Count] = field(default_factory=lambda: {"home": _Count(), "foreign": _Count()})

    def see(self, exchange: Exchange) -> Judgement:
        """Takes the next exchange in and says whether the count is right."""
        if exchange.operation == "login":
            return Judgement()
        unrecognised = exchange.account in ("", DOUBTFUL) or exchange.status == UNAUTHORIZED
        if unrecognised or exchange.operation in ("logout", VARIANT) or exchange.status is None:
            for count in self._counts.values():
                count.perhaps += 1
            return Judgement()
        workspace = "foreign" if exchange.account == FOREIGNER else "home"
        if exchange.simultaneous:
            self._counts[workspace] = _Count()
            return Judgement()
        count = self._counts[workspace]
        value = calls_left(exchange)
        if value is None:  # the HTTP layer below may have answered
            count.perhaps += 1
            return Judgement()
        count.since += 1
        judgement = self._judge(count, value, exchange)
        count.value, count.since, count.perhaps, count.at = value, 0, 0, exchange.started
        return judgement

    def _judge(self, count: _Count, value: int, exchange: Exchange) -> Judgement:
        if exchange.operation != REOPEN and not self.exclusive:
            return Judgement()
        if value < 0:
            finding = Finding(QUOTA, f"{REMAINING} is never negative", f"it is {value}", (exchange.id,))
            return Judgement(frozenset({QUOTA}), (finding,))
        if count.value is None or _midnight_pacific_between(count.at, exchange.started):
            return Judgement()
        drop = count.value - value
        most = count.since + count.perhaps
        right = drop >= count.since and (not self.exclusive or drop <= most)
        if right or (value == 0 and exchange.refused):
            return Judgement(frozenset({QUOTA}))
        calls = f"{count.since}" if most == count.since else f"{count.since} to {most}"
        wanted = f"{REMAINING} falls by {'' if self.exclusive else 'at least '}{calls}, one for each call"
        finding = Finding(QUOTA, wanted, f"it went from {count.value} to {value}", (exchange.id,))
        return Judgement(frozenset({QUOTA}), (finding,))


def _midnight_pacific_between(one: str, other: str) -> bool:
    """Whether the quota may have been reset between: midnight Pacific is 7:00 or 8:00 UTC, by the season."""
    if one[:13] == other[:13] and one[11:13] not in ("06", "07", "08"):  # as nearly always
        return False
    start, end = (dt.datetime.fromisoformat(text) for text in (one, other))
    # a reset that comes some seconds early or late is a reset
    start, end = start - dt.timedelta(seconds=60), end + dt.timedelta(seconds=60)
    day = start.replace(hour=0, minute=0, second=0, microsecond=0)
    resets = [day + dt.timedelta(days=d, hours=h) for d in (0, 1) for h in (7, 8)]
    return end - start > dt.timedelta(days=1) or any(start < reset <= end for reset in resets)


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:119]}…"
