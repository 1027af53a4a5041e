"""One HTTP call, and all that can be known about its answer. Nothing else imports an HTTP client.

Redirects are not followed (the session id would travel with them), nothing is retried, no cookie is kept, no
`.netrc` is read. A call takes at most its timeout for the head of the answer and as long again for the body.
"""

from __future__ import annotations

import errno
import http
import http.client
import io
import itertools
import math
import os
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from conformance import __version__
from conformance.evidence import Trouble

MAX_BODY_BYTES = 2 * 1024 * 1024
_CHUNK = 65536
_MOST_INTERIM = 20
_WRITTEN_SECONDS: Final = 1.5
_UNREACHABLE = frozenset({errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EADDRNOTAVAIL})


@dataclass(frozen=True)
class Answer:
    """What came back, unparsed. `status` is None where no HTTP answer was read, and `trouble` says why."""

    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    surplus_bytes: int = 0
    cut_short: bool = False
    trouble: str = ""
    trouble_kind: Trouble = Trouble.NONE
    milliseconds: float = 0.0


class _CutHead(http.client.HTTPException):
    """The connection was closed within the head of an answer."""


class _Lines(io.BufferedReader):
    """Remembers the last line that was read."""

    last = b"none"

    def readline(self, size: int | None = -1, /) -> bytes:
        self.last = super().readline(size)
        return self.last


class _Response(http.client.HTTPResponse):
    """Keeps what follows the end that Content-Length announced: http.client would drop it unseen."""

    surplus = b""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        self.connection = sock
        super().__init__(sock, *args, **kwargs)
        self._lines = _Lines(self.fp.detach())
        self.fp = self._lines

    def begin(self) -> None:
        """Reads the head; one that ends before its blank line is none, though http.client takes it for whole."""
        super().begin()
        if self._lines.last == b"":
            raise _CutHead

    def _read_status(self) -> tuple[str, int, str]:
        """Passes over interim answers, as RFC 9110, section 15.2 demands; http.client knows 100 only."""
        for _ in range(_MOST_INTERIM):
            version, status, reason = super()._read_status()  # type: ignore[misc] # its stub does not have it
            if (
                status in (http.HTTPStatus.CONTINUE, http.HTTPStatus.SWITCHING_PROTOCOLS)
                or status >= http.HTTPStatus.OK
            ):
                return version, status, reason
            http.client.parse_headers(self.fp)
        raise http.client.HTTPException("too many interim answers")

    def _close_conn(self) -> None:
        if self.length == 0 and not self.chunked and self.fp is not None:
            timeout = self.connection.gettimeout()
            with suppress(OSError, ValueError):
                self.connection.setblocking(False)
                self.surplus = self.fp.peek(1)
            with suppress(OSError):
                self.connection.settimeout(timeout)
        super()._close_conn()  # type: ignore[misc] # http.client has it, its stub does not


class _Bounded:
    """Bounds the time for connecting, and for the head of an answer, as a whole; a socket's own bounds each byte."""

    sock: Any
    timeout: Any
    response_class: type[http.client.HTTPResponse] = _Response
    _once = False
    _unsent: list[bytes] | None = None  # parts of a request that leave together

    def connect(self) -> None:
        """Connects, through a proxy and its answer if need be."""
        with _deadline(lambda: self.sock, float(self.timeout)) as expired:
            try:
                super().connect()  # type: ignore[misc] # of the class that this one is mixed into
            except (OSError, http.client.HTTPException):
                if expired.is_set():
                    raise TimeoutError from None
                raise

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **options: Any) -> None:
        """Sends head and body at once, unless it is long: apart, each costs a system call and wakes the server."""
        self._once = (headers or {}).get("Connection") == "close"
        self._unsent = []
        try:
            super().request(method, url, body, headers, **options)  # type: ignore[misc] # of the class mixed into
            parts, self._unsent = self._unsent, None
            for part in parts if sum(map(len, parts)) > _CHUNK else [b"".join(parts)]:
                self.send(part)
        finally:
            self._unsent = None

    def send(self, data: Any) -> None:
        """Sends a part of a request, or keeps it until the others are there."""
        if self._unsent is None:
            super().send(data)  # type: ignore[misc] # of the class mixed into
        else:
            self._unsent.append(data)

    @property
    def is_connected(self) -> bool:
        """Whether it may be used again: never, where we asked to close it and the server did not say that it will."""
        return bool(super().is_connected) and not self._once  # type: ignore[misc] # the same

    def getresponse(self) -> Any:
        _acknowledge_at_once(self.sock)
        with _deadline(lambda: self.sock, float(self.timeout)) as expired:
            try:
                return super().getresponse()  # type: ignore[misc] # of the class that this one is mixed into
            except (OSError, http.client.HTTPException):
                if expired.is_set():
                    raise TimeoutError from None
                raise


