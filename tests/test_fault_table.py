"""The table of transport and protocol faults, each committed by a real server.

Three parts: NO_WAY, where no call reaches an Arena; TABLE, where its answers are spoiled; MISHAPS, what befalls it in
mid-run.

A row of TABLE says what is done to the true answer of an Arena, and what a run makes of it: `everywhere`, the cause
that is named where every answer is treated so, and no rule fails; `reopens`, the rules that fail where only the answers
to reopens are, so that all others could be read. A row without such a rule is one that the network may be to blame for.
"""

from __future__ import annotations

import codecs
import contextlib
import gzip
import json
import os
import re
import socket
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import trustme
import yaml
from command import Command
from hostile import Behaviour, Connection, Hostile, Treatment, always, answer, port_of, reopens, through, tls
from make import document_of, elsewhere, passwords
from treatments import (
    GIGABYTE,
    bodies,
    chunked,
    chunks,
    close,
    drip_body,
    drip_head,
    endless,
    heads,
    huge_string,
    in_body,
    in_head,
    instead,
    length,
    member,
    redirect,
    reset,
    silence,
    status,
)

from conformance import contract, gate
from conformance.arena.codes import Situation
from conformance.arena.message import Call, Refusal, Reply
from conformance.arena.server import Server
from conformance.arena.service import Arena
from conformance.arena.store import QualityProcess, Session, Step, User
from conformance.arena.world import World
from conformance.judge import Settings
from conformance.report import junit
from conformance.target import from_document

EVERY_RULE = [rule.id for rule in contract.rules()]
SECRETS = {"password", "session_id"}
SUCCESS, FAILURE, SHAPE, HEADERS = "success-is-201", "failure-is-400", "response-shape", "response-headers"
PATIENCE = 5  # seconds for a call, where nothing is silent: this machine may be busy
IMPATIENCE = 0.4  # where something is
BOUND = 30  # of a run, in seconds; ten calls without an answer, each three times its timeout, and what else there is

CLOSED = "closed without an answer"
IN_TIME = "no answer within 0.4 s|did not end in time"
BROKE = "the connection broke within the body"
NOT_HTTP = "the answer is not HTTP"
READABLE = ""  # the run goes on: only the rule that judges it fails


# No way to an Arena.

Way = Callable[[], AbstractContextManager[str]]  # to a base_url


def to(url: str) -> Way:
    return lambda: contextlib.nullcontext(url)


def behind(behaviour: Behaviour, context: ssl.SSLContext | None = None, scheme: str = "") -> Way:
    """A server that treats connections so, and is asked by that scheme."""

    @contextmanager
    def way() -> Iterator[str]:
        with Hostile(behaviour, context) as server:
            yield server.url.replace(server.url.partition(":")[0], scheme or server.url.partition(":")[0], 1)

    return way


def certified(context: Callable[[], ssl.SSLContext]) -> Way:
    """A sound server with such a certificate. Nothing may be sent to it."""

    @contextmanager
    def way() -> Iterator[str]:
        with Hostile(always(answer(b"200 OK", body=b"{}")), context()) as server:
            yield server.url
            assert server.requests == []

    return way


def self_signed() -> ssl.SSLContext:
    other = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with other.cert_pem.tempfile() as certificate, other.private_key_pem.tempfile() as key:
        context.load_cert_chain(certificate, key)
    return context


@contextmanager
def nothing_listens() -> Iterator[str]:
    with Hostile(Connection.request) as server:
        url = server.url
    yield url


