"""Faults in what the server stumbles over: 5xx."""
# ruff: noqa: ARG002, D102 - an override is described by its class, and may ignore what it is given

from typing import Any

from conformance.arena.faults.fault import Fault
from conformance.arena.message import Visit
from conformance.arena.rendering import Json
from conformance.arena.statuschanges import StatusChange
from conformance.arena.store import QualityProcess, StepType, User


class _Breaks(Fault):
    """Fails on some comments, before anything is changed."""

    def read_comment(self, body: Json) -> str | None:
        comment = super().read_comment(body)
        if body.get("complete") is False and self.breaks(comment):
            raise RuntimeError
        return comment

    def breaks(self, comment: str | None) -> bool:
        """Whether this comment breaks the server."""
        raise NotImplementedError


class EmojiBreaksTheServer(_Breaks):
    """A comment with a character beyond the basic plane is answered 500."""

    rule = "failure-is-400"

    def breaks(self, comment: str | None) -> bool:
        return any(ord(character) > 0xFFFF for character in comment or "")


class UmlautBreaksTheServer(_Breaks):
    """A comment beyond ASCII is answered 500."""

    rule = "failure-is-400"

    def breaks(self, comment: str | None) -> bool:
        return not (comment or "").isascii()


class NewlineBreaksTheServer(_Breaks):
    """A comment of several lines is answered 500."""

    rule = "failure-is-400"

    def breaks(self, comment: str | None) -> bool:
        return "\n" in (comment or "")


class QuoteBreaksTheServer(_Breaks):
    """A comment with a single quote is answered 500."""

    rule = "failure-is-400"

    def breaks(self, comment: str | None) -> bool:
        return "'" in (comment or "")


class PercentBreaksTheServer(_Breaks):
    """A comment with a percent sign is answered 500."""

    rule = "failure-is-400"

    def breaks(self, comment: str | None) -> bool:
        return "%" in (comment or "")


class LongCommentBreaksTheServer(_Breaks):
    """A comment of more than 255 characters is answered 500."""

    rule = "failure-is-400"

    def breaks(self, comment: str | None) -> bool:
        return len(comment or "") > 255


class HugeCommentBreaksTheServer(_Breaks):
    """A comment of more than 65,535 bytes is answered 500."""

    rule = "failure-is-400"

    def breaks(self, comment: str | None) -> bool:
        return len((comment or "").encode("utf-8", "replace")) > 65535


class NulBreaksTheServer(_Breaks):
    """A comment with a NUL is answered 500."""

    rule = "failure-is-400"

    def breaks(self, comment: str | None) -> bool:
        return "\0" in (comment or "")


class ControlBreaksTheServer(_Breaks):
    """A comment with a control character is answered 500."""

    rule = "failure-is-400"

    def breaks(self, comment: str | None) -> bool:
        return any(ord(character) < 32 and character not in "\n\0" for character in comment or "")


class SurrogateBreaksTheServer(_Breaks):
    """A comment with half a surrogate pair is answered 500."""

    rule = "failure-is-400"

    def breaks(self, comment: str | None) -> bool:
        return any("\ud800" <= character <= "\udfff" for character in comment or "")


class EmptyCommentBreaksTheServer(_Breaks):
    """An empty comment is answered 500."""

    rule = "failure-is-400"

    def breaks(self, comment: str | None) -> bool:
        return comment == ""


class NullCommentBreaksTheServer(_Breaks):
    """Without a comment the answer is 500."""

    rule = "failure-is-400"

    def breaks(self, comment: str | None) -> bool:
        return comment is None


class CommentOfAnotherTypeBreaksTheServer(Fault):
    """A comment that is no text is answered 500."""

    rule = "failure-is-400"

    def read_comment(self, body: Json) -> str | None:
        comment: str | None = body.get("comment")
        return None if comment is None else comment.encode("utf-8", "surrogatepass").decode("utf-8", "surrogatepass")


