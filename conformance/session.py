"""The accounts' sessions and the calls made in them.

One login per account and run: logging in again would end the account's first session.
"""

from __future__ import annotations

import codecs
import datetime as dt
import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from http import HTTPStatus
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlsplit

from conformance.evidence import (
    MOST_BODY,
    REDACTED,
    SESSION_HEADER,
    UNREADABLE,
    Exchange,
    Recorder,
    Redactor,
    Subject,
    Unreadable,
)
from conformance.journal import Journal
from conformance.target import Account, Secret, Target
from conformance.wire import Answer, Wire

REOPEN: Final = "reopen-step"
VARIANT: Final = "reopen-variant"  # a reopen that its address, method or framing makes another call: observed
STATUS_CHANGES: Final = "/qualityprocesses/statuschanges"
DOUBTFUL: Final = "(doubtful)"  # a session of which nobody knows whether it is still recognised
FOREIGNER: Final = "foreigner"  # the one account that lives in another workspace
COMMENT: Final = "Reopened by a conformance test."
JSON: Final = "application/json"
_JSON_TEXT: Final = json.JSONEncoder(ensure_ascii=False)
_T = TypeVar("_T")
_MOST_VALUES: Final = 100_000  # of an answer: they take far more memory than their text
_MOST_KEPT: Final = 2 * MOST_BODY  # bytes of a body that is sent: beyond what counts as large
_LOGIN_BODY: Final = b'{"email": "...", "password": "..."}'


class NoAccount(Exception):
    """The target file has no account for a part that is needed."""


class NotOurs(Exception):
    """A session can't be had in the way that a scenario needs; one that was given to the run is never ended."""


class Spent(Exception):
    """No call may be made any more but those that clean up."""


class LoginFailed(Exception):
    """A configured account can't log in."""


class SessionEnded(LoginFailed):
    """A session ended in mid-run, and it is no use to log in again."""


