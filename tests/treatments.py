"""How an answer may be treated on its way. `head` and `body` are those of the true answer."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable

from hostile import Connection, Treatment

GIGABYTE = b"".join([gzip.compress(b"[" * 10_000_000)] * 100)


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
        connection.send_last(data)

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
        send = connection.send_last if closing else connection.send
        send(change(head) + b"\r\n\r\n" + body)

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
