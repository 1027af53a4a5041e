"""The fixed list of bodies: what no generator of JSON makes, and what people who write servers get wrong.

The order never changes. A class that is added stands at the end of its part, so that runs can be compared.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from typing import Any, Final

from conformance.evidence import UNREADABLE
from conformance.fuzzing.case import (
    ACCEPTED,
    CUT_PROCESS,
    CUT_STEP,
    LETTERS,
    LOWER_PROCESS,
    LOWER_STEP,
    OBSERVED,
    OTHER_PROCESS,
    OTHER_STEP,
    PROCESS,
    SAMPLE,
    SPACES,
    STEP,
    UNKNOWN_PROCESS,
    UNKNOWN_STEP,
    Case,
    body,
    raw,
)
from conformance.session import COMMENT, encode, reopen_body

NOT_A_GUID: Final = "no guid, by any alphabet"
NESTING: Final = 10_000

_PLAIN: Final = encode(reopen_body(SAMPLE))
_FIXED_STEP: Final = {"guid": STEP}


def bodies() -> Iterator[Case]:
    """Yields the fixed bodies."""
    yield from _accepted()
    for name, (value, situation) in _GUIDS.items():
        yield Case(name, encode(value), situation)
    for name, value in _SHAPES.items():
        yield Case(name, encode(value), "other")
    for name, (value, situation) in _TEXTS.items():
        yield Case(name, value, situation)
    yield from _large()
    for name, value in _OPEN.items():
        yield Case(name, value, OBSERVED)
    for name, value in _OPEN_COMMENTS.items():
        ordinary = value is None or isinstance(value, str)
        comment = value if ordinary else UNREADABLE
        yield Case(name, raw(comment=value), OBSERVED, comment=comment, valid=isinstance(value, str))


def process_bodies() -> Iterator[Case]:
    """Yields the bodies without a step: they are about the process itself."""
    for name, process in (("absent", {"guid": PROCESS}), ("null", {"guid": PROCESS, "step": None})):
        yield Case(f"without-step-{name}", encode(_process(process)), OBSERVED, about_process=True)


# Written otherwise than usual, and as good.


def _accepted() -> Iterator[Case]:
    comment = "Größe 10 µm, 完了 🔧"
    spaced = json.dumps(reopen_body(SAMPLE), indent="\t").replace("\n", "\r\n").encode()
    reversed_members = encode(dict(reversed(reopen_body(SAMPLE).items())))
    escaped = _PLAIN.replace(b'"complete"', b'"\\u0063omplete"').replace(b'"guid"', b'"\\u0067ui\\u0064"')
    yield _valid("sample", _PLAIN)
    yield _valid("white-space", b" \r\n\t" + spaced + b"\n ")
    yield _valid("no-white-space", json.dumps(reopen_body(SAMPLE), separators=(",", ":")).encode())
    yield _valid("order-of-members", reversed_members)
    yield _valid("escaped-names", escaped)
    yield _valid("escaped-slash", raw(comment="a/b").replace(b"a/b", b"a\\/b"), "a/b")
    yield _valid("escaped-pairs", json.dumps(body(comment=comment)).encode(), comment)
    yield _valid("utf-8", raw(comment=comment), comment)
    for name, text in _COMMENTS.items():
        yield _valid(f"comment-{name}", raw(comment=text), text)


def _valid(name: str, value: bytes, comment: str = COMMENT) -> Case:
    return Case(f"valid-{name}", value, ACCEPTED, comment=comment, valid=True)


_COMMENTS: Final = {
    "scripts": "Größe, İstanbul, straße\nไทย हिन्दी العربية עברית ελληνικά русский 日本語 한국어\n🔧 🇨🇭 \U0001d518 ✔️",
    "combining": "e\u0301 and é, ﬁ and fi, Å and A\u030a, ½ ² ™ Ⅳ",
    "markup": "<b>&amp; &lt;&#65;</b> \"quoted\" 'single' \\ \\n /{0} %s %41 ${x} {{ x }} -- ; <!-- --> ]]> \\u0041",
    "spaces": "  two  spaces \n\n newlines\n",
    "999": ("0123456789" * 100)[:999],
    "1000": ("0123456789" * 100)[:1000],
    "1000-emoji": "🔩" * 1000,
    "256": "é" * 256,
    "null": "null",
    "number": "007",
    "true": "true",
    "json": '{"complete": true}',
    "case": "MiXeD cAsE",
    "one": "x",
}


# Wrong guids.


def _guids(process: Any, step: Any) -> dict[str, Any]:
    return body(step, process)


_GUIDS: Final[dict[str, tuple[Any, str]]] = {
    "process-malformed": (_guids(NOT_A_GUID, STEP), "guid-malformed"),
    "step-malformed": (_guids(PROCESS, NOT_A_GUID), "guid-malformed"),
    "process-unknown": (_guids(UNKNOWN_PROCESS, STEP), "guid-unknown"),
    "step-unknown": (_guids(PROCESS, UNKNOWN_STEP), "guid-unknown"),
    "process-empty": (_guids("", STEP), "guid-empty"),
    "step-empty": (_guids(PROCESS, ""), "guid-empty"),
    "process-null": (_guids(None, STEP), "guid-empty"),
    "step-null": (_guids(PROCESS, None), "guid-empty"),
    "swapped": (_guids(STEP, PROCESS), "other"),
    "process-twice": (_guids(PROCESS, PROCESS), "other"),
    "step-twice": (_guids(STEP, STEP), "other"),
    "step-of-another-process": (_guids(PROCESS, OTHER_STEP), "other"),
    "process-of-another-step": (_guids(OTHER_PROCESS, STEP), "other"),
    "step-number": (_guids(PROCESS, 7), "other"),
    "step-zero": (_guids(PROCESS, 0), "other"),
    "step-first": (_guids(PROCESS, 1), "other"),
    "process-number": (_guids(7, STEP), "other"),
    "step-list": (_guids(PROCESS, [STEP]), "other"),
    "process-list": (_guids([PROCESS], STEP), "other"),
    "step-object": (_guids(PROCESS, {"guid": STEP}), "other"),
    "process-object": (_guids({"guid": PROCESS}, STEP), "other"),
    "step-true": (_guids(PROCESS, True), "other"),
    "process-false": (_guids(False, STEP), "other"),
    "step-cut-short": (_guids(PROCESS, CUT_STEP), "other"),
    "process-cut-short": (_guids(CUT_PROCESS, STEP), "other"),
    "step-longer": (_guids(PROCESS, f"{STEP}A"), "other"),
    "process-longer": (_guids(f"{PROCESS}A", STEP), "other"),
    "step-after-space": (_guids(PROCESS, f" {STEP}"), "other"),
    "step-before-space": (_guids(PROCESS, f"{STEP} "), "other"),
    "process-after-space": (_guids(f" {PROCESS}", STEP), "other"),
    "process-before-space": (_guids(f"{PROCESS} ", STEP), "other"),
    "step-before-newline": (_guids(PROCESS, f"{STEP}\n"), "other"),
    "step-before-nul": (_guids(PROCESS, f"{STEP}\0"), "other"),
    "step-quoted": (_guids(PROCESS, f'"{STEP}"'), "other"),
    "step-percent": (_guids(PROCESS, "%"), "other"),
    "process-percent": (_guids("%", STEP), "other"),
    "step-star": (_guids(PROCESS, "*"), "other"),
    "process-star": (_guids("*", STEP), "other"),
    "step-question-marks": (_guids(PROCESS, "?" * 20), "other"),
    "step-pattern": (_guids(PROCESS, ".*"), "other"),
    "step-sql": (_guids(PROCESS, "' OR '1'='1"), "other"),
    "process-sql": (_guids("' OR '1'='1", STEP), "other"),
    "step-path": (_guids(PROCESS, "../" * 8), "other"),
    "step-template": (_guids(PROCESS, "${7*7}{{7*7}}"), "other"),
    "step-nul": (_guids(PROCESS, "\0"), "other"),
    "step-space": (_guids(PROCESS, " "), "other"),
    "step-emoji": (_guids(PROCESS, "🔧"), "other"),
    "step-word-null": (_guids(PROCESS, "null"), "other"),
    "step-10000-characters": (_guids(PROCESS, "A" * 10_000), "other"),
    "process-10000-characters": (_guids("A" * 10_000, STEP), "other"),
}


# JSON of another shape. No body asks to complete anything: `complete` is never a text or a number that means true,
# but for the 1 of which the page says that it is neither.


def _process(process: Any) -> dict[str, Any]:
    return {"qualityProcess": process, "complete": False, "comment": COMMENT}


def _without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in reopen_body(SAMPLE).items() if name not in names}


_SHAPES: Final[dict[str, Any]] = {
    "empty-object": {},
    "no-process": _without("qualityProcess"),
    "process-is-null": _process(None),
    "process-is-text": _process(PROCESS),
    "process-is-number": _process(7),
    "process-is-true": _process(True),
    "process-is-list": _process([reopen_body(SAMPLE)["qualityProcess"]]),
    "process-is-empty-list": _process([]),
    "process-is-empty-object": _process({}),
    "no-process-guid": _process({"step": _FIXED_STEP}),
    "step-is-text": _process({"guid": PROCESS, "step": STEP}),
    "step-is-number": _process({"guid": PROCESS, "step": 1}),
    "step-is-true": _process({"guid": PROCESS, "step": True}),
    "step-is-list": _process({"guid": PROCESS, "step": [_FIXED_STEP]}),
    "step-is-empty-list": _process({"guid": PROCESS, "step": []}),
    "step-without-guid": _process({"guid": PROCESS, "step": {}}),
    "step-with-other-name": _process({"guid": PROCESS, "step": {"id": STEP}}),
    "steps-in-list": _process({"guid": PROCESS, "step": [_FIXED_STEP, {"guid": OTHER_STEP}]}),
    "complete-text": body(complete="false"),
    "complete-empty": body(complete=""),
    "complete-zero": body(complete=0),
    "complete-zero-point-zero": body(complete=0.0),
    "complete-one": body(complete=1),
    "complete-minus-one": body(complete=-1),
    "complete-no": body(complete="no"),
    "complete-off": body(complete="off"),
    "complete-text-zero": body(complete="0"),
    "complete-list": body(complete=[]),
    "complete-list-of-false": body(complete=[False]),
    "complete-object": body(complete={}),
    "list": [reopen_body(SAMPLE)],
    "empty-list": [],
    "text": encode(reopen_body(SAMPLE)).decode(),
    "null": None,
    "number": 7,
    "false": False,
    "wrapped": {"body": reopen_body(SAMPLE)},
}


# What is no JSON at all.


def _as_printed() -> bytes:
    """The page's sample, with the page's misprint: a brace opens where one should close."""
    process = f'{{"guid":"{PROCESS}","step":{{"guid":"{STEP}"{{}}'
    return f'{{"qualityProcess":{process},"complete":false,"comment":""}}'.encode()


def _with_bytes(comment: bytes) -> bytes:
    return raw(comment="?").replace(b"?", comment)


_XML: Final = f"<statusChange><process>{PROCESS}</process><step>{STEP}</step><complete>false</complete></statusChange>"

_TEXTS: Final[dict[str, tuple[bytes, str]]] = {
    "empty": (b"", "malformed-json"),
    "white-space-only": (b" \n", "malformed-json"),
    "cut-short": (_PLAIN[:-1], "malformed-json"),
    "cut-in-half": (_PLAIN[: len(_PLAIN) // 2], "malformed-json"),
    "cut-within-a-text": (_PLAIN[:-3], "malformed-json"),
    "cut-after-the-first-brace": (_PLAIN[:1], "malformed-json"),
    "trailing-comma": (_PLAIN[:-1] + b",}", "malformed-json"),
    "trailing-comma-inside": (_PLAIN.replace(b'"}}', b'",}}'), "malformed-json"),
    "leading-comma": (_PLAIN.replace(b"{", b"{,", 1), "malformed-json"),
    "no-comma": (_PLAIN.replace(b', "complete"', b' "complete"'), "malformed-json"),
    "no-colon": (_PLAIN.replace(b'"complete":', b'"complete"'), "malformed-json"),
    "one-brace-more": (_PLAIN + b"}", "malformed-json"),
    "twice": (_PLAIN + _PLAIN, "malformed-json"),
    "words-after-it": (_PLAIN + b" reopen", "malformed-json"),
    "words-before-it": (b"reopen " + _PLAIN, "malformed-json"),
    "single-quotes": (_PLAIN.replace(b'"', b"'"), "malformed-json"),
    "not-utf-8": (_with_bytes(b"\xff\xfe"), "malformed-json"),
    "latin-1": (_with_bytes("Größe".encode("latin-1")), "malformed-json"),
    "overlong-utf-8": (_with_bytes(b"\xc0\xaf"), "malformed-json"),
    "cut-utf-8": (_with_bytes("🔧".encode()[:3]), "malformed-json"),
    "lone-continuation": (_with_bytes(b"\x80"), "malformed-json"),
    "beyond-unicode": (_with_bytes(b"\xf4\x90\x80\x80"), "malformed-json"),
    "not-utf-8-in-a-name": (_PLAIN.replace(b'"comment"', b'"comm\xffent"'), "malformed-json"),
    "with-comment": (b"/* reopen */" + _PLAIN, "malformed-json"),
    "with-line-comment": (_PLAIN + b" // reopen", "malformed-json"),
    "with-hash-comment": (b"# reopen\n" + _PLAIN, "malformed-json"),
    "unquoted-name": (_PLAIN.replace(b'"complete"', b"complete"), "malformed-json"),
    "unquoted-text": (raw(comment="word").replace(b'"word"', b"word"), "malformed-json"),
    "python-literal": (_PLAIN.replace(b"false", b"False"), "malformed-json"),
    "capital-literal": (_PLAIN.replace(b"false", b"FALSE"), "malformed-json"),
    "undefined": (_PLAIN.replace(b"false", b"undefined"), "malformed-json"),
    "unknown-escape": (raw(comment="?").replace(b'"?"', b'"\\x41"'), "malformed-json"),
    "half-an-escape": (raw(comment="?").replace(b'"?"', b'"\\u00"'), "malformed-json"),
    "as-printed": (_as_printed(), "malformed-json"),
    "form": (f"qualityProcess.guid={PROCESS}&complete=false".encode(), "malformed-json"),
    "xml": (_XML.encode(), "malformed-json"),
    "yaml": (f"qualityProcess: {{guid: {PROCESS}, step: {{guid: {STEP}}}}}\ncomplete: no\n".encode(), "malformed-json"),
    "nul": (b"\0", "other"),
    "nul-between-members": (_PLAIN.replace(b", ", b",\0", 1), "other"),
    "random-bytes": (bytes(range(128, 256)), "malformed-json"),
    "compressed": (gzip.compress(_PLAIN, mtime=0), "malformed-json"),
    "complete-nan": (_PLAIN.replace(b"false", b"NaN"), "other"),
    "complete-infinity": (_PLAIN.replace(b"false", b"-Infinity"), "other"),
    "complete-huge-number": (_PLAIN.replace(b"false", b"1e400"), "other"),
    "step-huge-number": (_PLAIN.replace(f'"{STEP}"'.encode(), b"9" * 400), "other"),
    "step-nan": (_PLAIN.replace(f'"{STEP}"'.encode(), b"NaN"), "other"),
    "surrogate-in-guid": (_PLAIN.replace(STEP.encode(), b"\\ud83d"), "other"),
}


def _large() -> Iterator[Case]:
    """What may be turned away for its size alone."""
    nested = b"[" * NESTING + b"]" * NESTING
    objects = b'{"a":' * NESTING + b"0" + b"}" * NESTING
    yield Case("complete-nested-10000", _PLAIN.replace(b"false", nested), "other", harmless=False)
    yield Case("step-nested-10000", _PLAIN.replace(f'"{STEP}"'.encode(), objects), "other", harmless=False)
    yield Case("root-nested-10000", nested, "other", harmless=False)
    yield Case("unclosed-10000", b"[" * NESTING, "other", harmless=False)
    yield Case("extra-nested-10000", _with_member(nested), OBSERVED, harmless=False)
    yield Case("extra-objects-10000", _with_member(objects), OBSERVED, harmless=False)
    yield Case("comment-5-megabytes", raw(comment=LETTERS), OBSERVED, comment=None, harmless=False, valid=True)
    yield Case("step-100000-characters", raw(step="A" * 100_000), "other", harmless=False)
    yield Case("white-space-5-megabytes", SPACES.encode() + _PLAIN, OBSERVED, harmless=False)
    many = ",".join(f'"x{number}":0' for number in range(NESTING))
    yield Case("members-10000", _PLAIN[:-1] + b"," + many.encode() + b"}", OBSERVED, harmless=False)


# What CONTRACT leaves to the server.


def _with_member(value: bytes, name: bytes = b"x") -> bytes:
    return _PLAIN[:-1] + b',"' + name + b'":' + value + b"}"


def _twice(name: str, wrong: str) -> bytes:
    """A body in which a guid stands twice: first another one, then the right one."""
    return _PLAIN.replace(f'"guid": "{name}"'.encode(), f'"guid": "{wrong}", "guid": "{name}"'.encode())


_OPEN: Final[dict[str, bytes]] = {
    "bom": b"\xef\xbb\xbf" + _PLAIN,
    "bom-twice": b"\xef\xbb\xbf\xef\xbb\xbf" + _PLAIN,
    "utf-16": b"\xff\xfe" + _PLAIN.decode().encode("utf-16-le"),
    "utf-16-without-bom": _PLAIN.decode().encode("utf-16-le"),
    "utf-16-big-endian": b"\xfe\xff" + _PLAIN.decode().encode("utf-16-be"),
    "utf-32": _PLAIN.decode().encode("utf-32-be"),
    "duplicate-key": _with_member(b"false", b"complete"),
    "duplicate-process": _with_member(encode(reopen_body(SAMPLE)["qualityProcess"]), b"qualityProcess"),
    "duplicate-comment": _with_member(b'"another"', b"comment"),
    "conflicting-steps": _twice(STEP, UNKNOWN_STEP),
    "conflicting-processes": _twice(PROCESS, UNKNOWN_PROCESS),
    "conflicting-complete": _PLAIN.replace(b'"complete": false', b'"complete": null, "complete": false'),
    "nan": _with_member(b"NaN"),
    "infinity": _with_member(b"-Infinity"),
    "huge-number": _with_member(b"1e400"),
    "long-number": _with_member(b"9" * 5000),
    "small-number": _with_member(b"-1e-400"),
    "extra-field": encode(body(unknown={"a": [1]})),
    "extra-field-of-the-sample": encode({**reopen_body(SAMPLE), "status": 400, "guid": STEP}),
    "extra-field-in-process": _PLAIN.replace(b'{"guid"', b'{"unknown": [1], "guid"', 1),
    "extra-field-in-step": _PLAIN.replace(b'"step": {', b'"step": {"unknown": null, '),
    "extra-field-without-name": encode(body(**{"": 0})),
    "extra-field-of-javascript": encode(body(**{"__proto__": {"a": 1}, "constructor": {"prototype": {}}})),
    "capital-names": _PLAIN.replace(b'"qualityProcess"', b'"QualityProcess"').replace(b'"complete"', b'"Complete"'),
    "complete-absent": encode(_without("complete")),
    "complete-null": raw(complete=None),
    "comment-absent": encode(_without("comment")),
    "lower-case-guids": raw(LOWER_STEP, LOWER_PROCESS),
    "comment-surrogate": raw(comment="?").replace(b"?", b"\\ud83d"),
    "comment-surrogates-swapped": raw(comment="?").replace(b"?", b"\\udd27\\ud83d"),
    "comment-surrogate-in-utf-8": _with_bytes(b"\xed\xa0\xbd"),
    "newline-in-a-text": _with_bytes(b"a\nb"),
    "nul-in-a-text": _with_bytes(b"a\0b"),
    "nul-at-the-end": _PLAIN + b"\0",
    "deep-nesting": _with_member(b"[" * 2000 + b"]" * 2000),
    "json-in-sequence": b"\x1e" + _PLAIN + b"\n",
    "javascript-guard": b")]}',\n" + _PLAIN,
}

_OPEN_COMMENTS: Final[dict[str, Any]] = {
    "comment-null": None,
    "comment-number": 7,
    "comment-false": False,
    "comment-object": {"text": "x"},
    "comment-list": ["x"],
    "comment-empty": "",
    "comment-space": " ",
    "comment-1001-characters": "x" * 1001,
    "comment-70000-characters": "é" * 70_000,
    "comment-control-characters": "bell \a, escape \x1b[31m, tab \t, return \r\n, delete \x7f",
    "comment-nul": "before \0 after",
    "comment-invisible": "\u202edetrever\u202c and \u200bhidden\ufeff",
    "comment-injection": "x\r\nX-Injected: yes\r\n\r\n<html>",
    "comment-noncharacters": "\ufffe\uffff\U0010ffff",
}
