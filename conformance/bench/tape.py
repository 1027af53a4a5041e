"""The calls of a run, taped, to be sent again by a bare loop: the least that sending them can take."""

from __future__ import annotations

import random
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

import requests

from conformance import contract, gate, wire
from conformance.arena.server import Server
from conformance.arena.service import Arena
from conformance.arena.world import World
from conformance.judge import Settings
from conformance.target import from_document

EVERY_RULE = frozenset(rule.id for rule in contract.rules())


@dataclass(frozen=True)
class Taped:
    """A call that the HTTP library sent, and the status that came back."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None
    status: int | None


@dataclass(frozen=True)
class TapedRun:
    """A run of the suite in this process: how long it took, what it reported and sent.

    `past` is how many of the seconds went into what no HTTP library can send; that is not on the tape.
    """

    seconds: float
    past: float
    report: Mapping[str, Any]
    tape: list[Taped]


def run(settings: Settings) -> TapedRun:
    """Tests a fresh embedded Arena; what is sent past the HTTP library, byte by byte, is not taped."""
    tape: list[Taped] = []
    send, write = wire.Wire.send, wire.Wire.write
    past = 0.0

    def taping(
        self: wire.Wire, method: str, url: str, headers: Mapping[str, str], body: bytes | None, **named: bool
    ) -> wire.Answer:
        answer = send(self, method, url, headers, body, **named)
        tape.append(Taped(method, url.removeprefix(server.url), dict(headers), body, answer.status))
        return answer

    def timing(self: wire.Wire, *args: Any, **named: Any) -> wire.Answer:
        nonlocal past
        begun = time.perf_counter()
        try:
            return write(self, *args, **named)
        finally:
            past += time.perf_counter() - begun

    taped = mock.patch.multiple(wire.Wire, send=taping, write=timing)
    with _repeatable(), _served() as (server, arena), taped:
        target = from_document(arena.target(server.url), environ={})
        begun = time.perf_counter()
        report = gate.run(target, settings, lambda *_: None)
        return TapedRun(time.perf_counter() - begun, past, report, tape)


def send_again(tape: list[Taped]) -> tuple[float, float]:
    """Sends the calls to a fresh Arena in a bare loop.

    Returns how many seconds that took, and the share of calls that were answered with the same status: near one, else
    the Arena did other work than for the run.
    """
    statuses = []
    with _repeatable(), _served() as (server, _), requests.Session() as session:
        session.trust_env = False
        begun = time.perf_counter()
        for call in tape:
            answer = session.request(
                call.method,
                server.url + call.path,
                headers={name: value.encode() for name, value in call.headers.items()},
                data=call.body,
                allow_redirects=False,
            )
            statuses.append(answer.status_code)
        seconds = time.perf_counter() - begun
    same = sum(status == call.status for status, call in zip(statuses, tape, strict=True))
    return seconds, same / max(len(tape), 1)


@contextmanager
def _served() -> Iterator[tuple[Server, Arena]]:
    arena = Arena(World.load())
    with Server(arena) as server:
        yield server, arena


@contextmanager
def _repeatable() -> Iterator[None]:
    """Lets an Arena give out the same guids and session ids each time, so that the same calls fit its world."""
    source = random.Random(1)  # noqa: S311 - nothing is to be secret here
    with (
        mock.patch.object(secrets, "choice", source.choice),
        mock.patch.object(secrets, "token_urlsafe", lambda size: f"{source.getrandbits(8 * size):0{2 * size}x}"),
    ):
        yield
