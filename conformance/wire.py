"""One HTTP call, and all that can be known about its answer. Nothing else imports an HTTP client.

Redirects are not followed (the session id would travel with them), nothing is retried, no cookie is kept, no
`.netrc` is read. A call takes at most its timeout for the head of the answer and as long again for the body.
"""

from __future__ import annotations

import http
import http.client
import io
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from http.cookiejar import DefaultCookiePolicy
from typing import Any, ClassVar
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from conformance import __version__

MAX_BODY_BYTES = 8 * 1024 * 1024
_CHUNK = 65536
_MOST_INTERIM = 20
_WRITTEN_SECONDS = 3.0
_CLOSED = "the connection was closed without an answer"


@dataclass(frozen=True)
class Answer:
    """What came back, unparsed. `status` is None where no HTTP answer was read, and `trouble` says why."""

    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    surplus_bytes: int = 0
    cut_short: bool = False
    trouble: str = ""
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
    """Bounds the time for the head of an answer as a whole; a socket's own timeout bounds each byte only."""

    sock: Any
    timeout: Any
    response_class: type[http.client.HTTPResponse] = _Response
    _once = False

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **options: Any) -> None:
        self._once = (headers or {}).get("Connection") == "close"
        super().request(method, url, body, headers, **options)  # type: ignore[misc] # of the class mixed into

    @property
    def is_connected(self) -> bool:
        """Whether it may be used again: never, where we asked to close it and the server did not say that it will."""
        return bool(super().is_connected) and not self._once  # type: ignore[misc] # the same

    def getresponse(self) -> Any:
        with _deadline(self.sock, float(self.timeout)) as expired:
            try:
                return super().getresponse()  # type: ignore[misc] # of the class that this one is mixed into
            except (OSError, http.client.HTTPException):
                if expired.is_set():
                    raise TimeoutError from None
                raise


@contextmanager
def _deadline(connection: socket.socket, seconds: float) -> Iterator[threading.Event]:
    """Shuts the connection when the time is over, and sets the event that it yields."""
    expired = threading.Event()

    def shut() -> None:
        expired.set()
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, shut)
    timer.daemon = True
    timer.start()
    try:
        yield expired
    finally:
        timer.cancel()


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

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager


class Wire:
    """The way to one server. Thread-safe; connections are kept alive and shared."""

    def __init__(self, *, loopback: bool, timeout_seconds: float) -> None:
        self._timeout = timeout_seconds
        self._session = requests.Session()
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        # without an auth of our own requests looks for one in ~/.netrc and sends it
        self._session.auth = lambda request: request
        self._session.headers.clear()
        self._session.headers.update(
            {
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "User-Agent": f"arena-conformance/{__version__}",
            }
        )
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, _Adapter(max_retries=0))
        if loopback:  # a proxy for the world outside is no way to this machine
            self._session.trust_env = False
            self._session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or True

    def send(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, *, repeatable: bool = False
    ) -> Answer:
        """Sends one request and returns what came back. Raises nothing for whatever the server does.

        A server may close an idle connection at any moment, also while a request is on its way (RFC 9112, section
        9.3). Where that happened no connection is used twice any more; only a `repeatable` request is sent again.
        """
        answer = self._send(method, url, headers, body)
        if answer.trouble == _CLOSED and "Connection" not in self._session.headers:
            self._session.headers["Connection"] = "close"
            if repeatable:
                return self._send(method, url, headers, body)
        return answer

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        begun = time.monotonic()
        try:
            with self._session.request(
                method,
                url,
                headers={name: value.encode() for name, value in headers.items()},  # else it would be latin-1
                data=body,
                timeout=(min(10.0, self._timeout), self._timeout),
                allow_redirects=False,
                stream=True,
            ) as response:
                original: Any = response.raw._original_response
                with _deadline(original.connection, self._timeout) as expired:
                    received, trouble = _read(response.raw)
                trouble = "the body did not end in time" if expired.is_set() else trouble
                announced = response.headers.get("Content-Length", "")
                answer = Answer(
                    status=response.status_code,
                    headers=tuple(response.raw.headers.items()),
                    body=received + original.surplus,
                    surplus_bytes=len(original.surplus),
                    cut_short=method != "HEAD" and announced.isdigit() and len(received) < int(announced),
                    trouble=trouble,
                )
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            answer = Answer(trouble=_explain(error, self._timeout))
        return Answer(**{**vars(answer), "milliseconds": round((time.monotonic() - begun) * 1000, 3)})

    def write(self, url: str, payload: bytes, *, method: str, ends: bool) -> Answer:
        """Sends these very bytes on a connection of their own, past the HTTP library, and returns what came back.

        `ends`: nothing follows, which the server is told; else it could wait for the rest of a body that never comes.
        A call takes at most three seconds. No proxy is used. Raises nothing for whatever the server does.
        """
        begun = time.monotonic()
        limit = min(self._timeout, _WRITTEN_SECONDS)
        try:
            with self._connect(url, limit) as connection, _deadline(connection, limit) as expired:
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
            answer = Answer(trouble=_explain(error, limit))
        return replace(answer, milliseconds=round((time.monotonic() - begun) * 1000, 3))

    def _connect(self, url: str, seconds: float) -> socket.socket:
        parts = urlsplit(url)
        secure = parts.scheme == "https"
        host = parts.hostname or ""
        connection = socket.create_connection((host, parts.port or (443 if secure else 80)), seconds)
        if not secure:
            return connection
        authorities = None if self._session.verify is True else str(self._session.verify)
        return ssl.create_default_context(cafile=authorities).wrap_socket(connection, server_hostname=host)

    def close(self) -> None:
        """Closes the connections."""
        self._session.close()


