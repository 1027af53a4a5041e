"""The record of a call: no secret in it in any encoding, and a curl that repeats it byte for byte."""

import base64
import copy
import html
import json
import shlex
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import quote, quote_plus

import pytest
from make import envelope, exchange, no_answer, refusal

from conformance.evidence import MOST_BODY, REDACTED, UNREADABLE, Recorder, Redactor, curl
from conformance.session import _redacted
from conformance.target import Account, Secret

# secrets

SECRETS = {
    "plain": "correct-horse-battery",
    "punctuation": "a+b/c=d?e&f#g%h i~j",
    "quotes": 'he said "no", it\'s <b>\\n</b>',
    "latin": "pässwörd-ÿ",
    "emoji": "🔑-key-🔑",
    "control": "line\nfeed\ttab",
    "spaces": "pass  word- -x",
}


def escaped(text):
    """Returns a JSON text's inside with every character as an escape, in capital hexadecimal."""
    units = text.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02X}{units[i + 1]:02X}" for i in range(0, len(units), 2))


ENCODINGS = {
    "raw": str,
    "json": lambda secret: json.dumps(secret),
    "json-in-utf-8": lambda secret: json.dumps(secret, ensure_ascii=False),
    "json-with-escaped-slashes": lambda secret: json.dumps(secret).replace("/", "\\/"),
    "json-with-every-character-escaped": escaped,
    "json-with-html-signs-escaped": lambda secret: json.dumps(secret).translate(
        {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&'+="}
    ),
    "json-with-capital-hexadecimal": lambda secret: json.dumps(secret).translate(
        {ord(sign): f"\\u{ord(sign):04X}" for sign in "<>&'+="}
    ),
    "percent": lambda secret: quote(secret, safe=""),
    "percent-but-slashes": quote,
    "percent-in-small-letters": lambda secret: _small(quote(secret, safe="")),
    "plus": quote_plus,
    "html": html.escape,
    "html-but-quotes": lambda secret: html.escape(secret, quote=False),
    "html-decimal-quotes": lambda secret: html.escape(secret).replace("&#x27;", "&#39;").replace("&quot;", "&#34;"),
    "html-named-quotes": lambda secret: html.escape(secret).replace("&#x27;", "&apos;"),
}


def _small(text):
    """Returns a percent-encoded text with its hexadecimal digits in small letters, and nothing else."""
    head, *parts = text.split("%")
    return head + "".join(f"%{part[:2].lower()}{part[2:]}" for part in parts)


def redactor(*secrets):
    made = Redactor()
    for secret in secrets:
        made.add(secret)
    return made


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_a_secret_is_redacted_in_every_encoding(secret, encode):
    sent = encode(secret)
    redacted = redactor(secret).text(f"before {sent} after")
    assert redacted in (f"before {REDACTED} after", f'before "{REDACTED}" after')


ALPHABETS = {"standard": base64.b64encode, "url-safe": base64.urlsafe_b64encode}


@pytest.mark.parametrize("alphabet", ALPHABETS.values(), ids=ALPHABETS)
@pytest.mark.parametrize("ahead", range(4))
@pytest.mark.parametrize("behind", range(3))
@pytest.mark.parametrize("secret", [*SECRETS.values(), "~~~???>>>ÿÿÿ"], ids=[*SECRETS, "sixty-two-and-three"])
def test_a_secret_is_redacted_in_base64_at_every_alignment(secret, ahead, behind, alphabet):
    sent = alphabet(b"u" * ahead + secret.encode() + b"z" * behind).decode()
    left = redactor(secret).text(sent)
    assert REDACTED in left
    # at most the two characters at either end that hold bits of a neighbour too
    assert len(left) - len(REDACTED) <= len(base64.b64encode(b"u" * ahead)) + len(base64.b64encode(b"z" * behind)) + 4


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        pytest.param("s3cret-one", REDACTED, id="alone"),
        pytest.param("xs3cret-onex", f"x{REDACTED}x", id="inside"),
        pytest.param("s3cret-ones3cret-one", REDACTED * 2, id="twice"),
        pytest.param("s3cret-one-longer", REDACTED, id="longer-secret-that-begins-with-it"),
        pytest.param("s3cret-one s3cret-one-longer", f"{REDACTED} {REDACTED}", id="both"),
        pytest.param("S3CRET-ONE", "S3CRET-ONE", id="other-case-is-another-text"),
        pytest.param("s3cret-on", "s3cret-on", id="too-short"),
        pytest.param("", "", id="empty"),
    ],
)
@pytest.mark.parametrize("order", [1, -1], ids=["short-first", "long-first"])
def test_redacted_text(text, redacted, order):
    assert redactor(*["s3cret-one", "s3cret-one-longer"][::order]).text(text) == redacted


