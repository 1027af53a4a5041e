"""What binds every answer, in both directions: each row is an answer, and the rules that it breaks."""

import datetime as dt

import pytest
from make import HEADERS, PERSON, envelope, exchange, no_answer, process, refusal, replaced, success, without

from conformance import contract
from conformance.evidence import UNREADABLE, Trouble
from conformance.invariants import (
    FAILURE,
    QUOTA,
    SHAPE,
    SUCCESS,
    Breakdowns,
    Judgement,
    QuotaWatch,
    http_date,
    judge,
    promised,
    quota_used_up,
    readable_date,
)
from conformance.invariants import HEADERS as HEADERS_RULE

PROFILES = contract.profiles()
REMAINING, RESET = "X-Arena-Requests-Remaining", "X-Arena-Next-Request-Limit-Reset"
PLAIN = {"Content-Type": "text/plain"}


def found(answer, profile="documented", shown=None):
    """Returns every finding about an answer: the rule and what came instead."""
    judgement = judge(answer, PROFILES[profile], shown)
    assert {finding.rule for finding in judgement.findings} <= judgement.judged
    assert all(finding.exchanges == (answer.id,) for finding in judgement.findings)
    return [(finding.rule, finding.actual) for finding in judgement.findings]


# which rules an answer says something about


@pytest.mark.parametrize(
    ("answer", "rules"),
    [
        pytest.param(exchange(), {FAILURE, SUCCESS, HEADERS_RULE, SHAPE}, id="success"),
        pytest.param(refusal(), {FAILURE, HEADERS_RULE}, id="refusal"),
        pytest.param(exchange(purpose="control"), {FAILURE, SUCCESS, HEADERS_RULE, SHAPE}, id="control"),
        pytest.param(exchange(status=204, body=""), {FAILURE, SUCCESS}, id="204-has-no-headers-to-judge"),
        pytest.param(exchange(status=202, body=""), {FAILURE, SUCCESS, HEADERS_RULE}, id="202-without-body"),
        pytest.param(exchange(status=302, body=""), {FAILURE, HEADERS_RULE}, id="redirect"),
        pytest.param(exchange(status=500, body="", headers=()), {FAILURE}, id="server-error-has-no-headers-to-judge"),
        pytest.param(exchange(status=503, body="", headers=()), {FAILURE}, id="unavailable"),
        pytest.param(exchange(comment=UNREADABLE), {FAILURE, SUCCESS, HEADERS_RULE}, id="body-out-of-the-ordinary"),
        pytest.param(exchange(cut_short=True, json=UNREADABLE), {FAILURE, SUCCESS, HEADERS_RULE}, id="cut-short"),
        pytest.param(exchange(operation="get-step"), set(), id="another-operation"),
        pytest.param(exchange(operation="complete-step", status=500), set(), id="completing"),
        pytest.param(exchange(purpose="staging", status=500), set(), id="staging"),
        pytest.param(no_answer(), set(), id="no-answer"),
        pytest.param(refusal(413, request_body=b"x" * 65537), set(), id="413-for-a-large-body"),
        pytest.param(refusal(414, request_body=b"x" * 65537), set(), id="414-for-a-large-body"),
        pytest.param(refusal(431, request_body=b"x" * 65537), set(), id="431-for-a-large-body"),
        pytest.param(refusal(431, request_headers=(("a", "x" * 8192),)), set(), id="431-for-a-long-header"),
        pytest.param(refusal(413, request_body=b"x" * 200), {FAILURE, HEADERS_RULE}, id="413-for-a-small-body"),
        pytest.param(refusal(413, request_body=None), {FAILURE, HEADERS_RULE}, id="413-for-no-body"),
        pytest.param(refusal(400, request_body=b"x" * 65537), {FAILURE, HEADERS_RULE}, id="400-for-a-large-body"),
    ],
)
def test_judged(answer, rules):
    assert judge(answer, PROFILES["documented"]).judged == rules


# headers

ANSWERS = {
    "success": exchange,
    "refusal": refusal,
    "202": lambda **overrides: exchange(status=202, comment=UNREADABLE, **overrides),
}
BEFORE = {"success": [], "refusal": [], "202": [(SUCCESS, "status 202")]}


@pytest.fixture(params=ANSWERS)
def kind(request):
    return request.param


@pytest.mark.parametrize(
    "header",
    [
        pytest.param({}, id="as-the-page-says"),
        *[
            pytest.param({name: value}, id=f"{name}:{value}")
            for name, values in {
                "Content-Type": (
                    "application/json; charset=utf-8",
                    "application/json;charset=UTF-8",
                    'application/json ; charset="utf-8"',
                    "Application/JSON",
                    "application/json;",
                ),
                "Date": (
                    "Wed, 04 Mar 2026 11:59:59 GMT",
                    "Wednesday, 04-Mar-26 12:00:00 GMT",
                    "Wed Mar  4 12:00:00 2026",
                    "Thu, 05 Mar 2026 12:00:00 GMT",
                    "Tue, 03 Mar 2026 12:00:00 GMT",
                ),
                RESET: (
                    "Fri, 02-May-2014 14:22:13 GMT-0700 (PDT)",
                    "Thu, 05 Mar 2026 08:00:00 GMT",
                    "2026-03-05T08:00:00Z",
                    "2026-03-05T00:00:00.000-08:00",
                    "Thu Mar 05 00:00:00 PST 2026",
                ),
                REMAINING: ("0", "1", "10000", "-1", " 9999 "),
            }.items()
            for value in values
        ],
        pytest.param({"Server": ["ArenaSolutions", "ArenaSolutions"]}, id="twice-the-same"),
        pytest.param({"Via": "1.1 proxy", "Set-Cookie": ["a=1", "b=2"]}, id="others-beside"),
    ],
)
def test_headers_accepted(kind, header):
    assert found(ANSWERS[kind](header=header)) == BEFORE[kind]


def test_header_names_in_small_letters(kind):
    assert found(ANSWERS[kind](lower_case=True)) == BEFORE[kind]


