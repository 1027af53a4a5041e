"""The ways to a target: TLS with a private authority, a proxy, a path before /v1, headers and tokens of a gateway.

What goes wrong on the way stands in test_fault_table.py.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import socket
import statistics
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
import yaml
from command import Command
from hostile import Behaviour, Connection, Hostile, answer, port_of, through, tls
from make import document_of, elsewhere, passwords

from conformance import gate
from conformance.arena.server import Server
from conformance.arena.service import Arena
from conformance.arena.world import World
from conformance.judge import Settings
from conformance.target import from_document
from conformance.wire import Wire

RULE = "success-is-201"
HOST = "arena.conformance.example"  # no such host: only a proxy knows the way


@pytest.fixture(autouse=True)
def no_proxy_but_the_tests_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if "proxy" in name.lower()]:
        monkeypatch.delenv(name)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def bundle(authority: trustme.CA, tmp_path: Path) -> Path:
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    return tmp_path / "authority.pem"


@pytest.fixture
def arena() -> Iterator[Server]:
    with Server(Arena(World.load())) as server:
        yield server


def as_it_is(connection: Connection, head: bytes, body: bytes) -> None:
    connection.send(head + b"\r\n\r\n" + body)


def run_here(document: dict[str, Any]) -> dict[str, Any]:
    return gate.run(from_document(document, environ={}), Settings(frozenset({RULE})), lambda *_: None)


# TLS


def test_a_private_authority_is_trusted_where_it_is_named(
    arena: Server, authority: trustme.CA, bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(bundle))
    with Hostile(through(port_of(arena.url), as_it_is), tls(authority, "127.0.0.1")) as front:
        report = run_here(document_of(front.url))
    assert report["run"]["exit_code"] == 0, report["run"]["reason"]


def test_a_bundle_that_is_not_there(arena: Server, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/authority.pem")
    with Hostile(through(port_of(arena.url), as_it_is), tls(authority, "127.0.0.1")) as front:
        report = run_here(document_of(front.url))
    assert "REQUESTS_CA_BUNDLE names no file that is there" in report["run"]["reason"]


# a proxy


def proxying(port: int) -> Behaviour:
    """Passes calls and tunnels on to a server of this machine, whatever host they name."""

    def behave(connection: Connection) -> None:
        head = connection.request()
        if head is None:
            return
        line, _, rest = head[0].partition(b"\r\n")
        if line.startswith(b"CONNECT "):
            with socket.create_connection(("127.0.0.1", port)) as upstream:
                connection.send(b"HTTP/1.1 200 Connection established\r\n\r\n")
                relay(connection.socket, upstream)
            return
        method, url, version = line.split(b" ")
        path = re.sub(rb"^http://[^/]*", b"", url)
        plain = re.sub(rb"(?im)^(proxy-)?connection:.*\r\n", b"", rest + b"\r\n")
        with socket.create_connection(("127.0.0.1", port)) as upstream:
            upstream.sendall(
                b" ".join([method, path, version]) + b"\r\n" + plain + b"Connection: close\r\n\r\n" + head[1]
            )
            for part in iter(lambda: upstream.recv(65536), b""):
                connection.send(part)

    return behave


def relay(one: socket.socket, other: socket.socket) -> None:
    while True:
        for ready in select.select([one, other], [], [], 10)[0]:
            data = ready.recv(65536)
            if not data:
                return
            (other if ready is one else one).sendall(data)


def run_behind(proxy: Hostile, url: str, folder: Path, **environment: str) -> dict[str, Any]:
    (folder / "target.yaml").write_text(yaml.safe_dump(elsewhere(url)), "utf-8")
    proxies = {"HTTP_PROXY": f"http://127.0.0.1:{proxy.port}", "HTTPS_PROXY": f"http://127.0.0.1:{proxy.port}"}
    arguments = ["run", "--only", "rules", "--target", "target.yaml", "--rule", RULE]
    Command(folder)(*arguments, env={**proxies, **passwords(), **environment}, timeout=60)
    report: dict[str, Any] = json.loads((folder / "reports" / "report.json").read_text("utf-8"))
    return report


def test_through_a_proxy(arena: Server, tmp_path: Path) -> None:
    with Hostile(proxying(port_of(arena.url))) as proxy:
        report = run_behind(proxy, f"http://{HOST}/v1", tmp_path)
        assert all(HOST.encode() in head.partition(b"\r\n")[0] for head in proxy.requests)
    assert report["run"]["exit_code"] == 0, report["run"]["reason"]


def test_through_a_tunnel_to_a_host_of_a_private_authority(
    arena: Server, authority: trustme.CA, bundle: Path, tmp_path: Path
) -> None:
    with (
        Hostile(through(port_of(arena.url), as_it_is), tls(authority, HOST)) as front,
        Hostile(proxying(front.port)) as proxy,
    ):
        report = run_behind(proxy, f"https://{HOST}/v1", tmp_path, REQUESTS_CA_BUNDLE=str(bundle))
        assert {head.partition(b" ")[0] for head in proxy.requests} == {b"CONNECT"}
        assert not any(b"arena_session_id" in head for head in proxy.requests)
    assert report["run"]["exit_code"] == 0, report["run"]["reason"]


@pytest.mark.parametrize("excepted", [HOST, "example", "*"])
def test_no_proxy_for_hosts_that_are_excepted(excepted: str, arena: Server, tmp_path: Path) -> None:
    with Hostile(proxying(port_of(arena.url))) as proxy:
        report = run_behind(proxy, f"http://{HOST}/v1", tmp_path, NO_PROXY=excepted)
        assert proxy.requests == []
    assert "does not resolve" in report["run"]["reason"]


def test_no_proxy_for_this_machine(arena: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with Hostile(proxying(port_of(arena.url))) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        report = run_here(document_of(arena.url))
        assert proxy.requests == []
    assert report["run"]["exit_code"] == 0


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    ("says", "cause"),
    [
        (answer(b"407 Proxy Authentication Required"), "did not pass the call on|407"),
        (answer(b"403 Forbidden"), "did not pass the call on|403"),
        (b"", "did not pass the call on|closed without an answer"),
    ],
    ids=["wants-a-password", "forbids-it", "hangs-up"],
)
def test_a_proxy_that_does_not_pass_calls_on(scheme: str, says: bytes, cause: str, tmp_path: Path) -> None:
    def refuse(connection: Connection) -> None:
        connection.request()
        connection.send(says)

    with Hostile(refuse) as proxy:
        report = run_behind(proxy, f"{scheme}://{HOST}/v1", tmp_path)
    assert report["run"]["exit_code"] == 3
    assert re.search(cause, report["run"]["reason"]), report["run"]["reason"]


# a connection that is kept


@pytest.mark.skipif(not hasattr(socket, "TCP_QUICKACK"), reason="this system acknowledges when it likes")
def test_a_server_that_sends_head_and_body_apart_is_not_waited_for() -> None:
    def apart(connection: Connection) -> None:
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 0)
        while connection.request() is not None:
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")
            connection.send(b"{}")

    with Hostile(apart) as server, contextlib.closing(Wire(loopback=True, timeout_seconds=5)) as wire:
        taken = [wire.send("GET", server.url, {}, None).milliseconds for _ in range(21)]
    assert statistics.median(taken) < 30  # else it is the 40 that Linux waits before it acknowledges


# before and around /v1


class Gateway:
    """Passes on what comes below a path of its own and carries a token; says 404 and 403 to all else."""

    def __init__(self, port: int, path: bytes, token: bytes) -> None:
        self._port, self._path, self._token = port, path, token

    def __call__(self, connection: Connection) -> None:
        while (request := connection.request()) is not None:
            head, body = request
            _, path, _ = head.partition(b"\r\n")[0].split(b" ")
            if not path.startswith(self._path):
                connection.send(answer(b"404 Not Found"))
            elif b"\r\nauthorization: " + self._token + b"\r\n" not in (head + b"\r\n").replace(b"Auth", b"auth"):
                connection.send(answer(b"403 Forbidden"))
            elif b"Arena-Usage-Reason: conformance" not in head:
                connection.send(answer(b"400 Bad Request"))
            else:
                connection.pass_on(self._port, head.replace(path, path.removeprefix(self._path), 1), body)


def test_a_path_before_v1_a_bearer_token_and_another_header(arena: Server) -> None:
    document = document_of(arena.url)
    with Hostile(Gateway(port_of(arena.url), b"/plm/arena", b"Bearer t0ken-of-the-gateway")) as front:
        document |= {"base_url": front.url.replace("/v1", "/plm/arena/v1/")}
        document |= {"headers": {"Authorization": "Bearer t0ken-of-the-gateway", "Arena-Usage-Reason": "conformance"}}
        report = run_here(document)
        without = run_here({**document, "headers": {}})
    assert report["run"]["exit_code"] == 0, report["run"]["reason"]
    assert "t0ken" not in json.dumps(report)
    assert without["run"]["exit_code"] == 3
    assert "403" in without["run"]["reason"]
