"""What a scenario may expect of an answer, each in both directions: the answers it accepts and those it refuses."""

import pytest
from make import envelope, exchange, no_answer, refusal, snapshot, step

from conformance import contract, expect
from conformance.expect import Broken, NoAnswer, Refused, Unclear
from conformance.invariants import Judgement
from conformance.stage import changes
from conformance.verdict import Finding

PROFILES = contract.profiles()
DOCUMENTED, WINTER = PROFILES["documented"], PROFILES["winter-2023"]

PLAIN_TEXT = {"body": "Service down", "header": {"Content-Type": "text/plain"}}

# what says nothing about any promise but the one that binds every answer
UNCLEAR = {
    "redirect": exchange(status=302, **PLAIN_TEXT),
    "not-modified": exchange(status=304, body=""),
    "server-error": exchange(status=500, **PLAIN_TEXT),
    "unavailable": exchange(status=503, **PLAIN_TEXT),
    "quota-used-up": refusal(429, header={"X-Arena-Requests-Remaining": "0"}),
    "too-fast": refusal(429),
}
UNANSWERED = {
    "nothing-came": no_answer(),
    "body-broke-off-without-length": exchange(status=200, trouble="the connection broke within the body"),
    "refusal-broke-off": refusal(trouble="the body did not end in time"),
}
SHORT = "the connection broke within the body"


def table(rows):
    return [pytest.param(answer, id=name) for name, answer in rows.items()]


@pytest.mark.parametrize(
    "answer",
    table(
        {
            "201": exchange(),
            "200-is-another-rules-business": exchange(status=200),
            "204-is-another-rules-business": exchange(status=204, body=""),
            "body-is-another-rules-business": exchange(body="done"),
            "body-shorter-than-announced": exchange(trouble=SHORT, cut_short=True),
            "surplus-bytes": exchange(surplus_bytes=3),
        }
    ),
)
def test_reopened_takes(answer):
    assert expect.reopened(answer) is None


@pytest.mark.parametrize(
    "answer",
    table(
        {
            "400": refusal(),
            "401": refusal(401),
            "403": refusal(403),
            "404-without-envelope": refusal(404, body="not found"),
            "499": refusal(499),
            "cut-short-refusal": refusal(trouble=SHORT, cut_short=True),
        }
    ),
)
def test_reopened_breaks_on(answer):
    with pytest.raises(Refused, match="the call was refused") as caught:
        expect.reopened(answer)
    assert (caught.value.rule, caught.value.exchanges) == ("", (7,))
    assert str(answer.status) in caught.value.actual


JUDGES = {
    "reopened": expect.reopened,
    "refused": lambda answer: expect.refused(answer, DOCUMENTED["other"]),
}
ALL_JUDGES = {
    **JUDGES,
    "exactly-one": lambda answer: expect.exactly_one([exchange(), answer]),
    "status": lambda answer: expect.status(answer, answer.status or 201),
}


@pytest.mark.parametrize("judge", JUDGES)
@pytest.mark.parametrize("answer", table(UNCLEAR))
def test_unclear_is_neither_kept_nor_broken(judge, answer):
    with pytest.raises(Unclear, match="exchange 7"):
        JUDGES[judge](answer)


@pytest.mark.parametrize("judge", ALL_JUDGES)
@pytest.mark.parametrize("answer", table(UNANSWERED))
def test_no_answer_is_neither_kept_nor_broken(judge, answer):
    with pytest.raises(NoAnswer, match=f"exchange 7: {answer.trouble}"):
        ALL_JUDGES[judge](answer)


def test_a_201_is_no_refusal_whatever_became_of_its_body():
    with pytest.raises(Broken, match="the call was accepted"):
        expect.refused(exchange(trouble="the connection broke within the body"), DOCUMENTED["not-permitted"])


@pytest.mark.parametrize("judge", ALL_JUDGES)
def test_a_lack_of_calls_is_never_a_verdict(judge):
    with pytest.raises(Unclear, match="429"):
        ALL_JUDGES[judge](refusal(429))


def errors(*entries, status=400):
    return {"json_body": {"status": status, "errors": list(entries)}}


OPEN_MESSAGE = "The quality process is already open."
OPEN_MESSAGE_2023 = "The quality process step is already open."