@contextmanager
def full_queue() -> Iterator[str]:
    """A server that takes no connection: what waits to be accepted fills its queue."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"


@contextmanager
def speaks_http() -> Iterator[str]:
    with Server(Arena(World.load())) as server:
        yield server.url.replace("http:", "https:")


def silent(connection: Connection) -> None:
    connection.request()
    connection.wait()


def dripping(connection: Connection) -> None:
    connection.request()
    connection.drip(answer(b"200 OK", body=b"{}"), 0.1)


AUTHORITY = trustme.CA()
PAST = {"not_before": datetime.now(UTC) - timedelta(days=9), "not_after": datetime.now(UTC) - timedelta(days=2)}
NO_TLS = "no TLS connection: .*"
NO_HEAD = "no answer within 0.4 s"

NO_WAY: dict[str, tuple[Way, str]] = {
    "dns-failure": (to("http://no-such-host.invalid/v1"), "the host's name does not resolve"),
    "unreachable": (
        to("http://255.255.255.255/v1"),
        "no way leads to the host|no connection in time|could not be made|refused",
    ),
    "connection-refused": (nothing_listens, "connection refused"),
    "connection-not-taken": (full_queue, f"no connection in time|{NO_HEAD}"),
    "reset-before-the-request": (behind(Connection.reset), "closed without an answer|broke|closed within"),
    "tls-wrong-host": (
        certified(lambda: tls(AUTHORITY, "elsewhere.example")),
        f"{NO_TLS}the certificate is for another host",
    ),
    "tls-expired": (certified(lambda: tls(AUTHORITY, "127.0.0.1", **PAST)), f"{NO_TLS}the certificate has expired"),
    "tls-self-signed": (certified(self_signed), f"{NO_TLS}the certificate is self-signed"),
    "tls-unknown-authority": (
        certified(lambda: tls(trustme.CA(), "127.0.0.1")),
        f"{NO_TLS}(the certificate's authority is unknown|the certificate is self-signed)",
    ),
    "tls-where-http-is-spoken": (speaks_http, "the server does not speak TLS there"),
    "http-where-tls-is-spoken": (
        behind(Connection.request, tls(AUTHORITY, "127.0.0.1"), "http"),
        "not HTTP|closed without an answer",
    ),
    "tls-handshake-without-end": (
        behind(Connection.wait, scheme="https"),
        f"{NO_HEAD}|no connection in time|handshake",
    ),
    "tls-silence": (behind(silent, tls(AUTHORITY, "127.0.0.1")), NO_HEAD),
    "tls-drip-feeding": (behind(dripping, tls(AUTHORITY, "127.0.0.1")), NO_HEAD),
}


@pytest.mark.parametrize("name", NO_WAY)
def test_no_way(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in [variable for variable in os.environ if "proxy" in variable.lower()]:
        monkeypatch.delenv(variable)
    AUTHORITY.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "authority.pem"))
    way, cause = NO_WAY[name]
    with way() as url:
        report = run(elsewhere(url), SUCCESS, seconds=IMPATIENCE if NO_HEAD in cause else PATIENCE)
    proves_nothing(report, cause)


# Spoiled answers.


@dataclass(frozen=True)
class Row:
    treat: Treatment
    everywhere: str
    reopens: frozenset[str]
    done: bool = True  # whether the Arena is asked at all to do what is answered so

    @property
    def seconds(self) -> float:
        return IMPATIENCE if "in time" in self.everywhere else PATIENCE


def row(treat: Treatment, everywhere: str, *rules: str) -> Row:
    return Row(treat, everywhere, frozenset(rules))


def undone(treat: Treatment, everywhere: str, *rules: str) -> Row:
    return Row(treat, everywhere, frozenset(rules), done=False)


ENVELOPE = b'{"status": %d, "errors": [{"code": 1, "message": "no"}]}'
NO_MEMBER = "no arena_session_id|no guid"
JSON = b"Content-Type: application/json"
HTML = b"<!doctype html><title>Maintenance</title><h1>Back at 9</h1>"
TEXT_HTML = b"Content-Type: text/html"
DEEP = b"[" * 100_000 + b"]" * 100_000
CREATED = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </x.css>\r\n\r\n"

TABLE: dict[str, Row] = {
    # nothing, or not all of it (a reset before the request is read: NO_WAY)
    "silence-before-the-headers": row(silence, IN_TIME, FAILURE),
    "silence-in-the-headers": row(in_head(silence), IN_TIME, FAILURE),
    "silence-in-the-body": row(in_body(silence), IN_TIME, HEADERS),
    "silence-in-chunks": row(
        lambda connection, head, body: in_body(silence)(connection, chunked(head), b"ff\r\n" + body),
        IN_TIME,
        SHAPE,
        FAILURE,
        HEADERS,
    ),
    "one-byte-a-second": row(drip_head, IN_TIME, FAILURE),
    "one-byte-a-second-in-the-body": row(drip_body, IN_TIME, HEADERS),
    "empty-answer": row(close, CLOSED),
    "reset-before-the-headers": row(reset, CLOSED),
    "closed-in-the-headers": row(in_head(close), "closed within the head", FAILURE),
    "reset-in-the-headers": row(in_head(reset), f"closed within the head|{CLOSED}"),
    "closed-in-the-body": row(in_body(close), BROKE, HEADERS),
    "reset-in-the-body": row(in_body(reset), BROKE, HEADERS),
    "status-line-only": row(instead(b"HTTP/1.1 200 OK\r\n"), "closed within the head", FAILURE),
    "empty-200": row(instead(b"HTTP/1.1 200 OK\r\n\r\n"), "arena_session_id|no JSON", SUCCESS, FAILURE, HEADERS),
    # no HTTP
    "garbage": row(instead(b"\x16\x03\x01 this is no HTTP\r\n\r\n"), NOT_HTTP, FAILURE),
    "zeros": row(instead(b"\0" * 100_000), NOT_HTTP, FAILURE),
    "another-protocol": row(instead(b"SSH-2.0-OpenSSH_9.6\r\n"), NOT_HTTP, FAILURE),
    "status-of-two-digits": row(instead(b"HTTP/1.1 99 Nonsense\r\n\r\n"), NOT_HTTP, FAILURE),
    "header-of-1-mb": row(
        heads(lambda head: head + b"\r\nX-Long: " + b"x" * 1_000_000, closing=True), NOT_HTTP, FAILURE
    ),
    "10000-headers": row(heads(lambda head: head + b"\r\nX-One: 1" * 10_000, closing=True), NOT_HTTP, FAILURE),
    "endless-header": row(endless(CREATED + b"X-Long: ", b"x" * 65536), NOT_HTTP, FAILURE),
    "flood-of-100": row(endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100), f"{NOT_HTTP}|{IN_TIME}", FAILURE),
    "flood-of-103": row(endless(b"", HINT * 100), f"{NOT_HTTP}|{IN_TIME}", FAILURE),
    # how long is it? (in characters: test_hostile_servers.py)
    "length-too-large": row(heads(length(b"99999"), closing=True), BROKE, HEADERS),
    "length-too-large-and-silence": row(heads(length(b"99999")), IN_TIME, HEADERS),
    "length-too-small": row(heads(length(b"9"), closing=True), READABLE, HEADERS),
    "length-is-no-number": row(heads(length(b"many"), closing=True), READABLE, HEADERS),
    "length-is-negative": row(heads(length(b"-1"), closing=True), READABLE, HEADERS),
    "two-lengths": row(heads(lambda head: head + b"\r\nContent-Length: 7", closing=True), NOT_HTTP, FAILURE),
    "broken-chunks": row(chunks(lambda body: b"zz\r\n" + body), "chunks", SHAPE, FAILURE, HEADERS),
    "chunks-cut-short": row(chunks(lambda body: b"ffff\r\n" + body), BROKE, SHAPE, FAILURE, HEADERS),
    "endless-body": row(endless(CREATED + b"\r\n", b"[" * 65536), "longer than|in time", SHAPE, FAILURE, HEADERS),
    "endless-chunks": row(
        endless(CREATED + b"Transfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b"[" * 65536 + b"\r\n"),
        "longer than|in time",
        SHAPE,
        FAILURE,
        HEADERS,
    ),
    "string-of-50-mb": row(huge_string, "longer than", SHAPE, FAILURE),
    # another coding
    "gzip-bomb": row(bodies(lambda _: GIGABYTE, b"Content-Encoding: gzip"), "is gzip", SHAPE, FAILURE),
    "gzip": row(bodies(gzip.compress, b"Content-Encoding: gzip"), "is gzip", SHAPE, FAILURE),
    "unknown-encoding": row(bodies(lambda _: b"\x1fzebra", b"Content-Encoding: zebra"), "is zebra", SHAPE, FAILURE),
    # redirects
    "redirect-loop": row(redirect(b"302 Found", b"/v1/login"), "302, a redirect to /v1/login", SUCCESS, FAILURE),
    "redirect-on-the-same-host": row(
        redirect(b"308 Permanent", b"/v2/login"), "a redirect to /v2/login", SUCCESS, FAILURE
    ),
    "redirect-to-another-host": row(
        redirect(b"303 See Other", b"https://sso.example/"), "a redirect to", SUCCESS, FAILURE
    ),
    # a status that does not fit
    "204-with-a-body": row(
        heads(status(b"204 No Content"), closing=True), "arena_session_id|no JSON", SUCCESS, FAILURE
    ),
    "304": row(instead(b"HTTP/1.1 304 Not Modified\r\n\r\n"), "304", SUCCESS, FAILURE, HEADERS),
    "101": row(instead(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), "101", SUCCESS, FAILURE, HEADERS),
    "999": row(heads(status(b"999 Nonsense")), "999", SUCCESS, FAILURE),
    "html-page-with-200": row(
        instead(answer(b"200 OK", TEXT_HTML, body=HTML)), "no JSON", SUCCESS, FAILURE, HEADERS, SHAPE
    ),
    "html-page-with-503": row(
        instead(answer(b"503 Unavailable", TEXT_HTML, body=HTML)), "503 <!doctype", SUCCESS, FAILURE
    ),
    "500": row(heads(status(b"500 Internal Server Error")), "500", SUCCESS, FAILURE),
    "429-without-retry-after": undone(heads(status(b"429 Too Many Requests")), "429", FAILURE),
    "429-with-retry-after": undone(
        heads(lambda head: status(b"429 Too Many Requests")(head) + b"\r\nRetry-After: 3600"), "429", FAILURE
    ),
    "429-bare": undone(instead(answer(b"429 Too Many Requests")), "429", FAILURE, HEADERS),
    "401": undone(instead(answer(b"401 Unauthorized", JSON, body=ENVELOPE % 401)), "401", SUCCESS, FAILURE, HEADERS),
    "401-empty": undone(instead(answer(b"401 Unauthorized")), "401", SUCCESS, FAILURE, HEADERS),
    "403-html": undone(instead(answer(b"403 Forbidden", TEXT_HTML, body=HTML)), "403", SUCCESS, FAILURE, HEADERS),
    "404-html": undone(instead(answer(b"404 Not Found", TEXT_HTML, body=HTML)), "404", SUCCESS, FAILURE, HEADERS),
    # the HTTP layer below: observed, so that the run has no verdict
    "411": undone(instead(answer(b"411 Length Required")), "411"),
    "501": undone(instead(answer(b"501 Not Implemented", TEXT_HTML, body=HTML)), "501"),
    "505": undone(instead(answer(b"505 HTTP Version Not Supported")), "505"),
    # not the JSON that is meant
    "null": row(bodies(lambda _: b"null"), NO_MEMBER, SHAPE, FAILURE),
    "array": row(bodies(lambda _: b"[]"), NO_MEMBER, SHAPE, FAILURE),
    "empty-object": row(bodies(lambda _: b"{}"), NO_MEMBER, SHAPE, FAILURE),
    "objects-for-texts": row(
        bodies(lambda _: b'{"guid": {}, "arena_session_id": {}, "status": {}, "errors": {}}'), NO_MEMBER, SHAPE, FAILURE
    ),
    # no JSON
    "nan": row(bodies(member(b'"x": NaN')), "it holds NaN", SHAPE, FAILURE),
    "duplicate-keys": row(bodies(member(b'"x": 1, "x": 2')), "the name 'x' stands twice", SHAPE, FAILURE),
    "100000-levels": row(bodies(member(b'"x": ' + DEEP)), "has more than 100,000 values", SHAPE, FAILURE),
    "10000-levels": row(bodies(member(b'"x": ' + b"[" * 10_000 + b"]" * 10_000)), "nested too deeply", SHAPE, FAILURE),
    "byte-order-mark": row(bodies(lambda body: codecs.BOM_UTF8 + body), "byte order mark", SHAPE, FAILURE),
    "charset-utf-16": row(bodies(lambda body: body.decode().encode("utf-16")), "not UTF-8", SHAPE, FAILURE),
    "charset-latin-1": row(bodies(member('"größe": 1'.encode("latin-1"))), "not UTF-8", SHAPE, FAILURE),
    "cut-but-announced-so": row(bodies(lambda body: body[:-1]), "no JSON", SHAPE, FAILURE),
    "empty-body": row(bodies(lambda _: b""), "no JSON", SHAPE, FAILURE),
}


@contextmanager
def treated(row: Row, chosen: Callable[[bytes, bytes], bool] = lambda *_: True) -> Iterator[tuple[Arena, Hostile]]:
    """An Arena behind a server that treats its answers."""
    arena = Arena(World.load())
    with Server(arena) as server, Hostile(through(port_of(server.url), row.treat, chosen, done=row.done)) as front:
        yield arena, front


def run(document: dict[str, Any], *rules: str, seconds: float = PATIENCE) -> dict[str, Any]:
    target = from_document({**document, "timeout_seconds": seconds}, environ=passwords())
    begun = time.monotonic()
    report = gate.run(target, Settings(frozenset(rules)), lambda *_: None)
    assert time.monotonic() - begun < BOUND
    assert "Traceback" not in json.dumps(report)
    assert " object at 0x" not in json.dumps(report)
    ElementTree.fromstring(junit.render(report))
    return report


def given_sessions(arena: Arena, document: dict[str, Any]) -> dict[str, Any]:
    """Returns a target file with a session in place of each login."""
    accounts = {}
    for role, account in document["accounts"].items():
        user = next(one for one in arena.store.users.values() if one.email == account["email"])
        arena.store.open_session(Session(arena.new_session_id(), user, arena.now()))
        accounts[role] = {"session_id": arena.store.session_of[user.guid], "guid": user.guid}
    return {**document, "accounts": accounts}


def verdicts(report: dict[str, Any]) -> dict[str, str]:
    return {rule["id"]: rule["verdict"] for rule in report["rules"] if rule["reason"] != "not selected"}


def failed(report: dict[str, Any]) -> set[str]:
    return {rule for rule, verdict in verdicts(report).items() if verdict == "fail"}


def proves_nothing(report: dict[str, Any], cause: str) -> None:
    """Expects exit code 3, no rule passed or failed, and a reason of one line that names the cause."""
    assert {*verdicts(report).values()} <= {"error", "untested"}, verdicts(report)
    assert report["run"]["exit_code"] == 3
    reason = report["run"]["reason"]
    assert re.search(cause, reason), reason
    assert "\n" not in reason
    assert len(reason) < 600


@pytest.mark.parametrize("logins", ["logins", "sessions"])
@pytest.mark.parametrize("name", TABLE)
def test_everywhere(name: str, logins: str) -> None:
    with treated(TABLE[name]) as (arena, front):
        document = arena.target(front.url)
        document = given_sessions(arena, document) if logins == "sessions" else document
        report = run(document, FAILURE, HEADERS, seconds=TABLE[name].seconds)
    if TABLE[name].everywhere is READABLE:
        assert failed(report) == TABLE[name].reopens
    else:
        proves_nothing(report, TABLE[name].everywhere)


@pytest.mark.parametrize("name", TABLE)
def test_at_reopens(name: str) -> None:
    with treated(TABLE[name], reopens) as (arena, front):
        rules = (SUCCESS, FAILURE, HEADERS, *TABLE[name].reopens)
        report = run(arena.target(front.url), *rules, seconds=TABLE[name].seconds)
    assert failed(report) == TABLE[name].reopens, {rule["id"]: rule["reason"] for rule in report["rules"]}
    assert report["run"]["exit_code"] == (1 if TABLE[name].reopens else 3)
    assert report["left_behind"] == []


# Where redirects lead nothing is sent, nor is it by the real command, which says in a sentence what is wrong.


@pytest.mark.parametrize("logins", ["logins", "sessions"])
@pytest.mark.parametrize("code", [b"301 Moved", b"302 Found", b"303 See Other", b"307 Temporary", b"308 Permanent"])
def test_redirects_are_not_followed(code: bytes, logins: str) -> None:
    with Hostile(always(answer(b"201 Created", JSON, body=b"{}"))) as another:
        with treated(row(redirect(code, another.url.encode()), "")) as (arena, front):
            document = arena.target(front.url)
            document = given_sessions(arena, document) if logins == "sessions" else document
            report = run(document, *EVERY_RULE)
        assert another.requests == []
    proves_nothing(report, "redirect|30[1-8]")


def test_a_redirect_loop_takes_one_call() -> None:
    with Hostile(always(answer(b"302 Found", b"Location: /v1/login"))) as server:
        report = run(document_of(server.url), *EVERY_RULE)
        assert len(server.requests) == 1
    proves_nothing(report, "redirect to /v1/login")


SHOWN = (
    "401",
    "500",
    "html-page-with-200",
    "empty-object",
    "garbage",
    "reset-before-the-headers",
    "silence-before-the-headers",
    "redirect-to-another-host",
)


@pytest.mark.parametrize("logins", ["logins", "sessions"])
@pytest.mark.parametrize("name", SHOWN)
def test_the_command_says_so(name: str, logins: str, tmp_path: Path, command: Command) -> None:
    with treated(TABLE[name]) as (arena, front):
        document = {**arena.target(front.url), "timeout_seconds": TABLE[name].seconds}
        document = given_sessions(arena, document) if logins == "sessions" else document
        (tmp_path / "target.yaml").write_text(yaml.safe_dump(document), "utf-8")
        ran = command("run", "--only", "rules", "--target", "target.yaml", env={"COLUMNS": "120"}, timeout=60)
    assert ran.returncode == 3, ran.stdout + ran.stderr
    report = json.loads((tmp_path / "reports" / "report.json").read_text("utf-8"))
    proves_nothing(report, TABLE[name].everywhere)
    shown = ran.stdout + ran.stderr
    assert "Traceback" not in shown
    assert "NO VERDICT" in ran.stdout.upper()
    assert re.search(TABLE[name].everywhere, " ".join(ran.stdout.split()))
    everything = shown + "".join(path.read_text("utf-8") for path in (tmp_path / "reports").iterdir())
    secrets = [account[key] for account in document["accounts"].values() for key in account.keys() & SECRETS]
    assert len(secrets) == len(document["accounts"])
    assert [secret for secret in secrets if secret in everything] == []


# How much memory a run takes.

ARRAYS = b"[" + b"[]," * 600_000 + b"[]]"  # of all JSON it takes the most memory for its length
MOST_KIBIBYTES = 300 * 1024
SIZES: dict[str, tuple[Treatment, Callable[[bytes, bytes], bool]]] = {
    "nothing-special": (heads(lambda head: head), reopens),
    "string-of-50-mb": (huge_string, reopens),
    "gzip-bomb": (bodies(lambda _: GIGABYTE, b"Content-Encoding: gzip"), reopens),
    "arrays-in-each-reopen": (bodies(member(b'"x": ' + ARRAYS)), reopens),
    "some-arrays-in-each-answer": (bodies(member(b'"x": ' + b"[" + b"[]," * 20_000 + b"[]]")), lambda *_: True),
    "many-headers-in-each-answer": (heads(lambda head: head + (b"\r\nX: " + b"x" * 6_000) * 80), lambda *_: True),
}


@pytest.mark.parametrize("name", SIZES)
def test_the_memory_of_a_run(name: str, tmp_path: Path, command: Command) -> None:
    treat, chosen = SIZES[name]
    with treated(row(treat, READABLE), chosen) as (arena, front):
        (tmp_path / "target.yaml").write_text(yaml.safe_dump(arena.target(front.url)), "utf-8")
        arguments = ["run", "--only", "rules", "--target", "target.yaml", "--report-dir", "."]
        process = command.start(*arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, _, usage = os.wait4(process.pid, 0)
        process.returncode = 0
    assert usage.ru_maxrss < MOST_KIBIBYTES
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert report["complete"] is True
    assert (tmp_path / "report.json").stat().st_size < 30_000_000
    ElementTree.parse(tmp_path / "junit.xml")


# Mishaps in mid-run.


class Mishap(Arena):
    """An Arena to which something happens, before it answers some of its calls but logins."""

    def __init__(self, happens: Callable[[Arena], None], *at: int) -> None:
        super().__init__(World.load())
        self.happens = happens
        self.at = at
        self.calls = 0
        self.logins: list[str] = []

    def handle(self, operation: str, call: Call) -> Reply:
        self.calls += operation != "login"
        if operation == "login":
            self.logins.append(json.loads(call.body)["email"])
        elif self.calls in self.at:
            self.happens(self)
        return super().handle(operation, call)


def session_dies(arena: Arena) -> None:
    arena.store.close_session(arena.store.session_of.get(owner(arena).guid, ""))


def another_client_logs_in(arena: Arena) -> None:
    arena.store.open_session(Session(arena.new_session_id(), owner(arena), arena.now()))


def sessions_are_lost(arena: Arena) -> None:
    arena.store.sessions.clear()
    arena.store.session_of.clear()


def everything_is_lost(arena: Arena) -> None:
    arena.store = arena.world.new_store(arena.now())


def quota_runs_out(arena: Arena) -> None:
    arena.store.main_workspace.remaining = 0


def owner(arena: Arena) -> User:
    email = arena.target("")["accounts"]["owner"]["email"]
    return next(user for user in arena.store.users.values() if user.email == email)


OWNERS = ("owner-may-reopen", "already-open-is-3089", FAILURE)
ONE_LOGIN_EACH = 11


def befallen(arena: Mishap, *rules: str, given: bool = False) -> dict[str, Any]:
    with Server(arena) as server:
        document = {**arena.target(server.url), "exclusive": False}
        return run(given_sessions(arena, document) if given else document, *rules)


def goes_on(arena: Mishap, report: dict[str, Any]) -> None:
    """Expects that the run logs in once more and passes."""
    assert report["run"]["exit_code"] == 0, report["run"]["reason"]
    assert {*verdicts(report).values()} == {"pass"}
    assert report["left_behind"] == []
    assert len(arena.logins) == ONE_LOGIN_EACH + len(report["notes"])
    assert arena.logins.count(owner(arena).email) <= 2
    assert all("ended in mid-run" in note for note in report["notes"])


def breaks_no_rule(_: Mishap, report: dict[str, Any]) -> None:
    assert failed(report) == set(), {rule["id"]: rule["reason"] for rule in report["rules"]}
    assert report["run"]["exit_code"] in (0, 3)


def ends_the_run(_: Mishap, report: dict[str, Any]) -> None:
    assert failed(report) == set()
    assert report["run"]["exit_code"] == 3
    assert re.search("quota is used up .*429", report["run"]["reason"])
    assert all("429" in left for left in report["left_behind"])


# what happens, before which calls, and what a run makes of it
MISHAPS: dict[str, tuple[Callable[[Arena], None], Sequence[int], Callable[[Mishap, dict[str, Any]], None]]] = {
    "session-dies": (session_dies, (9, 15, 20, 25, 30), goes_on),
    "another-client-logs-in": (another_client_logs_in, (9, 15, 20, 25, 30), goes_on),
    "restart-that-ends-all-sessions": (sessions_are_lost, (9, 15, 20, 25, 30), goes_on),
    "restart-that-loses-all-state": (everything_is_lost, (9, 13, 17, 21, 25, 29, 33), breaks_no_rule),
    "quota-runs-out": (quota_runs_out, (9, 20, 30), ends_the_run),
}


@pytest.mark.parametrize(("name", "call"), [(name, call) for name in MISHAPS for call in MISHAPS[name][1]])
def test_mishap(name: str, call: int) -> None:
    happens, _, expected = MISHAPS[name]
    arena = Mishap(happens, call)
    expected(arena, befallen(arena, *OWNERS))


@pytest.mark.parametrize("call", [9, 13, 17, 21, 25, 29, 33])
def test_all_state_is_lost_and_the_sessions_that_were_given(call: int) -> None:
    arena = Mishap(everything_is_lost, call)
    breaks_no_rule(arena, befallen(arena, *OWNERS, given=True))


def test_a_session_that_ends_again_and_again_is_an_error() -> None:
    arena = Mishap(another_client_logs_in, *range(8, 400, 3))
    report = befallen(arena, *OWNERS)
    proves_nothing_of(
        report, "owner-may-reopen", "the session of account owner ended again .*does somebody else log in"
    )
    assert failed(report) == set()


def test_a_given_session_that_ends_is_an_error() -> None:
    report = befallen(Mishap(session_dies, *range(12, 400)), *OWNERS, given=True)
    proves_nothing_of(report, "owner-may-reopen", "the session that was given for account owner has ended")
    assert failed(report) == set()


class OwnerUnauthorized(Arena):
    """Answers 401 to the owner's reopens, in a session that it recognises."""

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        if user.guid == owner(self).guid:
            raise Refusal(Situation.NO_SESSION)
        super().reopen_step(user, process, step)


