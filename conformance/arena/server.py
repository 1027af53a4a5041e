"""Serves an Arena on a loopback port, in a thread of its own or in the foreground."""

import asyncio
import contextlib
import signal
import socket
import sys
import threading
from types import TracebackType
from typing import Any, Final, Self

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from conformance.arena.app import Answering, create_app

# Of a request, in bytes. h11 counts what is there and not whole yet: a head near its limit is refused or taken as the
# network happens to cut it. This is beyond all that is sent, so that the same call always gets the same answer.
_LONGEST_HEAD: Final = 1 << 24


class Server:
    """`with Server(arena) as server:` serves at `server.url` until the block ends.

    The port is bound by the constructor, so `url` is known and calls are queued before the first one is answered.
    Raises OSError when the address cannot be had.
    """

    def __init__(self, arena: Answering, host: str = "127.0.0.1", port: int = 0) -> None:
        self._socket = _listen(host, port)
        name = f"[{host}]" if ":" in host else host
        self.url = f"http://{name}:{self._socket.getsockname()[1]}/v1"
        self._uvicorn = _Uvicorn(
            uvicorn.Config(
                create_app(arena),
                access_log=False,
                date_header=False,
                h11_max_incomplete_event_size=_LONGEST_HEAD,
                http=_Protocol,
                lifespan="off",
                log_config=None,
                log_level="critical",
                loop="asyncio",
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=600,
                ws="none",
            )
        )
        self._thread = threading.Thread(target=self._run, name=f"arena {self.url}", daemon=True)

    def __enter__(self) -> Self:
        """Starts."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stops."""
        self.stop()

    def start(self) -> None:
        """Begins to answer, in a daemon thread."""
        self._thread.start()

    def stop(self) -> None:
        """Ends at once: open connections are closed and calls in progress are dropped. May be called twice."""
        self._uvicorn.leave()
        if self._thread.ident is not None:
            self._thread.join(timeout=5)
        self._socket.close()

    def serve_forever(self) -> None:
        """Answers until SIGINT or SIGTERM, or until another thread calls `stop`."""
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("serve_forever takes the signals of the process and runs in its main thread only")
        ended = threading.Event()
        previous = {number: signal.signal(number, lambda *_: ended.set()) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            with self:
                while self._thread.is_alive() and not ended.wait(0.2):
                    pass
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _run(self) -> None:
        asyncio.run(self._uvicorn.serve(sockets=[self._socket]))


class _AtOnce:
    """A connection on which the head and the body of an answer, written apart, leave together.

    Sent apart each costs a call of the system here, and wakes whoever waits for the answer.
    """

    def __init__(self, transport: Any, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._parts: list[bytes] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Sends it as soon as what is being done now is done."""
        if not self._parts:
            self._loop.call_soon(self.send)
        self._parts.append(data)

    def close(self) -> None:
        """Closes the connection once all is sent."""
        self.send()
        self._transport.close()

    def send(self) -> None:
        """Sends what was written, now."""
        if self._parts and not self._transport.is_closing():
            self._transport.write(b"".join(self._parts))
        self._parts.clear()


class _Protocol(H11Protocol):
    def connection_made(self, transport: Any) -> None:
        self._answers = _AtOnce(transport, self.loop)
        super().connection_made(self._answers)  # type: ignore[arg-type] # it behaves as one

    def eof_received(self) -> None:
        """The client has said all; the connection is closed next, by the loop and not by way of `_AtOnce`."""
        self._answers.send()
        super().eof_received()


class _Uvicorn(uvicorn.Server):
    """uvicorn, but it leaves when told and not at its next tick."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._leaving = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._left: asyncio.Event | None = None

    def leave(self) -> None:
        """Tells the server to end; from any thread, also before it began."""
        self._leaving.set()
        loop, left = self._loop, self._left
        if loop is not None and left is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended by itself
                loop.call_soon_threadsafe(left.set)

    async def main_loop(self) -> None:
        self._left = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        if not self._leaving.is_set():
            await self._left.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn's signature
        # What was accepted a moment ago becomes a connection first: a closed server drops it, unclosed.
        for listener in [listener for server in self.servers for listener in server.sockets]:
            with contextlib.suppress(NotImplementedError):  # by the loop of Windows
                asyncio.get_running_loop().remove_reader(listener)
        await asyncio.gather(*(asyncio.all_tasks() - self.server_state.tasks - {asyncio.current_task()}))
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        for task in list(self.server_state.tasks):
            task.cancel()
        await asyncio.gather(*self.server_state.tasks, return_exceptions=True)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio turns Nagle's algorithm off only where the protocol is spelt out; with it every answer waits 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if sys.platform != "win32":  # there it would let two servers share the port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(2048)
    except OSError as error:
        listener.close()
        text = f"cannot listen on {host}, port {port}: {error.strerror}; choose another port, or 0 for a free one"
        raise OSError(error.errno, text) from error
    return listener