@contextmanager
def _deadline(connection: Callable[[], socket.socket | None], seconds: float) -> Iterator[threading.Event]:
    """Shuts the connection when the time is over, and sets the event that it yields."""
    expired = threading.Event()

    def shut() -> None:
        expired.set()
        with suppress(OSError, ValueError, TypeError):  # of a connection that is no socket, but wraps one
            if (open_one := connection()) is not None:
                socket.socket.shutdown(open_one, socket.SHUT_RDWR)  # TLS would let go of its own state in mid-reading

    watched = _WATCH.begin(seconds, shut)
    try:
        yield expired
    finally:
        _WATCH.end(watched)


class _Watch:
    """Calls back when a time is over. One thread does so for all: starting one for each call takes longer than a call.

    What has ended is not called back any more: both are done under one lock.
    """

    def __init__(self) -> None:
        self._due: dict[int, tuple[float, Callable[[], None]]] = {}
        self._numbers = itertools.count()
        self._wakes = math.inf
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def begin(self, seconds: float, call_back: Callable[[], None]) -> int:
        """Begins to watch the time, and returns how to `end` it."""
        moment = time.monotonic() + seconds
        with self._changed:
            number = next(self._numbers)
            self._due[number] = (moment, call_back)
            if self._thread is None or not self._thread.is_alive():  # or a mistake has ended it
                self._thread = threading.Thread(target=self._run, name="deadlines", daemon=True)
                self._thread.start()
            elif moment < self._wakes:
                self._changed.notify()
        return number

    def end(self, number: int) -> None:
        """Ends it, before its time or after."""
        with self._changed:
            self._due.pop(number, None)

    def _run(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for number, (moment, call_back) in list(self._due.items()):
                    if moment <= now:
                        del self._due[number]
                        call_back()
                self._wakes = min((moment for moment, _ in self._due.values()), default=math.inf)
                self._changed.wait(None if self._wakes == math.inf else self._wakes - now)


_WATCH: Final = _Watch()


def _acknowledge_at_once(connection: Any) -> None:
    """Keeps the system from waiting (40 ms on Linux) before it says that a part of an answer came.

    A server that writes an answer's head and body apart, as many do, may send the body only then (RFC 896).
    """
    if isinstance(connection, socket.socket) and hasattr(socket, "TCP_QUICKACK"):
        with suppress(OSError):
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)


class _HTTPConnection(_Bounded, HTTPConnection):
    pass


class _HTTPSConnection(_Bounded, HTTPSConnection):
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