@pytest.mark.parametrize("secrets", [(), ("",)], ids=["none", "empty"])
def test_without_a_secret_nothing_is_redacted(secrets):
    assert redactor(*secrets).text("all of it") == "all of it"


@pytest.mark.parametrize(
    "body",
    [
        b'{"comment": "canary-secret"}',
        b"\xff canary-secret \xfe",  # no UTF-8
        b"canary-secret" + b"x" * 200_000,
        b"\xff" * 140_000 + b"canary-secret",
        *(b"x" * (2 * MOST_BODY - part) + b"canary-secret" + b"x" * 1_000 for part in (5, 13, 20)),  # where it is cut
    ],
)
def test_no_secret_stays_in_a_body_that_is_sent(body):
    redactor = Redactor()
    redactor.add("canary-secret")
    kept = _redacted(body, redactor)
    assert b"canar" not in kept
    assert len(kept) <= 4 * 2 * MOST_BODY  # a byte that is no UTF-8 may be written as an escape


def test_a_short_body_without_a_secret_is_kept_as_it_is():
    assert [_redacted(body, Redactor()) for body in (None, b"", b"\xff\x00\xed\xa0\x80")] == [
        None,
        b"",
        b"\xff\x00\xed\xa0\x80",
    ]


def test_a_secret_that_is_no_unicode_is_redacted():
    assert redactor("half-\ud800-pair").text("x half-\ud800-pair y") == f"x {REDACTED} y"


SHOWN = {
    "repr": repr,
    "str": str,
    "format": format,
    "f-string": lambda secret: f"{secret} {secret!r} {secret!s} {secret!a}",
    "percent": lambda secret: "%s %r" % (secret, secret),  # noqa: UP031
    "list": lambda secret: str([secret, {"a": secret}]),
    "account": lambda secret: repr(Account("owner", "o@example.com", password=secret, session_id=secret)),
    "copy": lambda secret: repr(copy.deepcopy(secret)),
    "exception": lambda secret: str(ValueError(secret)),
    "dir": lambda secret: repr(dir(secret)),
}


@pytest.mark.parametrize("show", SHOWN.values(), ids=SHOWN)
def test_a_secret_does_not_show_itself(show):
    assert "hunter2-hunter2" not in show(Secret("hunter2-hunter2"))


def test_a_secret_shows_itself_only_when_asked():
    assert Secret("hunter2-hunter2").reveal() == "hunter2-hunter2"


@pytest.mark.parametrize(
    "misuse",
    [
        json.dumps,
        vars,
        len,
        lambda secret: "".join([secret]),
        lambda secret: format(secret, ">20"),
        lambda secret: secret + "x",
    ],
    ids=["json", "vars", "len", "join", "format-spec", "plus"],
)
def test_what_takes_a_secret_for_text_fails_without_showing_it(misuse):
    with pytest.raises(TypeError) as caught:
        misuse(Secret("hunter2-hunter2"))
    assert "hunter2" not in str(caught.value)


# exchanges


def test_an_exchange_does_not_show_the_json_that_it_judges():
    answer = exchange(json_body={"arena_session_id": "hunter2"})
    shown = repr(replace(answer, body=REDACTED))
    assert "hunter2" not in shown
    assert REDACTED in shown


def test_an_exchange_can_not_be_changed():
    with pytest.raises(AttributeError, match="cannot assign"):
        exchange().status = 400


@pytest.mark.parametrize(
    ("answer", "accepted", "refused"),
    [
        pytest.param(exchange(status=200), True, False, id="200"),
        pytest.param(exchange(), True, False, id="201"),
        pytest.param(exchange(status=299), True, False, id="299"),
        pytest.param(exchange(status=199), False, False, id="199"),
        pytest.param(exchange(status=300), False, False, id="300"),
        pytest.param(exchange(status=399), False, False, id="399"),
        pytest.param(refusal(400), False, True, id="400"),
        pytest.param(refusal(499), False, True, id="499"),
        pytest.param(exchange(status=500), False, False, id="500"),
        pytest.param(no_answer(), False, False, id="none"),
    ],
)
def test_accepted_and_refused(answer, accepted, refused):
    assert (answer.accepted, answer.refused) == (accepted, refused)


@pytest.mark.parametrize("name", ["X-Arena-Thing", "x-arena-thing", "X-ARENA-THING"])
def test_a_header_is_found_in_any_case(name):
    answer = exchange(header={"X-Arena-Thing": ["1", "2"]})
    assert answer.header(name) == ["1", "2"]
    assert replace(answer, headers=tuple((key.lower(), value) for key, value in answer.headers)).header(name) == [
        "1",
        "2",
    ]
    assert answer.header("X-Arena") == []


