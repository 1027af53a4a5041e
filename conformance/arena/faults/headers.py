"""Faults in the headers that HTTP defines."""
# ruff: noqa: ARG002, D102 - an override is described by its class, and may ignore what it is given

from datetime import timedelta

from conformance.arena.faults.families import REFUSALS, Header
from conformance.arena.message import Visit


class LengthMissing(Header):
    """Content-Length is missing; the body comes in chunks."""

    rule = "response-headers"
    name = "Content-Length"


class LengthMissingOnFailure(Header):
    """Content-Length is missing on failure."""

    rule = "response-headers"
    name = "Content-Length"
    on = REFUSALS


class LengthMissingOnSuccess(Header):
    """Content-Length is missing on success."""

    rule = "response-headers"
    name = "Content-Length"
    on = (201,)


class LengthCountsCharacters(Header):
    """Content-Length is the number of characters, as the page says, not of bytes."""

    rule = "response-headers"
    name = "Content-Length"

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return [str(len(content.decode("utf-8", "replace")))]


class LengthIsTooSmall(Header):
    """Content-Length is one too small on success."""

    rule = "response-headers"
    name = "Content-Length"
    on = (201,)

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return [str(len(content) - 1)]


class LengthIsTooSmallOnFailure(Header):
    """Content-Length is one too small on failure."""

    rule = "response-headers"
    name = "Content-Length"
    on = REFUSALS

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return [str(len(content) - 1)]


class TypeMissing(Header):
    """Content-Type is missing."""

    rule = "response-headers"
    name = "Content-Type"


class TypeMissingOnSuccess(Header):
    """Content-Type is missing on success."""

    rule = "response-headers"
    name = "Content-Type"
    on = (201,)


class TypeMissingOnFailure(Header):
    """Content-Type is missing on failure."""

    rule = "response-headers"
    name = "Content-Type"
    on = REFUSALS


class TypeMissingWithoutSession(Header):
    """Content-Type is missing where the session is."""

    rule = "response-headers"
    name = "Content-Type"
    on = (401,)


class TypeIsText(Header):
    """Content-Type is text/plain."""

    rule = "response-headers"
    name = "Content-Type"

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return ["text/plain; charset=utf-8"]


class TypeIsTextJson(Header):
    """Content-Type is text/json."""

    rule = "response-headers"
    name = "Content-Type"

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return ["text/json"]


class TypeIsPageOnFailure(Header):
    """Content-Type is text/html on failure."""

    rule = "response-headers"
    name = "Content-Type"
    on = REFUSALS

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return ["text/html"]


class TypeIsProblemOnFailure(Header):
    """Content-Type is application/problem+json on failure."""

    rule = "response-headers"
    name = "Content-Type"
    on = REFUSALS

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return ["application/problem+json"]


class TypeIsOfVendor(Header):
    """Content-Type is a vendor's own type."""

    rule = "response-headers"
    name = "Content-Type"

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return ["application/vnd.arena+json"]


class TypeIsTextForWrongType(Header):
    """Content-Type is text/plain where the request's was wrong."""

    rule = "response-headers"
    name = "Content-Type"
    on = (415,)

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return ["text/plain"]


class DateMissing(Header):
    """Date is missing."""

    rule = "response-headers"
    name = "Date"


class DateMissingOnSuccess(Header):
    """Date is missing on success."""

    rule = "response-headers"
    name = "Date"
    on = (201,)


class DateMissingOnFailure(Header):
    """Date is missing on failure."""

    rule = "response-headers"
    name = "Date"
    on = REFUSALS


class DateIsIso(Header):
    """Date is in ISO 8601."""

    rule = "response-headers"
    name = "Date"

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return [self.now().isoformat()]


class DateIsLocal(Header):
    """Date is in the vendor's form, which is no HTTP-date."""

    rule = "response-headers"
    name = "Date"

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return [self.render_reset(self.now())]


class DateIsNumber(Header):
    """Date is the number of seconds since 1970."""

    rule = "response-headers"
    name = "Date"

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return [str(int(self.now().timestamp()))]


class DateIsNotToday(Header):
    """Date is the day on which the server was built."""

    rule = "response-headers"
    name = "Date"

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return [self.render_http_date(self.now() - timedelta(days=400))]


class DateIsNextYear(Header):
    """Date is in the next year."""

    rule = "response-headers"
    name = "Date"

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return [self.render_http_date(self.now() + timedelta(days=365))]


class DateIsEmptyOnFailure(Header):
    """Date is empty on failure."""

    rule = "response-headers"
    name = "Date"
    on = REFUSALS

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return [""]


class ServerMissing(Header):
    """Server is missing."""

    rule = "response-headers"
    name = "Server"


class ServerMissingOnSuccess(Header):
    """Server is missing on success."""

    rule = "response-headers"
    name = "Server"
    on = (201,)


class ServerMissingOnFailure(Header):
    """Server is missing on failure."""

    rule = "response-headers"
    name = "Server"
    on = REFUSALS


class ServerIsAnother(Header):
    """Server is nginx."""

    rule = "response-headers"
    name = "Server"

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return ["nginx"]


class ServerHasVersion(Header):
    """Server carries a version."""

    rule = "response-headers"
    name = "Server"

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return [f"{value}/2.1"]


class ServerInSmallLetters(Header):
    """Server is in small letters."""

    rule = "response-headers"
    name = "Server"

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return [value.lower()]


class ServerIsAnotherWithoutSession(Header):
    """Server is the gateway where the session is missing."""

    rule = "response-headers"
    name = "Server"
    on = (401,)

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return ["gateway"]


class ServerStandsTwice(Header):
    """Server stands twice, the second time with the gateway's name."""

    rule = "response-headers"
    name = "Server"

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return [value, "gateway"]