class MissingCompleteBreaksTheServer(Fault):
    """A body without `complete` is answered 500."""

    rule = "failure-is-400"

    def read_complete(self, body: Json) -> bool:
        return super().read_complete({"complete": body["complete"]})


class DeepNestingBreaksTheServer(Fault):
    """A body nested too deeply is answered 500."""

    rule = "failure-is-400"

    def parse_json(self, body: bytes) -> Any:
        if body.count(b"[") > 500:
            raise RecursionError
        return super().parse_json(body)


class ByteOrderMarkBreaksTheServer(Fault):
    """A body that begins with a byte order mark is answered 500."""

    rule = "failure-is-400"

    def parse_json(self, body: bytes) -> Any:
        if body.startswith((b"\xef\xbb\xbf", b"\xff\xfe")):
            raise UnicodeError
        return super().parse_json(body)


class OtherEncodingBreaksTheServer(Fault):
    """A body that is no UTF-8 is answered 500."""

    rule = "failure-is-400"

    def parse_json(self, body: bytes) -> Any:
        try:
            body.decode()
        except UnicodeDecodeError as error:
            raise RuntimeError from error
        return super().parse_json(body)


class NullBodyBreaksTheServer(Fault):
    """A body that is the JSON null is answered 500."""

    rule = "failure-is-400"

    def parse_json(self, body: bytes) -> Any:
        read = super().parse_json(body)
        if read is None:
            raise TypeError
        return read


class UnknownMembersBreakTheServer(Fault):
    """A member that the server does not know is answered 500."""

    rule = "failure-is-400"

    def read_status_change(self, body: Json) -> StatusChange:
        if body.keys() - {"qualityProcess", "complete", "comment"}:
            raise KeyError
        return super().read_status_change(body)


class DuplicateKeysBreakTheServer(Fault):
    """A key that stands twice in the body is answered 500."""

    rule = "failure-is-400"

    def parse_json(self, body: bytes) -> Any:
        if body.count(b'"complete"') > 1:
            raise KeyError
        return super().parse_json(body)


class PendingSignoffBreaksTheServer(Fault):
    """The reopen of a sign-off step that is pending or rejected is answered 500."""

    rule = "failure-is-400"

    def reopen_step(self, user: User, process: QualityProcess, step: Any) -> None:
        if step.type is StepType.SIGNOFF and not self.policy.is_approved_signoff(step):
            raise AttributeError
        super().reopen_step(user, process, step)


class MissingStepBreaksTheServer(Fault):
    """A body without a step is answered 500."""

    rule = "failure-is-400"

    def reopen_process(self, user: User, process: QualityProcess) -> None:
        raise AttributeError


class ForeignerBreaksTheServer(Fault):
    """A user of another workspace is answered 500."""

    rule = "failure-is-400"

    def find_process(self, visit: Visit, guid: str | None) -> QualityProcess:
        process = self.store.processes.get(guid or "")
        if process is not None and process.workspace_id != visit.user.workspace_id:
            raise PermissionError
        return super().find_process(visit, guid)


class AdministratorBreaksTheServer(Fault):
    """An account administrator is answered 500."""

    rule = "failure-is-400"

    def reopen_step(self, user: User, process: QualityProcess, step: Any) -> None:
        if user.account_administrator:
            raise PermissionError
        super().reopen_step(user, process, step)


class SuccessBreaksTheServer(Fault):
    """The step is reopened, and the answer is 500."""

    rule = "failure-is-400"

    def render_success(self, process: QualityProcess, complete: bool, comment: str | None) -> Json:
        if not complete:
            raise RuntimeError
        return super().render_success(process, complete, comment)


class SuccessWithEmojiBreaksTheServer(Fault):
    """The step is reopened, and where the comment has an emoji the answer is 500."""

    rule = "failure-is-400"

    def render_success(self, process: QualityProcess, complete: bool, comment: str | None) -> Json:
        if any(ord(character) > 0xFFFF for character in comment or ""):
            raise RuntimeError
        return super().render_success(process, complete, comment)
