"""Faults in which session ids are taken for a session."""
# ruff: noqa: ARG002, D102 - an override is described by its class, and may ignore what it is given

from typing import Any, ClassVar

from conformance.arena.codes import Situation
from conformance.arena.faults.families import RefusedWith
from conformance.arena.faults.fault import Fault
from conformance.arena.message import Call, Reply, Visit
from conformance.arena.store import Session, User


class _Takes(Fault):
    """Takes more session ids than it should."""

    def recognise(self, call: Call) -> Session | None:
        return super().recognise(call) or self.guessed(call.headers.get("arena_session_id"))

    def guessed(self, session_id: str | None) -> Session | None:
        """The session that a wrong id is taken for."""
        raise NotImplementedError


class _TakesForOwner(_Takes):
    """Takes some wrong ids for a session of the owner of the step."""

    def recognise(self, call: Call) -> Session | None:
        session, found = super().recognise(call), self.step_in(call)
        if session is None and found is not None and self.opens(call.headers.get("arena_session_id")):
            return self.store.sessions.get(self.store.session_of.get(found[0].owner.guid, ""))
        return session

    def guessed(self, session_id: str | None) -> Session | None:
        return None

    def opens(self, session_id: str | None) -> bool:
        """Whether this wrong id is let through."""
        raise NotImplementedError


class SessionNotAsked(_TakesForOwner):
    """Without the header the call is made in somebody's name."""

    rule = "session-required"

    def opens(self, session_id: str | None) -> bool:
        return session_id is None


class EmptySessionTaken(_TakesForOwner):
    """An empty session id is a session."""

    rule = "session-required"

    def opens(self, session_id: str | None) -> bool:
        return session_id == ""


class AnySessionTaken(_TakesForOwner):
    """Any session id will do."""

    rule = "session-required"

    def opens(self, session_id: str | None) -> bool:
        return bool(session_id)


class NullSessionTaken(_TakesForOwner):
    """The session id `null` is a session."""

    rule = "session-required"

    def opens(self, session_id: str | None) -> bool:
        return session_id == "null"


class SessionIsQuery(_TakesForOwner):
    """The session id goes into a query as it stands: a quote opens every door."""

    rule = "session-required"

    def opens(self, session_id: str | None) -> bool:
        return "' OR '" in (session_id or "")


class SessionLooksRight(_TakesForOwner):
    """What has the form of a session id is one."""

    rule = "session-required"

    def opens(self, session_id: str | None) -> bool:
        return (session_id or "").startswith("arena-")


class SessionComparedByItsBeginning(_Takes):
    """Only the first 16 characters of a session id are compared."""

    rule = "session-required"

    def guessed(self, session_id: str | None) -> Session | None:
        return next((s for s in self.store.sessions.values() if s.id[:16] == (session_id or "")[:16]), None)


class SessionMayHaveATail(_Takes):
    """A session id may go on after its end."""

    rule = "session-required"

    def guessed(self, session_id: str | None) -> Session | None:
        return next((s for s in self.store.sessions.values() if (session_id or "").startswith(s.id)), None)


class SessionMayBeCutShort(_Takes):
    """A session id without its last character is taken for the whole."""

    rule = "session-required"

    def guessed(self, session_id: str | None) -> Session | None:
        return next((s for s in self.store.sessions.values() if s.id[:-1] == session_id), None)


class SessionInAnyLetterCase(_Takes):
    """Letter case in a session id does not matter."""

    rule = "session-required"

    def guessed(self, session_id: str | None) -> Session | None:
        return next((s for s in self.store.sessions.values() if s.id.lower() == (session_id or "").lower()), None)


class SessionIsUserGuid(_Takes):
    """A user's guid is taken for a session id."""

    rule = "session-required"

    def guessed(self, session_id: str | None) -> Session | None:
        return self.store.sessions.get(self.store.session_of.get(session_id or "", ""))


class SessionOutlivesLogout(Fault):
    """Logging out ends nothing."""

    rule = "session-required"

    def logout(self, visit: Visit) -> tuple[int, Any]:
        return 200, {}


