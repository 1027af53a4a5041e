"""Verdicts: how two of them roll up, in every combination, and what a run concludes from its rules."""

import pytest

from conformance.verdict import RuleOutcome, Scenario, Verdict, conclude, roll_up

RULE = "owner-may-reopen"


def scenario(verdict, deciding=True, name="one"):
    reason = "" if verdict == "pass" else f"{name} is {verdict}"
    return Scenario(f"{RULE}/{name}", deciding, Verdict(verdict), reason)


def rows(text):
    """Yields the cells of a table whose first line and first column name the verdicts."""
    head, *lines = [line.split() for line in text.strip().splitlines()]
    return [
        pytest.param(line[0], name, cell, id=f"{line[0]}-{name}")
        for line in lines
        for name, cell in zip(head, line[1:], strict=True)
    ]


BOTH_DECIDING = """
          pass      fail  untested  error  observed  waived
pass      pass      fail  untested  error  pass      waived
fail      fail      fail  fail      fail   fail      fail
untested  untested  fail  untested  error  untested  waived
error     error     fail  error     error  error     error
observed  pass      fail  untested  error  untested  waived
waived    waived    fail  waived    error  waived    waived
"""
# the line decides, the column is extra
DECIDING_AND_EXTRA = """
          pass      fail  untested  error     observed  waived
pass      pass      fail  pass      pass      pass      waived
fail      fail      fail  fail      fail      fail      fail
untested  untested  fail  untested  untested  untested  waived
error     error     fail  error     error     error     error
observed  untested  fail  untested  untested  untested  waived
waived    waived    fail  waived    waived    waived    waived
"""
BOTH_EXTRA = """
          pass      fail  untested  error     observed  waived
pass      untested  fail  untested  untested  untested  waived
fail      fail      fail  fail      fail      fail      fail
untested  untested  fail  untested  untested  untested  waived
error     untested  fail  untested  untested  untested  waived
observed  untested  fail  untested  untested  untested  waived
waived    waived    fail  waived    waived    waived    waived
"""


@pytest.mark.parametrize(("one", "other", "rolled_up"), rows(BOTH_DECIDING))
def test_two_deciding_scenarios(one, other, rolled_up):
    outcome = roll_up(RULE, [scenario(one), scenario(other, name="other")])
    assert (outcome.rule, outcome.verdict) == (RULE, rolled_up)


@pytest.mark.parametrize("extra_first", [False, True], ids=["extra-last", "extra-first"])
@pytest.mark.parametrize(("deciding", "extra", "rolled_up"), rows(DECIDING_AND_EXTRA))
def test_a_deciding_scenario_and_an_extra(deciding, extra, rolled_up, extra_first):
    both = [scenario(deciding), scenario(extra, deciding=False, name="extra")]
    assert roll_up(RULE, both[::-1] if extra_first else both).verdict == rolled_up


@pytest.mark.parametrize(("one", "other", "rolled_up"), rows(BOTH_EXTRA))
def test_two_extra_scenarios(one, other, rolled_up):
    extras = [scenario(one, deciding=False), scenario(other, deciding=False, name="other")]
    assert roll_up(RULE, extras).verdict == rolled_up


def test_no_scenario_at_all_is_untested():
    outcome = roll_up(RULE, [])
    assert (outcome.verdict, outcome.reason, outcome.coverage) == ("untested", "no deciding scenario was run", "0/0")


@pytest.mark.parametrize(
    ("verdicts", "reason"),
    [
        pytest.param(["pass", "pass"], "", id="pass"),
        pytest.param(["pass", "untested", "fail"], "2 is fail", id="the-worst"),
        pytest.param(["untested", "untested"], "0 is untested", id="the-first-of-equals"),
        pytest.param(["observed", "error"], "1 is error", id="never-an-observation"),
    ],
)
def test_a_rule_takes_the_reason_of_its_worst_scenario(verdicts, reason):
    scenarios = [scenario(verdict, name=str(number)) for number, verdict in enumerate(verdicts)]
    outcome = roll_up(RULE, scenarios)
    assert (outcome.reason, outcome.scenarios) == (reason, tuple(scenarios))


