"""Servers that misbehave below HTTP or above it, on real sockets."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from typing import Any, Self

import trustme

Behaviour = Callable[["Connection"], None]
LIMIT = 64 * 1024 * 1024


class Connection:
    """One connection as the server sees it. A behaviour may keep it, starve it or break it."""

    def __init__(self, connection: socket.socket, server: Hostile) -> None:
        self.socket = connection
        self.server = server

    def request(self) -> tuple[bytes, bytes] | None:
        """Reads one request, head and body; None when the client has left."""
        data = b""
        while b"\r\n\r\n" not in data:
            received = self.socket.recv(65536)
            if not received:
                return None
            data += received
        head, _, body = data.partition(b"\r\n\r\n")
        while len(body) < content_length(head):
            body += self.socket.recv(65536)
        self.server.requests.append(head)
        return head, body

    def pass_on(self, port: int, head: bytes, body: bytes) -> None:
        """Sends what a true server answers."""
        self.send(b"\r\n\r\n".join(passed_on(port, head, body)))

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def send_last(self, data: bytes) -> None:
        """Sends it and closes, together: no client finds the connection open after it has read all of it."""
        if hasattr(socket, "TCP_CORK"):
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
        self.send(data)
        self.socket.close()

    def wait(self) -> None:
        """Says nothing until the server stops or the client leaves."""
        while not self.server.stopping.is_set():
            with contextlib.suppress(TimeoutError):
                self.socket.settimeout(0.05)
                if not self.socket.recv(65536):
                    return

    def drip(self, data: bytes, seconds: float) -> None:
        """Sends one byte at a time."""
        for index in range(len(data)):
            if self.server.stopping.wait(seconds):
                return
            self.send(data[index : index + 1])

    def reset(self) -> None:
        """Ends with RST, so that what was sent before may be lost too."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class Hostile:
    """`with Hostile(behaviour) as server:` lets `behaviour` treat every connection to `server.url`."""

    def __init__(self, behaviour: Behaviour, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self.stopping = threading.Event()
        self._behaviour = behaviour
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._threads: list[threading.Thread] = []
        self._connections: list[socket.socket] = []
        self.port = self._listener.getsockname()[1]
        self.url = f"http{'s' if tls else ''}://127.0.0.1:{self.port}/v1"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(timeout=10)

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connections.append(connection)
            self._start(self._treat, connection)

    def _treat(self, connection: socket.socket) -> None:
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            stack.enter_context(connection)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                connection = stack.enter_context(self._tls.wrap_socket(connection, server_side=True))
                self._connections.append(connection)
            self._behaviour(Connection(connection, self))

    def _start(self, work: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()


def tls(authority: trustme.CA, *names: str, **validity: Any) -> ssl.SSLContext:
    """Returns what a server needs to show a certificate of that authority for these hosts."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, **validity).configure_cert(context)
    return context


def port_of(url: str) -> int:
    """Returns the port of a server of this machine."""
    return int(url.split(":")[2].split("/")[0])


def content_length(head: bytes) -> int:
    """Returns the length that a request or an answer announces; 0 where it announces none."""
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


def answer(status: bytes, *headers: bytes, body: bytes = b"", length: int | None = None) -> bytes:
    """Returns an answer as it goes over the wire; without `length` the true one."""
    lines = [b"HTTP/1.1 " + status, *headers, b"Content-Length: %d" % (len(body) if length is None else length)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def always(data: bytes) -> Behaviour:
    """Answers every request with the same bytes and keeps the connection."""

    def behave(connection: Connection) -> None:
        while connection.request() is not None:
            connection.send(data)

    return behave


def passed_on(port: int, head: bytes, body: bytes) -> tuple[bytes, bytes]:
    """Lets a true server answer a request, and returns head and body of its answer."""
    with socket.create_connection(("127.0.0.1", port)) as upstream:
        upstream.sendall(head + b"\r\nConnection: close\r\n\r\n" + body)
        received = b"".join(iter(lambda: upstream.recv(65536), b""))
    answered, _, content = received.partition(b"\r\n\r\n")
    return answered.replace(b"\r\nConnection: close", b"").replace(b"\r\nconnection: close", b""), content


Treatment = Callable[["Connection", bytes, bytes], None]  # sends an answer, given the head and body of the true one


HARMLESS = b"GET /v1/settings/users?limit=1 HTTP/1.1"


def through(
    port: int,
    treat: Treatment,
    chosen: Callable[[bytes, bytes], bool] = lambda *_: True,
    *,
    done: bool = True,
) -> Behaviour:
    """Passes every request on to a true server, and lets `treat` answer those that `chosen(head, body)` names.

    Where these are not `done`, something harmless is asked instead, so that there are true headers.
    """

    def behave(connection: Connection) -> None:
        while (request := connection.request()) is not None:
            head, body = request
            mine = chosen(head, body)
            if mine and not done:
                lines = [line for line in head.split(b"\r\n")[1:] if not line.lower().startswith(b"content-")]
                head, body = b"\r\n".join([HARMLESS, *lines]), b""
            answered, content = passed_on(port, head, body)
            if not mine:
                connection.send(answered + b"\r\n\r\n" + content)
            else:
                treat(connection, answered, content)
                if connection.socket.fileno() < 0:
                    return

    return behave


def reopens(head: bytes, body: bytes) -> bool:
    """Chooses the calls that ask to reopen."""
    return head.startswith(b"POST /v1/qualityprocesses/statuschanges") and b'"complete": true' not in body


def proxy(port: int, alter: Callable[[bytes, bytes, bytes], bytes]) -> Behaviour:
    """Passes every request on to a true server; `alter(request_head, head, body)` makes what goes back."""

    def behave(connection: Connection) -> None:
        while (request := connection.request()) is not None:
            head, body = request
            answered, content = passed_on(port, head, body)
            connection.send(alter(head, answered, content))

    return behave
