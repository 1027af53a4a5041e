"""Servers that are sound but for what one of their answers says: its length, its session ids, its texts.

Transport and protocol faults stand in test_fault_table.py.
"""

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
from hostile import Hostile, port_of, proxy

from conformance import contract, gate
from conformance.arena.server import Server
from conformance.arena.service import Arena
from conformance.arena.world import World
from conformance.judge import Settings
from conformance.target import from_document

RULES = frozenset(rule.id for rule in contract.rules())


# The length of the answers to reopens.

CHANGES = b"POST /v1/qualityprocesses/statuschanges"


def behind(alter: Callable[[bytes, bytes, bytes], bytes]) -> dict[str, Any]:
    """Tests an embedded Arena behind a proxy that alters its answers."""
    arena = Arena(World.load())
    with Server(arena) as server, Hostile(proxy(port_of(server.url), alter)) as front:
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
