"""Faults in which content types are taken for JSON."""
# ruff: noqa: ARG002, D102 - an override is described by its class, and may ignore what it is given

from typing import ClassVar

from conformance.arena.codes import Situation
from conformance.arena.faults.families import RefusedWith
from conformance.arena.faults.fault import Fault
from conformance.arena.message import Call, Reply


class _AlsoJson(Fault):
    """Takes another content type for JSON."""

    def require_json_type(self, call: Call) -> None:
        if not self.taken(call.headers.get("content-type")):
            super().require_json_type(call)

    def taken(self, content_type: str | None) -> bool:
        """Whether this content type passes, although it is not application/json."""
        raise NotImplementedError


class AnyTypeTaken(_AlsoJson):
    """The content type is not looked at."""

    rule = "json-required"

    def taken(self, content_type: str | None) -> bool:
        return True


class MissingTypeTaken(_AlsoJson):
    """A body without content type passes for JSON."""

    rule = "json-required"

    def taken(self, content_type: str | None) -> bool:
        return content_type is None


class EmptyTypeTaken(_AlsoJson):
    """A content type that is empty passes for JSON."""

    rule = "json-required"

    def taken(self, content_type: str | None) -> bool:
        return content_type == ""


class TextTaken(_AlsoJson):
    """text/plain passes for JSON."""

    rule = "json-required"

    def taken(self, content_type: str | None) -> bool:
        return (content_type or "").startswith("text/plain")


class FormTaken(_AlsoJson):
    """application/x-www-form-urlencoded passes for JSON."""

    rule = "json-required"

    def taken(self, content_type: str | None) -> bool:
        return content_type == "application/x-www-form-urlencoded"


class MultipartTaken(_AlsoJson):
    """multipart/form-data passes for JSON."""

    rule = "json-required"

    def taken(self, content_type: str | None) -> bool:
        return (content_type or "").startswith("multipart/")


class XmlTaken(_AlsoJson):
    """application/xml passes for JSON."""

    rule = "json-required"

    def taken(self, content_type: str | None) -> bool:
        return content_type == "application/xml"


class BytesTaken(_AlsoJson):
    """application/octet-stream passes for JSON."""

    rule = "json-required"

    def taken(self, content_type: str | None) -> bool:
        return content_type == "application/octet-stream"


class JsonSubtypesTaken(_AlsoJson):
    """Whatever ends in +json passes for JSON."""

    rule = "json-required"

    def taken(self, content_type: str | None) -> bool:
        return (content_type or "").endswith("+json")


class JsonAnywhereTaken(_AlsoJson):
    """Whatever has json in it passes for JSON."""

    rule = "json-required"

    def taken(self, content_type: str | None) -> bool:
        return "json" in (content_type or "")


class JsonBeginningTaken(_AlsoJson):
    """Whatever begins with application/json passes for JSON."""

    rule = "json-required"

    def taken(self, content_type: str | None) -> bool:
        return (content_type or "").startswith("application/json")


class TextJsonTaken(_AlsoJson):
    """text/json passes for JSON."""

    rule = "json-required"

    def taken(self, content_type: str | None) -> bool:
        return content_type == "text/json"


class BareJsonTaken(_AlsoJson):
    """The word json without application passes for JSON."""

    rule = "json-required"

    def taken(self, content_type: str | None) -> bool:
        return content_type == "json"


class AnythingTaken(_AlsoJson):
    """A range of types, */* or application/*, passes for JSON."""

    rule = "json-required"

    def taken(self, content_type: str | None) -> bool:
        return (content_type or "").endswith("/*")


class UnheardOfTypesTaken(_AlsoJson):
    """Only known other types are refused: a list of what is forbidden in place of what is allowed."""

    rule = "json-required"

    def taken(self, content_type: str | None) -> bool:
        known = ("text/", "application/x-www", "application/xml", "application/octet", "multipart/", "application/json")
        return bool(content_type) and not (content_type or "").startswith(known)


