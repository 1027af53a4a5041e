"""What comes in and is taken or refused where the page leaves it open."""

# ruff: noqa: D102 - what an override is for is said by its class
import json
from datetime import timedelta
from typing import Any

from conformance.arena.codes import Situation
from conformance.arena.message import Call, Reply, Visit
from conformance.arena.policy import Policy
from conformance.arena.rendering import Json
from conformance.arena.store import QualityProcess, Session, Step, StepStatus, StepType, User
from conformance.arena.variants.base import Variant


class LenientJson(Variant):
    """A byte order mark, UTF-16 and NaN are understood."""

    breaks = "bodies that were refused are taken"

    def parse_json(self, body: bytes) -> Any:
        if body[:2] in (b"\xff\xfe", b"\xfe\xff"):
            body = body.decode("utf-16").encode()
        return super().parse_json(body.removeprefix(b"\xef\xbb\xbf"))

    def refuse_constant(self, literal: str) -> Any:  # noqa: ARG002 - every one is null
        return None


class StrictJson(Variant):
    """Duplicate keys, lone surrogates and deep nesting make a body invalid."""

    breaks = "bodies that were taken are refused"

    def parse_json(self, body: bytes) -> Any:
        value = super().parse_json(body)
        try:
            json.loads(body, object_pairs_hook=_distinct)
            json.dumps(value, ensure_ascii=False).encode()
        except ValueError as error:
            raise self.refusal(Situation.MALFORMED_JSON) from error
        if b"[[[[[[[[[" in body:
            raise self.refusal(Situation.MALFORMED_JSON)
        return value


class UnknownFieldsRefused(Variant):
    """A body with a field that the page does not show is refused."""

    breaks = "a client that sends more than the page shows is refused"

    def read_status_change(self, body: Json) -> Any:
        if body.keys() - {"qualityProcess", "complete", "comment"}:
            raise self.refusal(Situation.WRONG_SHAPE, "there is an unknown field")
        return super().read_status_change(body)


class CommentRequired(Variant):
    """Every status change needs a comment, as the page's sample has one."""

    breaks = "a client that sends no comment is refused"

    def read_comment(self, body: Json) -> str | None:
        comment = super().read_comment(body)
        if comment is None:
            raise self.refusal(Situation.WRONG_SHAPE, "comment is missing")
        return comment


class MissingCompleteReopens(Variant):
    """Without `complete`, or with null, the call reopens."""

    breaks = "a body that was refused reopens the step"

    def read_complete(self, body: Json) -> bool:
        return super().read_complete({**body, "complete": False} if body.get("complete") is None else body)


class StepRequired(Variant):
    """A body without a step is refused for its shape: the process itself can't be reopened so."""

    breaks = "a call without a step is refused for another reason"

    def read_status_change(self, body: Json) -> Any:
        change = super().read_status_change(body)
        if not change.names_step and not change.complete:
            raise self.refusal(Situation.WRONG_SHAPE, "step is missing")
        return change


class OpenProcessesReopen(Variant):
    """Reopening a process that is open succeeds and does nothing."""

    breaks = "a call that was refused is accepted"

    def reopen_process(self, user: User, process: QualityProcess) -> None:  # noqa: ARG002
        process.completed_date_time = None


class GuidsInAnyCase(Variant):
    """Guids are read in upper and in lower case."""

    breaks = "guids that were unknown are found"

    def require_guid(self, guid: str | None) -> str:
        return super().require_guid(guid and guid.upper())

    def reference(self, body: Json, key: str) -> str | None:
        guid = super().reference(body, key)
        return guid and guid.upper()


class AnyTextMayBeAGuid(Variant):
    """A guid is compared and never looked at: what is no guid is one that nothing has."""

    breaks = "what was no guid is an unknown one, which has another code"

    profiles = ("documented",)

    def require_guid(self, guid: str | None) -> str:
        if not guid:
            raise self.refusal(Situation.GUID_EMPTY)
        return guid


class ParametersRefused(Variant):
    """A media type with a parameter other than charset=utf-8 is refused."""

    breaks = "a client that sends a parameter with its content type is refused"

    def require_json_type(self, call: Call) -> None:
        super().require_json_type(call)
        _, _, parameters = call.headers["content-type"].partition(";")
        if parameters.strip().lower() not in ("", "charset=utf-8"):
            raise self.refusal(Situation.NOT_JSON_TYPE)