@pytest.mark.parametrize("text", ["Größe", "尺寸", "🙂" * 10], ids=["latin", "han", "emoji"])
def test_content_length_counts_bytes(text):
    answer = exchange(json_body=success(comment=text), comment=text)
    assert len(answer.body) < answer.body_bytes
    assert found(answer) == []
    counted_in_characters = exchange(
        json_body=success(comment=text), comment=text, header={"Content-Length": str(len(answer.body))}
    )
    assert [rule for rule, _ in found(counted_in_characters)] == [HEADERS_RULE]


ALL_SIX = ("Content-Length", *HEADERS)


@pytest.mark.parametrize("name", ALL_SIX)
def test_header_missing(kind, name):
    assert found(ANSWERS[kind](header={name: None})) == [*BEFORE[kind], (HEADERS_RULE, "it is missing")]


def test_all_headers_missing(kind):
    broken = found(ANSWERS[kind](header=dict.fromkeys(ALL_SIX)))
    assert broken == [*BEFORE[kind], *[(HEADERS_RULE, "it is missing")] * 6]


@pytest.mark.parametrize("name", ALL_SIX)
def test_header_twice_with_different_values(kind, name):
    size = ANSWERS[kind]().header("Content-Length")[0]
    values = [{**HEADERS, "Content-Length": size}[name], "else"]
    assert found(ANSWERS[kind](header={name: values})) == [
        *BEFORE[kind],
        (HEADERS_RULE, f"it stands 2 times: {values!r}"),
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        pytest.param(name, value, id=f"{name}:{value}")
        for name, values in {
            "Content-Length": ("", "0", "1", "99999", "-1", "many", "0x20", "²", "12 bytes", "1.0"),
            "Content-Type": (
                "",
                "text/plain",
                "text/json",
                "application/problem+json",
                "application/jsonp",
                "application/xml; application/json",
                "json",
            ),
            "Date": (
                "",
                "now",
                "2026-03-04T12:00:00Z",
                "1772625600",
                "Wed, 04 Mar 2026 12:00:00 +0000",
                "Wed, 04 Mar 2026 04:00:00 PST",
                "Wed, 04-Mar-2026 04:00:00 GMT-0800 (PST)",
                "04 Mar 2026 12:00:00 GMT",
                "Wed, 30 Feb 2026 12:00:00 GMT",
                "Thu, 05 Mar 2026 12:00:01 GMT",
                "Tue, 03 Mar 2026 11:59:59 GMT",
                "Tue, 04 Mar 2025 12:00:00 GMT",
            ),
            "Server": ("", "nginx", "arenasolutions", "ArenaSolutions/1.0", "Arena Solutions"),
            RESET: ("", "tomorrow", "0", "86400", "1772697600", "1772697600000", "Thu, 00-XYZ-2026", "2026-13-45"),
            REMAINING: ("", "many", "1.5", "1,000", "+5", "1e3", "½", "- 1", "--1", "null"),
        }.items()
        for value in values
    ],
)
def test_header_wrong(kind, name, value):
    broken = found(ANSWERS[kind](header={name: value}))
    assert [rule for rule, _ in broken] == [*[rule for rule, _ in BEFORE[kind]], HEADERS_RULE]


def test_a_finding_names_the_header_and_what_it_promises():
    (finding,) = judge(exchange(header={"Server": "nginx"}), PROFILES["documented"]).findings
    assert (finding.expected, finding.actual) == ("header Server: ArenaSolutions", "it is 'nginx'")


@pytest.mark.parametrize("answer", [exchange, refusal], ids=["success", "refusal"])
def test_surplus_bytes_belong_to_the_headers_alone(answer):
    ((rule, actual),) = found(answer(surplus_bytes=5))
    assert rule == HEADERS_RULE
    assert "more of the body follows" in actual


@pytest.mark.parametrize("answer", [exchange, refusal], ids=["success", "refusal"])
def test_a_body_cut_short_belongs_to_the_headers_alone(answer):
    cut = answer(header={"Content-Length": "900"}, cut_short=True, **BROKE)
    ((rule, actual),) = found(cut)
    assert rule == HEADERS_RULE
    assert actual.startswith("it is 900, but the body has ")


def test_a_body_that_broke_off_says_nothing_about_its_length():
    broken = exchange(body='{"qualityProcess": {', header={"Content-Length": "900"}, cut_short=True, **BROKE)
    assert found(broken) == []


# answers that can't be read

BROKE = {"trouble": "the connection broke within the body", "trouble_kind": Trouble.BROKEN}
SILENT = {"trouble": "no answer within 30 s", "trouble_kind": Trouble.SILENT}
CLOSED = {"trouble": "the connection was closed without an answer", "trouble_kind": Trouble.CLOSED}
MALFORMED = {"trouble": "the answer is not HTTP", "trouble_kind": Trouble.MALFORMED}


@pytest.mark.parametrize(
    ("answer", "rules"),
    [
        pytest.param(no_answer(**MALFORMED), {FAILURE}, id="no-http"),
        pytest.param(no_answer(**SILENT), set(), id="silence"),
        pytest.param(no_answer(**CLOSED), set(), id="closed"),
        pytest.param(exchange(body="[[", **MALFORMED), {SHAPE}, id="success-beyond-reading"),
        pytest.param(refusal(body="[[", **MALFORMED), {FAILURE}, id="refusal-beyond-reading"),
        pytest.param(exchange(body="[[", **BROKE), set(), id="success-that-broke-off"),
    ],
)
def test_what_no_network_does_is_the_servers_doing(answer, rules):
    assert {rule for rule, _ in found(answer)} == rules


def breakdowns(*answers):
    watch = Breakdowns()
    for answer in answers:
        watch.see(answer)
    return watch


READING = {"operation": "list-steps", "url": "http://127.0.0.1:8080/v1/qualityprocesses/P/steps"}
FINE = exchange(**READING)
BEYOND_ASCII = {"request_body": '{"comment": "é"}'.encode()}


