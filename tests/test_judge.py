"""From what happened to a verdict: who answers for what reads otherwise than it should, and what proves nothing."""

from types import SimpleNamespace

import pytest
from make import NEIGHBOUR, STEP, exchange, no_answer, refusal

from conformance import contract
from conformance.evidence import Recorder, Redactor, Subject
from conformance.expect import READS_OPEN, UNCHANGED, UNTOUCHED, Broken, NoAnswer, Refused, Unclear
from conformance.invariants import REMAINING
from conformance.judge import ORDER, Plugin, Run, Settings
from conformance.session import NoAccount
from conformance.stage import Change, StagingBroke, Surprise, Unstaged
from conformance.stage.snapshot import Place
from conformance.stage.staged import Proof
from conformance.target import Account, Staging, Target
from conformance.verdict import Verdict

OTHERS, SHAPE, OWNER = "others-may-not-reopen/colleague", "request-shape/empty-object", "owner-may-reopen/assigned"
RULES = frozenset(rule.id for rule in contract.rules())


def item(name, *marks):
    """Returns a scenario as pytest collects it."""
    rule, _, slug = name.replace("-", "_").partition("/")
    marked = {"deciding", *marks}
    return SimpleNamespace(
        nodeid=f"rules/test_{rule}.py::test_{slug}", get_closest_marker=lambda mark: mark in marked or None
    )


class Judged:
    """A run whose scenarios come out as a test says, in a first go and in a second."""

    def __init__(self):
        self.outcomes = []
        self.stage = SimpleNamespace(
            surprises=[],
            unread={},
            proofs={},
            careful=False,
            doubted=0,
            why_not_reopenable=lambda _: "",
            why_gone=lambda _: "",
            shown={}.get,
        )
        self.stage.doubt = lambda: vars(self.stage).update(doubted=self.stage.doubted + 1)
        target = Target(
            base_url="http://127.0.0.1:8080/v1",
            profile="documented",
            accounts={"owner": Account("owner")},
            staging=Staging("TEMPLATE"),
        )
        self.run = Run(
            target=target,
            profile=contract.profiles()["documented"],
            recorder=Recorder(Redactor()),
            sessions=SimpleNamespace(opened=0),
            stage=self.stage,
            settings=Settings(RULES),
        )
        self.stage.calls_to_end = lambda: 0

    def call(self, scenario=OTHERS, answer=refusal, **fields):
        """Makes a call of a scenario; each lowers the quota by one."""
        return self.run.recorder.record(
            lambda number: answer(id=number, scenario=scenario, header={REMAINING: str(9999 - number)}, **fields)
        )

    def came_out(self, name, error=None):
        """Lets a scenario come out: as passed, or with what it raised."""
        self.run.conclude(item(name), SimpleNamespace(excinfo=error and SimpleNamespace(value=error)))

    def surprised(self, *calls, changes=None, staged=False):
        """Lets a reading show something else than it should."""
        self.stage.surprises.append(Surprise(tuple(changes or [REOPENED]), calls, staged))

    def scenarios(self):
        """Returns what became of the scenarios, by name; a run ends once."""
        self.outcomes = self.outcomes or self.run.outcomes()
        return {one.id: one for outcome in self.outcomes for one in outcome.scenarios}

    def verdicts(self):
        """Returns the verdicts, but for those about every answer that no rule is broken by."""
        found = {name: str(one.verdict) for name, one in self.scenarios().items()}
        return {name: verdict for name, verdict in found.items() if (name.partition("/")[2], verdict) != EVERY}


EVERY = ("every-answer", "pass")


@pytest.fixture
def judged():
    return Judged()


def change(step=STEP.step, field="status", was="COMPLETE", now="OPEN"):
    return Change(Place("step", step, field), was, now)


REOPENED = change()
STILL_COMPLETE = change(was="OPEN", now="COMPLETE")
BESIDE = change(NEIGHBOUR)
UNASSIGNED = change(field="assignees", was={"users": ["A"]}, now=None)
GONE = change(field="(all)", was="there", now="gone")


