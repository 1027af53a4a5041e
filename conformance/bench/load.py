"""How many reopens a server answers a second over many connections, and how long the slowest of a hundred takes."""

from __future__ import annotations

import asyncio
import itertools
import multiprocessing
import os
import re
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from urllib.parse import urlsplit

from conformance.arena.server import Server
from conformance.arena.service import Arena
from conformance.arena.store import Session
from conformance.arena.world import World
from conformance.evidence import Subject
from conformance.session import STATUS_CHANGES, encode, reopen_body

CONNECTIONS = 50


@dataclass(frozen=True)
class Served:
    """What a server answered."""

    per_second: float
    p99: float  # milliseconds
    statuses: frozenset[int]


@dataclass(frozen=True)
class Asked:
    """What to send where: the bodies of each connection take turns, so that every call changes something."""

    url: str
    session_id: str
    bodies: tuple[tuple[bytes, ...], ...]  # of each connection


@contextmanager
def embedded() -> Iterator[Asked]:
    """Serves an embedded Arena from a process of its own, on a processor of its own where there are several."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs,), daemon=True)
    process.start()
    try:
        asked: Asked = ours.recv()
        yield asked
    finally:
        process.terminate()
        process.join()


def _serve(ready: Connection) -> None:
    own_processor(0)
    arena = Arena(World.load())
    workspace = arena.store.main_workspace
    workspace.request_limit = workspace.remaining = 10**9  # to be asked, not to refuse
    session = open_session(arena)
    template, user = arena.store.templates[arena.world.staging["template"]], session.user
    subjects = []
    for number in range(CONNECTIONS):
        name = f"load {number}"
        process = arena.new_process(
            template, arena.store.prefixes[template.prefix], name=name, creator=user, owner=user
        )
        arena.store.processes[process.guid] = process
        subjects.append(Subject(process.guid, process.steps[0].guid))
    with Server(arena) as server:
        bodies = tuple(tuple(_body(one, complete=complete) for complete in (True, False)) for one in subjects)
        ready.send(Asked(server.url + STATUS_CHANGES, session.id, bodies))
        with suppress(EOFError, KeyboardInterrupt):
            ready.recv()


def open_session(arena: Arena) -> Session:
    """Opens a session for the owner of the processes."""
    email = arena.world.accounts["owner"].email
    user = next(user for user in arena.store.users.values() if user.email == email)
    session = Session(arena.new_session_id(), user, arena.now())
    arena.store.open_session(session)
    return session


def elsewhere(url: str) -> Asked:
    """Returns the same calls for another server of the operation; it need not know the guids."""
    bodies = tuple(_body(Subject("A" * 20, "B" * 20), complete=complete) for complete in (True, False))
    return Asked(url, "a-session", (bodies,) * CONNECTIONS)


def _body(subject: Subject, *, complete: bool) -> bytes:
    return encode({**reopen_body(subject), "complete": complete})


def ask(asked: Asked, seconds: float) -> Served:
    """Lets every connection send one call after the other, for so long."""
    return asyncio.run(_ask(asked, seconds))


async def _ask(asked: Asked, seconds: float) -> Served:
    taken: list[float] = []
    statuses: set[int] = set()
    end = time.perf_counter() + seconds
    await asyncio.gather(*(_connection(asked, bodies, end, taken, statuses) for bodies in asked.bodies))
    return Served(len(taken) / seconds, 1000 * statistics.quantiles(taken, n=100)[98], frozenset(statuses))


async def _connection(
    asked: Asked, bodies: tuple[bytes, ...], end: float, taken: list[float], statuses: set[int]
) -> None:
    address = urlsplit(asked.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    head = f"POST {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\narena_session_id: {asked.session_id}\r\n"
    head += "Content-Type: application/json\r\nContent-Length: "
    for body in itertools.cycle(bodies):
        begun = time.perf_counter()
        if begun >= end:
            break
        writer.write(f"{head}{len(body)}\r\n\r\n".encode() + body)
        status = await _answer(reader)
        taken.append(time.perf_counter() - begun)
        statuses.add(status)
    writer.close()


async def _answer(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = re.search(rb"\r\ncontent-length: *(\d+)", head)
    if length is None:
        raise ValueError(f"an answer without Content-Length: {head[:200]!r}")
    await reader.readexactly(int(length[1]))
    return int(head.split()[1])


def own_processor(number: int) -> None:
    """Keeps this process to one processor, where the system lets it."""
    if sys.platform == "linux":
        processors = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {processors[number % len(processors)]})
