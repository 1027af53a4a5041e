"""Values without what differs from run to run: a guid is a guid, a date has a form, a text is a text. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from conformance.invariants import http_date, readable_date

NULL: Final = "null"
LONGEST: Final = 200  # characters of a message or a header that are kept
_SHORTEST: Final = 4  # characters of what is told by its value to be a guid or a name
_DEEPEST, _MOST_PATHS = 10, 300  # a hostile answer must not fill the report

# Members whose value is one of a few words. It stands behind an equals sign, a class of values does not.
ENUMERATED: Final = frozenset({"status", "statusMode", "type", "decision", "decisionType", "complete"})
# Headers whose value says the same in every answer.
_LITERAL: Final = frozenset(
    [
        "allow",
        "cache-control",
        "content-encoding",
        "content-type",
        "pragma",
        "server",
        "transfer-encoding",
        "vary",
    ]
)
_NAMING: Final = frozenset({"name", "fullName", "number", "email"})  # members that name something
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_OTHER_DATE = re.compile(r"\d{4}-?\d\d-?\d\d([T ]\d\d:?\d\d(:?\d\d)?([.,]\d+)?(Z|[+-]\d\d:?\d\d)?)?")
_VENDOR_DATE = re.compile(r"[A-Z][a-z]{2}, \d\d-[A-Z][a-z]{2}-\d{4} \d\d:\d\d:\d\d GMT[+-]\d{4} \([A-Z]+\)")
_GUID = re.compile(r"(?=[A-Z0-9]*\d)[A-Z0-9]{16,}")


@dataclass(frozen=True)
class Known:
    """What a run's answers name: guids, and the names and numbers of things and persons."""

    guids: Collection[str] = frozenset()
    names: Collection[str] = frozenset()

    @cached_property
    def alphabet(self) -> str:
        """Which kinds of characters the guids are made of; their length may differ by chance."""
        kinds = {_kind_of(character) for guid in self.guids for character in guid}
        return ", ".join(sorted(kinds))


def _kind_of(character: str) -> str:
    if not character.isascii():
        return "beyond ASCII"
    if character.isdigit():
        return "0-9"
    if character.isalpha():
        return "A-Z" if character.isupper() else "a-z"
    return character


def header(name: str, values: list[str]) -> str:
    """Returns the class of a header's value; how often it stands there, where that is more than once."""
    lowered, value = name.lower(), values[0].strip()
    times = f" ({len(values)} times)" if len(values) > 1 else ""
    if lowered in _LITERAL:
        return value[:LONGEST] + times
    if not value:
        return "empty" + times
    if re.fullmatch(r"-?\d+", value):
        return "number" + times
    return _date_header(value) + times


def _date_header(value: str) -> str:
    if http_date(value):
        return "HTTP-date"
    if _VENDOR_DATE.fullmatch(value):
        return "date as the vendor writes it"
    if _OTHER_DATE.fullmatch(value):
        return f"date like {re.sub(r'[0-9]', '9', value)[:40]}"
    return "date of another form" if len(value) < LONGEST and readable_date(value) else "text"


def value(name: str, given: Any, known: Known) -> str:
    """Returns the class of a JSON value that is the member `name` of something."""
    match given:
        case None:
            return NULL
        case bool():
            return f"={str(given).lower()}" if name in ENUMERATED else "boolean"
        case int() | float():
            return "number"
        case str():
            return _text(name, given, known)
        case list():
            return "list"
    return "object"


def _text(name: str, given: str, known: Known) -> str:
    if name in ENUMERATED:
        return f"={given[:40]}"
    if name == "guid" or (len(given) >= _SHORTEST and given in known.guids):
        return "guid"
    if _DATE_TIME.fullmatch(given):
        return "date-time"
    if _OTHER_DATE.fullmatch(given) and readable_date(given):
        return f"date like {re.sub(r'[0-9]', '9', given)}"
    return "text" if given else "empty text"


def shape(body: Any, known: Known) -> dict[str, str]:
    """Returns the class of every value of a JSON body, by its path; those of a list's entries are put together."""
    found: dict[str, set[str]] = {}
    for path, kind in _walk(body, "", "", known):
        if path in found or len(found) < _MOST_PATHS:
            found.setdefault(path, set()).add(kind)
    return {path: " or ".join(sorted(kinds)) for path, kinds in found.items()}


def _walk(given: Any, name: str, path: str, known: Known) -> Iterator[tuple[str, str]]:
    yield path or "(whole)", value(name, given, known)
    if path.count(".") + path.count("[]") >= _DEEPEST:
        return
    if isinstance(given, dict):
        for key, member in given.items():
            # keys that are guids, or nearly, are values
            shown = "{}" if (len(key) >= _SHORTEST and key in known.guids) or _GUID.fullmatch(key) else key[:60]
            yield from _walk(member, shown, f"{path}.{shown}".lstrip("."), known)
    if isinstance(given, list):
        for entry in given:
            yield from _walk(entry, "", f"{path}[]", known)


def template(message: Any, known: Known) -> str:
    """Returns a message without guids, names and numbers; each leaves `{}`."""
    if not isinstance(message, str):
        return f"({value('', message, known)})"
    text = message[: 4 * LONGEST]
    named = [name for name in (*known.guids, *known.names) if len(name) >= _SHORTEST and name in text]
    for name in sorted(named, key=len, reverse=True):
        text = re.sub(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])", "{}", text)
    text = re.sub(r'"[^"]*"', '"{}"', text)
    text = re.sub(r"\S+@\S+", "{}", text)
    text = re.sub(r"(?<![\w{])[A-Z0-9]*\d\w*", "{}", text)
    return text[:LONGEST]


def names_in(bodies: Iterable[Any]) -> Known:
    """Returns what these JSON bodies name. A name that is a plain word is left alone: messages use words."""
    guids: set[str] = set()
    names: set[str] = set()
    waiting = list(bodies)
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            for key, member in one.items():
                if not isinstance(member, str):
                    waiting.append(member)
                elif key == "guid":
                    guids.add(member)
                elif key in _NAMING:
                    names.add(member)
        elif isinstance(one, list):
            waiting += one
    return Known(frozenset(guids), frozenset(name for name in names if re.search(r"[\s\d@]", name)))