# Who answers for a change.


@pytest.mark.parametrize(
    ("answer", "changes", "expected", "actual"),
    [
        pytest.param(refusal, [REOPENED], UNCHANGED, str(REOPENED), id="refused-but-reopened"),
        pytest.param(refusal, [BESIDE], UNCHANGED, str(BESIDE), id="refused-but-neighbour-changed"),
        pytest.param(refusal, [UNASSIGNED, REOPENED], UNCHANGED, f"{UNASSIGNED}; {REOPENED}", id="refused-and-both"),
        pytest.param(exchange, [STILL_COMPLETE], READS_OPEN, "it reads COMPLETE", id="done-but-complete"),
        pytest.param(exchange, [change(now="open")], READS_OPEN, "it reads open", id="done-but-in-small-letters"),
        pytest.param(exchange, [change(now=None)], READS_OPEN, "it reads None", id="done-but-no-status"),
    ],
)
def test_a_scenario_answers_for_its_own_step_and_for_its_refusal(judged, answer, changes, expected, actual):
    call = judged.call(OTHERS, answer)
    judged.came_out(OTHERS)
    judged.surprised(call, changes=changes)
    failed = judged.scenarios()[OTHERS]
    assert (failed.verdict, failed.expected, failed.actual) == (Verdict.FAIL, expected, actual)
    assert failed.reason == f"exchange {call.id}: expected {expected}; {actual}"
    assert failed.exchanges == (call.id,)
    assert judged.verdicts() == {OTHERS: "fail"}


@pytest.mark.parametrize("changes", [[BESIDE], [UNASSIGNED], [GONE]], ids=["neighbour", "assignees", "step-gone"])
def test_what_else_a_reopen_changes_breaks_the_rule_about_reopening(judged, changes):
    call = judged.call(OWNER, exchange)
    judged.came_out(OWNER)
    judged.surprised(call, changes=changes)
    assert judged.verdicts() == {OWNER: "pass", "reopen-step/every-answer": "fail"}
    found = judged.scenarios()["reopen-step/every-answer"]
    assert (found.expected, found.actual, found.exchanges) == (UNTOUCHED, str(changes[0]), (call.id,))
    assert f"(first in {OWNER})" in found.reason


def test_a_reopen_may_break_both(judged):
    call = judged.call(OWNER, exchange)
    judged.came_out(OWNER)
    judged.surprised(call, changes=[STILL_COMPLETE, BESIDE])
    assert judged.verdicts() == {OWNER: "fail", "reopen-step/every-answer": "fail"}


@pytest.mark.parametrize("answer", [exchange, refusal])
@pytest.mark.parametrize("found", [BESIDE, STILL_COMPLETE], ids=["neighbour", "own-step"])
def test_for_a_positive_control_the_rule_about_reopening_answers(judged, answer, found):
    call = judged.call(OTHERS, answer, purpose="control")
    judged.came_out(OTHERS)
    judged.surprised(call, changes=[found])
    assert judged.verdicts() == {OTHERS: "pass", "reopen-step/every-answer": "fail"}


def test_what_is_said_of_a_failed_scenario_stays(judged):
    call = judged.call()
    judged.came_out(OTHERS, Broken("a refusal", "the call was accepted", call))
    judged.surprised(call)
    assert judged.scenarios()[OTHERS].expected == "a refusal"


def test_the_change_is_named_beside_all_calls_of_the_scenario(judged):
    calls = [judged.call(), judged.call()]
    judged.came_out(OTHERS)
    judged.surprised(*calls)
    failed = judged.scenarios()[OTHERS]
    assert failed.reason.startswith("exchanges 1 to 2: expected a refusal changes nothing")
    assert failed.exchanges == (1, 2)


# Trying again.