class _Adapter(HTTPAdapter):
    _pools: ClassVar = {"http": _HTTPPool, "https": _HTTPSPool}

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._of_origin: dict[str, Any] = {}  # its pool of connections: finding it anew for each call takes long

    def get_connection_with_tls_context(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> Any:
        origin = _origin(str(request.url))
        if origin not in self._of_origin:
            self._of_origin[origin] = super().get_connection_with_tls_context(request, *args, **options)
        return self._of_origin[origin]

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:  # noqa: ARG002
        """Makes of an answer what is used here: no cookie is read, no encoding guessed."""
        response = requests.Response()
        response.status_code, response.raw = resp.status, resp
        return response

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager


def _origin(url: str) -> str:
    """Returns the beginning of an address: scheme, host and port."""
    return "/".join(url.split("/", 3)[:3])


@lru_cache(maxsize=1024)
def _as_sent(url: str) -> str:
    """Returns the address as requests writes it."""
    request = requests.PreparedRequest()
    request.prepare_url(url, None)
    return str(request.url)


class Wire:
    """The way to one server. Thread-safe; connections are kept alive and shared."""

    def __init__(self, *, loopback: bool, timeout_seconds: float) -> None:
        self._timeout = timeout_seconds
        self._headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": f"arena-conformance/{__version__}",
        }
        self._adapter = _Adapter(max_retries=0)
        self._environment = requests.Session()
        if loopback:  # a proxy for the world outside is no way to this machine
            self._environment.trust_env = False
            self._environment.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True
        self._settings: dict[str, Any] = {}  # by origin: what the environment says of proxies and authorities

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, *, repeatable: bool = False
    ) -> Answer:
        """Sends one request and returns what came back. Raises nothing for whatever the server does.

        A server may close an idle connection at any moment, also while a request is on its way (RFC 9112, section
        9.3). Where that happened no connection is used twice any more; only a `repeatable` request is sent again.
        """
        answer = self._send(method, url, headers, body)
        if answer.trouble_kind is Trouble.CLOSED and "Connection" not in self._headers:
            self._headers["Connection"] = "close"
            if repeatable:
                return self._send(method, url, headers, body)
        return answer

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        begun = time.monotonic()
        try:
            request = self._prepared(method, url, headers, body)
            timeout = min(10.0, self._timeout), self._timeout
            with self._adapter.send(request, timeout=timeout, **self._ways_out(url)) as response:
                original: Any = response.raw._original_response
                with _deadline(lambda: original.connection, self._timeout) as expired:
                    received, kind, trouble = _read(response.raw)
                if expired.is_set():
                    kind, trouble = Trouble.SILENT, "the body did not end in time"
                announced = response.raw.headers.get("Content-Length", "")
                # what follows an answer that has no body is no body either (RFC 9112, section 6.3)
                bodiless = response.status_code in (http.HTTPStatus.NO_CONTENT, http.HTTPStatus.NOT_MODIFIED)
                answer = Answer(
                    status=response.status_code,
                    headers=tuple(response.raw.headers.items()),
                    body=b"" if bodiless else received + original.surplus,
                    surplus_bytes=len(original.surplus),
                    cut_short=method != "HEAD" and announced.isdigit() and len(received) < int(announced),
                    trouble=trouble,
                    trouble_kind=kind,
                )
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            kind, trouble = _explain(error, self._timeout)
            answer = Answer(trouble=trouble, trouble_kind=kind)
        return Answer(**{**vars(answer), "milliseconds": round((time.monotonic() - begun) * 1000, 3)})

    def _prepared(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None
    ) -> requests.PreparedRequest:
        """Returns the request as it goes out, with nothing that a session would add: no cookie, no authorization."""
        request = requests.PreparedRequest()
        request.prepare_method(method)
        request.url = _as_sent(url)
        encoded = {name: value.encode() for name, value in headers.items()}  # else it would be latin-1
        request.prepare_headers({**self._headers, **encoded})
        request.body = body or None
        request.prepare_content_length(request.body)
        return request

    def _ways_out(self, url: str) -> Any:
        """Returns by which proxy, if any, and by whose authority the server is reached. Asked once: it takes long."""
        origin = _origin(url)
        if origin not in self._settings:
            self._settings[origin] = self._environment.merge_environment_settings(url, {}, True, None, None)
        return self._settings[origin]

    def write(self, url: str, payload: bytes, *, method: str, ends: bool) -> Answer:
        """Sends these very bytes on a connection of their own, past the HTTP library, and returns what came back.

        `ends`: nothing follows, which the server is told; else it could wait for the rest of a body that never comes.
        A call takes at most one and a half seconds. No proxy is used. Raises nothing for whatever the server does.
        """
        begun = time.monotonic()
        limit = min(self._timeout, _WRITTEN_SECONDS)
        try:
            with self._connect(url, limit) as connection, _deadline(lambda: connection, limit) as expired:
                try:
                    with suppress(BrokenPipeError, ConnectionResetError):  # turned away, perhaps with an answer
                        connection.sendall(payload)
                        if ends:
                            connection.shutdown(socket.SHUT_WR)
                    answer = _answer(connection, method)
                except (OSError, http.client.HTTPException):
                    if expired.is_set():
                        raise TimeoutError from None
                    raise
        except (OSError, http.client.HTTPException, ValueError) as error:
            kind, trouble = _explain(error, limit)
            answer = Answer(trouble=trouble, trouble_kind=kind)
        return replace(answer, milliseconds=round((time.monotonic() - begun) * 1000, 3))

    def _connect(self, url: str, seconds: float) -> socket.socket:
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        host = parts.hostname or ""
        connection = socket.create_connection((host, parts.port or (443 if secure else 80)), seconds)
        if not secure:
            return connection
        authorities = None if self._environment.verify is True else str(self._environment.verify)
        return ssl.create_default_context(cafile=authorities).wrap_socket(connection, server_hostname=host)

    def close(self) -> None:
        """Closes the connections."""
        self._adapter.close()


def _answer(connection: socket.socket, method: str) -> Answer:
    """Reads one answer and nothing that follows it."""
    response = _Response(connection, method=method)
    try:
        response.begin()
        announced = response.getheader("Content-Length", "")
        received, kind, trouble = b"", Trouble.NONE, ""
        try:
            received = response.read(MAX_BODY_BYTES)
        except http.client.IncompleteRead as error:
            received, kind, trouble = error.partial, Trouble.BROKEN, "the connection broke within the body"
        return Answer(
            status=response.status,
            headers=tuple(response.headers.items()),
            body=received + response.surplus,
            surplus_bytes=len(response.surplus),
            cut_short=method != "HEAD" and announced.isdigit() and len(received) < int(announced),
            trouble=trouble,
            trouble_kind=kind,
        )
    finally:
        response.close()


