"""Waivers: which failures a target file waives, and until when."""

import datetime as dt
from types import SimpleNamespace

import pytest

from conformance import contract, judge
from conformance.evidence import Recorder, Redactor
from conformance.judge import Run, Settings
from conformance.target import Account, Staging, Target, Waiver
from conformance.verdict import Finding, RuleOutcome, Scenario, Verdict, conclude, roll_up

RULE, OTHER = "owner-may-reopen", "json-required"
FAR, PAST = dt.date(9999, 12, 31), dt.date(2000, 1, 1)


def waiver(rule=RULE, scenario="", until=FAR, reason="ticket 1234"):
    return Waiver(rule, scenario, reason, until)


def scenario(verdict="fail", id=f"{RULE}/assigned", deciding=True):
    return Scenario(id, deciding, Verdict(verdict), "" if verdict == "pass" else f"why it is {verdict}")


def made(waivers, *scenarios, findings=()):
    """Returns a run with these waivers that found this."""
    target = Target(
        base_url="http://127.0.0.1:8080/v1",
        profile="documented",
        accounts={"owner": Account("owner")},
        staging=Staging("TEMPLATE"),
        waivers=tuple(waivers),
    )
    run = Run(
        target=target,
        profile=contract.profiles()["documented"],
        recorder=Recorder(Redactor()),
        sessions=None,
        stage=SimpleNamespace(surprises=[], unread={}, proofs={}),
        settings=Settings(frozenset({RULE, OTHER, "failure-is-400"})),
    )
    run.scenarios += scenarios
    run.findings += findings
    return run


def outcomes(waivers, *scenarios, findings=()):
    """Returns the outcomes of such a run, by rule."""
    return {outcome.rule: outcome for outcome in made(waivers, *scenarios, findings=findings).outcomes()}


@pytest.mark.parametrize(
    "waivers",
    [
        pytest.param([waiver()], id="rule"),
        pytest.param([waiver(scenario="assigned")], id="scenario"),
        pytest.param([waiver(scenario=f"{RULE}/assigned")], id="scenario-by-its-whole-name"),
        pytest.param([waiver(OTHER), waiver(scenario="else"), waiver()], id="behind-others"),
        pytest.param([waiver(until=PAST), waiver(scenario="assigned")], id="behind-one-that-ended"),
        pytest.param([waiver(scenario="assigned"), waiver(until=PAST)], id="before-one-that-ended"),
    ],
)
def test_a_failure_is_waived(waivers):
    outcome = outcomes(waivers, scenario())[RULE]
    assert outcome.verdict is Verdict.WAIVED
    assert outcome.reason == "waived until 9999-12-31: ticket 1234 (why it is fail)"


@pytest.mark.parametrize(
    "waivers",
    [
        pytest.param([], id="none"),
        pytest.param([waiver(OTHER)], id="another-rule"),
        pytest.param([waiver(scenario="assign")], id="another-scenario"),
        pytest.param([waiver(scenario=f"{OTHER}/assigned")], id="another-rules-scenario"),
        pytest.param([waiver(OTHER, scenario=f"{RULE}/assigned")], id="scenario-under-another-rule"),
    ],
)
def test_a_failure_is_not_waived(waivers):
    outcome = outcomes(waivers, scenario())[RULE]
    assert (outcome.verdict, outcome.reason) == (Verdict.FAIL, "why it is fail")


def test_a_waiver_that_ended_waives_nothing_and_is_named():
    outcome = outcomes([waiver(until=PAST)], scenario())[RULE]
    assert outcome.verdict is Verdict.FAIL
    assert outcome.reason == "why it is fail (the waiver ended on 2000-01-01)"


@pytest.mark.parametrize(
    ("now", "verdict"),
    [
        pytest.param("2027-02-28T12:00:00", Verdict.WAIVED, id="the-day-before"),
        pytest.param("2027-03-01T00:00:00", Verdict.WAIVED, id="the-day-begins"),
        pytest.param("2027-03-01T23:59:59", Verdict.WAIVED, id="the-day-ends"),
        pytest.param("2027-03-02T00:00:00", Verdict.FAIL, id="the-day-after"),
    ],
)
def test_a_waiver_holds_until_its_day_is_over(monkeypatch, now, verdict):
    class Clock(dt.datetime):
        @classmethod
        def now(cls, tz=None):
            return cls.fromisoformat(now).replace(tzinfo=tz)

    monkeypatch.setattr(judge, "dt", SimpleNamespace(datetime=Clock, UTC=dt.UTC))
    assert outcomes([waiver(until=dt.date(2027, 3, 1))], scenario())[RULE].verdict is verdict