@pytest.mark.parametrize(
    ("suspects", "staged", "names"),
    [
        pytest.param([OTHERS], False, [], id="one"),
        pytest.param([OTHERS, OTHERS], False, [], id="one-twice"),
        pytest.param([OTHERS, SHAPE], False, [OTHERS, SHAPE], id="two"),
        pytest.param([OTHERS], True, [OTHERS], id="one-or-staging"),
        pytest.param([""], False, [], id="a-control"),
        pytest.param([""], True, [], id="a-control-or-staging"),
        pytest.param([], False, [], id="no-surprise"),
    ],
)
def test_who_is_tried_again(judged, suspects, staged, names):
    calls = [judged.call(name or OWNER, purpose="scenario" if name else "control") for name in suspects]
    if calls:
        judged.surprised(*calls, staged=staged)
    assert judged.run.try_again() == {*names}
    assert judged.stage.careful == judged.stage.doubted == bool(calls)
    assert judged.stage.surprises == []


@pytest.fixture
def two(judged):
    """Two suspects of one surprise: a refusal and the one after it, which came out as broken."""
    first, second = judged.call(OTHERS), judged.call(SHAPE)
    judged.came_out(OTHERS)
    judged.came_out(SHAPE, Refused("the step is reopened (201)", "the call was refused", second))
    judged.surprised(first, second)
    assert judged.run.try_again() == {OTHERS, SHAPE}
    return judged


def test_who_does_it_again_did_it(two):
    call = two.call(OTHERS)
    two.came_out(OTHERS)
    two.surprised(call)
    two.came_out(SHAPE)
    found = two.scenarios()
    assert two.verdicts() == {OTHERS: "fail", SHAPE: "pass"}
    assert (found[OTHERS].expected, found[OTHERS].exchanges) == (UNCHANGED, (call.id, 1))


def test_once_the_culprit_is_known_the_second_verdict_of_the_others_counts(two):
    call = two.call(OTHERS)
    two.came_out(OTHERS)
    two.surprised(call)
    two.came_out(SHAPE, Unclear("exchange 4 was answered 500"))
    assert two.verdicts() == {OTHERS: "fail", SHAPE: "untested"}


def test_both_may_have_done_it(two):
    for name in (OTHERS, SHAPE):
        call = two.call(name)
        two.came_out(name)
        two.surprised(call)
    assert two.verdicts() == {OTHERS: "fail", SHAPE: "fail"}


def test_where_nobody_does_it_again_the_first_verdict_counts(two):
    two.came_out(OTHERS)
    two.came_out(SHAPE)
    assert two.verdicts() == {OTHERS: "fail", SHAPE: "fail"}
    assert two.scenarios()[SHAPE].expected == "the step is reopened (201)"


@pytest.mark.parametrize(
    ("staged", "verdicts"),
    [
        pytest.param(True, {OTHERS: "pass", SHAPE: "pass"}, id="staging-may-have-done-it"),
        pytest.param(False, {OTHERS: "fail", SHAPE: "fail"}, id="one-of-them-did-it"),
    ],
)
def test_where_nobody_does_it_again(judged, staged, verdicts):
    judged.surprised(judged.call(OTHERS), judged.call(SHAPE), staged=staged)
    judged.came_out(OTHERS)
    judged.came_out(SHAPE)
    judged.run.try_again()
    judged.came_out(OTHERS)
    judged.came_out(SHAPE)
    assert judged.verdicts() == verdicts


def test_where_nobody_does_it_again_a_reopen_is_likelier_than_a_refusal(judged):
    judged.surprised(judged.call(OTHERS), judged.call(OWNER, exchange), changes=[BESIDE])
    judged.came_out(OTHERS)
    judged.came_out(OWNER)
    judged.run.try_again()
    assert judged.verdicts() == {OTHERS: "pass", OWNER: "pass", "reopen-step/every-answer": "fail"}
    assert judged.scenarios()["reopen-step/every-answer"].exchanges == (2,)


def test_each_surprise_is_found_out_for_itself(judged):
    names = [OTHERS, SHAPE, OWNER, "json-required/text"]
    calls = [judged.call(name) for name in names]
    for name in names:
        judged.came_out(name)
    judged.surprised(*calls[:2])
    judged.surprised(*calls[2:], staged=True)
    assert judged.run.try_again() == {*names}
    judged.surprised(judged.call(SHAPE))
    for name in names:
        judged.came_out(name, Unclear("the second time"))
    assert judged.verdicts() == {OTHERS: "untested", SHAPE: "fail", OWNER: "pass", "json-required/text": "pass"}