@pytest.mark.parametrize(
    ("answers", "rules"),
    [
        pytest.param([*[no_answer(**SILENT)] * 3, *[FINE] * 40], {FAILURE}, id="silence-at-each-reopen"),
        pytest.param([*[exchange(body="[", **BROKE)] * 3, *[FINE] * 40], {SHAPE}, id="each-success-breaks-off"),
        pytest.param([*[refusal(body="[", **BROKE)] * 3, *[FINE] * 40], {FAILURE}, id="each-refusal-breaks-off"),
        pytest.param(
            [*[exchange(body="[", cut_short=True, **BROKE)] * 3, *[FINE] * 40],
            {HEADERS_RULE},
            id="none-as-long-as-said",
        ),
        pytest.param([*[no_answer(**SILENT)] * 12, *[exchange()] * 60, *[FINE] * 90], {FAILURE}, id="one-in-six"),
        pytest.param([*[no_answer(**SILENT)] * 2, *[FINE] * 400], set(), id="twice-is-chance"),
        pytest.param([*[no_answer(**SILENT)] * 3, *[FINE] * 4], set(), id="too-few-others"),
        pytest.param([*[no_answer(**SILENT)] * 5, *[exchange()] * 300, *[FINE] * 250], set(), id="now-and-then"),
        pytest.param(
            [*[no_answer(**SILENT)] * 9, no_answer(**READING, **SILENT), *[FINE] * 90],
            set(),
            id="others-too",
        ),
        pytest.param(
            [*[exchange(body="[", **BEYOND_ASCII, **BROKE)] * 3, *[exchange()] * 90, *[FINE] * 40],
            {SHAPE},
            id="beyond-ascii-alone",
        ),
        pytest.param(
            [exchange(operation="complete-step", body="[", **BROKE), *[exchange(body="[", **BROKE)] * 3, *[FINE] * 60],
            {SHAPE},
            id="completing-too",
        ),
        pytest.param([*[no_answer(**CLOSED)] * 9, *[FINE] * 90], set(), id="closed-is-left-to-the-server"),
    ],
)
def test_what_befalls_reopens_alone_is_the_servers_doing(answers, rules):
    assert {finding.rule for finding in breakdowns(*answers).findings} == rules


def test_it_is_no_use_to_go_on_where_no_reopen_is_answered():
    assert breakdowns(*[FINE] * 40, *[no_answer(**SILENT)] * 9).hopeless == ""
    why = breakdowns(*[FINE] * 40, *[no_answer(**SILENT)] * 10).hopeless
    assert why == "none of 10 calls had an answer that can be read: no answer within 30 s"


def test_it_is_no_use_to_go_on_where_nothing_is_answered():
    why = breakdowns(*[no_answer(**READING, **SILENT)] * 10).hopeless
    assert why == "10 calls in a row had no answer: no answer within 30 s"


@pytest.mark.parametrize("status", [408, 411, 501, 505])
def test_the_http_layer_below_is_not_judged(status):
    assert judge(refusal(status), PROFILES["documented"]).judged == frozenset()


def test_a_body_that_was_not_read_to_its_end_says_nothing_about_its_length():
    broken = exchange(body="{", trouble="the body did not end in time", header={"Content-Length": "900"})
    assert found(broken) == []


# status

SENT = {
    "other": {},
    "no-session": {"account": ""},
    "text": {"request_headers": (("Content-Type", "text/plain"),)},
    "no-type": {"request_headers": ()},
    "other-charset": {"request_headers": (("content-type", "application/json; charset=utf-16"),)},
    "utf-8": {"request_headers": (("content-type", "application/json; Charset=UTF-8"),)},
    "capitals": {"request_headers": (("content-type", "Application/JSON"),)},
    "used-up": {"header": {REMAINING: "0"}},
    "overdrawn": {"header": {REMAINING: "-3"}},
}


@pytest.mark.parametrize(
    ("profile", "sent", "status"),
    [
        pytest.param(profile, sent, status, id=f"{profile}-{sent}-{status}")
        for profile, rows in {
            "documented": [
                ("other", 400),
                ("utf-8", 400),
                ("no-session", 400),
                ("no-session", 401),
                ("text", 400),
                ("text", 415),
                ("no-type", 400),
                ("no-type", 415),
                ("other-charset", 400),
                ("other-charset", 415),
                ("capitals", 400),
                ("capitals", 415),
                ("used-up", 429),
                ("used-up", 400),
                ("overdrawn", 429),
            ],
            "winter-2023": [
                ("other", 400),
                ("utf-8", 400),
                ("no-session", 401),
                ("text", 415),
                ("no-type", 415),
                ("other-charset", 400),
                ("other-charset", 415),
                ("capitals", 400),
                ("capitals", 415),
                ("used-up", 429),
                ("used-up", 400),
            ],
        }.items()
        for sent, status in rows
    ],
)
def test_status_accepted(profile, sent, status):
    assert found(refusal(status, **SENT[sent]), profile) == []


@pytest.mark.parametrize(
    ("profile", "sent", "status", "allowed"),
    [
        pytest.param(profile, sent, status, allowed, id=f"{profile}-{sent}-{status}")
        for profile, rows in {
            "documented": [
                ("other", (401, 403, 404, 405, 409, 413, 415, 422, 429, 451, 499), "400"),
                ("utf-8", (415,), "400"),
                ("no-session", (403, 404, 415, 422, 429), "400 or 401"),
                ("text", (401, 403, 404, 406, 422, 429), "400 or 415"),
                ("no-type", (401, 412), "400 or 415"),
                ("other-charset", (401, 422), "400 or 415"),
                ("capitals", (401, 422), "400 or 415"),
                ("used-up", (403, 401), "400"),
            ],
            "winter-2023": [
                ("other", (401, 403, 404, 409, 415, 422, 429), "400"),
                ("no-session", (400, 403, 415), "401"),
                ("text", (400, 401, 422), "415"),
                ("no-type", (400,), "415"),
                ("other-charset", (401,), "400 or 415"),
                ("used-up", (403,), "400"),
            ],
        }.items()
        for sent, statuses, allowed in rows
        for status in statuses
    ],
)
def test_status_refused(profile, sent, status, allowed):
    answer = refusal(status, **SENT[sent])
    assert found(answer, profile) == [(FAILURE, f"status {status}")]
    assert judge(answer, PROFILES[profile]).findings[0].expected == f"status {allowed}"