@pytest.mark.parametrize(
    ("body", "codes", "entries"),
    [
        pytest.param(envelope(), [3089], 1, id="envelope"),
        pytest.param({"errors": [{"code": 1}, {"code": 2}]}, [1, 2], 2, id="two"),
        pytest.param({"errors": [{"code": "1"}, {"message": "x"}]}, [], 2, id="no-numbers"),
        pytest.param({"errors": ["x", None, {"code": 5}]}, [5], 1, id="entries-that-are-none"),
        pytest.param({"errors": {"code": 1}}, [], 0, id="no-list"),
        pytest.param({"errors": None}, [], 0, id="null"),
        pytest.param({}, [], 0, id="empty"),
        pytest.param([{"errors": [{"code": 1}]}], [], 0, id="array"),
        pytest.param("errors", [], 0, id="text"),
        pytest.param(None, [], 0, id="null-body"),
    ],
)
def test_errors_of_a_refusal(body, codes, entries):
    answer = refusal(json_body=body)
    assert (answer.codes, len(answer.errors)) == (codes, entries)


def test_a_body_that_is_no_json_has_no_errors():
    answer = refusal(body="denied")
    assert (answer.json, answer.errors, answer.codes) == (UNREADABLE, [], [])


@pytest.mark.parametrize(
    ("answer", "summary"),
    [
        pytest.param(refusal(body="no"), "400 no", id="status-and-body"),
        pytest.param(refusal(body=""), "400", id="no-body"),
        pytest.param(refusal(body="a\n  b\t\r\nc "), "400 a b c", id="one-line"),
        pytest.param(refusal(body="x" * 200), "400 " + "x" * 200, id="200-characters"),
        pytest.param(refusal(body="x" * 201), "400 " + "x" * 200 + "…", id="201-characters"),
        pytest.param(no_answer("nothing listens there"), "nothing listens there", id="no-answer"),
    ],
)
def test_summary(answer, summary):
    assert answer.summary() == summary


def test_the_summary_of_a_body_that_broke_off_tells_the_status_too():
    answer = exchange(body='{"qual', trouble="the connection broke within the body", cut_short=True)
    assert answer.summary().startswith("201")
    assert "the connection broke within the body" in answer.summary()


# curl

BASH = shutil.which("bash")
needs_bash = pytest.mark.skipif(BASH is None, reason="no bash here to run the command")


def arguments(command, session_id="live session"):
    """Returns what curl is given when bash runs the command, as bytes."""
    script = f"curl() {{ printf '%s\\0' \"$@\"; }}; {command}"
    done = subprocess.run(
        [BASH, "--norc", "--noprofile", "-c", script],
        env={"ARENA_SESSION_ID": session_id, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        timeout=20,
        check=True,
    )
    assert done.stderr == b""
    return done.stdout.split(b"\0")[:-1]


def test_curl_repeats_the_page_s_call():
    words = shlex.split(curl(exchange()))
    assert words[:5] == ["curl", "-i", "-X", "POST", "http://127.0.0.1:8080/v1/qualityprocesses/statuschanges"]
    assert words[5:9] == ["-H", "arena_session_id: $ARENA_SESSION_ID", "-H", "Content-Type: application/json"]
    assert json.loads(words[10])["complete"] is False
    assert len(words) == 11


@needs_bash
def test_curl_takes_the_session_id_from_the_environment():
    given = arguments(curl(exchange()), session_id='a "b" $c')
    assert b'arena_session_id: a "b" $c' in given


@pytest.mark.parametrize("name", ["arena_session_id", "Arena_Session_Id", "ARENA_SESSION_ID"])
def test_curl_leaves_the_session_id_out(name):
    command = curl(exchange(request_headers=((name, REDACTED),)))
    assert f'-H "{name}: $ARENA_SESSION_ID"' in command
    assert REDACTED not in command


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        pytest.param((), ["-H", "Content-Type:"], id="none-but-curl-would-add-a-type"),
        pytest.param((("Content-Type", "text/plain; x='y'"),), ["-H", "Content-Type: text/plain; x='y'"], id="quotes"),
        pytest.param((("content-type", "a/b"),), ["-H", "content-type: a/b"], id="small-letters"),
        pytest.param((("content-type", ""),), ["-H", "content-type;"], id="empty-value"),
        pytest.param(
            (("arena_session_id", ""), ("content-type", "a/b")),
            ["-H", "arena_session_id;", "-H", "content-type: a/b"],
            id="empty-session-id",
        ),
        pytest.param(
            (("arena_session_id", "$(id) `id` \"'"), ("content-type", "a/b")),
            ["-H", "arena_session_id: $(id) `id` \"'", "-H", "content-type: a/b"],
            id="session-id-that-is-made-up",
        ),
        pytest.param(
            (("Authorization", REDACTED), ("content-type", "a/b")),
            ["-H", f"Authorization: {REDACTED}", "-H", "content-type: a/b"],
            id="other-secrets-stay-redacted",
        ),
        pytest.param(
            (
                ("Content-Length", "5"),
                ("Accept-Encoding", "identity"),
                ("Connection", "close"),
                ("User-Agent", "x"),
                ("Accept", "*/*"),
                ("content-type", "a/b"),
            ),
            ["-H", "content-type: a/b"],
            id="what-curl-sets-itself",
        ),
    ],
)
def test_curl_headers(headers, words):
    given = shlex.split(curl(exchange(request_headers=headers, request_body=b"{}")))[5:]
    assert given[:-2] == words
    assert given[-1] == "{}"