@pytest.mark.parametrize(
    ("answer", "situation"),
    [
        pytest.param(refusal(), DOCUMENTED["already-open"], id="3089"),
        pytest.param(refusal(code=3169, message=OPEN_MESSAGE_2023), WINTER["already-open"], id="3169"),
        pytest.param(refusal(code=1, message="No."), DOCUMENTED["not-permitted"], id="any-code"),
        pytest.param(refusal(code=3085, message="No."), WINTER["not-permitted"], id="3085-with-any-message"),
        pytest.param(refusal(code=3012, message="No."), WINTER["foreign-guid"], id="one-of-two-codes-12"),
        pytest.param(refusal(code=3085, message="No."), WINTER["foreign-guid"], id="one-of-two-codes-85"),
        pytest.param(
            refusal(**errors({"code": 1, "message": "x"}, {"code": 3089, "message": OPEN_MESSAGE})),
            DOCUMENTED["already-open"],
            id="the-right-one-of-two-errors",
        ),
        pytest.param(refusal(401), DOCUMENTED["already-open"], id="status-is-another-rules-business"),
        pytest.param(refusal(body="no JSON"), DOCUMENTED["already-open"], id="no-envelope-is-another-rules-business"),
        pytest.param(refusal(json_body={}), DOCUMENTED["already-open"], id="empty-object-likewise"),
        pytest.param(refusal(json_body=[1]), DOCUMENTED["already-open"], id="array-likewise"),
        pytest.param(refusal(json_body={"errors": "x"}), DOCUMENTED["already-open"], id="errors-no-list-likewise"),
        pytest.param(refusal(json_body={"errors": ["x"]}), DOCUMENTED["already-open"], id="error-no-object-likewise"),
        pytest.param(refusal(trouble=SHORT, cut_short=True), DOCUMENTED["already-open"], id="cut-short"),
    ],
)
def test_refused_takes(answer, situation):
    assert expect.refused(answer, situation) is None


@pytest.mark.parametrize(
    ("answer", "situation", "actual"),
    [
        pytest.param(exchange(), DOCUMENTED["not-permitted"], "the call was accepted: 201", id="accepted"),
        pytest.param(exchange(status=200), DOCUMENTED["other"], "the call was accepted: 200", id="accepted-200"),
        pytest.param(exchange(status=204, body=""), DOCUMENTED["other"], "the call was accepted: 204", id="204"),
        pytest.param(exchange(json_body=envelope()), DOCUMENTED["other"], "was accepted", id="201-with-an-envelope"),
        pytest.param(
            refusal(code=3169), DOCUMENTED["already-open"], "the code is 3169", id="code-of-the-newer-profile"
        ),
        pytest.param(refusal(), WINTER["already-open"], "the code is 3089", id="code-of-the-older"),
        pytest.param(refusal(code=3090), WINTER["foreign-guid"], "the code is 3090", id="neither-of-two-codes"),
        pytest.param(refusal(code="3089"), DOCUMENTED["already-open"], "the code is missing", id="code-as-text"),
        pytest.param(refusal(code=None), DOCUMENTED["already-open"], "the code is missing", id="code-null"),
        pytest.param(
            refusal(**errors({"message": OPEN_MESSAGE})), DOCUMENTED["already-open"], "code is missing", id="no-code"
        ),
        pytest.param(
            refusal(**errors({"code": 1, "message": "x"}, {"code": 2, "message": "y"})),
            DOCUMENTED["already-open"],
            "the code is 1, 2",
            id="two-wrong-codes",
        ),
        pytest.param(
            refusal(message=OPEN_MESSAGE_2023),
            DOCUMENTED["already-open"],
            "it is 'The quality process step is already open.'",
            id="message-of-the-other-profile",
        ),
        pytest.param(
            refusal(message=OPEN_MESSAGE.rstrip(".")),
            DOCUMENTED["already-open"],
            "it is 'The quality process is already open':",
            id="no-full-stop",
        ),
        pytest.param(refusal(message=None), DOCUMENTED["already-open"], "it is None", id="message-null"),
        pytest.param(
            refusal(**errors({"code": 1, "message": OPEN_MESSAGE}, {"code": 3089, "message": "x"})),
            DOCUMENTED["already-open"],
            "it is 'x'",
            id="message-at-another-code",
        ),
    ],
)
def test_refused_breaks_on(answer, situation, actual):
    with pytest.raises(Broken, match=actual) as caught:
        expect.refused(answer, situation)
    assert (caught.value.rule, caught.value.exchanges) == ("", (7,))


@pytest.mark.parametrize(
    ("situation", "wanted"),
    [
        pytest.param(DOCUMENTED["no-session"], r"a refusal \(401 or 400 with any code\)", id="any-code"),
        pytest.param(DOCUMENTED["already-open"], r"a refusal \(400 with code 3089\)", id="one-code"),
        pytest.param(WINTER["foreign-guid"], r"a refusal \(400 with code 3085 or 3012\)", id="two-codes"),
    ],
)
def test_refused_says_what_it_wanted(situation, wanted):
    with pytest.raises(Broken, match=wanted):
        expect.refused(exchange(), situation)


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        pytest.param(exchange(), 201, id="201"),
        pytest.param(refusal(), 400, id="400"),
        pytest.param(exchange(status=500, body=""), 500, id="500"),
    ],
)
def test_status_takes(answer, wanted):
    assert expect.status(answer, wanted) is None


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        pytest.param(exchange(status=200), 201, id="200-for-201"),
        pytest.param(refusal(), 201, id="400-for-201"),
        pytest.param(refusal(401), 400, id="401-for-400"),
        pytest.param(exchange(), 400, id="201-for-400"),
        pytest.param(exchange(status=503, body=""), 201, id="503-for-201"),
    ],
)
def test_status_breaks_on(answer, wanted):
    with pytest.raises(Broken, match=f"expected status {wanted}; the answer is {answer.status}"):
        expect.status(answer, wanted)


