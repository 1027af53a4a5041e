"""The same answers in other words: fields, headers, codes and messages that the page leaves open."""

# ruff: noqa: D102 - what an override is for is said by its class
import itertools
import json
from collections.abc import Mapping
from typing import Any

from conformance.arena.codes import Code, Situation
from conformance.arena.message import Refusal, Visit
from conformance.arena.rendering import Json
from conformance.arena.store import ProcessStatus, QualityProcess, Step, StepStatus, User
from conformance.arena.variants.base import Variant

# What the newer profile fixes a code for, beside "already open", which both fix.
_CODED = {
    Situation.NO_SESSION,
    Situation.MALFORMED_JSON,
    Situation.GUID_EMPTY,
    Situation.GUID_MALFORMED,
    Situation.GUID_UNKNOWN,
    Situation.NOT_PERMITTED,
    Situation.SIGNOFF_APPROVED,
    Situation.PROCESS_COMPLETED,
}
_WORDED = {Situation.STEP_ALREADY_OPEN, Situation.PROCESS_ALREADY_OPEN}


# Bodies.


class ExtraFields(Variant):
    """Every object of every answer has fields that the page does not show."""

    def encode(self, body: Any) -> bytes:
        return super().encode(_everywhere(body, lambda one: {"_links": {"self": None}, **one, "revision": [7, {}]}))


class RestlessFields(Variant):
    """Every object of every answer has a field that is another one each time."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._times = itertools.count()
        super().__init__(*args, **kwargs)

    def encode(self, body: Any) -> bytes:
        return super().encode(_everywhere(body, lambda one: {**one, "timesShown": next(self._times)}))


class FieldsInReverseOrder(Variant):
    """Every object of every answer has its fields the other way round."""

    def encode(self, body: Any) -> bytes:
        return super().encode(_everywhere(body, lambda one: dict(reversed(one.items()))))


class IndentedAscii(Variant):
    """Bodies are indented, and what ASCII lacks is escaped."""

    def encode(self, body: Any) -> bytes:
        return (json.dumps(body, indent="\t").replace("/", "\\/").replace("\n", "\r\n") + "\r\n").encode()


class NullCurrentStep(Variant):
    """No answer names the current step."""

    breaks = "a client that reads the current step finds none"

    def render_current_step(self, process: QualityProcess) -> Json | None:  # noqa: ARG002
        return None


class LastStepIsCurrent(Variant):
    """The current step is the last one, whatever is open."""

    breaks = "the current step is another one"

    def render_current_step(self, process: QualityProcess) -> Json | None:
        return {"approvals": None, "attributes": None, "guid": process.steps[-1].guid}


class NoEmailAddresses(Variant):
    """Persons have a name and a guid and no e-mail address."""

    breaks = "a client that reads e-mail addresses finds none"

    def render_person(self, user: User) -> Json:
        return {"fullName": user.full_name, "guid": user.guid}


class CompleteInsteadOfCompleted(Variant):
    """A completed quality process reads COMPLETE, as a completed step does."""

    def render_process(self, process: QualityProcess) -> Json:
        word = "COMPLETE" if process.status is ProcessStatus.COMPLETED else "OPEN"
        return {**super().render_process(process), "status": word}


class StatusModeOfItsOwn(Variant):
    """The status mode is a word that the vendor's documents do not list."""

    breaks = "the status mode is a word that a client does not know"

    def render_process(self, process: QualityProcess) -> Json:
        return {**super().render_process(process), "statusMode": "ON_LAST_STEP"}


class CompletionKept(Variant):
    """A reopened step still shows when and by whom it was completed before."""

    breaks = "a client that takes a date of completion for a complete step is misled"

    def apply_reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:  # noqa: ARG002
        step.status = StepStatus.OPEN


# Comments that the page promises nothing about.


class AbsentCommentIsEmpty(Variant):
    """Where no comment was sent the answer has an empty one."""

    breaks = "where there was null there is a text"

    def render_success(self, process: QualityProcess, complete: bool, comment: str | None) -> Json:
        return super().render_success(process, complete, comment or "")


class EmptyCommentIsNull(Variant):
    """An empty comment is none."""

    breaks = "where there was a text there is null"

    def render_success(self, process: QualityProcess, complete: bool, comment: str | None) -> Json:
        return super().render_success(process, complete, comment or None)


class LongCommentsCut(Variant):
    """Of a comment the first thousand characters are kept."""

    breaks = "a client loses the end of a long comment"

    def read_comment(self, body: Json) -> str | None:
        comment = super().read_comment(body)
        return None if comment is None else comment[:1000]


class CommentsCleaned(Variant):
    """Of a comment only printable characters and newlines are kept."""

    breaks = "a comment comes back otherwise than it did"

    def read_comment(self, body: Json) -> str | None:
        return "".join(c for c in super().read_comment(body) or "" if c.isprintable() or c == "\n")


class UnusualCommentsRefused(Variant):
    """A comment that is empty, null, longer than a thousand characters or not printable is refused."""

    breaks = "comments that were taken are refused"

    def read_comment(self, body: Json) -> str | None:
        comment = super().read_comment(body)
        if "comment" in body and not (
            comment and len(comment) <= 1000 and all(c.isprintable() or c == "\n" for c in comment)
        ):
            raise self.refusal(Situation.WRONG_SHAPE, "the comment is not usable")
        return comment


