"""What a refused call changes is put down to its own scenario, by trying the suspects again; no other pays for it."""

import pytest

from conformance import contract, gate, judge
from conformance.arena.faults import CATALOGUE
from conformance.arena.server import Server
from conformance.arena.service import Arena
from conformance.arena.world import World
from conformance.judge import Settings
from conformance.target import from_document

RULES = frozenset(rule.id for rule in contract.rules())


def examined(arena):
    """Returns the report of a run of the scenarios against an Arena of that kind."""
    served = arena(World.load())
    with Server(served) as server:
        return gate.run(from_document(served.target(server.url), environ={}), Settings(RULES), lambda *_: None)


@pytest.fixture
def goes(monkeypatch):
    """The scenarios of each go of a run; none where all of the rules' scenarios are meant."""
    seen = []
    run = judge._run
    monkeypatch.setattr(judge, "_run", lambda state, folder, names: seen.append(names) or run(state, folder, names))
    return seen


def unhappy(report):
    """Returns the scenarios that are neither passed nor observed, by name, with what was expected."""
    scenarios = [scenario for rule in report["rules"] for scenario in rule["scenarios"]]
    return {one["id"]: one.get("expected") for one in scenarios if one["verdict"] not in ("pass", "observed")}


def test_a_correct_arena_needs_no_second_try_and_few_calls(goes):
    report = examined(Arena)
    assert unhappy(report) == {}
    assert goes == [frozenset()]
    assert report["run"]["calls"] <= 200


@pytest.mark.parametrize(
    ("fault", "scenarios"),
    [
        pytest.param(
            "edit-details-refused-but-reopened",
            {"edit-details-required/assignee", "edit-details-required/assignee-asking-again"},
            id="before-the-assignees-turn",
        ),
        pytest.param(
            "wrong-shape-refused-but-reopened",
            {"request-shape/shape-step-is-text", "request-shape/shape-complete-text", "request-shape/shape-list"},
            id="among-many-refusals-of-one-step",
        ),
        pytest.param(
            "other-process-refused-but-reopened",
            {
                "request-shape/step-of-another-process",
                "others-may-not-reopen/owner-of-the-process-that-the-call-names",
            },
            id="in-a-process-that-the-call-does-not-name",
        ),
    ],
)
def test_a_refusal_that_reopens_fails_the_scenarios_that_did_it_and_no_other(goes, fault, scenarios):
    report = examined(CATALOGUE[fault])
    assert unhappy(report) == dict.fromkeys(scenarios, "a refusal changes nothing")
    assert {rule["id"] for rule in report["rules"] if rule["verdict"] != "pass"} == {CATALOGUE[fault].rule} | {
        name.partition("/")[0] for name in scenarios
    }
    first, second = goes
    assert first == frozenset()
    assert scenarios <= second


def test_nothing_is_put_down_to_what_came_before_a_reopening_that_was_not_done():
    report = examined(CATALOGUE["nothing-happens"])
    failed = {rule["id"] for rule in report["rules"] if rule["verdict"] == "fail"}
    assert "reopen-step" in failed
    assert not failed & {
        "others-may-not-reopen",
        "completed-process-locks-steps",
        "approved-signoff-is-final",
        "edit-details-required",
        "session-required",
    }