@pytest.mark.parametrize(
    ("verdicts", "coverage"),
    [
        pytest.param(["pass", "fail", "waived"], "3/3", id="all-tested"),
        pytest.param(["pass", "untested"], "1/2", id="untested"),
        pytest.param(["pass", "error"], "1/2", id="error"),
        pytest.param(["pass", "observed"], "1/1", id="observations-do-not-count"),
        pytest.param(["observed"], "0/0", id="only-observed"),
    ],
)
def test_coverage(verdicts, coverage):
    assert roll_up(RULE, [scenario(verdict) for verdict in verdicts]).coverage == coverage


@pytest.mark.parametrize("deciding", [True, False], ids=["deciding", "extra"])
def test_coverage_counts_deciding_and_extra_alike(deciding):
    assert roll_up(RULE, [scenario("pass"), scenario("untested", deciding=deciding)]).coverage == "1/2"


@pytest.mark.parametrize("reason", ["", " ", "\n\t"], ids=["empty", "space", "white-space"])
@pytest.mark.parametrize("verdict", ["fail", "untested", "error", "observed", "waived"])
def test_a_verdict_but_pass_needs_a_reason(verdict, reason):
    with pytest.raises(ValueError, match=f"{RULE}/one: a verdict of {verdict} needs a reason"):
        Scenario(f"{RULE}/one", True, Verdict(verdict), reason)


def test_a_pass_needs_none():
    assert Scenario(f"{RULE}/one", True, Verdict.PASS).reason == ""


@pytest.mark.parametrize(
    "id", ["owner-may-reopen/one", "owner-may-reopen/one/two", "owner-may-reopen"], ids=["one", "nested", "bare"]
)
def test_a_scenario_names_its_rule(id):
    assert Scenario(id, True, Verdict.PASS).rule == RULE


def rule(*verdicts, name=RULE, selected=True, deciding=True):
    if not selected:
        return RuleOutcome(name, Verdict.UNTESTED, "not selected", selected=False)
    scenarios = [
        Scenario(f"{name}/{number}", deciding, Verdict(verdict), "" if verdict == "pass" else f"{verdict} {number}")
        for number, verdict in enumerate(verdicts)
    ]
    return roll_up(name, scenarios)


def extra(verdict, name=RULE):
    passed = Scenario(f"{name}/passed", True, Verdict.PASS)
    return roll_up(name, [passed, Scenario(f"{name}/extra", False, Verdict(verdict), f"an extra {verdict}")])


PASSED, FAILED = rule("pass", name="reopen-step"), rule("fail", name="json-required")
UNTESTED, ERROR = rule("untested", name="session-required"), rule("error", name="success-is-201")
WAIVED, DESELECTED = rule("waived", name="response-shape"), rule(name="response-headers", selected=False)