class CharsetRefused(Fault):
    """A charset behind application/json is refused, also UTF-8."""

    rule = "json-required"

    def require_json_type(self, call: Call) -> None:
        super().require_json_type(call)
        if "charset" in call.headers.get("content-type", ""):
            raise self.refusal(Situation.NOT_JSON_TYPE)


class CharsetInCapitalsRefused(Fault):
    """The charset is compared letter by letter: UTF-8 in capitals is refused."""

    rule = "json-required"

    def require_json_type(self, call: Call) -> None:
        super().require_json_type(call)
        if "charset=UTF-8" in call.headers.get("content-type", ""):
            raise self.refusal(Situation.NOT_JSON_TYPE)


class CharsetWithoutSpaceRefused(Fault):
    """A charset is taken only where a space stands before it."""

    rule = "json-required"

    def require_json_type(self, call: Call) -> None:
        super().require_json_type(call)
        if ";charset" in call.headers.get("content-type", ""):
            raise self.refusal(Situation.NOT_JSON_TYPE)


class TypeRefusedButReopened(Fault):
    """A wrong content type is refused after the step was reopened."""

    rule = "json-required"

    def handle(self, operation: str, call: Call) -> Reply:
        reply = super().handle(operation, call)
        found = self.step_in(call) if operation == "change_status" and reply.status == 415 else None
        if found is not None and call.headers.get("content-type"):
            self.apply_reopen_step(found[0].owner, *found)
        return reply


class MissingTypeRefusedButReopened(Fault):
    """A missing content type is refused after the step was reopened."""

    rule = "json-required"

    def handle(self, operation: str, call: Call) -> Reply:
        reply = super().handle(operation, call)
        found = self.step_in(call) if operation == "change_status" and reply.status == 415 else None
        if found is not None and "content-type" not in call.headers:
            self.apply_reopen_step(found[0].owner, *found)
        return reply


class MissingTypeBreaksTheServer(Fault):
    """A body without content type is answered 500."""

    rule = "failure-is-400"

    def require_json_type(self, call: Call) -> None:
        if "content-type" not in call.headers:
            raise KeyError
        super().require_json_type(call)


class MultipartBreaksTheServer(Fault):
    """A multipart body is answered 500: its parser runs before the check."""

    rule = "failure-is-400"

    def require_json_type(self, call: Call) -> None:
        if call.headers.get("content-type", "").startswith("multipart/"):
            raise ValueError
        super().require_json_type(call)


class WrongTypeIsNotAcceptable(RefusedWith):
    """A wrong content type is answered 406."""

    rule = "failure-is-400"
    situations = frozenset({Situation.NOT_JSON_TYPE})
    status = 406


class WrongTypeIsUnprocessable(RefusedWith):
    """A wrong content type is answered 422."""

    rule = "failure-is-400"
    situations = frozenset({Situation.NOT_JSON_TYPE})
    status = 422


class WrongTypeBreaksTheServer(RefusedWith):
    """A wrong content type is answered 500."""

    rule = "failure-is-400"
    situations = frozenset({Situation.NOT_JSON_TYPE})
    status = 500


# What the page leaves open.


class _AlsoRefuses(Fault):
    """Refuses application/json with some parameters or in some spelling."""

    word: ClassVar[str]

    def require_json_type(self, call: Call) -> None:
        super().require_json_type(call)
        if self.word in call.headers.get("content-type", ""):
            raise self.refusal(Situation.NOT_JSON_TYPE)


class ParametersRefused(_AlsoRefuses):
    """A content type with a parameter that JSON does not have is refused."""

    word = "profile="


class OtherCharsetsRefused(_AlsoRefuses):
    """A charset other than UTF-8 is refused."""

    word = "charset=iso"


class CapitalsInTypeRefused(_AlsoRefuses):
    """A content type in capitals is refused."""

    word = "Application/JSON"
