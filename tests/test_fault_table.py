"""The table of transport and protocol faults, each committed by a real server.

A row says what is done to the true answer of an Arena, and what a run makes of it: `everywhere`, the cause that is
named where every answer is treated so, and no rule fails; `reopens`, the rules that fail where only the answers to
reopens are, so that all others could be read. A row without such a rule is one that the network may be to blame for.
"""

from __future__ import annotations

import codecs
import gzip
import json
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from command import Command
from hostile import Connection, Hostile, Treatment, answer, reopens, through

from conformance import gate
from conformance.arena.codes import Situation
from conformance.arena.message import Call, Refusal, Reply
from conformance.arena.server import Server
from conformance.arena.service import Arena
from conformance.arena.store import QualityProcess, Session, Step, User
from conformance.arena.world import World
from conformance.judge import Settings
from conformance.report import junit
from conformance.target import from_document

SUCCESS, FAILURE, SHAPE, HEADERS = "success-is-201", "failure-is-400", "response-shape", "response-headers"
PATIENCE = 5  # seconds for a call, where nothing is silent: this machine may be busy
IMPATIENCE = 0.4  # where something is
BOUND = 30  # of a run, in seconds; ten calls without an answer, each three times its timeout, and what else there is

CLOSED = "closed without an answer"
IN_TIME = "no answer within 0.4 s|did not end in time"
BROKE = "the connection broke within the body"
NOT_HTTP = "the answer is not HTTP"
READABLE = ""  # the run goes on: only the rule that judges it fails


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


# How an answer may be treated. `head` and `body` are those of the true answer.


def close(connection: Connection, head: bytes, body: bytes) -> None:
    connection.socket.close()


def reset(connection: Connection, head: bytes, body: bytes) -> None:
    connection.reset()


def silence(connection: Connection, head: bytes, body: bytes) -> None:
    connection.wait()
    connection.socket.close()


Ending = Callable[[Connection, bytes, bytes], None]


def in_head(ending: Ending) -> Treatment:
    """Ends within the headers."""

    def treat(connection: Connection, head: bytes, body: bytes) -> None:
        connection.send(head[:40])
        connection.server.stopping.wait(0.02)  # else a reset would overtake it
        ending(connection, head, body)

    return treat


def in_body(ending: Ending) -> Treatment:
    """Ends within the body."""

    def treat(connection: Connection, head: bytes, body: bytes) -> None:
        connection.send(head + b"\r\n\r\n" + body[:20])
        connection.server.stopping.wait(0.02)
        ending(connection, head, body)

    return treat


def drip_head(connection: Connection, head: bytes, body: bytes) -> None:
    connection.drip(head + b"\r\n\r\n" + body, 1)


def drip_body(connection: Connection, head: bytes, body: bytes) -> None:
    connection.send(head + b"\r\n\r\n")
    connection.drip(body, 1)


def instead(data: bytes) -> Treatment:
    """Sends something else, and closes the connection."""

    def treat(connection: Connection, head: bytes, body: bytes) -> None:
        connection.send(data)
        connection.socket.close()

    return treat


def endless(begin: bytes, more: bytes) -> Treatment:
    def treat(connection: Connection, head: bytes, body: bytes) -> None:
        connection.send(begin)
        while not connection.server.stopping.is_set():
            connection.send(more)

    return treat


def heads(change: Callable[[bytes], bytes], *, closing: bool = False) -> Treatment:
    """Changes the head of the true answer."""

    def treat(connection: Connection, head: bytes, body: bytes) -> None:
        connection.send(change(head) + b"\r\n\r\n" + body)
        if closing:
            connection.socket.close()

    return treat


def bodies(change: Callable[[bytes], bytes], *headers: bytes) -> Treatment:
    """Changes the body of the true answer, and announces its length as it is then."""

    def treat(connection: Connection, head: bytes, body: bytes) -> None:
        changed = change(body)
        head = re.sub(rb"(?i)(content-length: )\d+", rb"\g<1>%d" % len(changed), head)
        connection.send(b"\r\n".join([head, *headers]) + b"\r\n\r\n" + changed)

    return treat


def status(line: bytes) -> Callable[[bytes], bytes]:
    return lambda head: re.sub(rb"\A[^\r]*", b"HTTP/1.1 " + line, head)


def length(text: bytes) -> Callable[[bytes], bytes]:
    return lambda head: re.sub(rb"(?i)content-length: \d+", b"Content-Length: " + text, head)


def chunked(head: bytes) -> bytes:
    return re.sub(rb"(?i)content-length: \d+", b"Transfer-Encoding: chunked", head)