@dataclass(frozen=True)
class Written:
    """The head of a request as it goes over the wire, where an HTTP library would not write it so.

    `headers` follow those that every call has. `start` replaces the first line, `framed` the body.
    """

    headers: tuple[tuple[bytes, bytes], ...] = ()
    start: Callable[[bytes], bytes] | None = None  # makes the first line of the path
    framed: Callable[[bytes], bytes] | None = None
    path: Callable[[bytes], bytes] | None = None
    end_of_line: bytes = b"\r\n"
    host: bool = True
    ends: bool = False  # nothing follows, and the server is told so

    @property
    def shown(self) -> list[tuple[str, str]]:
        """The headers as text."""
        return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in self.headers]

    def payload(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> bytes:
        """Returns all bytes of the request."""
        parts = urlsplit(url)
        path = parts.path.encode()
        path = self.path(path) if self.path else path
        start = self.start(path) if self.start else method.encode() + b" " + path + b" HTTP/1.1"
        lines = [start, *([b"Host: " + parts.netloc.encode()] if self.host else []), b"Connection: close"]
        lines += [name.encode() + b": " + value.encode() for name, value in headers.items()]
        lines += [name + b": " + value for name, value in self.headers]
        return self.end_of_line.join([*lines, b"", self.framed(body) if self.framed else body])


@dataclass(frozen=True)
class Client:
    """Sends calls to one target and records them. What may change something is told to the journal first.

    `may_send` raises Spent where no call is left to spend.
    """

    target: Target
    recorder: Recorder
    wire: Wire
    journal: Journal
    may_send: Callable[[str], None] = lambda operation: None  # noqa: ARG005

    def call(
        self,
        method: str,
        path: str,
        *,
        operation: str,
        account: str = "",
        session_id: str | None = None,
        body: bytes | None = None,
        content_type: str | None = None,
        purpose: str = "staging",
        subject: Subject | None = None,
        comment: str | Unreadable | None = UNREADABLE,
        simultaneous: bool = False,
        unusual: bool = False,
        written: Written | None = None,
    ) -> Exchange:
        """Makes one call and returns its recorded exchange. Never raises for what the target does.

        What is `written` goes out as it is, past the HTTP library; its head stands in for that of the call.
        Raises Spent, Untouchable and JournalError, where nothing was sent.
        """
        self.may_send(operation)
        if method != "GET":
            self.journal.before(operation, account, subject, body)
        headers = {name: secret.reveal() for name, secret in self.target.headers.items()}
        if session_id is not None:
            headers[SESSION_HEADER] = session_id
        if content_type is not None:
            headers["Content-Type"] = content_type
        # a session id that nobody gave out is no secret, and worth seeing
        secret_headers = {*self.target.headers, *([SESSION_HEADER] if account else [])}
        login = operation == "login"
        url = self.target.base_url + path
        shown = list(headers.items()) if written is None else [*headers.items(), *written.shown]
        sent = partial(
            Exchange,
            scenario=self.recorder.scenario,
            purpose=purpose,
            account=account,
            operation=operation,
            method=method,
            url=self.recorder.redactor.text(url),
            request_headers=self.recorder.redacted_headers(shown, secret_headers),
            request_body=_LOGIN_BODY if login else _redacted(body, self.recorder.redactor),
            started=dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            simultaneous=simultaneous,
            subject=subject,
            comment=comment,
            unusual=unusual or written is not None,
        )
        try:
            if written is None:
                repeatable = login or (method == "GET" and operation != VARIANT)
                answer = self.wire.send(method, url, headers, body, repeatable=repeatable)
            else:
                payload = written.payload(method, url, headers, body or b"")
                answer = self.wire.write(url, payload, method=method, ends=written.ends)
        except BaseException:  # interrupted: the target may have done it, and whoever watches has to know
            self._record(sent, Answer(trouble="interrupted"))
            raise
        return self._record(sent, answer, login=login)

    def _record(self, sent: Callable[..., Exchange], answer: Answer, *, login: bool = False) -> Exchange:
        """Takes a call in, without its secrets."""
        parsed, why_no_json = _parsed(answer)
        if login:
            self._hide_session(parsed)
        body = self.recorder.redactor.beginning(answer.body, MOST_BODY)
        if login:
            body = _without_session(body, parsed)
        return self.recorder.record(
            lambda number: sent(
                id=number,
                status=answer.status,
                headers=self.recorder.answered_headers(answer.headers),
                body=body,
                body_bytes=len(answer.body),
                surplus_bytes=answer.surplus_bytes,
                cut_short=answer.cut_short,
                trouble=answer.trouble,
                trouble_kind=answer.trouble_kind,
                milliseconds=answer.milliseconds,
                json=parsed,
                why_no_json=self.recorder.redactor.text(why_no_json),
            )
        )

    def _hide_session(self, parsed: Any) -> None:
        """Makes the session id that a login gives a secret from now on."""
        if session_id := _given_session(parsed):
            self.recorder.redactor.add(session_id)


@dataclass(frozen=True)
class Session:
    """Calls in the name of one account; `role` is empty where no session should be recognised."""

    client: Client
    role: str
    guid: str = ""
    session_id: Secret | None = None
    keeper: Sessions | None = field(default=None, repr=False, compare=False)  # who logs in again, if anybody may

    def reopen(
        self,
        step: Subject,
        comment: str | None = COMMENT,
        *,
        content_type: str | None = JSON,
        purpose: str = "scenario",
        simultaneous: bool = False,
    ) -> Exchange:
        """Asks to reopen `step`, with the page's request body."""
        body = encode({**reopen_body(step), "comment": comment})
        return self._change(step, body, content_type, purpose=purpose, comment=comment, simultaneous=simultaneous)

    def send(
        self,
        step: Subject,
        body: Any,
        *,
        content_type: str | None = JSON,
        comment: str | Unreadable | None = UNREADABLE,
        unusual: bool = False,
    ) -> Exchange:
        """Sends any body, JSON value or bytes, to the reopen endpoint; it aims at `step`.

        One that is an ordinary reopen, however it is written, tells its `comment`.
        """
        raw = body if isinstance(body, bytes) else encode(body)
        return self._change(step, raw, content_type, purpose="scenario", comment=comment, unusual=unusual)

    def vary(
        self,
        step: Subject,
        body: bytes,
        *,
        method: str = "POST",
        path: str = STATUS_CHANGES,
        content_type: str | None = JSON,
        written: Written | None = None,
    ) -> Exchange:
        """Asks to reopen `step` by another method, at another address or in another framing: observed."""
        return self.client.call(
            method,
            path,
            operation=VARIANT,
            account=self.role,
            session_id=self._revealed(),
            body=body,
            content_type=content_type,
            purpose="scenario",
            subject=step,
            written=written,
            unusual=True,
        )

    def call(
        self,
        method: str,
        path: str,
        *,
        operation: str,
        body: Any = None,
        subject: Subject | None = None,
        simultaneous: bool = False,
    ) -> Exchange:
        """Makes a supporting call."""
        return self._kept(
            method,
            path,
            operation=operation,
            body=None if body is None else encode(body),
            content_type=None if body is None else JSON,
            subject=subject,
            simultaneous=simultaneous,
        )

    def _change(
        self,
        step: Subject,
        raw: bytes,
        content_type: str | None,
        *,
        purpose: str,
        comment: str | Unreadable | None,
        simultaneous: bool = False,
        unusual: bool = False,
    ) -> Exchange:
        return self._kept(
            "POST",
            STATUS_CHANGES,
            operation=REOPEN,
            body=raw,
            content_type=content_type,
            purpose=purpose,
            subject=step,
            comment=comment,
            simultaneous=simultaneous,
            unusual=unusual,
        )

    def _kept(self, method: str, path: str, **details: Any) -> Exchange:
        """Makes a call; where the session turns out to have ended, once more in the account's next one.

        Raises LoginFailed where there is none.
        """
        answer = self._once(method, path, **details)
        if self.keeper is None or answer.status != HTTPStatus.UNAUTHORIZED or answer.simultaneous:
            return answer
        renewed = self.keeper.renewed(self, answer)
        if renewed is None:
            return answer
        answer = renewed._once(method, path, **details)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            self.keeper.renewed(renewed, answer)  # raises where this one has ended as well
        return answer

    def _once(self, method: str, path: str, **details: Any) -> Exchange:
        return self.client.call(method, path, account=self.role, session_id=self._revealed(), **details)

    def _revealed(self) -> str | None:
        return None if self.session_id is None else self.session_id.reveal()


def together(calls: Sequence[Callable[[], _T]]) -> list[_T]:
    """Makes several calls at the same time; each has to say that it is `simultaneous`."""
    start = threading.Barrier(len(calls))

    def make(call: Callable[[], _T]) -> _T:
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as threads:
        try:
            return list(threads.map(make, calls))
        except BaseException:  # interrupted before all had come: nobody may wait for them
            start.abort()
            raise


def reopen_body(step: Subject) -> dict[str, Any]:
    """Returns the page's request body."""
    process = {"guid": step.process, "step": {"guid": step.step}}
    return {"qualityProcess": process, "complete": False, "comment": COMMENT}


def encode(body: Any) -> bytes:
    """Returns the JSON text in UTF-8."""
    return _JSON_TEXT.encode(body).encode("utf-8", "surrogatepass")


class Sessions:
    """Every account's session, by its part. Logs in once each, and out again of what it logged in to.

    A session that ends in mid-run, for the target was restarted or somebody else logged in as the account, is replaced
    once. Then what was sent in it is sent again: it was answered 401, so that nothing was done.
    """

    def __init__(self, client: Client) -> None:
        self._recognised = False  # whether any session ever was
        self._readable: dict[str, str] = {}  # what an account has read last
        self._renewed: set[str] = set()
        self._ended: dict[str, str] = {}  # accounts that are not logged in again, and why
        client.recorder.watch(self._see)
        self._client = client
        self._open: dict[str, Session] = {}
        self._ours: set[str] = set()
        self._guids: dict[str, str] = {}  # of accounts that were logged out, as far as they had to be looked up
        target = client.target
        redactor = client.recorder.redactor
        secrets = [secret for account in target.accounts.values() for secret in (account.password, account.session_id)]
        for secret in [*secrets, *target.headers.values(), target.expired_session_id]:
            if secret is not None:
                redactor.add(secret.reveal())
        if target.redact_emails:
            redactor.hide_emails()
            for account in target.accounts.values():
                redactor.add(account.email)

    @property
    def opened(self) -> int:
        """How many sessions this run has to log out."""
        return len(self._ours)

    @property
    def roles(self) -> Mapping[str, Account]:
        """The configured accounts."""
        return self._client.target.accounts

    @property
    def journal(self) -> Journal:
        """What is told of every change before it is sent."""
        return self._client.journal

    def __contains__(self, role: str) -> bool:
        return role in self.roles

    def __getitem__(self, role: str) -> Session:
        """Returns the account's session, logging in where it has none. Raises NoAccount, LoginFailed."""
        if role not in self.roles:
            raise NoAccount(f"the target file has no account {role}")
        if role in self._ended:
            raise SessionEnded(self._ended[role])
        if role not in self._open:
            self._open[role] = self._log_in(self.roles[role], self._guids.get(role, ""))
        return self._open[role]

    def log_in(self) -> None:
        """Logs every account in and learns its guid. Raises LoginFailed."""
        for role in self.roles:
            self[role]
        self._look_up_guids()

    def log_out(self, role: str, *, simultaneous: bool = False) -> Session:
        """Ends the account's session and returns it, dead. Raises NotOurs where it was given to the run."""
        session = self[role]
        if role not in self._ours:
            raise NotOurs(f"the session of account {role} was given, so it is never logged out")
        del self._open[role]
        self._ours.discard(role)
        self._guids[role] = session.guid
        session = replace(session, keeper=None)
        session.call("PUT", "/logout", operation="logout", simultaneous=simultaneous)
        return replace(session, role="")

    def log_in_again(self, role: str) -> None:
        """Opens a new session, which ends the account's former one. Raises NotOurs where that was given to the run."""
        if role in self._open:
            self.superseded(role)
        self[role]

    def close(self) -> None:
        """Logs out of every session that this run opened."""
        self._ended.clear()
        for role in sorted(self._ours & self._open.keys()):
            with suppress(NoAccount, LoginFailed, NotOurs):
                self.log_out(role)

    def at_once(self, roles: Sequence[str], step: Subject) -> list[Exchange]:
        """Lets several accounts ask to reopen one step at the same time; an account may stand more than once."""
        callers = [self[role] for role in roles]
        answers = together([partial(session.reopen, step, simultaneous=True) for session in callers])
        for session, answer in zip(callers, answers, strict=True):
            if answer.status == HTTPStatus.UNAUTHORIZED and self.renewed(session, answer) is not None:
                raise SessionEnded(f"the session of account {session.role} ended before several asked at once")
        return answers

    def renewed(self, session: Session, answer: Exchange) -> Session | None:
        """Returns the account's next session where this one has ended; None where it has not, for all that is known.

        Raises LoginFailed where the account can't log in again, or has done so before.
        """
        role = session.role
        current = self._open.get(role)
        if current is not None and current.session_id is not session.session_id:
            self._client.recorder.disregarded.add(answer.id)
            return current
        if not self._recognised:
            return None  # none ever was: perhaps a proxy eats the header
        if self._is_recognised(session):
            return None
        self._client.recorder.disregarded.add(answer.id)
        at = f"exchange {answer.id} was answered 401, and so was reading as the same account"
        self._ended[role] = f"the session of account {role} ended again ({at}); does somebody else log in as it?"
        if role not in self._ours:
            self._ended[role] = f"the session that was given for account {role} has ended ({at})"
        if role not in self._ours or role in self._renewed:
            raise SessionEnded(self._ended[role])
        self._renewed.add(role)
        self._ended[role] = f"the session of account {role} ended ({at}), and logging in again failed"
        self._open[role] = self._log_in(self.roles[role], session.guid)
        del self._ended[role]
        note = f"the session of account {role} ended in mid-run ({at}); it was logged in again"
        self._client.recorder.notes.append(note)
        return self._open[role]

    def allow_renewal(self) -> None:
        """Lets every account log in once more where its session has ended: for cleaning up."""
        self._renewed.clear()
        self._ended.clear()

    def _is_recognised(self, session: Session) -> bool:
        """Asks for something that the account could read before."""
        path = self._readable.get(session.role, "/settings/users?limit=1")
        answer = replace(session, keeper=None).call("GET", path, operation="check-session")
        return answer.accepted or (answer.refused and answer.status != HTTPStatus.UNAUTHORIZED)

    def _see(self, exchange: Exchange) -> None:
        if exchange.account in self._open and exchange.status not in (None, HTTPStatus.UNAUTHORIZED):
            self._recognised = True
            if exchange.method == "GET" and exchange.accepted:
                self._readable[exchange.account] = exchange.url.removeprefix(self._client.target.base_url)

    def superseded(self, role: str) -> Session:
        """Logs the account in once more and returns its former session. Raises NotOurs where that was given."""
        former = self[role]
        if role not in self._ours:
            raise NotOurs(f"the session of account {role} was given, so it is never replaced")
        self._open[role] = self._log_in(self.roles[role], former.guid)
        return replace(former, role=DOUBTFUL, keeper=None)

    def unrecognised(self, session_id: str | None) -> Session:
        """Returns calls with a session id that no login gave; None: without the header."""
        return Session(self._client, "", session_id=None if session_id is None else Secret(session_id))

    def altered(self, role: str, change: Callable[[str], str]) -> Session:
        """Returns calls with a session id that resembles the account's. Neither is written anywhere."""
        known = self[role].session_id
        real = known.reveal() if known else ""
        resembling = change(real)
        if resembling == real:
            raise NotOurs(f"the session id of account {role} can't be altered in this way")
        self._client.recorder.redactor.add(resembling)
        return self.unrecognised(resembling)

    def expired(self) -> Session:
        """Returns calls with the session that the target file says is dead. Raises NoAccount where it names none."""
        expired = self._client.target.expired_session_id
        if expired is None:
            raise NoAccount("the target file names no expired_session_id")
        return Session(self._client, "", session_id=expired)

    def _log_in(self, account: Account, guid: str = "") -> Session:
        guid = guid or account.guid
        if account.session_id is not None:
            return Session(self._client, account.role, guid, account.session_id, self)
        workspace = account.workspace_id or self._client.target.workspace_id
        body = {
            "email": account.email,
            "password": account.password.reveal() if account.password else "",
            **({} if workspace is None else {"workspaceId": workspace}),
        }
        answer = self._client.call("POST", "/login", operation="login", body=encode(body), content_type=JSON)
        session_id = answer.json.get(SESSION_HEADER) if isinstance(answer.json, dict) else None
        if not answer.accepted or answer.trouble or not isinstance(session_id, str) or not session_id:
            raise LoginFailed(f"account {account.role} can't log in: {_login_cause(answer)}")
        self._check_workspace(account, answer)
        self._ours.add(account.role)
        return Session(self._client, account.role, guid, Secret(session_id), self)

    def _check_workspace(self, account: Account, answer: Exchange) -> None:
        """Lets nobody write to a workspace that the target file does not name. A mistyped id must harm nothing."""
        target = self._client.target
        if account.role == FOREIGNER or (target.loopback and not target.workspace_name):
            return
        name = answer.json.get("workspaceName")
        if name != target.workspace_name:
            raise LoginFailed(
                f"account {account.role} is logged in to workspace {name!r}, but workspace_name in the target file "
                f"says {target.workspace_name!r}; nothing was changed"
            )

    def _look_up_guids(self) -> None:
        """Fills in the guids that the target file leaves out, from the listing of users."""
        home = {role: account for role, account in self.roles.items() if role != FOREIGNER and account.email}
        missing = {account.email.lower(): role for role, account in home.items() if not self[role].guid}
        if not missing:
            return
        reader = self[next(iter(home))]
        self._learn(reader, "/settings/users?limit=400", missing)
        for email, role in missing.items():  # a listing shows 400 users at most
            if not self[role].guid:
                self._learn(reader, f"/settings/users?email={quote(email)}", missing)

    def _learn(self, reader: Session, path: str, roles: Mapping[str, str]) -> None:
        """Takes the guids in that a listing of users shows; `roles` are named by e-mail address."""
        answer = reader.call("GET", path, operation="list-users")
        results = answer.json.get("results") if answer.accepted and isinstance(answer.json, dict) else None
        for user in results if isinstance(results, list) else []:
            if isinstance(user, dict) and isinstance(user.get("guid"), str):
                role = roles.get(str(user.get("email")).lower())
                if role:
                    self._open[role] = replace(self._open[role], guid=user["guid"])


def _login_cause(answer: Exchange) -> str:
    if answer.trouble:
        return answer.trouble
    if answer.status is not None and 300 <= answer.status < 400:
        return f"{answer.summary()}, so base_url must name the final address"
    if answer.accepted:
        body = f" (it is {answer.no_json})" if answer.json is UNREADABLE else ""
        return f"{answer.status}, but the answer{body} has no {SESSION_HEADER}: is base_url an Arena's, with its /v1?"
    return f"{answer.summary()}"


def _given_session(parsed: Any) -> str:
    """Returns the session id in a login's answer; empty where it has none."""
    session_id = parsed.get(SESSION_HEADER) if isinstance(parsed, dict) else None
    return session_id if isinstance(session_id, str) else ""


def _without_session(text: str, parsed: Any) -> str:
    """Returns a login's answer without the session id that it gives, however short that is."""
    session_id = _given_session(parsed)
    if not session_id:
        return text
    return text.replace(json.dumps(session_id), json.dumps(REDACTED)).replace(session_id, REDACTED)


def _redacted(body: bytes | None, redactor: Redactor) -> bytes | None:
    """Returns a body that is sent, or the beginning of one that is very long, without any known secret."""
    if body is None:
        return None
    if len(body) > _MOST_KEPT:  # not decoded as a whole: that takes as much memory again
        return redactor.beginning(body, _MOST_KEPT).encode()
    try:
        return redactor.text(body.decode()).encode()
    except UnicodeDecodeError:  # whatever its bytes are, each is one of these characters
        return redactor.text(body.decode("latin-1")).encode("latin-1")


def _parsed(answer: Answer) -> tuple[Any, str]:
    """Returns the JSON value of a body; where it is none UNREADABLE and why."""
    coding = ", ".join(value for name, value in answer.headers if name.lower() == "content-encoding")
    if coding.strip().lower() not in ("", "identity"):
        return UNREADABLE, f"its Content-Encoding is {coding[:40]}, which was not asked for"
    if sum(map(answer.body.count, (b"[", b"{", b","))) > _MOST_VALUES:
        return UNREADABLE, f"it has more than {_MOST_VALUES:,} values"
    try:
        return _JSON.decode(answer.body.decode("utf-8")), ""
    except UnicodeDecodeError:
        return UNREADABLE, "it is not UTF-8"
    except RecursionError:
        return UNREADABLE, "it is nested too deeply"
    except json.JSONDecodeError:
        return UNREADABLE, "it begins with a byte order mark" if answer.body.startswith(codecs.BOM_UTF8) else ""
    except ValueError as error:
        return UNREADABLE, str(error)[:200]


def _no_constant(name: str) -> Any:
    raise ValueError(f"it holds {name}")


def _object(members: list[tuple[str, Any]]) -> dict[str, Any]:
    """Makes an object; of names that stand twice nobody knows which counts (RFC 8259, section 4)."""
    made = dict(members)
    if len(made) < len(members):
        twice = Counter(name for name, _ in members).most_common(1)[0][0]
        raise ValueError(f"the name {twice[:40]!r} stands twice in it")
    return made


_JSON: Final = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_object)
