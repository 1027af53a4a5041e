"""Behaviour where the page is silent, other than the embedded Arena's: no fault, but news."""
# ruff: noqa: D102 - an override is described by its class, and may ignore what it is given

import re
from typing import Any

from conformance.arena.codes import Code, Situation
from conformance.arena.faults.families import Says
from conformance.arena.faults.fault import Fault
from conformance.arena.message import Call, Refusal, Visit
from conformance.arena.rendering import Json
from conformance.arena.statuschanges import StatusChange
from conformance.arena.store import QualityProcess, User

# Codes that the page does not fix.


class NewCodeForNotPermitted(Says):
    """A refusal for want of privileges has the code of a later release."""

    situation = Situation.NOT_PERMITTED
    says = Code(400, 3085, "You do not have privileges to perform the requested operation.")


class NewCodeForCompletedProcess(Says):
    """The refusal in a completed process has the code of a later release."""

    situation = Situation.PROCESS_COMPLETED
    says = Code(400, 3168, "The step cannot be reopened when the quality process is completed.")


class NewCodeForApprovedSignoff(Says):
    """The refusal on an approved sign-off step has the code of a later release."""

    situation = Situation.SIGNOFF_APPROVED
    says = Code(400, 3170, "The sign-off step cannot be reopened.")


class NewCodeForMalformedGuid(Says):
    """The refusal of a malformed guid has the code of a later release."""

    situation = Situation.GUID_MALFORMED
    says = Code(400, 3011, "The guid is not valid.")


class NewCodeForUnknownGuid(Says):
    """The refusal of an unknown guid has the code of a later release."""

    situation = Situation.GUID_UNKNOWN
    says = Code(400, 3012, "The requested object is not found.")


class NewCodeForEmptyGuid(Says):
    """The refusal of an empty guid has the code of a later release."""

    situation = Situation.GUID_EMPTY
    says = Code(400, 3098, "Guid in the request is either null or empty.")


class NewCodeForMalformedJson(Says):
    """The refusal of malformed JSON has the code of a later release."""

    situation = Situation.MALFORMED_JSON
    says = Code(400, 400, "The format of the request is not valid.")


class NewCodeForWrongShape(Says):
    """The refusal of a body of another shape has another code."""

    situation = Situation.WRONG_SHAPE
    says = Code(400, 400, "The format of the request is not valid.")


class NewCodeForStepOfAnotherProcess(Says):
    """The refusal of a step of another process has another code."""

    situation = Situation.STEP_OF_ANOTHER_PROCESS
    says = Code(400, 3012, "The requested object is not found.")


class NewCodeWithoutSession(Says):
    """The refusal without a session has the code of a later release."""

    situation = Situation.NO_SESSION
    says = Code(401, 401, "There is no access token.")


class NewStatusWithoutSession(Says):
    """The refusal without a session is 400, no longer 401."""

    situation = Situation.NO_SESSION
    says = Code(400, 1001, "The call carries no valid session.")


class NewStatusForWrongType(Says):
    """The refusal of a content type is 400, no longer 415."""

    situation = Situation.NOT_JSON_TYPE
    says = Code(400, 1003, "The content type must be application/json.")


class SecondErrorForNotPermitted(Fault):
    """A refusal for want of privileges lists a second error."""

    def render_refusal(self, refusal: Refusal) -> tuple[int, Any]:
        status, body = super().render_refusal(refusal)
        if refusal.situation is Situation.NOT_PERMITTED:
            body["errors"].append({"code": 1099, "message": "Ask the owner of the quality process."})
        return status, body


# Bodies that the page does not speak of.


class ByteOrderMarkTaken(Fault):
    """A byte order mark before the body is read over."""

    def parse_json(self, body: bytes) -> Any:
        return super().parse_json(body.removeprefix(b"\xef\xbb\xbf"))


class Utf16Taken(Fault):
    """A body in UTF-16 is read."""

    def parse_json(self, body: bytes) -> Any:
        return super().parse_json(body.decode("utf-16").encode() if body.startswith(b"\xff\xfe") else body)


class NotANumberTaken(Fault):
    """NaN is read as JSON, and as null."""

    def parse_json(self, body: bytes) -> Any:
        return super().parse_json(body.replace(b":NaN", b":null"))


class DuplicateKeysRefused(Fault):
    """A body with a key that stands twice is refused."""

    def parse_json(self, body: bytes) -> Any:
        if body.count(b'"complete"') > 1:
            raise self.refusal(Situation.MALFORMED_JSON)
        return super().parse_json(body)


class UnknownMembersRefused(Fault):
    """A body with a member that the page does not know is refused."""

    def read_status_change(self, body: Json) -> StatusChange:
        if body.keys() - {"qualityProcess", "complete", "comment"}:
            raise self.refusal(Situation.WRONG_SHAPE, "it has an unknown member")
        return super().read_status_change(body)


