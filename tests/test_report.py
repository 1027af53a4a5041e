"""The report, and what is rendered from it: whole, readable, and harmless whatever the target sent."""

import datetime as dt
import io
import json
import re
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator
from make import RULES, exchange, no_answer, refusal, report, scenario
from rich.console import Console

from conformance import contract
from conformance.evidence import REDACTED, Recorder, Redactor
from conformance.judge import Run, Settings
from conformance.report import document, junit, terminal
from conformance.resources import resource
from conformance.target import Staging, Target
from conformance.verdict import RunOutcome, Scenario, Verdict, conclude

NO_VERDICT = {"verdict": "no verdict", "exit_code": 3, "reason": "interrupted"}
FAILS = {"verdict": "fails", "exit_code": 1, "reason": "1 rule failed: owner-may-reopen"}

HOSTILE = {
    "control-characters": "".join(map(chr, range(32))) + "\x7f\x80\x9b",
    "lone-surrogates": "a\ud800b\udfffc",
    "non-characters": "\ufffe\uffff\U0001ffff",
    "end-of-cdata": "]]><![CDATA[x]]>",
    "markup": "<failure>&amp;&#0;&#x1b;</failure><!-- -- -->",
    "quotes": "\"'`",
    "declaration": '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y "z">]>&y;',
    "bidi": "\u202eabc\u2066",
    "line-ends": "a\r\nb\rc\nd\u2028e",
    "long": "x" * 100_000,
    "emoji": "🙂",
    "console-markup": "[bold red]x[/] [link=http://x]y[/link] :smile: [/nothing]",
    "escape-sequences": "\x1b[2J\x1b]8;;http://x\x07y\x1b[31m",
}
hostile = pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)


# junit.xml


def rendered(made):
    return ET.fromstring(junit.render(made).encode("utf-8"))


def cases(made):
    return {(case.get("classname"), case.get("name")): case for case in rendered(made).iter("testcase")}


def counts(made):
    suite = rendered(made).find("testsuite")
    return tuple(int(suite.get(name)) for name in ("tests", "failures", "errors", "skipped"))


@hostile
@pytest.mark.parametrize("verdict", ["fail", "error", "untested", "waived", "observed"])
def test_junit_is_xml_whatever_the_target_sent(verdict, text):
    one = scenario(verdict, reason=text, expected=text, actual=text, curl=text)
    case = cases(report(one))["owner-may-reopen", "assigned"]
    assert case.find("properties/property[@name='verdict']").get("value") == verdict


@hostile
def test_junit_is_xml_whatever_the_runs_reason(text):
    assert counts(report(scenario(), run={**NO_VERDICT, "reason": text})) == (2, 0, 1, 0)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("a\x1b[31m\x00b", "a\\x1b[31m\\x00b", id="control-characters"),
        pytest.param("a\ud800b", "a\\xd800b", id="lone-surrogate"),
        pytest.param("]]> <b> & \"'", "]]> <b> & \"'", id="markup"),
        pytest.param("Größe 🙂", "Größe 🙂", id="letters"),
        pytest.param("x" * 100_000, "x" * 100_000, id="long"),
    ],
)
def test_junit_loses_nothing_of_a_text(text, shown):
    case = cases(report(scenario("fail", reason=text, actual=text)))["owner-may-reopen", "assigned"]
    assert case.find("failure").get("message") == shown
    assert f"actual: {shown}\n" in case.find("failure").text


@pytest.mark.parametrize(
    ("verdict", "element"),
    [("pass", None), ("fail", "failure"), ("error", "error"), ("untested", "skipped"), ("waived", "skipped")],
)
def test_junit_element_of_a_verdict(verdict, element):
    case = cases(report(scenario(verdict)))["owner-may-reopen", "assigned"]
    assert [child.tag for child in case if child.tag != "properties"] == ([] if element is None else [element])
    assert {one.get("name"): one.get("value") for one in case.iter("property")} == {
        "rule": "owner-may-reopen",
        "verdict": verdict,
    }


