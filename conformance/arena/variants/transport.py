"""The same answers, carried otherwise: what HTTP leaves to a server."""

# ruff: noqa: D102 - what an override is for is said by its class
import asyncio
import re
from collections.abc import Callable
from typing import Any, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

from conformance.arena.message import Call, Reply, Visit
from conformance.arena.server import Server
from conformance.arena.variants.base import Variant

_Change = Callable[[bytes], list[bytes]]
_HEAD = b"HTTP/1.1 "


class _Transport:
    """A connection on which whatever the server writes is changed first."""

    def __init__(self, transport: Any, change: _Change) -> None:
        self._transport = transport
        self._change = change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        for part in self._change(data):
            self._transport.write(part)


def _writing(change: _Change) -> type[Server]:
    """Returns a server whose bytes are changed on their way out."""

    class Protocol(H11Protocol):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(_Transport(transport, change))  # type: ignore[arg-type] # it behaves as one

    class Changed(Server):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._uvicorn.config.http = Protocol

    return Changed


class _Closing(Server):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._uvicorn.config.timeout_keep_alive = 0


class SlowAnswers(Variant):
    """Every answer takes its time."""

    seconds: ClassVar[float] = 0.01

    async def answer(self, operation: str, call: Call) -> Reply:
        await asyncio.sleep(self.seconds)
        return await super().answer(operation, call)


class KeepAliveOff(Variant):
    """Every answer ends its connection, and says so."""

    def headers(self, visit: Visit, status: int, content: bytes) -> list[tuple[str, str]]:
        return [("Connection", "close"), *super().headers(visit, status, content)]


class Http10(KeepAliveOff):
    """The server speaks HTTP/1.0."""

    server_class = _writing(lambda data: [data.replace(_HEAD, b"HTTP/1.0 ", 1) if data.startswith(_HEAD) else data])


class ChunkedSupport(Variant):
    """The supporting calls are answered in chunks, of no length known beforehand."""

    def handle(self, operation: str, call: Call) -> Reply:
        reply = super().handle(operation, call)
        if operation == "change_status":
            return reply
        return Reply(reply.status, [one for one in reply.headers if one[0] != "Content-Length"], reply.body)


class NoReasonPhrases(Variant):
    """The status line is a number without words."""

    server_class = _writing(lambda data: [re.sub(rb"\A(HTTP/1.1 \d{3} )[^\r]*", rb"\1", data)])


class EarlyHints(Variant):
    """Before each answer comes an interim one, as HTTP allows at any time."""

    server_class = _writing(
        lambda data: [b"HTTP/1.1 103 Early Hints\r\nLink: </x.css>\r\n\r\n", data] if data.startswith(_HEAD) else [data]
    )


class SpacedHeaders(Variant):
    """Values of headers stand between white space, or directly behind the colon."""

    server_class = _writing(
        lambda data: (
            [data.replace(b": ", b":\t  ").replace(b"Date:\t  ", b"Date:")] if data.startswith(_HEAD) else [data]
        )
    )


class SmallPieces(Variant):
    """Answers arrive a few bytes at a time."""

    server_class = _writing(lambda data: [data[i : i + 7] for i in range(0, len(data), 7)])
