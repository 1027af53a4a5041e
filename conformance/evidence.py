"""What was sent and what came back: frozen records without a secret in them."""

from __future__ import annotations

import base64
import re
import shlex
import threading
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum
from functools import lru_cache
from typing import Any, Final

REDACTED: Final = "[redacted]"
SHORTEST_SECRET: Final = 6
_SHORT_TEXT: Final = 2_000  # characters of a text that may come again: a reading, a header
MOST_BODY: Final = 64 * 1024  # bytes of an answer that are kept as evidence
MOST_HEADER: Final = 1024  # and of each of its headers
LONGEST_CURL: Final = 4_000  # characters of a command
NOT_KEPT: Final = "it was not kept"
MOST_JSON: Final = 4 * 1024 * 1024  # bytes of bodies of a run whose JSON is kept after they were judged
SESSION_HEADER: Final = "arena_session_id"


class Unreadable(Enum):
    """Stands for the JSON of a body that is none. No JSON value equals it."""

    UNREADABLE = "unreadable"


UNREADABLE: Final = Unreadable.UNREADABLE


class Trouble(StrEnum):
    """What kept a call from having a whole answer."""

    NONE = ""
    UNREACHED = "unreached"  # there was no connection, and nothing was sent
    CLOSED = "closed"  # the connection ended before any of the answer came
    SILENT = "silent"  # the answer, or the rest of it, did not come in time
    BROKEN = "broken"  # the connection ended within the answer
    MALFORMED = "malformed"  # what came can't be read: that no network does, only whoever answered


class Redactor:
    """Replaces known secrets by value, in every encoding in which a server may send them back."""

    def __init__(self) -> None:
        self._plain: list[str] = []
        self._escaped: list[str] = []
        self._pattern: tuple[int, re.Pattern[str]] | None = None  # of all that is escaped, and its age
        self._like_escapes = False  # whether a secret has what an escape begins with
        self._emails = False
        self._longest = 0  # characters that a secret may have at most, however it is written
        # what was found with fewer secrets is not used any more
        self._age = 0
        self._remembered = lru_cache(maxsize=1024)(lambda text, _: self._text(text))

    def hide_emails(self) -> None:
        """Makes whatever looks like an e-mail address unreadable too."""
        self._emails = True
        self._age += 1

    def add(self, secret: str) -> None:
        """Makes `secret` unreadable in all that passes from now on.

        One of fewer than six characters would be found everywhere by chance; whoever records it leaves it out.
        """
        if len(secret) < SHORTEST_SECRET or secret in self._plain:
            return
        raw = secret.encode("utf-8", "surrogatepass")
        # a base64 text of something longer holds the secret at one of three alignments
        cores = [core for core in (_base64_core(raw, shift) for shift in range(3)) if core]
        cores += [core.translate(_URL_SAFE) for core in cores]
        # the longest first: one secret may be the beginning of another
        self._plain = sorted({*self._plain, secret, *cores}, key=len, reverse=True)
        self._escaped = sorted([*self._escaped, "".join(map(_spellings, secret))], key=len, reverse=True)
        self._like_escapes |= _ESCAPE_BEGINS.search(secret) is not None
        self._longest = max(self._longest, _MOST_CHARACTERS * len(secret))
        self._age += 1  # the last of all: whoever reads it has the rest

    def beginning(self, raw: bytes, most: int) -> str:
        """Returns a text, or the beginning of one that has more than `most` bytes, with every known secret replaced.

        It ends early enough that no beginning of a secret is left where the text was cut.
        """
        if len(raw) <= most:
            return self.text(raw.decode("utf-8", "backslashreplace"))
        text = self.text(raw[: most + self._longest].decode("utf-8", "backslashreplace"))
        return text[: max(0, min(most, len(text) - self._longest))]

    def text(self, text: str) -> str:
        """Returns `text` with every known secret replaced."""
        if len(text) < SHORTEST_SECRET and not self._emails:
            return text
        return self._remembered(text, self._age) if len(text) <= _SHORT_TEXT else self._text(text)

    def _text(self, text: str) -> str:
        for secret in self._plain:
            text = text.replace(secret, REDACTED)
        if self._escaped and _ESCAPES.search(text) and self._may_hold_escaped(text):
            known = self._pattern
            if known is None or known[0] != self._age:
                known = self._pattern = (self._age, re.compile("|".join(self._escaped)))
            text = known[1].sub(REDACTED, text)
        if self._emails:
            text = _EMAIL.sub(REDACTED, text)
        return text

    def _may_hold_escaped(self, text: str) -> bool:
        """Tells whether a secret shows once everything is unescaped. Finding out takes less than the pattern does."""
        if self._like_escapes:
            return True
        try:
            plain = _ESCAPED.sub(_unescaped, text)
            plain = plain.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
        except (ValueError, OverflowError):  # an escape of something that is no character
            return True
        shown = (plain, plain.replace("+", " "))
        return any(secret in one for secret in self._plain for one in shown)