@pytest.mark.parametrize("verdict", ["pass", "untested", "error", "observed"])
@pytest.mark.parametrize("until", [FAR, PAST], ids=["holds", "ended"])
def test_nothing_but_a_failure_is_waived(verdict, until):
    (kept,) = outcomes([waiver(until=until)], scenario(verdict))[RULE].scenarios
    assert kept == scenario(verdict)


def test_a_waiver_of_a_scenario_leaves_the_rules_other_failures():
    outcome = outcomes([waiver(scenario="assigned")], scenario(), scenario(id=f"{RULE}/unassigned"))[RULE]
    assert [one.verdict for one in outcome.scenarios] == [Verdict.WAIVED, Verdict.FAIL]
    assert outcome.verdict is Verdict.FAIL


def test_a_waiver_of_a_rule_leaves_other_rules():
    found = outcomes([waiver()], scenario(), scenario(id=f"{OTHER}/absent"))
    assert (found[RULE].verdict, found[OTHER].verdict) == (Verdict.WAIVED, Verdict.FAIL)


def test_the_failure_of_an_extra_scenario_is_waived_too():
    outcome = outcomes([waiver()], scenario("pass"), scenario(id=f"{RULE}/extra", deciding=False))[RULE]
    assert outcome.verdict is Verdict.WAIVED


@pytest.mark.parametrize(
    ("waivers", "verdict"),
    [
        pytest.param([], Verdict.FAIL, id="none"),
        pytest.param([waiver("failure-is-400")], Verdict.WAIVED, id="rule"),
        pytest.param([waiver("failure-is-400", scenario="every-answer")], Verdict.WAIVED, id="scenario"),
        pytest.param([waiver("failure-is-400", scenario="assigned")], Verdict.FAIL, id="where-it-was-found"),
        pytest.param([waiver(RULE)], Verdict.FAIL, id="rule-where-it-was-found"),
    ],
)
def test_what_binds_every_answer_is_waived_under_the_rule_that_owns_it(waivers, verdict):
    finding = Finding("failure-is-400", "never 5xx", "status 500", (3,))
    found = outcomes(waivers, scenario("pass"), findings=[(f"{RULE}/assigned", finding)])
    assert found["failure-is-400"].verdict is verdict
    assert found[RULE].verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("waivers", "code"),
    [
        pytest.param([waiver()], 0, id="waived"),
        pytest.param([waiver(until=PAST)], 1, id="ended"),
        pytest.param([], 1, id="none"),
    ],
)
def test_a_waived_failure_does_not_fail_the_run(waivers, code):
    found = outcomes(waivers, scenario(), scenario("pass", f"{OTHER}/absent"))
    assert conclude(found.values()).exit_code == code


@pytest.mark.parametrize(
    ("verdict", "unused"),
    [(Verdict.PASS, ["json-required/refused-xml: vendor ticket 1234"]), (Verdict.WAIVED, []), (Verdict.UNTESTED, [])],
)
def test_a_waiver_that_waived_nothing_is_told(verdict, unused):
    waivers = (Waiver(OTHER, "refused-xml", "vendor ticket 1234", FAR),)
    run = SimpleNamespace(target=SimpleNamespace(waivers=waivers), stopped="")
    tested = scenario(verdict, f"{OTHER}/refused-xml")
    assert Run.unused_waivers(run, [roll_up(OTHER, [tested])]) == unused


@pytest.mark.parametrize(
    ("scenario_name", "stopped", "told"),
    [
        pytest.param("no-such-scenario", "", True, id="misspelt"),
        pytest.param(f"{OTHER}/no-such-scenario", "", True, id="misspelt-whole-name"),
        pytest.param("no-such-scenario", "interrupted", False, id="run-cut-short"),
        pytest.param("fuzz-negative", "", False, id="fuzzing-did-not-run"),
        pytest.param("every-answer", "", False, id="nothing-was-answered"),
        pytest.param("", "", False, id="rule"),
    ],
)
def test_a_waiver_of_a_scenario_that_does_not_exist_is_told(scenario_name, stopped, told):
    run = SimpleNamespace(
        target=SimpleNamespace(waivers=(Waiver(OTHER, scenario_name, "ticket", FAR),)), stopped=stopped
    )
    unused = Run.unused_waivers(run, [roll_up(OTHER, [scenario("fail", f"{OTHER}/refused-xml")])])
    assert [one for one in unused if "there is no such scenario" in one] == unused
    assert bool(unused) is told


def test_a_waiver_of_a_rule_that_was_not_selected_is_not_told():
    run = SimpleNamespace(target=SimpleNamespace(waivers=(Waiver(OTHER, "else", "ticket", FAR),)), stopped="")
    assert Run.unused_waivers(run, [RuleOutcome(OTHER, Verdict.UNTESTED, "not selected", selected=False)]) == []
