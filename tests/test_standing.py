"""Steps that stand ready, and a target file that is wrong about them: nothing fails for it, and nothing is touched."""

from __future__ import annotations

from typing import Any

import pytest

from conformance import contract, gate
from conformance.arena.server import Server
from conformance.arena.variants.standing import StepsStandReady
from conformance.arena.world import World
from conformance.judge import Settings
from conformance.target import from_document

RULES = frozenset(rule.id for rule in contract.rules())


def run(change: Any) -> tuple[dict[str, Any], StepsStandReady]:
    """Tests an Arena with a target file that lists its steps otherwise than they are."""
    arena = StepsStandReady(World.load())
    with Server(arena) as server:
        document = arena.target(server.url)
        steps = {step["state"]: step for step in document["staging"]["steps"]}
        change(steps, arena)
        return gate.run(from_document(document, environ={}), Settings(RULES), lambda *_: None), arena


def reasons(report: dict[str, Any], rule: str) -> set[str]:
    found = next(one for one in report["rules"] if one["id"] == rule)
    return {one["reason"] for one in found["scenarios"] if one["verdict"] == "untested"}


def no_such_step(steps: Any, _: Any) -> None:
    steps["completed-unassigned"]["step"] = "STEPGUID000000000001"


def open_instead(steps: Any, arena: StepsStandReady) -> None:
    step(arena, steps["completed-unassigned"]["step"]).status = "OPEN"


def process_still_open(steps: Any, _: Any) -> None:
    steps["in-completed-process"] |= {name: steps["completed-assigned"][name] for name in ("process", "step")}


def not_approved(steps: Any, arena: StepsStandReady) -> None:
    step(arena, steps["signoff-approved"]["step"]).status = "OPEN"


def step(arena: StepsStandReady, guid: str) -> Any:
    return next(one for process in arena.store.processes.values() for one in process.steps if one.guid == guid)


@pytest.mark.parametrize(
    ("change", "rule", "reason"),
    [
        (no_such_step, "unassigned-open-to-permitted", "its process shows no such step"),
        (open_instead, "unassigned-open-to-permitted", "it reads OPEN where the target file says COMPLETE"),
        (process_still_open, "completed-process-locks-steps", "its process is not completed"),
        (not_approved, "approved-signoff-is-final", "it reads OPEN where the target file says COMPLETE"),
    ],
    ids=["no-such-step", "open-instead", "process-still-open", "not-approved"],
)
def test_a_step_that_stands_otherwise_than_listed_is_left_alone(change, rule, reason):
    report, _ = run(change)
    assert report["run"]["exit_code"] == 0, report["run"]["reason"]
    assert any(reason in one and "correct staging.steps" in one for one in reasons(report, rule))
    assert report["left_behind"] == []


def test_nothing_is_said_of_steps_that_stand_as_listed():
    report, _ = run(lambda *_: None)
    assert not any("stand ready" in one for rule in RULES for one in reasons(report, rule))


def test_a_step_that_stands_otherwise_stays_as_it_was():
    opened = []

    def change(steps: Any, arena: StepsStandReady) -> None:
        open_instead(steps, arena)
        opened.append(step(arena, steps["completed-unassigned"]["step"]))

    run(change)
    assert [one.status for one in opened] == ["OPEN"]