@pytest.mark.parametrize(
    "answers",
    [
        pytest.param([exchange()], id="one"),
        pytest.param([exchange(), refusal()], id="first"),
        pytest.param([refusal(), refusal(), exchange()], id="last"),
        pytest.param([exchange(status=200), refusal()], id="200"),
        pytest.param([exchange(), exchange(status=500, body="")], id="server-error-beside"),
    ],
)
def test_exactly_one_takes(answers):
    assert expect.exactly_one(answers) is None


@pytest.mark.parametrize(
    ("answers", "actual"),
    [
        pytest.param([exchange(id=1), exchange(id=2)], "201, 201", id="two"),
        pytest.param([exchange(id=1), exchange(id=2, status=204, body="")], "201, 204", id="two-different"),
        pytest.param([refusal(id=1), refusal(id=2)], "400, 400", id="none"),
        pytest.param([exchange(id=1, status=500, body=""), refusal(id=2)], "500, 400", id="none-but-a-server-error"),
    ],
)
def test_exactly_one_breaks_on(answers, actual):
    with pytest.raises(Broken, match=f"the answers are {actual}") as caught:
        expect.exactly_one(answers)
    assert caught.value.exchanges == (1, 2)


def test_exactly_one_breaks_on_no_call_at_all():
    with pytest.raises(Broken, match="exactly one"):
        expect.exactly_one([])


MISSING_SERVER = Finding("response-headers", "header Server: ArenaSolutions", "it is missing", (7,))
WRONG_SHAPE = Finding("response-shape", "the sample's body", "no JSON", (7,))
BOTH = frozenset({"response-headers", "response-shape"})


@pytest.mark.parametrize(
    "judgement",
    [
        pytest.param(Judgement(frozenset({"response-headers"})), id="judged-and-kept"),
        pytest.param(Judgement(BOTH, (WRONG_SHAPE,)), id="another-rule-is-broken"),
    ],
)
def test_kept_takes(judgement):
    assert expect.kept(judgement, "response-headers") is None


@pytest.mark.parametrize(
    "judgement",
    [
        pytest.param(Judgement(BOTH, (MISSING_SERVER,)), id="alone"),
        pytest.param(Judgement(BOTH, (WRONG_SHAPE, MISSING_SERVER)), id="after-another-rules"),
    ],
)
def test_kept_breaks_on(judgement):
    with pytest.raises(Broken, match="expected header Server: ArenaSolutions; it is missing") as caught:
        expect.kept(judgement, "response-headers")
    assert caught.value.rule == ""


@pytest.mark.parametrize(
    "judgement",
    [
        pytest.param(Judgement(), id="nothing-judged"),
        pytest.param(Judgement(frozenset({"response-shape"}), (WRONG_SHAPE,)), id="another-rule-judged"),
    ],
)
def test_kept_is_unclear_where_the_rule_was_not_judged(judgement):
    with pytest.raises(Unclear):
        expect.kept(judgement, "response-headers")


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        pytest.param([], [], "", id="nothing-there"),
        pytest.param([step()], [step()], "", id="nothing-changed"),
        pytest.param(
            [step("A")],
            [step("A", status="OPEN")],
            'step A: status was "COMPLETE", is "OPEN"',
            id="one",
        ),
        pytest.param(
            [step("A"), step("B")],
            [step("A", order=2), step("B", order=3)],
            "step A: order was 1, is 2; step B: order was 1, is 3",
            id="two",
        ),
        pytest.param(
            [step(guid) for guid in "ABCDE"],
            [step(guid, order=2) for guid in "ABCDE"],
            "; ".join(f"step {guid}: order was 1, is 2" for guid in "ABCDE"),
            id="five",
        ),
        pytest.param(
            [step(guid) for guid in "ABCDEFG"],
            [step(guid, order=2) for guid in "ABCDEFG"],
            "; ".join(f"step {guid}: order was 1, is 2" for guid in "ABCDE") + " and 2 more",
            id="seven",
        ),
    ],
)
def test_changes_in_words(was, now, said):
    assert expect.in_words(changes(snapshot(*was), snapshot(*now))) == said
