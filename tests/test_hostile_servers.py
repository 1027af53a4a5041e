"""Whatever a server answers, a run says what is wrong in a sentence, proves nothing by it and ends in time."""

from __future__ import annotations

import gzip
import itertools
import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from hostile import Behaviour, Connection, Hostile, always, answer, once, proxy

from conformance import contract, gate
from conformance.arena.server import Server
from conformance.arena.service import Arena
from conformance.arena.world import ROLES, World
from conformance.judge import Settings
from conformance.target import from_document

ROOT = Path(__file__).parents[1]
RULES = frozenset(rule.id for rule in contract.rules())
JSON = b"Content-Type: application/json"
TIMEOUT = 0.4  # of a call, in seconds
BOUND = 20  # of a run, in seconds
PASSWORD = "a-password-that-must-not-travel"
SESSION = "a-session-id-that-must-not-travel"


def document(url: str, logins: str) -> dict[str, Any]:
    """A target file's content; `logins` is "password" or "session_id"."""
    accounts = {}
    for number, role in enumerate(ROLES):
        guid = f"ACCOUNT{number:013}"
        if logins == "password":
            accounts[role] = {"email": f"{role}@example.com", "password": PASSWORD, "guid": guid}
        else:
            accounts[role] = {"session_id": f"{SESSION}-{number}", "guid": guid}
    staging = {"mode": "api", "template": "T" * 20, "number_prefix": "P" * 20, "assignee_group": "G" * 20}
    return {"base_url": url, "writes": "allowed", "timeout_seconds": TIMEOUT, "accounts": accounts, "staging": staging}


def run_in_process(server: Hostile, logins: str) -> dict[str, Any]:
    target = from_document(document(server.url, logins), environ={})
    return gate.run(target, Settings(RULES), lambda *_: None)


def proves_nothing(report: dict[str, Any], cause: str) -> None:
    """Expects exit code 3, no rule passed or failed, and a reason of one line that names the cause."""
    verdicts = {rule["id"]: rule["verdict"] for rule in report["rules"]}
    assert set(verdicts.values()) <= {"error", "untested"}, verdicts
    assert report["run"]["exit_code"] == 3
    reason = report["run"]["reason"]
    assert re.search(cause, reason, re.IGNORECASE), reason
    assert "\n" not in reason
    assert "Traceback" not in reason
    assert " object at 0x" not in json.dumps(report)
    assert len(reason) < 600


# What a server may do to every call.


def silence(connection: Connection) -> None:
    connection.request()
    connection.wait()


def reset(connection: Connection) -> None:
    connection.request()
    connection.reset()


def reset_at_once(connection: Connection) -> None:
    connection.reset()


def close(connection: Connection) -> None:
    connection.request()


def close_in_headers(connection: Connection) -> None:
    connection.request()
    connection.send(b"HTTP/1.1 201 Created\r\nContent-Type: appl")


def silence_in_headers(connection: Connection) -> None:
    close_in_headers(connection)
    connection.wait()


def silence_in_body(connection: Connection) -> None:
    connection.request()
    connection.send(answer(b"201 Created", JSON, body=b'{"guid', length=100))
    connection.wait()


def reset_in_body(connection: Connection) -> None:
    connection.request()
    connection.send(answer(b"201 Created", JSON, body=b'{"guid', length=100))
    connection.server.stopping.wait(0.05)
    connection.reset()


def drip_headers(connection: Connection) -> None:
    connection.request()
    connection.drip(answer(b"201 Created", JSON, body=b"{}") * 10, 0.1)


def drip_body(connection: Connection) -> None:
    connection.request()
    connection.send(b"HTTP/1.1 201 Created\r\nContent-Length: 1000\r\n\r\n")
    connection.drip(b" " * 1000, 0.1)