# What proves nothing.


@pytest.mark.parametrize(
    ("error", "verdict", "reason"),
    [
        pytest.param(None, "untested", "nothing shows the effect: the list can't be read", id="passed"),
        pytest.param(Broken("x", "y"), "fail", "expected x; y", id="failed"),
        pytest.param(Unclear("429"), "untested", "429", id="unclear"),
        pytest.param(NoAnswer("timeout"), "error", "timeout", id="error"),
    ],
)
def test_a_scenario_whose_effect_nothing_shows_is_untested(judged, error, verdict, reason):
    judged.came_out(OTHERS, error)
    judged.stage.unread[OTHERS] = "the list can't be read"
    found = judged.scenarios()[OTHERS]
    assert (found.verdict, found.reason) == (verdict, reason)


def test_an_observed_scenario_whose_effect_nothing_shows_is_untested(judged):
    judged.run.observe(item(OTHERS), judged.call())
    judged.came_out(OTHERS)
    judged.stage.unread[OTHERS] = "the list can't be read"
    assert judged.verdicts() == {OTHERS: "untested"}


@pytest.mark.parametrize(
    ("proofs", "verdict", "reason"),
    [
        pytest.param([], "pass", "", id="none-needed"),
        pytest.param([Proof(5)], "pass", "", id="proven"),
        pytest.param(
            [Proof(missing="400 no")],
            "untested",
            "the refusal proves nothing: no permitted account could reopen the step (400 no)",
            id="refused",
        ),
        pytest.param(
            [Proof(5), Proof()],
            "untested",
            "the refusal proves nothing: no permitted account could reopen the step (not tried)",
            id="one-of-two-not-tried",
        ),
    ],
)
def test_a_refusal_proves_nothing_without_its_positive_control(judged, proofs, verdict, reason):
    judged.came_out(OTHERS)
    judged.stage.proofs[OTHERS] = proofs
    found = judged.scenarios()[OTHERS]
    assert (found.verdict, found.reason) == (verdict, reason)


def test_a_failure_and_what_is_observed_need_no_positive_control(judged):
    judged.run.observe(item(SHAPE), judged.call(SHAPE))
    judged.came_out(SHAPE)
    judged.came_out(OTHERS, Broken("a refusal", "accepted"))
    judged.stage.proofs.update({OTHERS: [Proof()], SHAPE: [Proof()]})
    assert judged.verdicts() == {OTHERS: "fail", SHAPE: "observed"}


# What a scenario raises, and which exchanges it shows.


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (Broken("x", "y"), "fail"),
        (Unclear("why"), "untested"),
        (NoAccount("why"), "untested"),
        (Unstaged("why"), "untested"),
        (NoAnswer("why"), "error"),
        (StagingBroke("why"), "error"),
        (ValueError("why"), "error"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value,
)
def test_what_a_scenario_raises_is_its_verdict(judged, error, verdict):
    judged.came_out(OTHERS, error)
    assert judged.verdicts() == {OTHERS: verdict}


def test_a_promise_of_another_rule_breaks_that_rule_alone(judged):
    call = judged.call()
    judged.came_out(OTHERS, Broken("only that step", "all steps", call, rule="reopen-step"))
    assert judged.verdicts() == {OTHERS: "pass", "reopen-step/every-answer": "fail"}