def test_junit_shows_an_observation_and_calls_it_no_failure():
    case = cases(report(scenario("observed")))["owner-may-reopen", "assigned"]
    assert case.find("system-out").text == "why it is observed"
    assert counts(report(scenario("observed"))) == (1, 0, 0, 0)


@pytest.mark.parametrize(
    ("verdict", "message"), [("untested", "untested: why it is untested"), ("waived", "waived: why it is waived")]
)
def test_junit_says_why_a_scenario_was_skipped(verdict, message):
    assert cases(report(scenario(verdict)))["owner-may-reopen", "assigned"].find("skipped").get("message") == message


def test_junit_failure_tells_the_rule_and_what_came():
    failure = cases(report(scenario("fail")))["owner-may-reopen", "assigned"].find("failure")
    rule = next(rule for rule in RULES if rule.id == "owner-may-reopen")
    assert (failure.get("message"), failure.get("type")) == ("why it is fail", "owner-may-reopen")
    assert failure.text == (
        f"{rule.statement}\nThe page, line {rule.lines}: {rule.quote}\n"
        "expected: the step is reopened (201)\nactual: it was refused\ncurl -i -X POST x"
    )


def test_junit_failure_without_expectation_still_says_why():
    one = {**scenario("fail"), "reason": "why"}
    bare = {key: value for key, value in one.items() if key not in ("expected", "actual", "curl")}
    assert cases(report(bare))["owner-may-reopen", "assigned"].find("failure").get("message") == "why"


MIXED = [
    scenario("pass", "owner-may-reopen/a"),
    scenario("fail", "owner-may-reopen/b"),
    scenario("fail", "json-required/a"),
    scenario("error", "json-required/b"),
    scenario("untested", "session-required/a"),
    scenario("waived", "session-required/b"),
    scenario("observed", "session-required/c"),
]


@pytest.mark.parametrize(
    ("made", "counted"),
    [
        pytest.param(report(), (0, 0, 0, 0), id="nothing"),
        pytest.param(report(scenario()), (1, 0, 0, 0), id="one"),
        pytest.param(report(*MIXED, run=FAILS), (7, 2, 1, 2), id="mixed"),
        pytest.param(report(*MIXED, run=NO_VERDICT), (8, 2, 2, 2), id="mixed-without-verdict"),
        pytest.param(report(run=NO_VERDICT), (1, 0, 1, 0), id="nothing-without-verdict"),
    ],
)
def test_junit_counts(made, counted):
    assert counts(made) == counted


def test_junit_says_how_long_the_calls_of_a_scenario_took_and_counts_at_the_top():
    calls = [{"scenario": "owner-may-reopen/assigned", "milliseconds": 1200}] * 2
    made = report(scenario("fail"), exchanges=calls)
    assert cases(made)["owner-may-reopen", "assigned"].get("time") == "2.400"
    root = rendered(made)
    assert (root.tag, root.get("name"), root.get("tests"), root.get("failures")) == (
        "testsuites",
        "arena-conformance",
        "1",
        "1",
    )


def test_junit_names_every_scenario_once():
    assert set(cases(report(*MIXED))) == {tuple(one["id"].split("/")) for one in MIXED}


@pytest.mark.parametrize("run", [{}, FAILS], ids=["conforms", "fails"])
def test_junit_of_a_verdict_has_no_case_for_the_run(run):
    assert ("run", "verdict") not in cases(report(scenario(), run=run))


def test_junit_without_verdict_is_an_error_and_never_empty():
    error = cases(report(run=NO_VERDICT))["run", "verdict"].find("error")
    assert (error.get("message"), error.get("type")) == ("interrupted", "no verdict")


def test_junit_says_when_and_how_long():
    suite = rendered(report(scenario())).find("testsuite")
    assert (suite.get("name"), suite.get("timestamp"), suite.get("time")) == (
        "arena-conformance",
        "2026-03-04T12:00:00Z",
        "3.25",
    )