class MissingCompleteMeansReopen(Fault):
    """Without `complete` the step is reopened."""

    def read_complete(self, body: Json) -> bool:
        return super().read_complete({"complete": False, **body})


class NullCompleteMeansReopen(Fault):
    """With `complete` null the step is reopened."""

    def read_complete(self, body: Json) -> bool:
        return False if "complete" in body and body["complete"] is None else super().read_complete(body)


class CommentRequired(Fault):
    """A reopen without a comment is refused."""

    def read_comment(self, body: Json) -> str | None:
        comment = super().read_comment(body)
        if body.get("complete") is False and "step" in body["qualityProcess"] and comment is None:
            raise self.refusal(Situation.WRONG_SHAPE, "comment is missing")
        return comment


class EmptyCommentRefused(Fault):
    """An empty comment is refused."""

    def read_comment(self, body: Json) -> str | None:
        comment = super().read_comment(body)
        if comment == "":
            raise self.refusal(Situation.WRONG_SHAPE, "comment is empty")
        return comment


class LongCommentRefused(Fault):
    """A comment of more than 1,000 characters is refused."""

    def read_comment(self, body: Json) -> str | None:
        comment = super().read_comment(body)
        if len(comment or "") > 1000:
            raise self.refusal(Situation.WRONG_SHAPE, "comment is too long")
        return comment


class ControlCharactersRefused(Fault):
    """A comment with control characters is refused."""

    def read_comment(self, body: Json) -> str | None:
        comment = super().read_comment(body)
        if any(ord(character) < 32 and character not in "\n\0" for character in comment or ""):
            raise self.refusal(Situation.WRONG_SHAPE, "comment has control characters")
        return comment


class NulRefused(Fault):
    """A comment with a NUL is refused."""

    def read_comment(self, body: Json) -> str | None:
        comment = super().read_comment(body)
        if "\0" in (comment or ""):
            raise self.refusal(Situation.WRONG_SHAPE, "comment has a NUL")
        return comment


class CommentNumberTaken(Fault):
    """A number is taken for a comment."""

    def read_comment(self, body: Json) -> str | None:
        comment = body.get("comment")
        return str(comment) if isinstance(comment, int) else super().read_comment(body)


class CommentOfAnyTypeDropped(Fault):
    """A comment that is an object or a list counts as none."""

    def read_comment(self, body: Json) -> str | None:
        return None if isinstance(body.get("comment"), dict | list) else super().read_comment(body)


class SurrogateRefused(Fault):
    """A comment with half a surrogate pair is refused."""

    def read_comment(self, body: Json) -> str | None:
        comment = super().read_comment(body)
        if any("\ud800" <= character <= "\udfff" for character in comment or ""):
            raise self.refusal(Situation.MALFORMED_JSON)
        return comment


class LowerCaseGuidsTaken(Fault):
    """Letter case in a guid does not matter."""

    def text(self, body: Json, key: str) -> str | None:
        value = super().text(body, key)
        return value.upper() if key == "guid" and value is not None else value


class DeepNestingTaken(Fault):
    """A body may be nested as deeply as its sender likes."""

    def parse_json(self, body: bytes) -> Any:
        return super().parse_json(re.sub(rb"\[+\]+", b"[]", body))


class WithoutStepSucceeds(Fault):
    """Reopening an open process, without a step, succeeds."""

    def reopen_process(self, user: User, process: QualityProcess) -> None:
        if self.policy.locks_steps(process):
            super().reopen_process(user, process)


class WithoutStepRefused(Fault):
    """A body without a step is refused for its shape."""

    def read_status_change(self, body: Json) -> StatusChange:
        change = super().read_status_change(body)
        if not change.names_step and not change.complete:
            raise self.refusal(Situation.WRONG_SHAPE, "step is missing")
        return change


# Which of two reasons is told.


class CompletedToldBeforePrivileges(Fault):
    """In a completed process everybody is told so, also who may not reopen its steps."""

    def reopen_step(self, user: User, process: QualityProcess, step: Any) -> None:
        if self.policy.locks_steps(process) and self.policy.may_edit(user):
            raise self.refusal(Situation.PROCESS_COMPLETED)
        super().reopen_step(user, process, step)


class ForeignersNotPermitted(Fault):
    """A user of another workspace is refused for want of privileges, not because nothing is found."""

    def find_process(self, visit: Visit, guid: str | None) -> QualityProcess:
        process = self.store.processes.get(guid or "")
        if process is not None and process.workspace_id != visit.user.workspace_id:
            raise self.refusal(Situation.NOT_PERMITTED)
        return super().find_process(visit, guid)


class RelatedTypesAreBadRequests(Fault):
    """A content type with json in it, but not application/json, is refused with 400."""

    def require_json_type(self, call: Call) -> None:
        try:
            super().require_json_type(call)
        except Refusal:
            if "json" in call.headers.get("content-type", ""):
                raise self.refusal(Situation.MALFORMED_JSON) from None
            raise