@pytest.mark.parametrize(
    ("asked", "why", "error", "verdict"),
    [
        pytest.param("why_not_reopenable", "the process was completed", Refused, "untested", id="spoiled-by-staging"),
        pytest.param("why_not_reopenable", "the process was completed", Broken, "fail", id="no-reopen-was-expected"),
        pytest.param("why_gone", "the process is no longer there", Refused, "untested", id="process-gone"),
        pytest.param("why_gone", "the process is no longer there", Broken, "untested", id="process-gone-wrong-code"),
        pytest.param("why_gone", "", Refused, "fail", id="for-no-reason"),
    ],
)
def test_a_refusal_that_has_a_reason_breaks_nothing(judged, asked, why, error, verdict):
    setattr(judged.stage, asked, lambda _: why)
    judged.came_out(OWNER, error("the step is reopened (201)", "the call was refused", judged.call(OWNER)))
    assert judged.verdicts() == {OWNER: verdict}


def test_a_scenario_shows_its_calls_those_it_borrows_and_its_positive_controls(judged):
    judged.call(SHAPE)
    borrowed = judged.call(OWNER, exchange)
    judged.call(OTHERS, no_answer, purpose="staging")
    own = judged.call(OTHERS)
    judged.call(OTHERS, exchange, purpose="control")
    judged.run.borrow(item(OTHERS), borrowed)
    judged.stage.proofs[OTHERS] = [Proof(5), Proof(5)]
    judged.came_out(OTHERS)
    assert judged.scenarios()[OTHERS].exchanges == (own.id, borrowed.id, 5)


# Which scenarios are run.


@pytest.mark.parametrize(
    ("phases", "chosen"),
    [
        pytest.param({"rules"}, ["plain"], id="rules"),
        pytest.param({"fuzz"}, ["variation"], id="fuzz"),
        pytest.param({"rules", "fuzz"}, ["plain", "variation"], id="both"),
        pytest.param({"walks"}, [], id="neither"),
    ],
)
def test_further_classes_of_input_belong_to_the_generated_ones(judged, phases, chosen):
    judged.run.settings = Settings(RULES, frozenset(phases))
    items = [item("json-required/plain"), item("json-required/variation", "variation")]
    Plugin(judged.run, frozenset()).pytest_collection_modifyitems(items)
    assert [one.nodeid.rpartition("_")[2] for one in items] == chosen
    assert list(judged.run.planned) == [f"json-required/{name}" for name in chosen]


def test_scenarios_of_other_rules_are_left_out(judged):
    judged.run.settings = Settings(frozenset({"json-required"}))
    items = [item("json-required/text"), item("owner-may-reopen/assigned")]
    Plugin(judged.run, frozenset()).pytest_collection_modifyitems(items)
    assert list(judged.run.planned) == ["json-required/text"]


def test_scenarios_come_in_the_order_that_saves_calls(judged):
    names = [*(f"{rule}/some" for rule in sorted(RULES)), ORDER[-1]]
    Plugin(judged.run, frozenset()).pytest_collection_modifyitems(items := [item(name) for name in names])
    assert len(items) == len(names)
    assert list(judged.run.planned) == [*(f"{rule}/some" for rule in ORDER[:-1]), ORDER[-1]]


def test_only_the_named_scenarios_are_tried_again_and_nothing_is_planned_anew(judged):
    judged.run.planned = {"before": True}
    items = [item(OTHERS), item(SHAPE), item(OWNER)]
    Plugin(judged.run, frozenset({OWNER, OTHERS})).pytest_collection_modifyitems(items)
    assert len(items) == 2
    assert judged.run.planned == {"before": True}


def test_a_scenario_that_was_not_run_is_untested(judged):
    judged.run.planned = {OTHERS: True, SHAPE: False}
    judged.run.stopped = "the quota is used up"
    judged.came_out(OTHERS)
    found = judged.scenarios()
    assert (found[SHAPE].verdict, found[SHAPE].reason) == (Verdict.UNTESTED, "not run: the quota is used up")
    assert not found[SHAPE].deciding
    assert found[OTHERS].verdict is Verdict.PASS


def test_a_call_on_the_process_itself_answers_for_every_step(judged):
    call = judged.call(SHAPE, exchange, subject=Subject(STEP.process, ""))
    judged.came_out(SHAPE)
    judged.surprised(call, changes=[REOPENED])
    assert judged.verdicts() == {SHAPE: "pass", "reopen-step/every-answer": "fail"}