@pytest.mark.parametrize("status", [200, 202, 203, 205, 206, 299])
def test_another_success_than_201(status):
    assert found(exchange(status=status)) == [(SUCCESS, f"status {status}")]


def test_204_belongs_to_the_success_alone():
    assert found(exchange(status=204, body="", headers=())) == [(SUCCESS, "status 204")]


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
def test_a_redirect(status):
    assert found(exchange(status=status)) == [(FAILURE, f"status {status}: a redirect; none is followed")]


@pytest.mark.parametrize("status", [500, 502, 503, 504, 507, 599, 600, 999])
@pytest.mark.parametrize("sent", ["other", "no-session", "text"])
def test_a_server_error_is_never_right(status, sent):
    answer = exchange(status=status, body="<html>", headers=(), **SENT[sent])
    assert found(answer) == [(FAILURE, f"status {status}: the server failed")]


@pytest.mark.parametrize(
    ("answer", "used_up"),
    [
        pytest.param(refusal(429, header={REMAINING: "0"}), True, id="shows-0"),
        pytest.param(refusal(429, header={REMAINING: "-1"}), True, id="shows-less"),
        pytest.param(refusal(429, header={REMAINING: None}), True, id="bare-429"),
        pytest.param(refusal(429, header={REMAINING: "unknown"}), True, id="unreadable"),
        pytest.param(refusal(429, header={REMAINING: "17"}), False, id="too-fast"),
        pytest.param(refusal(400, header={REMAINING: "0"}), False, id="last-call-refused"),
        pytest.param(exchange(header={REMAINING: "0"}), False, id="last-call-done"),
        pytest.param(no_answer(), False, id="no-answer"),
    ],
)
def test_quota_used_up(answer, used_up):
    assert quota_used_up(answer) is used_up


# the envelope of a refusal


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(envelope(), id="as-printed"),
        pytest.param(envelope(code=0, message=""), id="code-0-and-no-words"),
        pytest.param(envelope(code=-1), id="negative-code"),
        pytest.param({**envelope(), "errors": envelope()["errors"] * 3}, id="three-errors"),
        pytest.param({**envelope(), "requestId": "x"}, id="more-beside"),
        pytest.param({"status": 400, "errors": [{"code": 1, "message": "x", "field": "guid"}]}, id="more-within"),
    ],
)
def test_envelope_accepted(body):
    assert found(refusal(json_body=body)) == []


ERROR = envelope()["errors"][0]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(refusal(body=""), id="no-body"),
        pytest.param(refusal(body="Bad Request"), id="plain-text"),
        pytest.param(refusal(body="<html></html>"), id="html"),
        pytest.param(refusal(body='{"status": 400, "errors": ['), id="broken-json"),
        *[
            pytest.param(refusal(json_body=body), id=name)
            for name, body in {
                "null": None,
                "text": "The quality process is already open.",
                "array": [ERROR],
                "empty-object": {},
                "bare-error": ERROR,
                "errors-empty": {"status": 400, "errors": []},
                "errors-null": {"status": 400, "errors": None},
                "errors-object": {"status": 400, "errors": ERROR},
                "errors-of-text": {"status": 400, "errors": ["open"]},
                "no-errors": {"status": 400},
                "no-status": {"errors": [ERROR]},
                "no-code": {"status": 400, "errors": [{"message": "x"}]},
                "no-message": {"status": 400, "errors": [{"code": 1}]},
                "code-text": envelope(code="3089"),
                "code-null": envelope(code=None),
                "code-boolean": envelope(code=True),
                "code-fraction": envelope(code=1.5),
                "message-null": envelope(message=None),
                "message-number": envelope(message=1),
                "status-text": envelope(status="400"),
                "status-null": envelope(status=None),
                "status-differs": envelope(status=401),
                "status-of-success": envelope(status=201),
                "second-error-wrong": {"status": 400, "errors": [ERROR, {}]},
            }.items()
        ],
    ],
)
def test_envelope_refused(answer):
    assert [rule for rule, _ in found(answer)] == [FAILURE]


@pytest.mark.parametrize(
    ("status", "sent"), [pytest.param(401, "no-session", id="401"), pytest.param(415, "text", id="415")]
)
def test_every_refusal_carries_the_envelope(status, sent):
    ((rule, actual),) = found(refusal(status, body="denied", **SENT[sent]))
    assert rule == FAILURE
    assert "no JSON" in actual


def test_status_and_envelope_are_two_findings():
    assert [rule for rule, _ in found(refusal(403, body="denied"))] == [FAILURE, FAILURE]


# the body of a success


def answered(body, **overrides):
    return exchange(json_body=body, **overrides)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(answered(success()), id="as-printed"),
        pytest.param(answered(success(status="COMPLETED", completedDateTime="2026-03-04T12:00:00Z")), id="completed"),
        pytest.param(answered(success(status="COMPLETE")), id="the-other-word-for-completed"),
        pytest.param(answered(success(currentStep=None)), id="no-current-step"),
        pytest.param(answered(success(targetCompletionDateTime=None)), id="no-due-date"),
        pytest.param(answered(success(owner=PERSON, creator=PERSON)), id="no-e-mail"),
        pytest.param(answered(success(owner={**PERSON, "email": None})), id="e-mail-null"),
        pytest.param(answered(success(description="")), id="no-description"),
        pytest.param(answered(success(statusMode="MANUAL")), id="manual"),
        pytest.param(answered({**success(), "more": {}}), id="more-beside"),
        pytest.param(answered(success(more=[1])), id="more-within"),
        pytest.param(answered(success(comment=None), comment=None), id="no-comment"),
        pytest.param(answered(success(comment=None), comment="Changed.\x07"), id="comment-with-a-control-character"),
        pytest.param(answered(success(comment="cut"), comment="x" * 1001), id="comment-too-long"),
        pytest.param(answered(success(comment=None), comment=""), id="comment-empty"),
        pytest.param(answered(success(comment="x" * 1000), comment="x" * 1000), id="longest-comment"),
        pytest.param(answered({}, comment=UNREADABLE), id="body-out-of-the-ordinary"),
        pytest.param(exchange(body="OK", comment=UNREADABLE), id="body-out-of-the-ordinary-no-json"),
    ],
)
def test_success_body_accepted(answer):
    assert found(answer) == []