def _answer(connection: socket.socket, method: str) -> Answer:
    """Reads one answer and nothing that follows it."""
    response = _Response(connection, method=method)
    try:
        response.begin()
        announced = response.getheader("Content-Length", "")
        received, trouble = b"", ""
        try:
            received = response.read(MAX_BODY_BYTES)
        except http.client.IncompleteRead as error:
            received, trouble = error.partial, "the connection broke within the body"
        return Answer(
            status=response.status,
            headers=tuple(response.headers.items()),
            body=received + response.surplus,
            surplus_bytes=len(response.surplus),
            cut_short=method != "HEAD" and announced.isdigit() and len(received) < int(announced),
            trouble=trouble,
        )
    finally:
        response.close()


def _read(raw: Any) -> tuple[bytes, str]:
    """Returns the body as sent (content codings are left alone) and why it ended early, if it did."""
    parts: list[bytes] = []
    size = 0
    try:
        for part in raw.stream(_CHUNK, decode_content=False):
            parts.append(part)
            size += len(part)
            if size > MAX_BODY_BYTES:
                return b"".join(parts), f"the body is longer than {MAX_BODY_BYTES // 1024 // 1024} MiB; reading stopped"
    except urllib3.exceptions.ReadTimeoutError:
        return b"".join(parts), "the body did not end in time"
    except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError):
        return b"".join(parts), "the connection broke within the body"
    return b"".join(parts), ""


def _explain(error: Exception, timeout: float) -> str:
    """Says in a sentence why there is no answer. Library texts hold addresses of objects; none is quoted."""
    reasons = {type(link).__name__ for link in _chain(error)}
    text = " ".join(str(link) for link in _chain(error))
    if "NameResolutionError" in reasons or "gaierror" in reasons:
        return "the host's name does not resolve"
    if "ProxyError" in reasons:
        return "the proxy (HTTP_PROXY, HTTPS_PROXY) did not pass the call on"
    if "SSLError" in reasons or "SSLCertVerificationError" in reasons:
        return f"no TLS connection: {_tls_cause(text)}"
    if "ConnectionRefusedError" in reasons:
        return "nothing listens there (connection refused)"
    if reasons & {"ConnectTimeoutError", "ConnectTimeout"}:
        return "no connection in time"
    if reasons & {"ReadTimeout", "ReadTimeoutError", "TimeoutError"}:
        return f"no answer within {timeout:g} s"
    if "_CutHead" in reasons:
        return "the connection was closed within the head of the answer"
    if reasons & {"RemoteDisconnected", "ConnectionResetError", "BrokenPipeError"}:
        return _CLOSED
    if reasons & {"BadStatusLine", "LineTooLong", "InvalidHeader", "HTTPException"}:
        return "the answer is not HTTP"
    return f"the call could not be made ({type(error).__name__})"


def _tls_cause(text: str) -> str:
    for sign, cause in (
        ("self-signed", "the certificate is self-signed; name its authority in REQUESTS_CA_BUNDLE"),
        ("self signed", "the certificate is self-signed; name its authority in REQUESTS_CA_BUNDLE"),
        ("expired", "the certificate has expired"),
        ("match", "the certificate is for another host"),
        ("unable to get local issuer", "the certificate's authority is unknown; name it in REQUESTS_CA_BUNDLE"),
    ):
        if sign in text:
            return cause
    return "the handshake failed"


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