# the terminal


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("", "", id="empty"),
        pytest.param("plain text, 100 %", "plain text, 100 %", id="plain"),
        pytest.param("Größe 尺寸 🙂 e\u0301", "Größe 尺寸 🙂 e\u0301", id="letters"),
        pytest.param("a\nb\tc\rd", "a\\nb\\tc\\rd", id="line-ends"),
        pytest.param("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m", id="colour"),
        pytest.param("\x1b]0;title\x07", "\\x1b]0;title\\x07", id="title"),
        pytest.param("\x9b2J", "\\x9b2J", id="c1-control"),
        pytest.param("\x00\x08\x7f", "\\x00\\x08\\x7f", id="nul-backspace-delete"),
        pytest.param("\u202eevil\u202c", "\\u202eevil\\u202c", id="direction-override"),
        pytest.param("\u2066x\u2069", "\\u2066x\\u2069", id="direction-isolate"),
        pytest.param("\u200e\u200f\u061c", "\\u200e\\u200f\\u061c", id="direction-marks"),
        pytest.param("a\u200bb\ufeff", "a\\u200bb\\ufeff", id="without-width"),
        pytest.param("a\u2028b\u2029c", "a\\u2028b\\u2029c", id="separators"),
        pytest.param("\ud800", "\\ud800", id="lone-surrogate"),
        pytest.param("\ue000", "\\ue000", id="private-use"),
        pytest.param("\U000e0041", "\\ue0041", id="tag"),
        pytest.param("[red]x[/red]", "[red]x[/red]", id="console-markup"),
    ],
)
def test_plain(text, shown):
    assert terminal.plain(text) == shown


def printed(made, width=80, **options):
    out = io.StringIO()
    terminal.print_report(Console(file=out, width=width, highlight=False, **options), made, "reports/report.json")
    return out.getvalue().splitlines()


def test_a_report_that_conforms():
    made = report(scenario(), scenario(id="json-required/absent"))
    assert printed(made) == [
        "rule              verdict  scenarios  calls",
        "owner-may-reopen  pass           1/1      2",
        "json-required     pass           1/1      2",
        "15 rules were not selected.",
        "Details: reports/report.json",
        "CONFORMS: 12 calls, 3.2 s, seed 1, profile documented",
    ]


def test_a_report_of_all_rules_says_nothing_of_selection():
    made = report(*[scenario(id=f"{rule.id}/one") for rule in RULES])
    lines = printed(made)
    assert [line.split()[0] for line in lines[1:18]] == [rule.id for rule in RULES]
    assert len(lines) == 1 + 17 + 2


def test_a_failure_comes_first_with_all_that_it_takes_to_judge_it():
    rule = next(rule for rule in RULES if rule.id == "owner-may-reopen")
    lines = printed(report(scenario("fail"), run=FAILS))
    assert lines[:7] == [
        "FAIL owner-may-reopen",
        f"  page, line {rule.lines}: {terminal.plain(rule.quote)}",
        "  owner-may-reopen/assigned",
        "    expected  the step is reopened (201)",
        "    actual    it was refused",
        "    repeat    curl -i -X POST x",
        "",
    ]
    assert lines[-1] == ("FAILS (1 rule failed: owner-may-reopen): 12 calls, 3.2 s, seed 1, profile documented")


def test_a_failure_without_expectation_prints_its_reason():
    one = {key: value for key, value in scenario("fail").items() if key not in ("expected", "actual", "curl")}
    lines = printed(report(one, run=FAILS))
    assert lines[2:5] == ["  owner-may-reopen/assigned", "    reason    why it is fail", ""]