PROCESS_KEYS = (
    "completedDateTime",
    "creationDateTime",
    "creator",
    "currentStep",
    "description",
    "guid",
    "name",
    "number",
    "owner",
    "status",
    "statusMode",
    "targetCompletionDateTime",
    "template",
    "type",
)
SAMPLE_PATHS = [
    ("qualityProcess",),
    ("complete",),
    ("comment",),
    *[("qualityProcess", key) for key in PROCESS_KEYS],
    *[("qualityProcess", who, key) for who in ("creator", "owner") for key in ("fullName", "guid")],
    *[("qualityProcess", "currentStep", key) for key in ("approvals", "attributes", "guid")],
    *[("qualityProcess", "template", key) for key in ("active", "guid")],
]


@pytest.mark.parametrize("path", SAMPLE_PATHS, ids=".".join)
def test_success_body_lacks_a_key(path):
    ((rule, actual),) = found(answered(without(success(), *path)))
    assert rule == SHAPE
    assert repr(path[-1]) in actual


@pytest.mark.parametrize("path", SAMPLE_PATHS, ids=".".join)
def test_success_body_has_a_key_of_another_type(path):
    ((rule, actual),) = found(answered(replaced(success(), [], *path)))
    assert rule == SHAPE
    assert actual.startswith(".".join(path))


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(exchange(body=""), id="no-body"),
        pytest.param(exchange(body="OK"), id="plain-text"),
        pytest.param(exchange(body='{"qualityProcess": '), id="broken-json"),
        pytest.param(exchange(status=201, body="null"), id="null"),
        pytest.param(answered([success()]), id="array"),
        pytest.param(answered(envelope()), id="an-envelope"),
        pytest.param(answered({**success(), "complete": True}), id="complete-true"),
        pytest.param(answered({**success(), "complete": None}), id="complete-null"),
        pytest.param(answered({**success(), "complete": "false"}), id="complete-text"),
        pytest.param(answered({**success(), "complete": 0}), id="complete-number"),
        pytest.param(answered(success(comment=1)), id="comment-number"),
        pytest.param(answered(success(status="CLOSED")), id="status-unknown"),
        pytest.param(answered(success(status="open")), id="status-in-small-letters"),
        pytest.param(answered(success(creationDateTime="2017-01-20")), id="date-without-time"),
        pytest.param(answered(success(creationDateTime="2017-01-20T19:35:37+00:00")), id="date-not-zulu"),
        pytest.param(answered(success(creationDateTime=None)), id="creation-null"),
        pytest.param(answered(success(completedDateTime="")), id="completed-empty"),
        pytest.param(answered(success(type="NULL")), id="type-text"),
        pytest.param(answered(success(guid="K2M5O1MD03MI1K3MVZIC")), id="another-process"),
        pytest.param(answered(success(guid="")), id="guid-empty"),
        pytest.param(exchange(subject=None), id="no-process-was-asked-for"),
        pytest.param(answered(success(comment="Changed.")), id="comment-changed"),
        pytest.param(answered(success(comment=None)), id="comment-lost"),
        pytest.param(answered(success(comment="")), id="comment-emptied"),
        pytest.param(answered(success(comment="Gro\u0308\u00dfe"), comment="Gr\u00f6\u00dfe"), id="comment-decomposed"),
        pytest.param(answered(success(comment="a b"), comment="a  b"), id="comment-squeezed"),
        pytest.param(answered(success(comment="a\r\nb"), comment="a\nb"), id="comment-with-another-line-end"),
        pytest.param(answered(success(comment="&lt;b&gt;"), comment="<b>"), id="comment-escaped"),
        pytest.param(answered(success(comment="x" * 999), comment="x" * 1000), id="longest-comment-cut"),
    ],
)
def test_success_body_refused(answer):
    assert [rule for rule, _ in found(answer)] == [SHAPE]


def test_an_empty_body_counts_where_201_came_and_not_where_another_success_did():
    assert [rule for rule, _ in found(exchange(status=202, body=""))] == [SUCCESS]
    assert [rule for rule, _ in found(exchange(status=200, body="{}"))] == [SUCCESS, SHAPE]


@pytest.mark.parametrize(
    ("shown", "own"),
    [
        pytest.param({}, {}, id="the-same"),
        pytest.param({"creationDateTime": "2017-01-20T19:35:37+00:00"}, {}, id="same-moment-in-another-form"),
        pytest.param({"creationDateTime": "2017-01-20T11:35:37-08:00"}, {}, id="same-moment-in-another-zone"),
        pytest.param({"owner": PERSON}, {}, id="owner-without-e-mail"),
        pytest.param({"owner": {"guid": PERSON["guid"]}}, {}, id="owner-by-guid-alone"),
        pytest.param({"status": "COMPLETED"}, {}, id="status-is-no-identity"),
        pytest.param({"currentStep": {"guid": "OTHER"}}, {}, id="current-step-is-no-identity"),
        pytest.param({"completedDateTime": "2026-03-04T12:00:00Z"}, {}, id="completion-is-no-identity"),
        pytest.param({"targetCompletionDateTime": None}, {"targetCompletionDateTime": None}, id="both-null"),
    ],
)
def test_identity_accepted(shown, own):
    assert found(answered(success(**own)), shown=process(**shown)) == []


@pytest.mark.parametrize("key", ["number", "owner", "name", "creator", "template", "description", "statusMode"])
def test_identity_is_not_judged_where_the_process_view_lacks_it(key):
    other = {"guid": "OTHER"} if key in ("owner", "creator", "template") else "other"
    assert [rule for rule, _ in found(exchange(), shown=process(**{key: other}))] == [SHAPE]
    assert found(exchange(), shown=without(process(**{key: other}), key)) == []