def test_curl_without_body():
    words = shlex.split(curl(exchange(method="GET", request_body=None, request_headers=())))
    assert words == ["curl", "-i", "-X", "GET", "http://127.0.0.1:8080/v1/qualityprocesses/statuschanges"]


def test_curl_quotes_the_address():
    url = "http://127.0.0.1:8080/v1/x?a=1&b='$(id)'"
    assert shlex.split(curl(exchange(url=url)))[4] == url


BODIES = {
    "the-pages": exchange().request_body,
    "empty": b"",
    "quotes": b'{"a": "it\'s"}',
    "dollar-and-backtick": b"$HOME `id` $(id) ${x} !! \\",
    "lines": b'{\n  "a": 1\n}\n',
    "final-newlines": b"{}\n\n\n",
    "carriage-returns": b"{}\r\n\r\n",
    "tab": b"{\t}",
    "latin": '{"comment": "Größe"}'.encode(),
    "han-and-emoji": '{"comment": "尺寸 🙂"}'.encode(),
    "combining": "e\u0301".encode(),
    "bidi": "\u202eabc".encode(),
    "byte-order-mark": b"\xef\xbb\xbf{}",
    "no-utf-8": b'{"comment": "\xff\xfe"}',
    "no-utf-8-before-digits": b"\xff0123 \xe9abcdef",
    "every-byte-but-nul": bytes(range(1, 256)),
    "backslashes": b"\\x41 \\\\ \\n \xff",
    "percent": b"%s %d %% \xff",
    "dash": b"-d @file",
    "surrogates": b'{"a": "\xed\xa0\x80"}',
}


@needs_bash
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_the_body_survives_the_shell(body):
    given = arguments(curl(exchange(request_body=body)))
    assert given[-1] == body


@needs_bash
@pytest.mark.parametrize(
    "body",
    ['{"a": 1}'.encode("utf-16"), b'{"a": "\0"}', b"\0"],
    ids=["utf-16", "nul-within", "nul-alone"],
)
def test_a_body_with_nul_bytes_survives_the_shell(body):
    # no argument can hold a NUL: the body has to come through a pipe
    script = f"curl() {{ cat; }}; {curl(exchange(request_body=body))}"
    done = subprocess.run([BASH, "-c", script], stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=True)
    assert done.stdout == body


def test_a_body_that_begins_with_an_at_sign_names_no_file():
    # --data-binary reads a file there
    words = shlex.split(curl(exchange(request_body=b"@notes.txt")))
    assert words[-2:] != ["--data-binary", "@notes.txt"]


# the recorder


def test_a_recorder_numbers_and_tells_in_order():
    recorder, told = Recorder(Redactor()), []
    recorder.record(lambda number: exchange(id=number))
    recorder.watch(lambda one: told.append(("first", one.id)))
    recorder.watch(lambda one: told.append(("second", one.id)))
    kept = [recorder.record(lambda number: exchange(id=number)) for _ in range(2)]
    assert [one.id for one in kept] == [2, 3]
    assert [one.id for one in recorder.exchanges] == [1, 2, 3]
    assert told == [("first", 2), ("second", 2), ("first", 3), ("second", 3)]


def test_a_recorder_takes_simultaneous_calls():
    recorder, told = Recorder(Redactor()), []
    recorder.watch(lambda one: told.append(one.id))
    with ThreadPoolExecutor(8) as threads:
        ids = [one.id for one in threads.map(lambda _: recorder.record(lambda number: exchange(id=number)), range(200))]
    assert sorted(ids) == told == [one.id for one in recorder.exchanges] == list(range(1, 201))


def test_a_recorder_redacts_headers_by_name_and_value():
    recorder = Recorder(redactor("s3cret"))
    assert recorder.redacted_headers([("Set-Cookie", "id=s3cret; Path=/"), ("X-s3cret", "1")]) == (
        ("Set-Cookie", f"id={REDACTED}; Path=/"),
        (f"X-{REDACTED}", "1"),
    )