class HugeBodiesTurnedAway(Variant):
    """A body of more than 64 KiB is turned away below, in plain text."""

    breaks = "a client that sends a huge comment is refused"

    def handle(self, operation: str, call: Call) -> Reply:
        if len(call.body) > 65536:
            return _plain(413, "Payload Too Large")
        return super().handle(operation, call)


class LongHeadersTurnedAway(Variant):
    """A header of more than a thousand characters is turned away below, in plain text."""

    breaks = "an endless session id is refused without the error envelope"

    def handle(self, operation: str, call: Call) -> Reply:
        if any(len(value) > 1000 for value in call.headers.values()):
            return _plain(431, "Request Header Fields Too Large")
        return super().handle(operation, call)


class SessionsSideBySide(Variant):
    """Logging in again leaves the user's other sessions alive."""

    breaks = "a session that was dead is alive"

    def login(self, visit: Visit) -> tuple[int, Any]:
        before = dict(self.store.sessions)
        answer = super().login(visit)
        self.store.sessions = {**before, **self.store.sessions}
        return answer


class SessionsGiven(Variant):
    """Nobody logs in: the accounts' sessions are handed out beforehand."""

    untested = frozenset({"session-required"})  # a session that was handed out is never logged out

    def target(self, base_url: str) -> dict[str, Any]:
        target = super().target(base_url)
        for entry in target["accounts"].values():
            session = Session(self.new_session_id(), self.store.users[entry["guid"]], self.now())
            self.store.open_session(session)
            del entry["email"], entry["password"]
            entry["session_id"] = session.id
        return target

    def login(self, visit: Visit) -> tuple[int, Any]:
        return self.unknown_endpoint(visit)


class HeaderRequired(Variant):
    """Every call, login too, needs a header of the deployment's own."""

    def admit(self, operation: str, visit: Visit) -> None:
        if "arena-usage-reason" not in visit.call.headers:
            raise self.refusal(Situation.WRONG_SHAPE, "the usage reason is missing")
        super().admit(operation, visit)

    def target(self, base_url: str) -> dict[str, Any]:
        return {**super().target(base_url), "headers": {"Arena-Usage-Reason": "conformance"}}


class TokensForSessions(Variant):
    """Session ids are long tokens with dots and dashes in them."""

    def new_session_id(self) -> str:
        return f"{super().new_session_id() * 9}.{super().new_session_id()}"


class ExpiredSessionsForgotten(Variant):
    """A session that timed out is unknown, not dead."""

    session_lifetime = timedelta(minutes=89)

    def recognise(self, call: Call) -> Session | None:
        self.store.sessions = {key: one for key, one in self.store.sessions.items() if self.is_alive(one)}
        return super().recognise(call)


# Whom the page is silent about.


class AdministratorsMayReopen(Variant):
    """An account administrator may reopen what the owner may."""

    breaks = "a call that was refused is accepted"

    class _Policy(Policy):
        def is_owner(self, user: User, process: QualityProcess) -> bool:
            return user.account_administrator or super().is_owner(user, process)

    policy = _Policy()


class UndecidedSignoffsReopen(Variant):
    """Reopening a sign-off step that is pending or rejected succeeds and takes its decisions back."""

    breaks = "a call that was refused is accepted"

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        if step.type is StepType.SIGNOFF and step.status is StepStatus.OPEN:
            for decision in step.decisions:
                decision.verdict = decision.date_time = decision.comments = None
            return
        super().reopen_step(user, process, step)


class StateBeforePrivileges(Variant):
    """What the step and its process allow is asked before who calls."""

    breaks = "of two reasons another one is told, with its code"

    class _Policy(Policy):
        def why_not_reopen_step(self, user: User, process: QualityProcess, step: Step) -> Situation | None:
            if self.locks_steps(process):
                return Situation.PROCESS_COMPLETED
            if self.is_approved_signoff(step):
                return Situation.SIGNOFF_APPROVED
            if self.is_open(step):
                return Situation.STEP_ALREADY_OPEN
            return None if self.may_change_status(user, process, step) else Situation.NOT_PERMITTED

    policy = _Policy()


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _plain(status: int, text: str) -> Reply:
    body = text.encode()
    return Reply(
        status, [("Content-Type", "text/plain"), ("Content-Length", str(len(body))), ("Connection", "close")], body
    )
