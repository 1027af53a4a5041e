"""Guids of other alphabets and lengths: any text without white space will do, as long as it names one thing."""

# ruff: noqa: D102 - what an override is for is said by its class
import re
import uuid
from dataclasses import replace
from typing import Any, ClassVar

from conformance.arena.codes import Situation
from conformance.arena.message import Call, Reply
from conformance.arena.variants.base import Variant

_STORED = re.compile(r"[A-Z0-9]{20}")


class _Spelt(Variant):
    """Keeps its guids as the vendor does and writes them otherwise on the wire, in both directions."""

    breaks = "whether a text may be a guid depends on how guids look here, and so does the code of a refusal"
    form: ClassVar[re.Pattern[str]]  # what is no guid at all does not fit it

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._spellings: dict[str, str] = {}
        self._stored: dict[str, str] = {}
        super().__init__(*args, **kwargs)

    def spell(self, guid: str, number: int) -> str:
        """How the guid is written that is the `number`th to be shown."""
        raise NotImplementedError

    def handle(self, operation: str, call: Call) -> Reply:
        """Reads the guids of the address."""
        guids = {name: self._stored.get(guid, guid) for name, guid in call.guids.items()}
        return super().handle(operation, replace(call, guids=guids))

    def parse_json(self, body: bytes) -> Any:
        """Reads the guids of the body."""
        return _walk(super().parse_json(body), lambda guid: self._stored.get(guid, guid))

    def encode(self, body: Any) -> bytes:
        """Writes the guids of the answer."""
        return super().encode(_walk(body, self._write))

    def require_guid(self, guid: str | None) -> str:
        """A guid of this alphabet may be unknown, any other is malformed."""
        if not guid:
            raise self.refusal(Situation.GUID_EMPTY)
        if guid not in self._spellings and not self.form.fullmatch(guid):
            raise self.refusal(Situation.GUID_MALFORMED, guid)
        return guid

    def target(self, base_url: str) -> dict[str, Any]:
        """Names users, template, prefix and group as they are written."""
        target = super().target(base_url)
        staging = {key: self._write(value) for key, value in target["staging"].items()}
        return {**target, "accounts": _walk(target["accounts"], self._write), "staging": staging}

    def _write(self, guid: str) -> str:
        if not _STORED.fullmatch(guid):
            return guid
        if guid not in self._spellings:
            self._spellings[guid] = self.spell(guid, len(self._spellings) + 1)
            self._stored[self._spellings[guid]] = guid
        return self._spellings[guid]


def _walk(value: Any, change: Any) -> Any:
    match value:
        case dict():
            return {
                key: change(member) if key == "guid" and isinstance(member, str) else _walk(member, change)
                for key, member in value.items()
            }
        case list():
            return [_walk(member, change) for member in value]
    return value


class UuidGuids(_Spelt):
    """Guids are UUIDs: lower-case hexadecimal digits in five groups."""

    form = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

    def spell(self, guid: str, number: int) -> str:  # noqa: ARG002
        return str(uuid.uuid5(uuid.NAMESPACE_OID, guid))


class PrefixedGuids(_Spelt):
    """Guids begin with a letter that says whose they are, and then are lower-case."""

    form = re.compile(r"q[a-z0-9]{20}")

    def spell(self, guid: str, number: int) -> str:  # noqa: ARG002
        return f"q{guid.lower()}"


class NumericGuids(_Spelt):
    """Guids are numbers written as text, from "1" on."""

    form = re.compile(r"[1-9][0-9]*")

    def spell(self, guid: str, number: int) -> str:  # noqa: ARG002
        return str(number)


class LongGuids(_Spelt):
    """Guids have two hundred characters."""

    breaks = "a guid that lacks a character is malformed where guids have one length, and unknown where they have any"

    form = re.compile(r"[A-Z0-9]{200}")

    def spell(self, guid: str, number: int) -> str:  # noqa: ARG002
        return guid * 10


class GuidsBeyondAscii(_Spelt):
    """Guids have letters that ASCII lacks, which an address must escape."""

    form = re.compile(r"[\wÀ-ž步骤🔩]{21}")

    def spell(self, guid: str, number: int) -> str:  # noqa: ARG002
        return f"{guid[:10]}é步🔩{guid[12:]}"


class GuidsOfReservedCharacters(_Spelt):
    """Guids have characters that mean something in an address unless they are escaped."""

    form = re.compile(r"[A-Z0-9#?&=+%:;@~.]{27}")

    def spell(self, guid: str, number: int) -> str:  # noqa: ARG002
        return f"{guid[:10]}#?&+%41{guid[10:]}"