@pytest.mark.parametrize(
    ("failed", "more"),
    [
        pytest.param(3, [], id="three"),
        pytest.param(4, ["  and 1 more scenario of this rule"], id="four"),
        pytest.param(9, ["  and 6 more scenarios of this rule"], id="nine"),
    ],
)
def test_three_failures_of_a_rule_are_printed_and_the_others_counted(failed, more):
    lines = printed(report(*[scenario("fail", f"owner-may-reopen/n{number}") for number in range(failed)], run=FAILS))
    assert [line for line in lines if line.startswith("  owner-may-reopen/")] == [
        f"  owner-may-reopen/n{number}" for number in range(3)
    ]
    assert [line for line in lines if "more scenario" in line] == more


def told(lines, *parts):
    """Returns how many lines hold all these parts."""
    return sum(all(part in line for part in parts) for line in lines)


@pytest.mark.parametrize("verdict", ["error", "untested", "waived"])
def test_a_rule_without_verdict_says_why(verdict):
    lines = printed(report(scenario(verdict), run=NO_VERDICT))
    assert told(lines, verdict, f"owner-may-reopen: why it is {verdict}") == 1


def test_what_else_was_left_untested_is_told_once_for_each_reason():
    extras = [scenario("untested", f"owner-may-reopen/{name}", deciding=False, reason="no account") for name in "abc"]
    broken = scenario("error", "json-required/a", deciding=False, reason="timed out")
    lines = printed(report(scenario(), *extras, scenario(id="json-required/z"), broken))
    assert told(lines, "no account") == told(lines, "untested", "3 scenarios", ": no account") == 1
    assert told(lines, "timed out") == told(lines, "error", "1 scenario", ": timed out") == 1


@pytest.mark.parametrize(
    ("left_out", "line"),
    [
        pytest.param(1, "1 rule was not selected.", id="one"),
        pytest.param(2, "2 rules were not selected.", id="two"),
        pytest.param(16, "16 rules were not selected.", id="all-but-one"),
    ],
)
def test_rules_that_were_not_selected_are_counted(left_out, line):
    lines = printed(report(*[scenario(id=f"{rule.id}/one") for rule in RULES[left_out:]]))
    assert line in lines


def test_what_was_left_behind_is_told():
    lines = printed(report(scenario(), left_behind=["quality process X: refused"]))
    assert "  left behind  quality process X: refused" in lines


def test_a_run_without_verdict_says_so_last():
    last = printed(report(scenario(), run=NO_VERDICT))[-1]
    assert last == "NO VERDICT (interrupted): 12 calls, 3.2 s, seed 1, profile documented"


@hostile
def test_the_terminal_is_not_steered_by_what_the_target_sent(text):
    one = scenario("fail", reason=text, expected=text, actual=text, curl=text)
    extra = scenario("untested", "owner-may-reopen/extra", deciding=False, reason=f"{text}!")
    waived = scenario("waived", "json-required/a", reason=text)
    made = report(one, extra, waived, left_behind=[text], run={**FAILS, "reason": text})
    lines = printed(made)
    shown = terminal.plain(text)
    assert terminal.plain("".join(lines)) == "".join(lines)
    assert f"    expected  {shown}" in lines
    assert f"    actual    {shown}" in lines
    assert f"    repeat    {shown}" in lines
    assert told(lines, "waived", f"json-required: {shown}") == 1
    assert told(lines, "untested", f": {shown}!") == 1
    assert f"  left behind  {shown}" in lines


def test_colour_adds_nothing_but_colour():
    made = report(*MIXED, run=FAILS)
    coloured = printed(made, force_terminal=True, color_system="standard")
    assert any("\x1b[" in line for line in coloured)
    assert [re.sub(r"\x1b\[[0-9;]*m", "", line).rstrip() for line in coloured] == [
        line.rstrip() for line in printed(made)
    ]


def test_lines_with_evidence_are_never_wrapped():
    one = scenario("fail", curl="curl " + "x" * 300)
    assert "    repeat    curl " + "x" * 300 in printed(report(one, run=FAILS))