_MOST_CHARACTERS: Final = 16  # for one character of a secret: two escapes of JSON, or a number of HTML with some zeros
_URL_SAFE: Final = str.maketrans("+/", "-_")
_EMAIL: Final = re.compile(
    r"[\w.%+'-]{1,64}(?:@|%40|\\u0040|&\#0*64;|&\#x0*40;|&commat;)[\w-]{1,63}(?:\.[\w-]{1,63})+", re.IGNORECASE
)
_ESCAPES: Final = re.compile(r"\\|%[0-9A-Fa-f]{2}|&|\+")  # what an escaped text has, and few other texts


def _spellings(character: str) -> str:
    """Returns a pattern of the ways to write a character: itself, and as JSON, HTML and addresses escape it."""
    units = character.encode("utf-16-be", "surrogatepass")
    json_escape = "".join(rf"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))
    percent = "".join(f"%{byte:02x}" for byte in character.encode("utf-8", "surrogatepass"))
    numbers = rf"&\#0*{ord(character)};|&\#x0*{ord(character):x};"
    ways = {
        re.escape(character),
        f"(?i:{json_escape}|{percent}|{numbers})",
        *(re.escape(way) for way in _SHORT_ESCAPES.get(character, ())),
    }
    return f"(?:{'|'.join(sorted(ways))})"


_ESCAPE_BEGINS: Final = re.compile(r"[\\%&+]")
_ESCAPED: Final = re.compile(
    r"\\u(?P<json>[0-9A-Fa-f]{4})|(?P<percent>(?:%[0-9A-Fa-f]{2})+)"
    r"|&\#0*(?P<decimal>\d+);|&\#[xX]0*(?P<hexadecimal>[0-9A-Fa-f]+);|&(?P<name>quot|lt|gt|amp|apos);|\\(?P<short>.)",
    re.DOTALL,
)
_NAMED: Final = {"quot": '"', "lt": "<", "gt": ">", "amp": "&", "apos": "'"}
_SHORT: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


def _unescaped(escape: re.Match[str]) -> str:
    """Returns what an escape stands for. Raises ValueError and OverflowError where it is no character."""
    kind, value = next((name, value) for name, value in escape.groupdict().items() if value is not None)
    if kind == "percent":
        return bytes.fromhex(value.replace("%", "")).decode("utf-8", "surrogatepass")
    if kind in ("name", "short"):
        return (_NAMED if kind == "name" else _SHORT).get(value, value)
    return chr(int(value, 10 if kind == "decimal" else 16))


_SHORT_ESCAPES: Final = {
    '"': ('\\"', "&quot;"),
    "\\": ("\\\\",),
    "/": ("\\/",),
    "\b": ("\\b",),
    "\f": ("\\f",),
    "\n": ("\\n",),
    "\r": ("\\r",),
    "\t": ("\\t",),
    "<": ("&lt;",),
    ">": ("&gt;",),
    "&": ("&amp;",),
    "'": ("&apos;",),
    " ": ("+",),
}


def _base64_core(raw: bytes, shift: int) -> str:
    """Returns the part of the base64 text that depends on `raw` alone, when `shift` bytes stand before it."""
    encoded = base64.b64encode(b"\0" * shift + raw).decode().rstrip("=")
    core = encoded[(shift * 8 + 5) // 6 : (shift + len(raw)) * 8 // 6]
    return core if len(core) >= SHORTEST_SECRET else ""


@dataclass(frozen=True)
class Subject:
    """The step that a call aims at; `step` is empty where it aims at the process itself."""

    process: str
    step: str


@dataclass(frozen=True)
class Exchange:
    """One call: request, and answer or the reason why there is none. Redacted where it is made.

    `status` is None and `trouble` says why when no HTTP answer was read. `json` holds the parsed body for
    judging and is never written anywhere; what is written comes from `body`.
    """

    id: int
    scenario: str
    purpose: str  # "scenario": the call under judgement; "staging": it arranges, reads back or cleans up
    account: str  # "" where the call carries no session that the target should recognise
    operation: str
    method: str
    url: str
    request_headers: tuple[tuple[str, str], ...]
    request_body: bytes | None
    status: int | None
    headers: tuple[tuple[str, str], ...]
    body: str
    body_bytes: int
    surplus_bytes: int  # how many of them came after the end which Content-Length announced
    started: str
    milliseconds: float
    trouble: str = ""
    trouble_kind: Trouble = Trouble.NONE
    cut_short: bool = False  # the body ended before the announced Content-Length
    simultaneous: bool = False  # other calls were under way: their order is not known
    unusual: bool = False  # HTTP gives reason to turn the request away before the operation sees it
    subject: Subject | None = None
    comment: str | Unreadable | None = UNREADABLE  # as sent; UNREADABLE where the body is not an ordinary reopen
    json: Any = field(default=UNREADABLE, repr=False, compare=False)
    why_no_json: str = ""  # where `json` is UNREADABLE

    @property
    def no_json(self) -> str:
        """Says that the body is no JSON, and why as far as it is known."""
        return f"no JSON ({self.why_no_json})" if self.why_no_json else "no JSON"

    @property
    def whole(self) -> bool:
        """Whether all that matters of the answer could be read; a body that is merely announced too long is whole."""
        if self.status is None:
            return False
        return not self.trouble or (self.cut_short and self.json is not UNREADABLE)

    @property
    def accepted(self) -> bool:
        """Whether the target says that it did what was asked (2xx)."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def refused(self) -> bool:
        """Whether the target says that the call is wrong (4xx)."""
        return self.status is not None and 400 <= self.status < 500

    def header(self, name: str) -> list[str]:
        """Returns the values of a response header, by its name in any case."""
        wanted = name.lower()
        return [value for key, value in self.headers if key.lower() == wanted]

    @property
    def codes(self) -> list[int]:
        """The error codes of the envelope; empty where there is none."""
        return [error["code"] for error in self.errors if isinstance(error.get("code"), int)]

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The entries of the error envelope; empty where there is none."""
        errors = self.json.get("errors") if isinstance(self.json, dict) else None
        return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []

    def summary(self) -> str:
        """Returns the answer in a line: the status and the beginning of the body."""
        if self.status is None:
            return self.trouble
        if 300 <= self.status < 400:
            location = ", ".join(self.header("Location")) or "nowhere"
            return f"{self.status}, a redirect to {location[:200]}; none is followed"
        body = " ".join(self.body.split())
        trouble = f" ({self.trouble})" if self.trouble else ""
        return f"{self.status}{trouble} {body[:200]}{'…' if len(body) > 200 else ''}".rstrip()

    def observation(self) -> str:
        """Returns in words what was seen where the page leaves open what is right."""
        if self.status is None:
            return f"the page is silent; there was no answer: {self.trouble}"
        codes = f", code {', '.join(map(str, self.codes))}" if self.codes else ""
        return f"the page is silent; the answer is {self.status}{codes}"


def curl(exchange: Exchange) -> str:
    """Returns a shell command that repeats the call; the session id comes from `$ARENA_SESSION_ID`.

    It is empty where the command would be too long to read, or to paste.
    """
    return _curl(exchange.method, exchange.url, exchange.request_headers, exchange.request_body)


def curl_of(request: Mapping[str, Any]) -> str:
    """Returns the same for the request of an exchange as a report keeps it."""
    body = base64.b64decode(request["body_base64"]) if "body_base64" in request else None
    body = request["body"].encode("utf-8", "surrogatepass") if "body" in request else body
    return _curl(request["method"], request["url"], request["headers"], body)


def _curl(method: str, url: str, headers: Sequence[Sequence[str]], body: bytes | None) -> str:
    command = _command(method, url, headers, body)
    return command if len(command) <= LONGEST_CURL else ""


def _command(method: str, url: str, headers: Sequence[Sequence[str]], body: bytes | None) -> str:
    words = ["curl", "-i", "-X", method, shlex.quote(url)]
    for name, value in headers:
        if name.lower() == SESSION_HEADER and value == REDACTED:
            words += ["-H", f'"{name}: $ARENA_SESSION_ID"']
        elif name.lower() not in {"content-length", "accept-encoding", "connection", "user-agent", "accept"}:
            # curl drops a header without a value unless a semicolon ends it
            words += ["-H", shlex.quote(f"{name}: {value}" if value else f"{name};")]
    if body is None:
        return " ".join(words)
    if not any(name.lower() == "content-type" for name, _ in headers):
        words += ["-H", "'Content-Type:'"]
    if b"\0" in body:  # no argument can hold one
        octal = "".join(f"\\{byte:03o}" for byte in body)
        return " ".join(["printf", f"'{octal}'", "|", *words, "--data-binary", "@-"])
    return " ".join([*words, "--data-raw", _shell_word(body)])


def _shell_word(raw: bytes) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = ""
    if text and text.replace("\n", "").isprintable():
        return shlex.quote(text)
    return "$'" + "".join(chr(b) if 32 <= b < 127 and b not in b"\\'" else f"\\x{b:02x}" for b in raw) + "'"


def _json_bytes(exchange: Exchange) -> int:
    """Returns how long the body is whose JSON is kept."""
    return 0 if exchange.json is UNREADABLE else exchange.body_bytes


class Recorder:
    """Keeps the exchanges of a run, all of them unless told to forget, and tells those who watch."""

    def __init__(self, redactor: Redactor) -> None:
        self.redactor = redactor
        self.count = 0  # calls so far; the id of the last exchange
        self.calls: Counter[str] = Counter()  # by scenario
        self._kept: dict[int, Exchange] = {}  # in the order of their ids
        self.scenario = ""
        self.notes: list[str] = []  # what befell the run, and whoever reads the report should know
        self.disregarded: set[int] = set()  # exchanges that say nothing about the target: a session of ours had ended
        self._json_bytes = 0
        self._lock = threading.RLock()
        self._watchers: list[Callable[[Exchange], None]] = []

    @property
    def exchanges(self) -> list[Exchange]:
        """All exchanges that are kept, in the order of their ids."""
        return list(self._kept.values())

    def __getitem__(self, number: int) -> Exchange:
        """Returns the exchange with this id. Raises KeyError where it is not kept."""
        return self._kept[number]

    def since(self, number: int) -> Iterator[Exchange]:
        """Returns what is kept of the exchanges after the one with this id."""
        return (self._kept[one] for one in range(number + 1, self.count + 1) if one in self._kept)

    def forget(self, after: int, *, but: Container[int]) -> None:
        """Keeps of the exchanges after this id only those that are named: a long run must not fill the memory."""
        for number in [one.id for one in self.since(after) if one.id not in but]:
            self._json_bytes -= _json_bytes(self._kept.pop(number))

    def tells(self, exchange: Exchange) -> bool:
        """Tells whether an exchange that was kept can still be judged."""
        return exchange.id not in self.disregarded and exchange.why_no_json != NOT_KEPT

    def watch(self, watcher: Callable[[Exchange], None]) -> None:
        """Calls `watcher` with every exchange from now on, in the order of their ids."""
        self._watchers.append(watcher)

    def record(self, make: Callable[[int], Exchange]) -> Exchange:
        """Takes a finished exchange in, made with the id that it gets. Thread-safe.

        What is returned, and shown to those who watch, is whole; where answers are huge what is kept lacks their JSON.
        """
        with self._lock:
            exchange = make(self.count + 1)
            self.count = exchange.id
            self.calls[exchange.scenario] += 1
            kept = exchange
            if self._json_bytes + _json_bytes(exchange) <= MOST_JSON:
                self._json_bytes += _json_bytes(exchange)
            else:
                kept = replace(exchange, json=UNREADABLE, why_no_json=NOT_KEPT)
            self._kept[kept.id] = kept
            for watcher in self._watchers:
                watcher(exchange)
        return exchange

    def answered_headers(self, headers: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        """Returns the headers of an answer without any known secret, and without the end of what is very long."""
        return tuple((self._short(name), self._short(value)) for name, value in headers)

    def _short(self, text: str) -> str:
        if len(text) <= MOST_HEADER:
            return self.redactor.text(text)
        return self.redactor.beginning(text.encode("utf-8", "surrogatepass"), MOST_HEADER) + "…"

    def redacted_headers(
        self, headers: Iterable[tuple[str, str]], secret: Container[str] = ()
    ) -> tuple[tuple[str, str], ...]:
        """Returns the headers of a request without any known secret, and without the values of those named `secret`."""
        return tuple(
            (self.redactor.text(name), REDACTED if name in secret else self.redactor.text(value))
            for name, value in headers
        )