NEVER_MIND_STRICT = [
    pytest.param([PASSED], "", 0, "conforms", "", id="one-passed"),
    pytest.param([PASSED, WAIVED], "", 0, "conforms", "", id="waived"),
    pytest.param([WAIVED], "", 0, "conforms", "", id="only-waived"),
    pytest.param([PASSED, DESELECTED], "", 0, "conforms", "", id="not-selected"),
    pytest.param([PASSED, extra("observed", "a")], "", 0, "conforms", "", id="observed-extra"),
    pytest.param([PASSED, FAILED], "", 1, "fails", "1 rule failed: json-required", id="failed"),
    pytest.param([FAILED, extra("fail")], "", 1, "fails", f"2 rules failed: json-required, {RULE}", id="two-failed"),
    pytest.param([FAILED, ERROR], "", 1, "fails", "1 rule failed: json-required", id="failed-before-error"),
    pytest.param([FAILED, UNTESTED], "", 1, "fails", "1 rule failed: json-required", id="failed-before-untested"),
    pytest.param([FAILED], "interrupted", 1, "fails", "1 rule failed: json-required", id="failed-before-stopped"),
    pytest.param([PASSED], "interrupted", 3, "no verdict", "interrupted", id="stopped"),
    pytest.param([PASSED, ERROR], "interrupted", 3, "no verdict", "interrupted", id="stopped-before-error"),
    pytest.param([], "unreachable", 3, "no verdict", "unreachable", id="stopped-before-anything"),
    pytest.param([PASSED, ERROR], "", 3, "no verdict", "1 scenario could not be judged: error 0", id="error"),
    pytest.param(
        [PASSED, rule("pass", "error", "error", name="a")],
        "",
        3,
        "no verdict",
        "2 scenarios could not be judged: error 1",
        id="two-errors",
    ),
    pytest.param(
        [PASSED, extra("error")],
        "",
        3,
        "no verdict",
        "1 scenario could not be judged: an extra error",
        id="extra-error",
    ),
    pytest.param(
        [UNTESTED, ERROR], "", 3, "no verdict", "1 scenario could not be judged: error 0", id="error-before-untested"
    ),
    pytest.param([UNTESTED], "", 3, "no verdict", "nothing could be tested: untested 0", id="nothing-tested"),
    pytest.param(
        [DESELECTED, UNTESTED], "", 3, "no verdict", "nothing could be tested: untested 0", id="nothing-selected-tested"
    ),
    pytest.param(
        [rule("observed")],
        "",
        3,
        "no verdict",
        "nothing could be tested: no deciding scenario was run",
        id="only-observed",
    ),
    pytest.param(
        [DESELECTED], "", 3, "no verdict", "nothing could be tested: no rule was selected", id="none-selected"
    ),
    pytest.param([], "", 3, "no verdict", "nothing could be tested: no rule was selected", id="no-rule"),
]


@pytest.mark.parametrize("strict", [False, True], ids=["lenient", "strict"])
@pytest.mark.parametrize(("rules", "stopped", "code", "word", "reason"), NEVER_MIND_STRICT)
def test_conclude(rules, stopped, code, word, reason, strict):
    outcome = conclude(rules, stopped=stopped, strict=strict)
    assert (outcome.exit_code, outcome.verdict, outcome.reason) == (code, word, reason)


@pytest.mark.parametrize(
    ("rules", "lenient", "strict"),
    [
        pytest.param(
            [PASSED, UNTESTED],
            "1 rule untested",
            "1 deciding scenario untested, first session-required/0",
            id="untested-rule",
        ),
        pytest.param(
            [PASSED, UNTESTED, rule("pass", "untested", "untested", name="a")],
            "2 rules untested",
            "3 deciding scenarios untested, first session-required/0",
            id="untested-scenarios",
        ),
        pytest.param(
            [PASSED, rule("waived", "untested")],
            "",
            f"1 deciding scenario untested, first {RULE}/1",
            id="untested-beside-waived",
        ),
    ],
)
def test_strict_minds_what_could_not_be_tested(rules, lenient, strict):
    tolerant, severe = conclude(rules), conclude(rules, strict=True)
    assert (tolerant.exit_code, tolerant.reason) == (0, lenient)
    assert (severe.exit_code, severe.verdict, severe.reason) == (3, "no verdict", strict)


def test_strict_minds_a_rule_without_any_scenario():
    severe = conclude([PASSED, rule("observed", name="a")], strict=True)
    assert severe.exit_code == 3
    assert severe.reason.endswith("untested, first a")


@pytest.mark.parametrize(
    "rules",
    [
        pytest.param([PASSED, extra("untested")], id="extra-scenario"),
        pytest.param([PASSED, DESELECTED], id="rule-not-selected"),
        pytest.param([PASSED, extra("observed")], id="observation"),
    ],
)
def test_strict_does_not_mind(rules):
    assert conclude(rules, strict=True).exit_code == 0


def test_conclude_takes_any_iterable_once():
    assert conclude(iter([PASSED, UNTESTED])).reason == "1 rule untested"
