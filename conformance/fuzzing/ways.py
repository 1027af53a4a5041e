"""The fixed list of other ways to send the page's body: content types, session ids, methods, addresses, framings.

The order never changes. A class that is added stands at the end of its part, so that runs can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final

from conformance.evidence import Exchange, Subject
from conformance.fuzzing.case import ACCEPTED, OBSERVED, SAMPLE, Case
from conformance.session import COMMENT, JSON, STATUS_CHANGES, Session, Sessions, Written, encode, reopen_body

JSON_REQUIRED: Final = "json-required"
SESSION_REQUIRED: Final = "session-required"

# Sends a body for a step in the name of an account.
Way = Callable[[Sessions, str, Subject, bytes], Exchange]

_PLAIN: Final = encode(reopen_body(SAMPLE))


def ways() -> Iterator[Case]:
    """Yields the fixed ways."""
    yield from _content_types()
    for name in _SESSIONS:
        yield Case(name, _PLAIN, "no-session", SESSION_REQUIRED, way=name, harmless=name not in _HARMFUL)
    for name in _OPEN_SESSIONS:
        yield Case(name, _PLAIN, OBSERVED, SESSION_REQUIRED, way=name, harmless=False)
    for name in (*_METHODS, *_ADDRESSES, *_FRAMINGS):
        yield Case(name, _PLAIN, OBSERVED, way=name, harmless=name in _HARMLESS)


def _content_types() -> Iterator[Case]:
    for name, content_type in _REFUSED_TYPES.items():
        yield Case(f"type-{name}", _PLAIN, "not-json", JSON_REQUIRED, comment=COMMENT, content_type=content_type)
    for name, content_type in _ACCEPTED_TYPES.items():
        yield Case(f"type-{name}", _PLAIN, ACCEPTED, JSON_REQUIRED, comment=COMMENT, content_type=content_type)
    for name, content_type in _OPEN_TYPES.items():
        yield Case(f"type-{name}", _PLAIN, OBSERVED, JSON_REQUIRED, comment=COMMENT, content_type=content_type)
    for name in _TWO_TYPES:
        yield Case(name, _PLAIN, OBSERVED, JSON_REQUIRED, way=name, harmless=False)


_REFUSED_TYPES: Final[Mapping[str, str | None]] = {
    "missing": None,
    "empty": "",
    "text": "text/plain",
    "text-utf-8": "text/plain; charset=utf-8",
    "form": "application/x-www-form-urlencoded",
    "xml": "application/xml",
    "html": "text/html",
    "multipart": "multipart/form-data; boundary=x",
    "multipart-without-boundary": "multipart/form-data",
    "json-patch": "application/json-patch+json",
    "vendor-json": "application/vnd.api+json",
    "problem-json": "application/problem+json",
    "json-lines": "application/jsonl",
    "json-five": "application/json5",
    "javascript": "application/javascript",
    "bytes": "application/octet-stream",
    "text-json": "text/json",
    "x-json": "application/x-json",
    "bare-json": "json",
    "bare-application": "application",
    "application-slash": "application/",
    "anything": "*/*",
    "any-application": "application/*",
    "image": "image/png",
    "unheard-of": "application/x-unheard-of",
    "json-as-parameter": "text/plain; type=application/json",
    "semicolon": "; charset=utf-8",
}

_ACCEPTED_TYPES: Final = {
    "spaced": "application/json; charset=utf-8",
    "unspaced": "application/json;charset=utf-8",
    "capitals": "application/json; charset=UTF-8",
}

_OPEN_TYPES: Final = {
    "other-charset": "application/json; charset=iso-8859-1",
    "unknown-charset": "application/json; charset=x-unheard-of",
    "utf-16-charset": "application/json; charset=utf-16",
    "quoted-charset": 'application/json; charset="utf-8"',
    "parameter": "application/json; profile=x",
    "long-parameter": f"application/json; profile={'x' * 500}",
    "upper-case": "Application/JSON",
}


def _write(written: Written, *, method: str = "POST", content_type: str | None = JSON) -> Way:
    """Returns a way that goes past the HTTP library; what comes back is observed."""

    def way(sessions: Sessions, sender: str, step: Subject, body: bytes) -> Exchange:
        sized = (b"Content-Length", str(len(body)).encode())
        framed = any(name.lower() in (b"content-length", b"transfer-encoding") for name, _ in written.headers)
        whole = written if framed or written.framed else _with_header(written, sized)
        return sessions[sender].vary(step, body, method=method, content_type=content_type, written=whole)

    return way


def _with_header(written: Written, header: tuple[bytes, bytes]) -> Written:
    from dataclasses import replace

    return replace(written, headers=(*written.headers, header))


def _headers(*headers: tuple[bytes, bytes], ends: bool = False) -> Written:
    return Written(headers=headers, ends=ends)


_TWO_TYPES: Final[Mapping[str, Way]] = {
    "two-types": _write(_headers((b"Content-Type", b"text/plain"))),
    "two-types-reversed": _write(
        _headers((b"Content-Type", b"text/plain"), (b"Content-Type", b"application/json")), content_type=None
    ),
    "same-type-twice": _write(_headers((b"Content-Type", b"application/json"))),
    "types-in-one-header": _write(_headers((b"Content-Type", b"application/json, text/plain")), content_type=None),
}


# Session ids.


def _session(session_id: str | None, *, unusual: bool = False) -> Way:
    def way(sessions: Sessions, _: str, step: Subject, body: bytes) -> Exchange:
        session = sessions.unrecognised(session_id)
        return session.send(step, body, comment=COMMENT, unusual=unusual)

    return way


def _almost(change: Callable[[str], str]) -> Way:
    def way(sessions: Sessions, sender: str, step: Subject, body: bytes) -> Exchange:
        return sessions.altered(sender, change).send(step, body, comment=COMMENT)

    return way


def _guid_of_user(sessions: Sessions, sender: str, step: Subject, body: bytes) -> Exchange:
    return sessions.unrecognised(sessions[sender].guid).send(step, body, comment=COMMENT)


def _expired(sessions: Sessions, _: str, step: Subject, body: bytes) -> Exchange:
    return sessions.expired().send(step, body, comment=COMMENT)


def _logged_out(sessions: Sessions, _: str, step: Subject, body: bytes) -> Exchange:
    return sessions.log_out("assignee").send(step, body, comment=COMMENT)


_SESSIONS: Final[Mapping[str, Way]] = {
    "missing": _session(None),
    "empty": _session(""),
    "unknown": _session("0123456789ABCDEF0123456789ABCDEF"),
    "malformed": _session("no session id!"),
    "null": _session("null"),
    "undefined": _session("undefined"),
    "zero": _session("0"),
    "quoted": _session("' OR '1'='1"),
    "percent": _session("%"),
    "star": _session("*"),
    "path": _session("../../etc/passwd"),
    "list": _session("A, B"),
    "percent-encoded-lines": _session("A%0d%0aX-Injected:%20yes"),
    "long": _session("A" * 2000),
    "very-long": _session("A" * 20_000, unusual=True),
    "100000-characters": _session("A" * 100_000, unusual=True),
    "non-ascii": _session("clé-de-séance-日本", unusual=True),
    "emoji": _session("🔑" * 10, unusual=True),
    "tab": _session("A\tB", unusual=True),
    "other-beginning": _almost(lambda known: ("A" if known[0] != "A" else "B") + known[1:]),
    "other-end": _almost(lambda known: known[:-1] + ("A" if known[-1] != "A" else "B")),
    "cut-short": _almost(lambda known: known[:-1]),
    "cut-in-half": _almost(lambda known: known[: len(known) // 2]),
    "longer": _almost(lambda known: f"{known}0"),
    "reversed": _almost(lambda known: known[::-1]),
    "other-case": _almost(lambda known: known.swapcase()),
    "in-quotes": _almost(lambda known: f'"{known}"'),
    "guid-of-a-user": _guid_of_user,
    "expired": _expired,
    "logged-out": _logged_out,
}
_HARMFUL: Final = frozenset({"very-long", "100000-characters", "non-ascii", "emoji", "tab"})


def _strange_session(*headers: tuple[bytes, bytes]) -> Way:
    """Sends session headers of which HTTP itself may say that they are none."""

    def way(sessions: Sessions, _: str, step: Subject, body: bytes) -> Exchange:
        written = _headers(*headers, (b"Content-Length", str(len(body)).encode()))
        return sessions.unrecognised(None).vary(step, body, written=written)

    return way


_ID: Final = b"arena_session_id"

_OPEN_SESSIONS: Final[Mapping[str, Way]] = {
    "latin-1": _strange_session((_ID, "clé".encode("latin-1"))),
    "no-utf-8": _strange_session((_ID, b"\xff\xfe\x80")),
    "nul": _strange_session((_ID, b"A\0B")),
    "carriage-return": _strange_session((_ID, b"A\rB")),
    "header-injection": _strange_session((_ID, b"A\r\nX-Injected: yes")),
    "folded": _strange_session((_ID, b"A\r\n B")),
    "space-before-the-colon": _strange_session((_ID + b" ", b"A")),
    "two-unknown-sessions": _strange_session((_ID, b"A" * 32), (_ID, b"B" * 32)),
}


# Methods and addresses.


def _method(method: str) -> Way:
    def way(sessions: Sessions, sender: str, step: Subject, body: bytes) -> Exchange:
        return sessions[sender].vary(step, body, method=method)

    return way


_METHODS: Final[Mapping[str, Way]] = {
    f"method-{method.lower()}": _method(method)
    for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY", "REOPEN")
} | {
    "method-connect": _write(Written(), method="CONNECT"),
    "method-in-small-letters": _write(Written(start=lambda path: b"post " + path + b" HTTP/1.1")),
    "method-with-control-character": _write(Written(start=lambda path: b"PO\x01ST " + path + b" HTTP/1.1", ends=True)),
}


def _address(change: Callable[[str], str]) -> Way:
    def way(sessions: Sessions, sender: str, step: Subject, body: bytes) -> Exchange:
        return sessions[sender].vary(step, body, path=change(STATUS_CHANGES))

    return way


def _written_address(change: Callable[[bytes], bytes]) -> Way:
    """Writes the address as it is: an HTTP library would put it in order."""
    return _write(Written(path=change))


_ADDRESSES: Final[Mapping[str, Way]] = {
    "trailing-slash": _address(lambda path: f"{path}/"),
    "capital-address": _address(str.upper),
    "with-query": _address(lambda path: f"{path}?x=1&x=%00"),
    "with-suffix": _address(lambda path: f"{path}.json"),
    "below-the-address": _address(lambda path: f"{path}/x"),
    "double-slash": _written_address(lambda path: path.replace(b"/quality", b"//quality")),
    "double-slash-inside": _written_address(lambda path: path.replace(b"/status", b"//status")),
    "percent-encoded": _written_address(lambda path: path.replace(b"statuschanges", b"%73tatuschange%73")),
    "encoded-slash": _written_address(lambda path: path.replace(b"/status", b"%2Fstatus")),
    "encoded-twice": _written_address(lambda path: path.replace(b"statuschanges", b"%2573tatuschanges")),
    "encoded-space": _written_address(lambda path: path + b"%20"),
    "encoded-nul": _written_address(lambda path: path + b"%00"),
    "broken-encoding": _written_address(lambda path: path + b"%zz"),
    "not-utf-8-address": _written_address(lambda path: path + b"%ff"),
    "dot": _written_address(lambda path: path.replace(b"/status", b"/./status")),
    "two-dots": _written_address(lambda path: path.replace(b"/status", b"/x/../status")),
    "parameters-in-address": _written_address(lambda path: path + b";jsessionid=A"),
    "backslash": _written_address(lambda path: path.replace(b"/status", b"\\status")),
    "fragment": _written_address(lambda path: path + b"#x"),
    "raw-bytes-in-address": _written_address(lambda path: path + b"/\xff\xfe"),
    "absolute-address": _written_address(lambda path: b"http://127.0.0.1" + path),
    "address-of-20000-characters": _written_address(lambda path: path + b"?" + b"x" * 20_000),
}
_HARMLESS: Final = frozenset({"trailing-slash", "capital-address"})

# Framings.


def _length(value: bytes, *, framed: Callable[[bytes], bytes] | None = None) -> Way:
    return _write(Written(headers=((b"Content-Length", value),), framed=framed, ends=True))


def _counted(change: Callable[[int], int]) -> Way:
    """Announces another length than the body has."""

    def way(sessions: Sessions, sender: str, step: Subject, body: bytes) -> Exchange:
        return _length(str(change(len(body))).encode())(sessions, sender, step, body)

    return way


def _chunks(body: bytes, *, size: int = 16) -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


_CHUNKED: Final = (b"Transfer-Encoding", b"chunked")


def _chunked(framed: Callable[[bytes], bytes], *headers: tuple[bytes, bytes], ends: bool = False) -> Way:
    return _write(Written(headers=(_CHUNKED, *headers), framed=framed, ends=ends))


def _started(line: bytes, *, host: bool = True, ends: bool = False) -> Way:
    """Writes another first line; `*` stands for the address."""
    return _write(Written(start=lambda path: line.replace(b"*", path), host=host, ends=ends))


_FRAMINGS: Final[Mapping[str, Way]] = {
    "length-too-small": _counted(lambda length: length - 1),
    "length-far-too-small": _counted(lambda length: length // 2),
    "length-too-great": _counted(lambda length: length + 1),
    "length-far-too-great": _counted(lambda length: length + 100_000),
    "length-zero": _length(b"0"),
    "length-missing": _write(Written(framed=lambda body: body, ends=True)),
    "length-negative": _length(b"-1"),
    "length-word": _length(b"all"),
    "length-hexadecimal": _length(b"0x40"),
    "length-with-plus": _length(b"+40"),
    "length-huge": _length(b"9" * 30),
    "length-empty": _length(b""),
    "lengths-conflicting": _write(_headers((b"Content-Length", b"5"), (b"Content-Length", b"6"), ends=True)),
    "lengths-in-one-header": _length(b"5, 6"),
    "chunked": _chunked(_chunks),
    "chunked-by-bytes": _chunked(partial(_chunks, size=1)),
    "chunked-with-extension": _chunked(lambda body: _chunks(body).replace(b"10\r\n", b"10;x=y\r\n", 1)),
    "chunked-with-trailer": _chunked(lambda body: _chunks(body)[:-2] + b"X-Trailer: yes\r\n\r\n"),
    "chunked-without-end": _chunked(lambda body: _chunks(body)[:-5], ends=True),
    "chunked-with-wrong-size": _chunked(lambda body: b"fff\r\n" + body + b"\r\n0\r\n\r\n", ends=True),
    "chunked-with-no-size": _chunked(lambda body: b"zz\r\n" + body + b"\r\n0\r\n\r\n", ends=True),
    "chunked-and-length": _chunked(_chunks, (b"Content-Length", b"5"), ends=True),
    "unknown-transfer-coding": _write(Written(headers=((b"Transfer-Encoding", b"x-unheard-of"),), ends=True)),
    "content-coding-gzip": _write(_headers((b"Content-Encoding", b"gzip"))),
    "content-coding-unknown": _write(_headers((b"Content-Encoding", b"x-unheard-of"))),
    "expect-continue": _write(_headers((b"Expect", b"100-continue"))),
    "expect-unknown": _write(_headers((b"Expect", b"a miracle"))),
    "no-host": _write(Written(host=False)),
    "two-hosts": _write(_headers((b"Host", b"other.example.com"))),
    "http-1-0": _started(b"POST * HTTP/1.0"),
    "http-1-0-without-host": _started(b"POST * HTTP/1.0", host=False),
    "http-0-9": _started(b"POST *", ends=True),
    "http-2": _started(b"POST * HTTP/2.0", ends=True),
    "http-9-9": _started(b"POST * HTTP/9.9", ends=True),
    "no-http": _started(b"reopen it", ends=True),
    "spaces-in-first-line": _started(b"POST  *  HTTP/1.1", ends=True),
    "empty-lines-before": _started(b"\r\n\r\nPOST * HTTP/1.1"),
    "bare-newlines": _write(Written(end_of_line=b"\n")),
    "header-without-colon": _write(Written(headers=((b"X-Broken\r\nX-Other", b"yes"),), ends=True)),
    "header-without-name": _write(Written(headers=((b"", b"yes"),), ends=True)),
    "folded-header": _write(_headers((b"X-Folded", b"a\r\n b"), ends=True)),
    "nul-in-header": _write(_headers((b"X-Nul", b"a\0b"), ends=True)),
    "injected-header": _write(_headers((b"X-Line", b"a\r\nX-Injected: yes"))),
    "headers-500": _write(_headers(*((b"X-%d" % number, b"x") for number in range(500)))),
    "header-of-100000-characters": _write(_headers((b"X-Long", b"x" * 100_000))),
    "override-of-method": _write(_headers((b"X-HTTP-Method-Override", b"GET"))),
    "hyphens-for-underscores": _write(_headers((b"arena-session-id", b"A" * 32))),
}

WAYS: Final[Mapping[str, Way]] = {
    **_TWO_TYPES,
    **_SESSIONS,
    **_OPEN_SESSIONS,
    **_METHODS,
    **_ADDRESSES,
    **_FRAMINGS,
}


def send(sessions: Sessions, case: Case, step: Subject, body: bytes) -> Exchange:
    """Sends a case the way that it names."""
    if case.way:
        return WAYS[case.way](sessions, case.sender, step, body)
    session: Session = sessions[case.sender]
    unusual = not case.harmless
    return session.send(step, body, content_type=case.content_type, comment=case.comment, unusual=unusual)