def _read(raw: Any) -> tuple[bytes, Trouble, str]:
    """Returns the body as sent (content codings are left alone) and why it ended early, if it did."""
    parts: list[bytes] = []
    size = 0
    try:
        for part in raw.stream(_CHUNK, decode_content=False):
            parts.append(part)
            size += len(part)
            if size > MAX_BODY_BYTES:
                limit = f"{MAX_BODY_BYTES // 1024 // 1024} MiB"
                return b"".join(parts), Trouble.MALFORMED, f"the body is longer than {limit}; reading stopped"
    except urllib3.exceptions.ReadTimeoutError:
        return b"".join(parts), Trouble.SILENT, "the body did not end in time"
    except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError) as error:
        if any(isinstance(link, urllib3.exceptions.InvalidChunkLength) for link in _chain(error)):
            return b"".join(parts), Trouble.MALFORMED, "the body's chunks are not as HTTP wants them"
        return b"".join(parts), Trouble.BROKEN, "the connection broke within the body"
    return b"".join(parts), Trouble.NONE, ""


def _explain(error: Exception, timeout: float) -> tuple[Trouble, str]:
    """Says in a sentence why there is no answer. Library texts hold addresses of objects; none is quoted."""
    links = _chain(error)
    reasons = {type(link).__name__ for link in links}
    numbers = {link.errno for link in links if isinstance(link, OSError)}
    for trouble, sentence, signs in (
        (Trouble.UNREACHED, "the host's name does not resolve", {"NameResolutionError", "gaierror"}),
        (Trouble.UNREACHED, "the proxy (HTTP_PROXY, HTTPS_PROXY) did not pass the call on", {"ProxyError"}),
        (Trouble.UNREACHED, _tls_cause(links), {"SSLError", "SSLCertVerificationError"}),
        (Trouble.UNREACHED, "nothing listens there (connection refused)", {"ConnectionRefusedError"}),
        (Trouble.UNREACHED, "no connection in time", {"ConnectTimeoutError", "ConnectTimeout"}),
        (Trouble.SILENT, f"no answer within {timeout:g} s", {"ReadTimeout", "ReadTimeoutError", "TimeoutError"}),
        (Trouble.BROKEN, "the connection was closed within the head of the answer", {"_CutHead"}),
        (
            Trouble.CLOSED,
            "the connection was closed without an answer",
            {"RemoteDisconnected", "ConnectionResetError", "BrokenPipeError"},
        ),
        (
            Trouble.MALFORMED,
            "the answer is not HTTP",
            {"BadStatusLine", "LineTooLong", "InvalidHeader", "HTTPException"},
        ),
    ):
        if reasons & signs:
            return trouble, sentence
    if numbers & _UNREACHABLE:
        return Trouble.UNREACHED, "no way leads to the host (unreachable)"
    if any("CA certificate bundle" in str(link) for link in links):
        return Trouble.UNREACHED, "REQUESTS_CA_BUNDLE names no file that is there"
    return Trouble.UNREACHED, f"the call could not be made ({type(error).__name__})"


def _tls_cause(links: list[BaseException]) -> str:
    text = " ".join(str(link) for link in links)
    for sign, cause in (
        ("self-signed", "the certificate is self-signed; name its authority in REQUESTS_CA_BUNDLE"),
        ("self signed", "the certificate is self-signed; name its authority in REQUESTS_CA_BUNDLE"),
        ("expired", "the certificate has expired"),
        ("match", "the certificate is for another host"),
        ("unable to get local issuer", "the certificate's authority is unknown; name it in REQUESTS_CA_BUNDLE"),
        ("WRONG_VERSION_NUMBER", "the server does not speak TLS there; base_url says https"),
    ):
        if sign in text:
            return f"no TLS connection: {cause}"
    return "no TLS connection: the handshake failed"


def _chain(error: BaseException) -> list[BaseException]:
    """Returns the error and those that it wraps, by cause, context, argument or `reason`."""
    seen: list[BaseException] = []
    todo: list[Any] = [error]
    while todo:
        link = todo.pop(0)
        if isinstance(link, BaseException) and link not in seen:
            seen.append(link)
            todo += [link.__cause__, link.__context__, getattr(link, "reason", None), *link.args]
    return seen