def test_the_table_fits_into_80_columns():
    made = report(*[scenario("untested", id=f"{rule.id}/one") for rule in RULES], run=NO_VERDICT)
    table = printed(made)[: 1 + len(RULES)]
    assert max(map(len, table)) <= 80
    assert [line.split() for line in table[1:]] == [[rule.id, "untested", "1/1", "2"] for rule in RULES]


# report.json

STARTED = dt.datetime(2026, 3, 4, 12, 0, 0, 999_999, tzinfo=dt.UTC)
SCHEMA = Draft202012Validator(json.loads(resource("report/report.schema.json").read_text("utf-8")))


def made(*exchanges, scenarios=(), secrets=(), left_behind=(), outcome=None):
    """Returns the report of a run that made these exchanges."""
    recorder = Recorder(Redactor())
    for one in exchanges:
        recorder.record(lambda _, one=one: one)
    run = Run(
        target=Target("http://127.0.0.1:8080/v1", "documented", accounts={}, staging=Staging("TEMPLATE")),
        profile=contract.profiles()["documented"],
        recorder=recorder,
        sessions=None,
        stage=SimpleNamespace(left_behind=list(left_behind), surprises=[], unread={}, proofs={}),
        settings=Settings(frozenset(one.rule for one in scenarios), seed=3),
    )
    for secret in secrets:
        run.recorder.redactor.add(secret)
    run.scenarios += scenarios
    outcomes = run.outcomes()
    return document.make(run, outcomes, outcome or conclude(outcomes), started=STARTED, seconds=1.5)


def rule(shown, id):
    return next(one for one in shown["rules"] if one["id"] == id)


OWN = "owner-may-reopen/assigned"
PASSED = Scenario(OWN, True, Verdict.PASS, exchanges=(1, 2))
FAILED = Scenario(OWN, True, Verdict.FAIL, "why", "a success", "a refusal", (2,))


def numbered(*exchanges):
    return [type(one)(**{**vars(one), "id": number}) for number, one in enumerate(exchanges, 1)]


CALLS = numbered(
    exchange(operation="create-process", purpose="staging", scenario=OWN),
    refusal(scenario=OWN, header={"X-Arena-Requests-Remaining": "9998"}),
    no_answer(scenario="json-required/absent"),
)


@pytest.mark.parametrize(
    "scenarios",
    [
        pytest.param([PASSED], id="passed"),
        pytest.param([FAILED], id="failed"),
        pytest.param([Scenario(OWN, False, Verdict.OBSERVED, "silent")], id="observed"),
        pytest.param([], id="none"),
    ],
)
def test_a_report_is_valid_by_its_schema(scenarios):
    assert [error.message for error in SCHEMA.iter_errors(made(*CALLS, scenarios=scenarios))] == []


def test_a_report_lists_all_rules_in_the_pages_order():
    assert [one["id"] for one in made()["rules"]] == [one.id for one in contract.rules()]


def test_a_report_tells_what_was_run():
    run = made(*CALLS, scenarios=[PASSED])["run"]
    assert run.pop("suite_version")
    assert run == {
        "verdict": "conforms",
        "exit_code": 0,
        "reason": "",
        "started": "2026-03-04T12:00:00Z",
        "seconds": 1.5,
        "seed": 3,
        "target": "http://127.0.0.1:8080/v1",
        "profile": "documented",
        "calls": 3,
        "quota": {"before": 10000, "after": 9998},
    }


@pytest.mark.parametrize(
    ("lefts", "quota"),
    [
        pytest.param([], (None, None), id="no-call"),
        pytest.param([None, "many", "-1"], (None, None), id="nothing-readable"),
        pytest.param(["10"], (11, 10), id="one"),
        pytest.param([None, "10", "9", "soon"], (11, 9), id="between"),
    ],
)
def test_quota_of_a_run(lefts, quota):
    calls = numbered(*[exchange(header={"X-Arena-Requests-Remaining": left}) for left in lefts])
    shown = made(*calls)["run"]["quota"]
    assert (shown["before"], shown["after"]) == quota