@pytest.mark.parametrize(
    ("key", "shown", "own"),
    [
        pytest.param("number", "CAR-000004", "CAR-000003", id="number"),
        pytest.param("name", "Bezels melted", "Everyroad bezels melted/burned.", id="name"),
        pytest.param("description", "", "Products have been melting at high temps.", id="description"),
        pytest.param("statusMode", "MANUAL", "AUTOMATIC", id="status-mode"),
        pytest.param("owner", {"guid": "OTHER", "fullName": "Heidi W"}, PERSON["guid"], id="owner"),
        pytest.param("creator", {"guid": "OTHER", "fullName": "Heidi W"}, PERSON["guid"], id="creator"),
        pytest.param("owner", None, PERSON["guid"], id="owner-null"),
        pytest.param("template", {"guid": "OTHER", "active": None}, "2KN4N6J4VIL40J2L4N0B3", id="template"),
        pytest.param("creationDateTime", "2017-01-20T19:35:38Z", "2017-01-20T19:35:37Z", id="creation"),
        pytest.param("creationDateTime", "unknown", "2017-01-20T19:35:37Z", id="creation-unreadable"),
        pytest.param("targetCompletionDateTime", None, "2017-02-04T07:59:59Z", id="due-date"),
    ],
)
def test_identity_refused(key, shown, own):
    ((rule, actual),) = found(exchange(), shown=process(**{key: shown}))
    assert rule == SHAPE
    assert actual.startswith(f"{key} is ")
    assert own in actual


def test_every_fault_goes_to_the_rule_that_owns_it():
    answer = answered(success(number="X", comment="y"), status=200, header={"Server": "nginx", REMAINING: None})
    assert found(answer, shown=process()) == [
        (SUCCESS, "status 200"),
        (HEADERS_RULE, "it is 'nginx'"),
        (HEADERS_RULE, "it is missing"),
        (SHAPE, "number is '\"X\"'"),
        (SHAPE, "'y'"),
    ]


@pytest.mark.parametrize(
    ("comment", "is_promised"),
    [
        pytest.param("x", True, id="one-character"),
        pytest.param("two\nlines", True, id="newline"),
        pytest.param(" ", True, id="space"),
        pytest.param("Ünïcödé", True, id="latin"),
        pytest.param("尺寸 Ελληνικά العربية עברית", True, id="scripts"),
        pytest.param("🙂", True, id="beyond-the-basic-plane"),
        pytest.param('"\\/<>&{}[]', True, id="signs-that-formats-use"),
        pytest.param("x" * 1000, True, id="1000"),
        pytest.param("🙂" * 1000, True, id="1000-beyond-the-basic-plane"),
        pytest.param("x" * 1001, False, id="1001"),
        pytest.param("", False, id="empty"),
        pytest.param("\t", False, id="tab"),
        pytest.param("\r\n", False, id="carriage-return"),
        pytest.param("\0", False, id="nul"),
        pytest.param("\x1b[31m", False, id="escape"),
        pytest.param("\x7f", False, id="delete"),
        pytest.param("\ud800", False, id="surrogate"),
        pytest.param("\u202e", False, id="turns-the-direction"),
        pytest.param("\ufeff", False, id="byte-order-mark"),
        pytest.param(None, False, id="null"),
        pytest.param(UNREADABLE, False, id="body-out-of-the-ordinary"),
        pytest.param(5, False, id="number"),
    ],
)
def test_promised(comment, is_promised):
    assert promised(comment) is is_promised


MOMENT = dt.datetime(1994, 11, 6, 8, 49, 37, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        pytest.param("Sun, 06 Nov 1994 08:49:37 GMT", MOMENT, id="imf-fixdate"),
        pytest.param("Sunday, 06-Nov-94 08:49:37 GMT", MOMENT, id="rfc-850"),
        pytest.param("Sun Nov  6 08:49:37 1994", MOMENT, id="asctime"),
        pytest.param("Thu, 29 Feb 2024 23:59:59 GMT", dt.datetime(2024, 2, 29, 23, 59, 59, tzinfo=dt.UTC), id="leap"),
        pytest.param("", None, id="empty"),
        pytest.param("Sun, 06 Nov 1994 08:49:37", None, id="no-zone"),
        pytest.param("Sun, 06 Nov 1994 08:49:37 UTC", None, id="utc"),
        pytest.param("Sun, 06 Nov 1994 08:49:37 +0000", None, id="offset"),
        pytest.param("Sun, 06-Nov-1994 08:49:37 GMT", None, id="hyphens-and-a-long-year"),
        pytest.param("06 Nov 1994 08:49:37 GMT", None, id="no-weekday"),
        pytest.param("Sun, 06 Nov 1994 24:49:37 GMT", None, id="hour-24"),
        pytest.param("Thu, 29 Feb 2023 08:49:37 GMT", None, id="no-such-day"),
        pytest.param("1994-11-06T08:49:37Z", None, id="iso"),
        pytest.param("784111777", None, id="seconds"),
        pytest.param("Sun, 06 Nov 1994 08:49:37 GMT, x", None, id="more-behind"),
    ],
)
def test_http_date(text, moment):
    assert http_date(text) == moment