class RefusalEndsSession(Arena):
    """Ends the session of whoever is refused."""

    def render_refusal(self, refusal: Refusal) -> tuple[int, Any]:
        sessions_are_lost(self)
        return super().render_refusal(refusal)


def test_a_refusal_that_is_401_in_a_living_session_is_judged_as_it_is() -> None:
    arena = OwnerUnauthorized(World.load())
    with Server(arena) as server:
        report = run({**arena.target(server.url), "exclusive": False}, "owner-may-reopen", FAILURE)
    assert failed(report) == {"owner-may-reopen", FAILURE}
    assert report["notes"] == []


def test_a_server_that_ends_sessions_at_refusals_does_not_pass() -> None:
    arena = RefusalEndsSession(World.load())
    with Server(arena) as server:
        report = run(arena.target(server.url), "others-may-not-reopen")
    proves_nothing_of(report, "others-may-not-reopen", "ended again")


def proves_nothing_of(report: dict[str, Any], rule: str, cause: str) -> None:
    """Expects that a rule is an error, and that one of its scenarios names the cause."""
    (shown,) = (one for one in report["rules"] if one["id"] == rule)
    assert shown["verdict"] == "error", shown["reason"]
    assert any(re.search(cause, scenario["reason"]) for scenario in shown["scenarios"])
    assert report["run"]["exit_code"] == 3