def test_a_failed_scenario_carries_what_it_takes_to_repeat_it():
    (shown,) = rule(made(*CALLS, scenarios=[FAILED]), "owner-may-reopen")["scenarios"]
    assert (shown["verdict"], shown["reason"], shown["exchanges"]) == ("fail", "why", [2])
    assert (shown["expected"], shown["actual"]) == ("a success", "a refusal")
    assert shown["curl"].startswith("curl -i -X POST http://127.0.0.1:8080/v1/qualityprocesses/statuschanges")


def test_a_failure_without_exchange_has_no_curl():
    failed = Scenario(OWN, True, Verdict.FAIL, "why", "a success", "a refusal")
    (shown,) = rule(made(scenarios=[failed]), "owner-may-reopen")["scenarios"]
    assert "curl" not in shown


def test_a_passed_scenario_carries_no_expectation():
    (shown,) = rule(made(*CALLS, scenarios=[PASSED]), "owner-may-reopen")["scenarios"]
    assert sorted(shown) == ["deciding", "exchanges", "id", "reason", "verdict"]


def test_calls_are_counted_by_rule():
    shown = made(*CALLS, scenarios=[PASSED])
    assert [(one["id"], one["calls"]) for one in shown["rules"] if one["calls"]] == [
        ("owner-may-reopen", 2),
        ("json-required", 1),
    ]


def test_observations_are_listed():
    observed = Scenario(OWN, False, Verdict.OBSERVED, "the page is silent; the answer is 400")
    shown = made(*CALLS, scenarios=[observed, Scenario("json-required/a", True, Verdict.PASS)])
    assert shown["observations"] == [{"scenario": OWN, "observed": "the page is silent; the answer is 400"}]


LATER = "Thu, 05 Mar 2026 12:00:00 GMT"


def test_a_behaviour_is_what_two_runs_have_in_common():
    again = numbered(
        exchange(scenario="", operation="login", purpose="staging", started="2026-03-05T12:00:00.000Z"),
        refusal(scenario=OWN, started="2026-03-05T12:00:00.000Z", milliseconds=99.0, header={"Date": LATER}),
    )
    shown = made(*CALLS, scenarios=[PASSED])["behaviours"]
    said = "The quality process is already open."
    answer = {"as": "owner", "status": 400, "codes": [3089], "messages": [said]}
    assert shown[OWN] == {"verdict": "pass", "answers": [answer]}
    assert {*shown} == {"refused", OWN}
    assert made(*again, scenarios=[PASSED])["behaviours"] == shown


@pytest.mark.parametrize("order", [1, -1], ids=["first-succeeds", "last-succeeds"])
def test_the_behaviour_of_a_race_does_not_tell_who_won(order):
    calls = numbered(*[exchange(scenario=OWN, simultaneous=True), refusal(scenario=OWN, simultaneous=True)][::order])
    answers = made(*calls, scenarios=[PASSED])["behaviours"][OWN]["answers"]
    assert sorted(one["status"] for one in answers) == [201, 400]
    assert answers == made(*numbered(*calls[::-1]), scenarios=[PASSED])["behaviours"][OWN]["answers"]


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        pytest.param(None, {}, id="none"),
        pytest.param(b"", {"body": ""}, id="empty"),
        pytest.param("Größe".encode(), {"body": "Größe"}, id="text"),
        pytest.param(b"\xff\x00", {"body_base64": "/wA="}, id="bytes"),
        pytest.param(b"x" * 70_000, {"body": "x" * 65_536}, id="long-text"),
    ],
)
def test_a_request_body_in_the_report(body, shown):
    (call,) = made(*numbered(exchange(request_body=body)))["exchanges"]
    assert {key: value for key, value in call["request"].items() if key.startswith("body")} == shown