class CommentsTurnedIntoText(Variant):
    """A comment that is no text is taken as the text that JSON writes it with."""

    breaks = "comments that were refused are taken"

    def read_comment(self, body: Json) -> str | None:
        comment = body.get("comment")
        return comment if comment is None or isinstance(comment, str) else json.dumps(comment)


# Headers.


class HeaderNamesInLowerCase(Variant):
    """Header names are in lower case, as HTTP/2 writes them."""

    def headers(self, visit: Visit, status: int, content: bytes) -> list[tuple[str, str]]:
        return [(name.lower(), value) for name, value in super().headers(visit, status, content)]


class HeaderNamesInUpperCase(Variant):
    """Header names are in upper case."""

    def headers(self, visit: Visit, status: int, content: bytes) -> list[tuple[str, str]]:
        return [(name.upper(), value) for name, value in super().headers(visit, status, content)]


class MoreHeaders(Variant):
    """Headers come in another order, with others between them, some of those more than once."""

    def headers(self, visit: Visit, status: int, content: bytes) -> list[tuple[str, str]]:
        six = super().headers(visit, status, content)
        return [
            ("Set-Cookie", "JSESSIONID=0; Path=/; HttpOnly"),
            ("Set-Cookie", "route=a; Path=/"),
            ("Strict-Transport-Security", "max-age=31536000"),
            *reversed(six),
            ("Vary", "Accept-Encoding"),
            ("Vary", "Origin"),
            ("X-Empty", ""),
            ("WWW-Authenticate", 'Arena realm="a, b"'),
        ]


class ContentTypeWithCharset(Variant):
    """The content type names the charset."""

    def headers(self, visit: Visit, status: int, content: bytes) -> list[tuple[str, str]]:
        return _replaced(super().headers(visit, status, content), "Content-Type", "application/json;charset=UTF-8")


class ContentTypeInMixedCase(Variant):
    """The content type is in mixed case, which means the same."""

    def headers(self, visit: Visit, status: int, content: bytes) -> list[tuple[str, str]]:
        return _replaced(super().headers(visit, status, content), "Content-Type", "Application/Json ; Charset=utf-8")


class ResetAsHttpDate(Variant):
    """The next reset is an HTTP-date."""

    breaks = "a client that parses the date of the reset can't any more"

    def render_reset(self, moment: Any) -> str:
        return self.render_http_date(moment)


class ResetAsIso8601(Variant):
    """The next reset is an ISO 8601 date with fractions of a second."""

    breaks = "a client that parses the date of the reset can't any more"

    def render_reset(self, moment: Any) -> str:
        return f"{moment:%Y-%m-%dT%H:%M:%S}.000+00:00"


class ResetAsIso8601Basic(Variant):
    """The next reset is an ISO 8601 date in its short form."""

    breaks = "a client that parses the date of the reset can't any more"

    def render_reset(self, moment: Any) -> str:
        return f"{moment:%Y%m%dT%H%M%SZ}"


# Refusals.


class SeveralErrors(Variant):
    """Every refusal lists three errors, and the one that matters is the second."""

    breaks = "a client that reads the first error finds another one"

    def render_error(self, status: int, code: int, message: str) -> Json:
        body = super().render_error(status, code, message)
        before, after = {"code": 1, "message": "The request was refused."}, {"code": -1, "message": ""}
        return {**body, "errors": [before, *body["errors"], after]}


class MessagesOfItsOwn(Variant):
    """Every message but the one that the page fixes is in another language."""

    def own_codes(self) -> Mapping[Situation, Code]:
        return {
            situation: Code(code.status, code.code, "Das geht so nicht: größer, später, «{{}}».")
            for situation, code in self.codes.items()
            if situation not in _WORDED
        }


class CodesOfItsOwn(Variant):
    """Every refusal whose code is left open has the same code."""

    breaks = "a client that tells refusals by their codes can't any more"

    def own_codes(self) -> Mapping[Situation, Code]:
        fixed = _WORDED | (_CODED if self.profile == "winter-2023" else set())
        return {
            situation: Code(code.status, 0, code.message)
            for situation, code in self.codes.items()
            if situation not in fixed
        }


class MissingSessionIs400(Variant):
    """A call without a valid session is a bad request like any other."""

    breaks = "a client that logs in again after 401 does not any more"

    profiles = ("documented",)

    def own_codes(self) -> Mapping[Situation, Code]:
        return {Situation.NO_SESSION: Code(400, 4003, "No session.")}


class WrongMediaTypeIs400(Variant):
    """A body of another media type is a bad request like any other."""

    breaks = "the status and the code are others"

    profiles = ("documented",)

    def own_codes(self) -> Mapping[Situation, Code]:
        return {Situation.NOT_JSON_TYPE: Code(400, 4150, "No JSON.")}


class ForeignGuidsAreForbidden(Variant):
    """A guid of another workspace is answered as a want of privileges, not as unknown."""

    breaks = "the code is another one"

    def render_refusal(self, refusal: Refusal) -> tuple[int, Any]:
        if refusal.situation is Situation.GUID_UNKNOWN and refusal.details[0] in self.store.processes:
            refusal = Refusal(Situation.NOT_PERMITTED, status=refusal.status)
        return super().render_refusal(refusal)


def _everywhere(value: Any, change: Any) -> Any:
    match value:
        case dict():
            return change({key: _everywhere(member, change) for key, member in value.items()})
        case list():
            return [_everywhere(member, change) for member in value]
    return value


def _replaced(headers: list[tuple[str, str]], name: str, value: str) -> list[tuple[str, str]]:
    return [(one, value if one == name else old) for one, old in headers]