DAY = dt.date(2014, 5, 2)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        pytest.param("Fri, 02-May-2014 14:22:13 GMT-0700 (PDT)", DAY, id="the-vendors"),
        pytest.param("Fri, 02 May 2014 21:22:13 GMT", DAY, id="imf-fixdate"),
        pytest.param("Friday, 02-May-14 21:22:13 GMT", DAY, id="rfc-850"),
        pytest.param("Fri May  2 21:22:13 2014", DAY, id="asctime"),
        pytest.param("Fri May 02 14:22:13 PDT 2014", DAY, id="java"),
        pytest.param("Fri May 02 2014 14:22:13 GMT-0700 (Pacific Daylight Time)", DAY, id="javascript"),
        pytest.param("2014-05-02T14:22:13-07:00", DAY, id="iso-offset"),
        pytest.param("2014-05-02T21:22:13.000Z", DAY, id="iso-zulu"),
        pytest.param("2014-05-02", DAY, id="iso-day"),
        pytest.param("2014-05-02 14:22:13", DAY, id="sql"),
        pytest.param("20140502T212213Z", DAY, id="iso-basic"),
        pytest.param("2014/05/02", DAY, id="slashes"),
        pytest.param("May 2, 2014", DAY, id="american"),
        pytest.param("2 May 2014", DAY, id="british"),
        pytest.param("2. May 2014", DAY, id="german"),
        pytest.param("2 september 2014", dt.date(2014, 9, 2), id="month-in-full"),
        pytest.param("resets on 2014-05-02", DAY, id="words-before"),
        pytest.param("", None, id="empty"),
        pytest.param("tomorrow", None, id="word"),
        pytest.param("midnight", None, id="time-of-day"),
        pytest.param("14:22:13", None, id="time"),
        pytest.param("0", None, id="zero"),
        pytest.param("86400", None, id="seconds-left"),
        pytest.param("1399065733", None, id="seconds-since-1970"),
        pytest.param("1399065733000", None, id="milliseconds-since-1970"),
        pytest.param("2014-13-01", None, id="month-13"),
        pytest.param("2014-02-30", None, id="no-such-day"),
        pytest.param("31-Feb-2014", None, id="no-such-day-in-words"),
        pytest.param("02-Foo-2014", None, id="no-such-month"),
        pytest.param("May 2014", None, id="no-day"),
        pytest.param("2 May", None, id="no-year"),
    ],
)
def test_readable_date(text, day):
    assert readable_date(text) == day


# quota

SKIPPED, KEPT, BROKEN = "not judged", "kept", "broken"


def reading(left, **overrides):
    header = {REMAINING: left if left is None or isinstance(left, list) else str(left)}
    return exchange(**{"header": header, **overrides})


def at(started, left):
    return reading(left, started=started)


def seen(exclusive, *answers):
    watch = QuotaWatch(exclusive)
    return [_word(watch.see(answer)) for answer in answers]


def _word(judgement: Judgement):
    if not judgement.judged:
        assert judgement.findings == ()
        return SKIPPED
    assert judgement.judged == {QUOTA}
    assert [finding.rule for finding in judgement.findings] in ([], [QUOTA])
    return BROKEN if judgement.findings else KEPT


LOGIN = {"operation": "login", "account": ""}
LOGOUT = {"operation": "logout"}
NOBODY = {"account": ""}
ABROAD = {"account": "foreigner"}

USED_UP, NOTHING_LEFT = (refusal(status, header={REMAINING: "0"}) for status in (429, 400))

BOTH_WAYS = {
    "first": ([reading(10)], [SKIPPED]),
    "one-by-one": ([reading(10), reading(9), reading(8)], [SKIPPED, KEPT, KEPT]),
    "refused-calls-count": ([reading(10), refusal(header={REMAINING: "9"})], [SKIPPED, KEPT]),
    "not-lowered": ([reading(10), reading(10)], [SKIPPED, BROKEN]),
    "raised": ([reading(10), reading(11)], [SKIPPED, BROKEN]),
    "goes-on-from-what-came": ([reading(10), reading(10), reading(9)], [SKIPPED, BROKEN, KEPT]),
    "login-is-free": ([reading(10), reading(None, **LOGIN), reading(9)], [SKIPPED, SKIPPED, KEPT]),
    "login-with-a-count-is-not-judged": ([reading(10), reading(3, **LOGIN), reading(9)], [SKIPPED, SKIPPED, KEPT]),
    "logout-counted": ([reading(10), reading(9, **LOGOUT), reading(8)], [SKIPPED, SKIPPED, KEPT]),
    "logout-not-counted": ([reading(10), reading(None, **LOGOUT), reading(9)], [SKIPPED, SKIPPED, KEPT]),
    "nobodys-call-counted": ([reading(10), refusal(401, **NOBODY), reading(8)], [SKIPPED, SKIPPED, KEPT]),
    "nobodys-call-not-counted": ([reading(10), refusal(401, **NOBODY), reading(9)], [SKIPPED, SKIPPED, KEPT]),
    "lost-call-counted": ([reading(10), no_answer(), reading(8)], [SKIPPED, SKIPPED, KEPT]),
    "lost-call-not-counted": ([reading(10), no_answer(), reading(9)], [SKIPPED, SKIPPED, KEPT]),
    "lost-call-alone-is-not-enough": ([reading(10), no_answer(), reading(10)], [SKIPPED, SKIPPED, BROKEN]),
    "no-count-then-count": ([reading(10), reading(None), reading(8)], [SKIPPED, SKIPPED, KEPT]),
    "unreadable-then-count": ([reading(10), reading("some"), reading(8)], [SKIPPED, SKIPPED, KEPT]),
    "two-values-then-count": ([reading(10), reading(["9", "7"]), reading(8)], [SKIPPED, SKIPPED, KEPT]),
    "twice-the-same-value": ([reading(10), reading(["9", "9"])], [SKIPPED, KEPT]),
    "a-missing-count-excuses-nothing": ([reading(10), reading(None), reading(10)], [SKIPPED, SKIPPED, BROKEN]),
    "simultaneous-calls-are-not-judged": (
        [reading(10), reading(3, simultaneous=True), reading(3, simultaneous=True), reading(7), reading(6)],
        [SKIPPED, SKIPPED, SKIPPED, SKIPPED, KEPT],
    ),
    "workspaces-apart": (
        [reading(10), reading(500, **ABROAD), reading(9), reading(499, **ABROAD), reading(8)],
        [SKIPPED, SKIPPED, KEPT, KEPT, KEPT],
    ),
    "the-other-workspace-is-judged-too": (
        [reading(10), reading(500, **ABROAD), reading(9), reading(500, **ABROAD)],
        [SKIPPED, SKIPPED, KEPT, BROKEN],
    ),
    "to-zero": ([reading(1), reading(0)], [SKIPPED, KEPT]),
    "zero-stays-zero-with-429": ([reading(0), USED_UP, USED_UP], [SKIPPED, KEPT, KEPT]),
    "zero-stays-zero-with-400": ([reading(0), NOTHING_LEFT, NOTHING_LEFT], [SKIPPED, KEPT, KEPT]),
    "a-success-at-zero": ([reading(0), reading(0)], [SKIPPED, BROKEN]),
    "below-zero": ([reading(0), reading(-1)], [SKIPPED, BROKEN]),
    "below-zero-at-once": ([reading(-1)], [BROKEN]),
    "below-zero-and-on": ([reading(-1), reading(-2)], [BROKEN, BROKEN]),
    "from-zero-up": ([reading(0), reading(5)], [SKIPPED, BROKEN]),
}