def test_an_answer_in_the_report():
    first, _, last = made(*CALLS)["exchanges"]
    assert first["response"]["status"] == 201
    assert ["Server", "ArenaSolutions"] in first["response"]["headers"]
    assert first["response"]["bytes"] == len(first["response"]["body"].encode())
    assert (last["response"], last["trouble"]) == (None, "no answer within 30 s")


def test_a_long_answer_is_cut_and_its_length_told():
    (call,) = made(*numbered(exchange(body="x" * 70_000)))["exchanges"]
    assert (len(call["response"]["body"]), call["response"]["bytes"]) == (65_536, 70_000)


def test_no_secret_is_in_what_a_report_says():
    failed = Scenario(
        OWN, True, Verdict.FAIL, "why hunter2-hunter2", "a hunter2-hunter2", "it is hunter2-hunter2", (1,)
    )
    observed = Scenario("json-required/a", False, Verdict.OBSERVED, "it is hunter2-hunter2")
    shown = made(
        *numbered(exchange(scenario=OWN)),
        scenarios=[failed, observed],
        secrets=["hunter2-hunter2"],
        left_behind=["quality process hunter2-hunter2"],
        outcome=RunOutcome("fails", 1, "first hunter2-hunter2"),
    )
    said = json.dumps(shown)
    assert "hunter2" not in said
    assert shown["left_behind"] == [f"quality process {REDACTED}"]
    assert shown["run"]["reason"] == f"first {REDACTED}"
    assert shown["observations"] == [{"scenario": "json-required/a", "observed": f"it is {REDACTED}"}]


# writing


def test_a_report_is_written_whole_and_in_ascii(tmp_path):
    one = report(scenario("error", reason="Größe \ud800 🙂"))
    document.write(one, tmp_path / "report.json")
    raw = (tmp_path / "report.json").read_bytes()
    assert raw.isascii()
    assert raw.endswith(b"}\n")
    assert json.loads(raw) == one


def test_writing_replaces_what_was_there(tmp_path):
    path = tmp_path / "report.json"
    path.write_text("old and much longer than what comes now" * 1000, "utf-8")
    document.write_text(path, "new\n")
    assert path.read_bytes() == b"new\n"
    assert [one.name for one in tmp_path.iterdir()] == ["report.json"]
    assert path.stat().st_mode & 0o777 == 0o644


UNWRITABLE = {
    "no-json": lambda path: document.write({"x": object()}, path),
    "no-utf-8": lambda path: document.write_text(path, "begun" * 10_000 + "\ud800"),
}


@pytest.mark.parametrize("write", UNWRITABLE.values(), ids=UNWRITABLE)
@pytest.mark.parametrize("before", [None, "old\n"], ids=["nothing-before", "old-before"])
def test_writing_that_fails_leaves_what_was_there(tmp_path, write, before):
    path = tmp_path / "report.json"
    if before is not None:
        path.write_text(before, "utf-8")
    with pytest.raises((TypeError, UnicodeEncodeError)):
        write(path)
    assert {one.name: one.read_text("utf-8") for one in tmp_path.iterdir()} == (
        {} if before is None else {"report.json": before}
    )


@pytest.mark.parametrize("step", ["chmod", "replace"])
def test_writing_that_is_interrupted_leaves_what_was_there(tmp_path, monkeypatch, step):
    def interrupt(*_):
        raise KeyboardInterrupt

    path = tmp_path / "report.json"
    path.write_text("old\n", "utf-8")
    monkeypatch.setattr(f"pathlib.Path.{step}", interrupt)
    with pytest.raises(KeyboardInterrupt):
        document.write_text(path, "new\n")
    assert {one.name: one.read_text("utf-8") for one in tmp_path.iterdir()} == {"report.json": "old\n"}


def test_writing_into_a_folder_that_is_not_there_says_so(tmp_path):
    with pytest.raises(FileNotFoundError):
        document.write_text(tmp_path / "none" / "report.json", "x")