class SessionOutlivesLogoutForOneCall(_Takes):
    """After logging out one more call goes through."""

    rule = "session-required"

    def logout(self, visit: Visit) -> tuple[int, Any]:
        session = self.store.sessions[visit.call.headers["arena_session_id"]]
        vars(self).setdefault("late", {})[session.id] = session
        return super().logout(visit)

    def guessed(self, session_id: str | None) -> Session | None:
        late: Session | None = vars(self).get("late", {}).pop(session_id, None)
        return late


class SessionOutlivesItsTime(Fault):
    """A session never times out."""

    rule = "session-required"

    def is_alive(self, session: Session) -> bool:
        return True


class SessionOutlivesNextLogin(Fault):
    """Logging in again leaves the user's first session alive."""

    def check_login(self, email: Any, password: Any, workspace_id: Any) -> User:
        user = super().check_login(email, password, workspace_id)
        self.store.session_of.pop(user.guid, None)
        return user


class _NoSessionBut(Fault):
    """Refuses for want of a session, but not in time."""

    when: ClassVar[frozenset[str | None]]

    def handle(self, operation: str, call: Call) -> Reply:
        reply = super().handle(operation, call)
        found = self.step_in(call) if operation == "change_status" and reply.status == 401 else None
        if found is not None and self.applies(call.headers.get("arena_session_id")):
            self.apply_reopen_step(found[0].owner, *found)
        return reply

    def applies(self, session_id: str | None) -> bool:
        """Whether the step is reopened in spite of the refusal."""
        raise NotImplementedError


class NoSessionRefusedButReopened(_NoSessionBut):
    """Without a session the call is refused after the step was reopened."""

    rule = "session-required"

    def applies(self, session_id: str | None) -> bool:
        return session_id is None


class UnknownSessionRefusedButReopened(_NoSessionBut):
    """With an unknown session the call is refused after the step was reopened."""

    rule = "session-required"

    def applies(self, session_id: str | None) -> bool:
        return bool(session_id)


class NoSessionIsForbidden(RefusedWith):
    """Without a session the answer is 403."""

    rule = "failure-is-400"
    situations = frozenset({Situation.NO_SESSION})
    status = 403


class NoSessionIsNotFound(RefusedWith):
    """Without a session the answer is 404, to hide what is there."""

    rule = "failure-is-400"
    situations = frozenset({Situation.NO_SESSION})
    status = 404


class NoSessionBreaksTheServer(RefusedWith):
    """Without a session the answer is 500."""

    rule = "failure-is-400"
    situations = frozenset({Situation.NO_SESSION})
    status = 500


class NoSessionRedirects(RefusedWith):
    """Without a session the answer is a redirect to the login."""

    rule = "failure-is-400"
    situations = frozenset({Situation.NO_SESSION})
    status = 302


class NoSessionIsSuccess(RefusedWith):
    """Without a session the answer is 200 with the error envelope in it."""

    rule = "session-required"
    situations = frozenset({Situation.NO_SESSION})
    status = 200


class LongSessionBreaksTheServer(Fault):
    """A session id of more than 1,000 characters is answered 500."""

    rule = "failure-is-400"

    def recognise(self, call: Call) -> Session | None:
        if len(call.headers.get("arena_session_id", "")) > 1000:
            raise OverflowError
        return super().recognise(call)


class QuotedSessionBreaksTheServer(Fault):
    """A session id with a quote in it is answered 500."""

    rule = "failure-is-400"

    def recognise(self, call: Call) -> Session | None:
        if "'" in call.headers.get("arena_session_id", ""):
            raise SyntaxError
        return super().recognise(call)


class MissingSessionBreaksTheServer(Fault):
    """A call without the header is answered 500."""

    rule = "failure-is-400"

    def recognise(self, call: Call) -> Session | None:
        if "arena_session_id" not in call.headers:
            raise KeyError
        return super().recognise(call)