def chunks(data: Callable[[bytes], bytes]) -> Treatment:
    def treat(connection: Connection, head: bytes, body: bytes) -> None:
        connection.send(chunked(head) + b"\r\n\r\n" + data(body))
        connection.socket.close()

    return treat


def member(text: bytes) -> Callable[[bytes], bytes]:
    """Writes a member more into a JSON object."""
    return lambda body: body.replace(b"{", b"{" + text + b", ", 1)


def redirect(code: bytes, location: bytes) -> Treatment:
    return heads(lambda head: status(code)(head) + b"\r\nLocation: " + location)


def huge_string(connection: Connection, head: bytes, body: bytes) -> None:
    begin, end = b'{"x": "', b'", ' + body[1:]
    connection.send(length(b"%d" % (len(begin) + 50_000_000 + len(end)))(head) + b"\r\n\r\n" + begin)
    for _ in range(50):
        connection.send(b"A" * 1_000_000)
    connection.send(end)


ENVELOPE = b'{"status": %d, "errors": [{"code": 1, "message": "no"}]}'
NO_MEMBER = "no arena_session_id|no guid"
JSON = b"Content-Type: application/json"
HTML = b"<!doctype html><title>Maintenance</title><h1>Back at 9</h1>"
TEXT_HTML = b"Content-Type: text/html"
GIGABYTE = b"".join([gzip.compress(b"[" * 10_000_000)] * 100)
DEEP = b"[" * 100_000 + b"]" * 100_000
CREATED = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n"
HINT = b"HTTP/1.1 103 Early Hints\r\nLink: </x.css>\r\n\r\n"

TABLE: dict[str, Row] = {
    # nothing, or not all of it
    "silence": row(silence, IN_TIME, FAILURE),
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
    "closed": row(close, CLOSED),
    "reset": row(reset, CLOSED),
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
    "ten-thousand-headers": row(heads(lambda head: head + b"\r\nX-One: 1" * 10_000, closing=True), NOT_HTTP, FAILURE),
    "endless-header": row(endless(CREATED + b"X-Long: ", b"x" * 65536), NOT_HTTP, FAILURE),
    "flood-of-100": row(endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100), f"{NOT_HTTP}|{IN_TIME}", FAILURE),
    "flood-of-103": row(endless(b"", HINT * 100), f"{NOT_HTTP}|{IN_TIME}", FAILURE),
    # how long is it?
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
    "unknown-coding": row(bodies(lambda _: b"\x1fzebra", b"Content-Encoding: zebra"), "is zebra", SHAPE, FAILURE),
    # redirects
    "redirect-to-itself": row(
        redirect(b"302 Found", b"/v1/login"), "302, a redirect to /v1/login", SUCCESS, FAILURE, HEADERS
    ),
    "redirect-on-the-same-host": row(
        redirect(b"308 Permanent", b"/v2/login"), "a redirect to /v2/login", SUCCESS, FAILURE, HEADERS
    ),
    "redirect-to-a-sign-in-page": row(
        redirect(b"303 See Other", b"https://sso.example/"), "a redirect to", SUCCESS, FAILURE, HEADERS
    ),
    # a status that does not fit
    "204-with-a-body": row(
        heads(status(b"204 No Content"), closing=True), "arena_session_id|no JSON", SUCCESS, FAILURE
    ),
    "304": row(instead(b"HTTP/1.1 304 Not Modified\r\n\r\n"), "304", SUCCESS, FAILURE, HEADERS),
    "101": row(instead(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), "101", SUCCESS, FAILURE, HEADERS),
    "999": row(heads(status(b"999 Nonsense")), "999", SUCCESS, FAILURE),
    "maintenance-200": row(
        instead(answer(b"200 OK", TEXT_HTML, body=HTML)), "no JSON", SUCCESS, FAILURE, HEADERS, SHAPE
    ),
    "maintenance-503": row(
        instead(answer(b"503 Unavailable", TEXT_HTML, body=HTML)), "503 <!doctype", SUCCESS, FAILURE
    ),
    "500": row(heads(status(b"500 Internal Server Error")), "500", SUCCESS, FAILURE),
    "429": undone(heads(status(b"429 Too Many Requests")), "429", FAILURE),
    "429-retry-after": undone(
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
    "list": row(bodies(lambda _: b"[]"), NO_MEMBER, SHAPE, FAILURE),
    "empty-object": row(bodies(lambda _: b"{}"), NO_MEMBER, SHAPE, FAILURE),
    "objects-for-texts": row(
        bodies(lambda _: b'{"guid": {}, "arena_session_id": {}, "status": {}, "errors": {}}'), NO_MEMBER, SHAPE, FAILURE
    ),
    # no JSON
    "nan": row(bodies(member(b'"x": NaN')), "it holds NaN", SHAPE, FAILURE),
    "duplicate-names": row(bodies(member(b'"x": 1, "x": 2')), "the name 'x' stands twice", SHAPE, FAILURE),
    "100000-levels": row(bodies(member(b'"x": ' + DEEP)), "has more than 100,000 values", SHAPE, FAILURE),
    "10000-levels": row(bodies(member(b'"x": ' + b"[" * 10_000 + b"]" * 10_000)), "nested too deeply", SHAPE, FAILURE),
    "byte-order-mark": row(bodies(lambda body: codecs.BOM_UTF8 + body), "byte order mark", SHAPE, FAILURE),
    "utf-16": row(bodies(lambda body: body.decode().encode("utf-16")), "not UTF-8", SHAPE, FAILURE),
    "latin-1": row(bodies(member('"größe": 1'.encode("latin-1"))), "not UTF-8", SHAPE, FAILURE),
    "cut-but-announced-so": row(bodies(lambda body: body[:-1]), "no JSON", SHAPE, FAILURE),
    "empty-body": row(bodies(lambda _: b""), "no JSON", SHAPE, FAILURE),
}


