"""Whatever a server answers, a run says what is wrong in a sentence, proves nothing by it and ends in time."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from command import Command
from hostile import Behaviour, Connection, Hostile, always, answer, once, proxy

from conformance import contract, gate
from conformance.arena.server import Server
from conformance.arena.service import Arena
from conformance.arena.world import ROLES, World
from conformance.judge import Settings
from conformance.target import from_document

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


# What a server may do to every call: the name, what it does, the cause that the report names where accounts log in, and
# where their sessions were given. All there is stands in test_fault_table.py.


def silence(connection: Connection) -> None:
    connection.request()
    connection.wait()


def reset(connection: Connection) -> None:
    connection.request()
    connection.reset()


def reset_at_once(connection: Connection) -> None:
    connection.reset()


HTML = b"<!doctype html><title>Maintenance</title><h1>Back at 9</h1>"
ENVELOPE = b'{"status":%d,"errors":[{"code":1,"message":"no"}]}'
CLOSED = "closed without an answer|broke|closed within"
BEHAVIOURS: dict[str, tuple[Behaviour, str, str]] = {
    "401": (always(answer(b"401 Unauthorized", JSON, body=ENVELOPE % 401)), "401", "401"),
    "500": (always(answer(b"500 Internal Server Error", JSON, body=ENVELOPE % 500)), "500", "500"),
    "200-html": (always(answer(b"200 OK", b"Content-Type: text/html", body=HTML)), "arena_session_id", "no JSON"),
    "201-empty-object": (always(answer(b"201 Created", JSON, body=b"{}")), "arena_session_id", "no guid"),
    "garbage": (once(b"\x16\x03\x01\x02\x00 this is no HTTP at all\r\n\r\n"), "not HTTP", "not HTTP"),
    "reset": (reset, CLOSED, CLOSED),
    "reset-at-once": (reset_at_once, CLOSED, CLOSED),
    "silence": (silence, "no answer within", "no answer within"),
}


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
    with Hostile(reset) as server:
        pass
    report = run_in_process(server, "password")
    proves_nothing(report, "connection refused")


# The real command.


@pytest.mark.parametrize("logins", ["password", "session_id"])
@pytest.mark.parametrize("name", BEHAVIOURS)
def test_the_command_says_so(name: str, logins: str, tmp_path: Path, command: Command) -> None:
    behaviour, at_login, later = BEHAVIOURS[name]
    with Hostile(behaviour) as server:
        (tmp_path / "target.yaml").write_text(yaml.safe_dump(document(server.url, logins)), "utf-8")
        ran = command("run", "--only", "rules", "--target", "target.yaml", env={"COLUMNS": "120"}, timeout=60)
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
def test_hostile_text_stays_text(role_of_text: str, tmp_path: Path, command: Command) -> None:
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
        ran = command("run", "--only", "rules", "--target", target, "--report-dir", tmp_path, timeout=60)
    assert ran.returncode == 1
    assert "\x1b[2J" not in ran.stdout
    assert "\x1b]0;" not in ran.stdout
    assert "Traceback" not in ran.stdout + ran.stderr
    assert not any(line.startswith("::") for line in ran.stdout.splitlines())
    json.loads((tmp_path / "report.json").read_text("utf-8"))
    ElementTree.parse(tmp_path / "junit.xml")
