"""Faults in the headers of the vendor's own."""
# ruff: noqa: ARG002, D102 - an override is described by its class, and may ignore what it is given

from conformance.arena.faults.families import REFUSALS, Header
from conformance.arena.message import Visit

_RESET = "X-Arena-Next-Request-Limit-Reset"
_REMAINING = "X-Arena-Requests-Remaining"


class ResetMissing(Header):
    """X-Arena-Next-Request-Limit-Reset is missing."""

    rule = "response-headers"
    name = _RESET


class ResetMissingOnSuccess(Header):
    """X-Arena-Next-Request-Limit-Reset is missing on success."""

    rule = "response-headers"
    name = _RESET
    on = (201,)


class ResetMissingOnFailure(Header):
    """X-Arena-Next-Request-Limit-Reset is missing on failure."""

    rule = "response-headers"
    name = _RESET
    on = REFUSALS


class ResetMissingForWrongType(Header):
    """X-Arena-Next-Request-Limit-Reset is missing where the content type is wrong."""

    rule = "response-headers"
    name = _RESET
    on = (415,)


class ResetIsNumber(Header):
    """X-Arena-Next-Request-Limit-Reset is the number of seconds until then."""

    rule = "response-headers"
    name = _RESET

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return [str(int((visit.workspace.next_reset - self.now()).total_seconds()))]


class ResetIsEpoch(Header):
    """X-Arena-Next-Request-Limit-Reset is the number of seconds since 1970."""

    rule = "response-headers"
    name = _RESET

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return [str(int(visit.workspace.next_reset.timestamp()))]


class ResetIsTimeOnly(Header):
    """X-Arena-Next-Request-Limit-Reset is a time without a date."""

    rule = "response-headers"
    name = _RESET

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return [f"{visit.workspace.next_reset:%H:%M:%S} GMT"]


class ResetIsWords(Header):
    """X-Arena-Next-Request-Limit-Reset is a phrase."""

    rule = "response-headers"
    name = _RESET

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return ["midnight Pacific"]


class ResetIsEmpty(Header):
    """X-Arena-Next-Request-Limit-Reset is empty."""

    rule = "response-headers"
    name = _RESET

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return [""]


class ResetIsImpossible(Header):
    """X-Arena-Next-Request-Limit-Reset is the 31st of February."""

    rule = "response-headers"
    name = _RESET

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return ["Fri, 31-Feb-2031 00:00:00 GMT-0700 (PDT)"]


class RemainingMissing(Header):
    """X-Arena-Requests-Remaining is missing."""

    rule = "response-headers"
    name = _REMAINING


class RemainingMissingOnSuccess(Header):
    """X-Arena-Requests-Remaining is missing on success."""

    rule = "response-headers"
    name = _REMAINING
    on = (201,)


class RemainingMissingOnFailure(Header):
    """X-Arena-Requests-Remaining is missing on failure."""

    rule = "response-headers"
    name = _REMAINING
    on = REFUSALS


class RemainingIsWord(Header):
    """X-Arena-Requests-Remaining is a word."""

    rule = "response-headers"
    name = _REMAINING

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return ["unlimited"]


class RemainingHasLimit(Header):
    """X-Arena-Requests-Remaining is a number of a number."""

    rule = "response-headers"
    name = _REMAINING

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return [f"{value}/{visit.workspace.request_limit}"]


class RemainingHasFraction(Header):
    """X-Arena-Requests-Remaining has a decimal point."""

    rule = "response-headers"
    name = _REMAINING

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return [f"{value}.0"]


class RemainingHasSeparator(Header):
    """X-Arena-Requests-Remaining has a thousands separator."""

    rule = "response-headers"
    name = _REMAINING

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return [f"{int(value):,}"]


class RemainingIsEmptyOnFailure(Header):
    """X-Arena-Requests-Remaining is empty on failure."""

    rule = "response-headers"
    name = _REMAINING
    on = REFUSALS

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        return [""]