@contextmanager
def treated(row: Row, chosen: Callable[[bytes, bytes], bool] = lambda *_: True) -> Iterator[tuple[Arena, Hostile]]:
    """An Arena behind a server that treats its answers."""
    arena = Arena(World.load())
    with Server(arena) as server, Hostile(through(port_of(server.url), row.treat, chosen, done=row.done)) as front:
        yield arena, front


def port_of(url: str) -> int:
    return int(url.split(":")[2].split("/")[0])


def run(document: dict[str, Any], *rules: str, seconds: float = PATIENCE) -> dict[str, Any]:
    target = from_document({**document, "timeout_seconds": seconds}, environ={})
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


# What befalls a target in mid-run.


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


def session_times_out(arena: Arena) -> None:
    arena.store.close_session(arena.store.session_of.get(owner(arena).guid, ""))


def another_client_logs_in(arena: Arena) -> None:
    arena.store.open_session(Session(arena.new_session_id(), owner(arena), arena.now()))


def sessions_are_lost(arena: Arena) -> None:
    arena.store.sessions.clear()
    arena.store.session_of.clear()


def everything_is_lost(arena: Arena) -> None:
    arena.store = arena.world.new_store(arena.now())


def quota_is_spent(arena: Arena) -> None:
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


@pytest.mark.parametrize("at", [9, 15, 20, 25, 30])
@pytest.mark.parametrize("happens", [session_times_out, another_client_logs_in, sessions_are_lost])
def test_a_session_that_ends_is_opened_once_more(happens: Callable[[Arena], None], at: int) -> None:
    arena = Mishap(happens, at)
    report = befallen(arena, *OWNERS)
    assert report["run"]["exit_code"] == 0, report["run"]["reason"]
    assert {*verdicts(report).values()} == {"pass"}
    assert report["left_behind"] == []
    assert len(arena.logins) == ONE_LOGIN_EACH + len(report["notes"])
    assert arena.logins.count(owner(arena).email) <= 2
    assert all("ended in mid-run" in note for note in report["notes"])


def test_a_session_that_ends_again_and_again_is_an_error() -> None:
    arena = Mishap(another_client_logs_in, *range(8, 400, 3))
    report = befallen(arena, *OWNERS)
    proves_nothing_of(
        report, "owner-may-reopen", "the session of account owner ended again .*does somebody else log in"
    )
    assert failed(report) == set()


def test_a_given_session_that_ends_is_an_error() -> None:
    report = befallen(Mishap(session_times_out, *range(12, 400)), *OWNERS, given=True)
    proves_nothing_of(report, "owner-may-reopen", "the session that was given for account owner has ended")
    assert failed(report) == set()


@pytest.mark.parametrize("at", [9, 13, 17, 21, 25, 29, 33])
@pytest.mark.parametrize("given", [False, True], ids=["logins", "sessions"])
def test_a_target_that_loses_its_state_breaks_no_rule(at: int, given: bool) -> None:
    report = befallen(Mishap(everything_is_lost, at), *OWNERS, given=given)
    assert failed(report) == set(), {rule["id"]: rule["reason"] for rule in report["rules"]}
    assert report["run"]["exit_code"] in (0, 3)


@pytest.mark.parametrize("at", [9, 20, 30])
def test_a_quota_that_is_spent_by_others_ends_the_run(at: int) -> None:
    report = befallen(Mishap(quota_is_spent, at), *OWNERS)
    assert failed(report) == set()
    assert report["run"]["exit_code"] == 3
    assert re.search("quota is used up .*429", report["run"]["reason"])
    assert all("429" in left for left in report["left_behind"])


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