def endless_body(connection: Connection) -> None:
    connection.request()
    connection.send(b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n\r\n")
    while not connection.server.stopping.is_set():
        connection.send(b"[" * 65536)


def endless_chunks(connection: Connection) -> None:
    connection.request()
    connection.send(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not connection.server.stopping.is_set():
        connection.send(b"10000\r\n" + b"[" * 65536 + b"\r\n")


def endless_interim(connection: Connection) -> None:
    connection.request()
    while not connection.server.stopping.is_set():
        connection.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


def endless_hints(connection: Connection) -> None:
    connection.request()
    while not connection.server.stopping.is_set():
        connection.send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 100)


def endless_header(connection: Connection) -> None:
    connection.request()
    connection.send(b"HTTP/1.1 201 Created\r\nX-Long: ")
    while not connection.server.stopping.is_set():
        connection.send(b"x" * 65536)


HTML = b"<!doctype html><title>Maintenance</title><h1>Back at 9</h1>"
GZIP_BOMB = b"".join([gzip.compress(b"[" * 10_000_000)] * 100)  # a gigabyte: members of a gzip file follow each other
DEEP = b'{"arena_session_id":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
ENVELOPE = b'{"status":%d,"errors":[{"code":1,"message":"no"}]}'
IN_TIME = "no answer within|in time"
CLOSED = "closed without an answer|broke|closed within"


def head(*lines: bytes) -> bytes:
    return b"\r\n".join([b"HTTP/1.1 201 Created", *lines]) + b"\r\n\r\n"


def created(body: bytes, *headers: bytes) -> Behaviour:
    return always(answer(b"201 Created", JSON, *headers, body=body))


# Each row: what the server does, and the cause that the report names. Where login is refused as well as staging, the
# two have a cause each: that of a run whose accounts log in, then that of a run whose sessions were given.
NO_SESSION = "arena_session_id"
NO_JSON = "no JSON"
NO_GUID = "no guid"
BEHAVIOURS: dict[str, tuple[Behaviour, str, str]] = {
    "401": (always(answer(b"401 Unauthorized", JSON, body=ENVELOPE % 401)), "401", "401"),
    "401-empty": (always(answer(b"401 Unauthorized")), "401", "401"),
    "403-html": (always(answer(b"403 Forbidden", body=HTML)), "403", "403"),
    "404-html": (always(answer(b"404 Not Found", body=HTML)), "404", "404"),
    "429": (always(answer(b"429 Too Many Requests", JSON, body=ENVELOPE % 429)), "429", "429"),
    "429-retry-after": (always(answer(b"429 Too Many Requests", b"Retry-After: 3600")), "429", "429"),
    "500": (always(answer(b"500 Internal Server Error", JSON, body=ENVELOPE % 500)), "500", "500"),
    "503-html": (always(answer(b"503 Service Unavailable", body=HTML)), "503", "503"),
    "304": (always(b"HTTP/1.1 304 Not Modified\r\n\r\n"), "304", "304"),
    "status-999": (always(answer(b"999 Nonsense", JSON, body=b"{}")), "999", "999"),
    "status-99": (always(answer(b"99 Nonsense", JSON, body=b"{}")), "not HTTP", "not HTTP"),
    "switching-protocols": (once(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"), "101", "101"),
    # a success that is none
    "200-html": (always(answer(b"200 OK", b"Content-Type: text/html", body=HTML)), NO_SESSION, NO_JSON),
    "201-empty-object": (created(b"{}"), NO_SESSION, NO_GUID),
    "201-null": (created(b"null"), NO_SESSION, NO_GUID),
    "201-list": (created(b"[]"), NO_SESSION, NO_GUID),
    "201-empty": (created(b""), NO_SESSION, NO_JSON),
    "201-nan": (created(b'{"guid":NaN,"arena_session_id":NaN}'), NO_SESSION, NO_JSON),
    "201-deep": (created(DEEP), NO_SESSION, NO_JSON),
    "201-byte-order-mark": (created(b'\xef\xbb\xbf{"guid":"A","arena_session_id":"0123456789"}'), NO_SESSION, NO_JSON),
    "201-latin-1": (created(b'{"guid":"\xe9","arena_session_id":"\xe9\xe9\xe9\xe9\xe9\xe9"}'), NO_SESSION, NO_JSON),
    "201-objects-for-texts": (created(b'{"guid":{},"arena_session_id":{}}'), NO_SESSION, NO_GUID),
    "201-50-mb": (created(b'{"guid":"%s"}' % (b"A" * 50_000_000)), "longer than", "longer than"),
    "201-gzip-bomb": (created(GZIP_BOMB, b"Content-Encoding: gzip"), NO_SESSION, NO_JSON),
    "201-unknown-coding": (created(b"\x1fzebra", b"Content-Encoding: zebra"), NO_SESSION, NO_JSON),
    "204": (always(b"HTTP/1.1 204 No Content\r\n\r\n"), NO_SESSION, NO_JSON),
    "204-with-body": (
        always(b"HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n{}"),
        NO_SESSION,
        f"{NO_JSON}|{NO_GUID}",
    ),
    # nothing, or not all of it
    "closed": (close, CLOSED, CLOSED),
    "reset": (reset, CLOSED, CLOSED),
    "reset-at-once": (reset_at_once, CLOSED, CLOSED),
    "closed-in-headers": (close_in_headers, CLOSED, CLOSED),
    "reset-in-body": (reset_in_body, CLOSED, CLOSED),
    "silence": (silence, IN_TIME, IN_TIME),
    "silence-in-headers": (silence_in_headers, IN_TIME, IN_TIME),
    "silence-in-body": (silence_in_body, IN_TIME, IN_TIME),
    "drip-headers": (drip_headers, IN_TIME, IN_TIME),
    "drip-body": (drip_body, IN_TIME, IN_TIME),
    "length-too-large": (
        once(answer(b"201 Created", JSON, body=b'{"guid":"A","arena_session_id":"0123456789"}', length=999)),
        CLOSED,
        CLOSED,
    ),
    "length-too-small": (
        once(answer(b"201 Created", JSON, body=b'{"guid":"A","arena_session_id":"0123456789"}', length=9)),
        NO_SESSION,
        f"{NO_JSON}|no results",
    ),
    "length-is-no-number": (
        once(head(b"Content-Length: many") + b"{}"),
        f"{NO_SESSION}|not HTTP",
        f"{NO_GUID}|not HTTP",
    ),
    "length-is-negative": (once(head(b"Content-Length: -1") + b"{}"), f"{NO_SESSION}|not HTTP", f"{NO_GUID}|not HTTP"),
    "two-lengths": (
        once(head(b"Content-Length: 2", b"Content-Length: 9") + b"{}"),
        f"{NO_SESSION}|not HTTP",
        f"{NO_GUID}|not HTTP",
    ),
    "broken-chunks": (once(head(b"Transfer-Encoding: chunked") + b"zz\r\n{}\r\n0\r\n\r\n"), CLOSED, CLOSED),
    "chunks-cut-short": (once(head(b"Transfer-Encoding: chunked") + b"ff\r\n{}"), CLOSED, CLOSED),
    # no HTTP, or too much of it
    "garbage": (once(b"\x16\x03\x01\x02\x00 this is no HTTP at all\r\n\r\n"), "not HTTP", "not HTTP"),
    "zeros": (once(b"\0" * 100_000), "not HTTP", "not HTTP"),
    "ssh": (once(b"SSH-2.0-OpenSSH_9.6\r\n"), "not HTTP", "not HTTP"),
    "header-of-1-mb": (once(head(b"X-Long: " + b"x" * 1_000_000) + b"{}"), "not HTTP", "not HTTP"),
    "ten-thousand-headers": (once(head(*[b"X-One: 1"] * 10_000) + b"{}"), "not HTTP", "not HTTP"),
    "header-without-colon": (
        once(head(b"no colon here") + b"{}"),
        f"{NO_SESSION}|not HTTP",
        f"{NO_GUID}|{NO_JSON}|not HTTP",
    ),
    "endless-header": (endless_header, "not HTTP", "not HTTP"),
    "endless-body": (endless_body, "longer than|in time", "longer than|in time"),
    "endless-chunks": (endless_chunks, "longer than|in time", "longer than|in time"),
    "endless-continue": (endless_interim, f"not HTTP|{IN_TIME}", f"not HTTP|{IN_TIME}"),
    "endless-early-hints": (endless_hints, f"not HTTP|{IN_TIME}", f"not HTTP|{IN_TIME}"),
}


@pytest.mark.parametrize("logins", ["password", "session_id"])
@pytest.mark.parametrize("name", BEHAVIOURS)
def test_a_server_that_treats_every_call_so(name: str, logins: str) -> None:
    behaviour, at_login, later = BEHAVIOURS[name]
    begun = time.monotonic()
    with Hostile(behaviour) as server:
        report = run_in_process(server, logins)
        took = time.monotonic() - begun
    proves_nothing(report, at_login if logins == "password" else later)
    assert took < BOUND
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 600_000  # KiB, of this whole test process


# Redirects: to the same host, another one, and round in circles.


@pytest.mark.parametrize("logins", ["password", "session_id"])
@pytest.mark.parametrize("status", [b"301 Moved", b"302 Found", b"303 See Other", b"307 Temporary", b"308 Permanent"])
def test_redirects_are_not_followed(status: bytes, logins: str) -> None:
    with Hostile(always(answer(b"201 Created", JSON, body=b"{}"))) as elsewhere:
        location = b"Location: " + elsewhere.url.encode()
        with Hostile(always(answer(status, location))) as server:
            report = run_in_process(server, logins)
        assert elsewhere.requests == []
    proves_nothing(report, "redirect|30[1-8]")


def test_a_redirect_to_itself_ends() -> None:
    with Hostile(always(answer(b"302 Found", b"Location: /v1/login"))) as server:
        report = run_in_process(server, "password")
        assert len(server.requests) == 1
    proves_nothing(report, "redirect to /v1/login")


# Nothing listens.


def test_nothing_listens() -> None:
    with Hostile(close) as server:
        pass
    report = run_in_process(server, "password")
    proves_nothing(report, "connection refused")


# The real command.


@pytest.mark.parametrize("logins", ["password", "session_id"])
@pytest.mark.parametrize(
    "name", ["401", "500", "200-html", "201-empty-object", "closed", "garbage", "reset", "silence"]
)
def test_the_command_says_so(name: str, logins: str, tmp_path: Path) -> None:
    behaviour, at_login, later = BEHAVIOURS[name]
    with Hostile(behaviour) as server:
        ran = run_command(server.url, logins, tmp_path)
    assert ran.returncode == 3, ran.stdout + ran.stderr
    report = json.loads((tmp_path / "reports" / "report.json").read_text("utf-8"))
    proves_nothing(report, at_login if logins == "password" else later)
    shown = ran.stdout + ran.stderr
    assert "Traceback" not in shown
    assert "NO VERDICT" in ran.stdout.upper()
    assert re.search(at_login if logins == "password" else later, " ".join(ran.stdout.split()), re.IGNORECASE)
    everything = shown + "".join(path.read_text("utf-8") for path in (tmp_path / "reports").iterdir())
    assert PASSWORD not in everything
    assert SESSION not in everything


def run_command(url: str, logins: str, folder: Path) -> subprocess.CompletedProcess[str]:
    target = folder / "target.yaml"
    target.write_text(yaml.safe_dump(document(url, logins)), "utf-8")
    return subprocess.run(
        [sys.executable, "-m", "conformance", "run", "--target", str(target), "--report-dir", str(folder / "reports")],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


# Only the reopen is answered wrongly, and the rest of the server is sound.

CHANGES = b"POST /v1/qualityprocesses/statuschanges"


def behind(alter: Callable[[bytes, bytes, bytes], bytes]) -> dict[str, Any]:
    """Tests an embedded Arena behind a proxy that alters its answers."""
    arena = Arena(World.load())
    with Server(arena) as server, Hostile(proxy(int(server.url.split(":")[2].split("/")[0]), alter)) as front:
        target = from_document({**arena.target(front.url), "timeout_seconds": 2}, environ={})
        return gate.run(target, Settings(RULES), lambda *_: None)


def failed(report: dict[str, Any]) -> set[str]:
    return {rule["id"] for rule in report["rules"] if rule["verdict"] == "fail"}


def relength(head: bytes, length: int) -> bytes:
    return re.sub(rb"(?i)(content-length: )\d+", rb"\g<1>%d" % length, head)


def test_a_proxy_that_alters_nothing_is_not_noticed() -> None:
    report = behind(lambda _, head, body: head + b"\r\n\r\n" + body)
    assert report["run"]["exit_code"] == 0, report["run"]["reason"]


def test_a_content_length_in_characters_fails_response_headers_alone() -> None:
    def alter(request: bytes, head: bytes, body: bytes) -> bytes:
        if request.startswith(CHANGES):
            head = relength(head, len(body.decode()))
        return head + b"\r\n\r\n" + body

    report = behind(alter)
    assert failed(report) == {"response-headers"}
    assert report["run"]["exit_code"] == 1
    rule = next(rule for rule in report["rules"] if rule["id"] == "response-headers")
    assert "bytes" in rule["reason"]
    assert not any(scenario["verdict"] == "error" for rule in report["rules"] for scenario in rule["scenarios"])


def test_a_length_in_characters_on_a_connection_that_is_closed_fails_response_headers_alone() -> None:
    def alter(request: bytes, head: bytes, body: bytes) -> bytes:
        if request.startswith(CHANGES):
            head = relength(head, len(body.decode())) + b"\r\nConnection: close"
        return head + b"\r\n\r\n" + body

    assert failed(behind(alter)) == {"response-headers"}


@pytest.mark.parametrize("session_id", ["1", "pass", "reason", "http", "\\", "]"])
def test_a_session_id_that_is_a_word_of_the_report_leaves_it_whole(session_id: str) -> None:
    numbers = itertools.count(20)

    class ShortSessions(Arena):
        def new_session_id(self) -> str:
            return f"{session_id}{next(numbers)}" if self.store.sessions else session_id

    arena = ShortSessions(World.load())
    with Server(arena) as server:
        target = from_document({**arena.target(server.url), "exclusive": True}, environ={})
        report = gate.run(target, Settings(RULES), lambda *_: None)
    assert {"verdict", "exit_code", "reason"} <= report["run"].keys()
    assert {rule["id"] for rule in report["rules"]} == RULES
    assert not failed(report)


@pytest.mark.parametrize("role_of_text", ["message", "comment"])
def test_hostile_text_stays_text(role_of_text: str, tmp_path: Path) -> None:
    text = "\x1b[2J\x1b]0;owned\x07::error::owned\r\n<script>alert(1)</script>]]>&\u202e\ud800 ${HOME} `id`"

    class Rude(Arena):
        def render_error(self, status: int, code: int, message: str) -> dict[str, Any]:
            return super().render_error(status, code, text if role_of_text == "message" else message)

        def render_success(self, process: Any, complete: bool, comment: str | None) -> dict[str, Any]:
            return super().render_success(process, complete, text if role_of_text == "comment" else comment)

    arena = Rude(World.load())
    with Server(arena) as server:
        target = tmp_path / "target.yaml"
        target.write_text(yaml.safe_dump(arena.target(server.url)), "utf-8")
        command = [sys.executable, "-m", "conformance", "run", "--target", str(target), "--report-dir", str(tmp_path)]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=60, check=False)
    assert ran.returncode == 1
    assert b"\x1b[2J" not in ran.stdout
    assert b"\x1b]0;" not in ran.stdout
    assert b"Traceback" not in ran.stdout + ran.stderr
    assert not any(line.startswith(b"::") for line in ran.stdout.splitlines())
    json.loads((tmp_path / "report.json").read_text("utf-8"))
    ElementTree.parse(tmp_path / "junit.xml")