@pytest.mark.parametrize("exclusive", [True, False], ids=["exclusive", "shared"])
@pytest.mark.parametrize(("answers", "words"), BOTH_WAYS.values(), ids=BOTH_WAYS)
def test_quota(exclusive, answers, words):
    assert seen(exclusive, *answers) == words


EXCLUSIVE_ONLY = {
    "two-at-once": ([reading(10), reading(8)], 1),
    "far-below": ([reading(10), reading(0)], 1),
    "one-more-than-the-login-excuses": ([reading(10), reading(None, **LOGIN), reading(8)], 2),
    "one-more-than-the-logout-excuses": ([reading(10), reading(None, **LOGOUT), reading(7)], 2),
    "one-more-than-nobody-excuses": ([reading(10), refusal(401, **NOBODY), reading(7)], 2),
    "one-more-than-a-lost-call-excuses": ([reading(10), no_answer(), reading(7)], 2),
    "one-more-than-a-missing-count-excuses": ([reading(10), reading(None), reading(7)], 2),
    "the-other-workspace": ([reading(10, **ABROAD), reading(8, **ABROAD)], 1),
}


@pytest.mark.parametrize(("answers", "index"), EXCLUSIVE_ONLY.values(), ids=EXCLUSIVE_ONLY)
def test_quota_falls_too_fast(answers, index):
    assert seen(True, *answers)[index] == BROKEN
    assert seen(False, *answers)[index] == KEPT


@pytest.mark.parametrize(
    ("exclusive", "words"),
    [pytest.param(True, [SKIPPED, BROKEN, KEPT], id="exclusive"), pytest.param(False, [SKIPPED] * 3, id="shared")],
)
def test_quota_of_supporting_calls(exclusive, words):
    answers = [reading(left, operation="get-step") for left in (10, 8, 7)]
    assert seen(exclusive, *answers) == words


def test_supporting_calls_count():
    answers = [reading(10), reading(9, operation="get-step"), reading(8)]
    assert seen(True, *answers) == [SKIPPED, KEPT, KEPT]
    assert seen(False, *answers) == [SKIPPED, SKIPPED, KEPT]


@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        pytest.param("2026-01-15T07:59:00.000Z", "2026-01-15T08:02:00.000Z", SKIPPED, id="midnight-in-winter"),
        pytest.param("2026-07-15T06:59:00.000Z", "2026-07-15T07:02:00.000Z", SKIPPED, id="midnight-in-summer"),
        pytest.param("2026-01-15T08:00:40.000Z", "2026-01-15T08:00:50.000Z", SKIPPED, id="some-seconds-late"),
        pytest.param("2026-01-15T07:59:10.000Z", "2026-01-15T07:59:20.000Z", SKIPPED, id="some-seconds-early"),
        pytest.param("2026-01-15T12:00:00.000Z", "2026-01-16T08:30:00.000Z", SKIPPED, id="the-next-morning"),
        pytest.param("2026-01-15T23:59:00.000Z", "2026-01-16T07:30:00.000Z", SKIPPED, id="over-midnight-utc-and-on"),
        pytest.param("2026-01-15T09:00:00.000Z", "2026-01-17T06:00:00.000Z", SKIPPED, id="days-later"),
        pytest.param("2026-01-15T09:00:00.000Z", "2026-01-15T09:00:01.000Z", BROKEN, id="after-midnight"),
        pytest.param("2026-01-15T06:00:00.000Z", "2026-01-15T06:30:00.000Z", BROKEN, id="before-midnight"),
        pytest.param("2026-01-15T09:00:00.000Z", "2026-01-16T06:30:00.000Z", BROKEN, id="a-whole-day-without-it"),
        pytest.param("2026-01-15T23:59:59.000Z", "2026-01-16T00:00:01.000Z", BROKEN, id="midnight-utc"),
        pytest.param("2026-01-15T08:02:00.000Z", "2026-01-15T08:03:00.000Z", BROKEN, id="two-minutes-past"),
    ],
)
def test_quota_is_reset_at_midnight_pacific(before, after, word):
    assert seen(True, at(before, 10), at(after, 9999)) == [SKIPPED, word]
    assert seen(False, at(before, 10), at(after, 9999)) == [SKIPPED, word]


def test_quota_is_judged_again_after_a_reset():
    midnight = [at("2026-01-15T07:59:59.000Z", 10), at("2026-01-15T08:00:01.000Z", 9999)]
    later = [at("2026-01-15T08:10:00.000Z", 9998), at("2026-01-15T08:10:01.000Z", 9998)]
    assert seen(True, *midnight, *later) == [SKIPPED, SKIPPED, SKIPPED, BROKEN]


@pytest.mark.parametrize(
    ("exclusive", "answers", "expected", "actual"),
    [
        pytest.param(
            True,
            [reading(10), reading(8)],
            f"{REMAINING} falls by 1, one for each call",
            "it went from 10 to 8",
            id="exclusive",
        ),
        pytest.param(
            False,
            [reading(10), reading(10)],
            f"{REMAINING} falls by at least 1, one for each call",
            "it went from 10 to 10",
            id="shared",
        ),
        pytest.param(
            True,
            [reading(10), no_answer(), reading(5)],
            f"{REMAINING} falls by 1 to 2, one for each call",
            "it went from 10 to 5",
            id="between",
        ),
        pytest.param(True, [reading(-1)], f"{REMAINING} is never negative", "it is -1", id="negative"),
    ],
)
def test_a_finding_about_the_quota_says_what_came(exclusive, answers, expected, actual):
    watch = QuotaWatch(exclusive)
    (finding,) = [finding for answer in answers for finding in watch.see(answer).findings]
    assert (finding.expected, finding.actual, finding.exchanges) == (expected, actual, (7,))
