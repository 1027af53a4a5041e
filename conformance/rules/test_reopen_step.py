"""Rule `reopen-step`: the call reopens the step that it names, and nothing else."""

import pytest

from conformance import expect
from conformance.judge import Reopen
from conformance.session import Sessions
from conformance.stage import Stage


# Beside it: the next step of the process, a step of the owner's other process, another one of the same assignee.
@pytest.mark.deciding
def test_only_that_step(stage: Stage, reopen: Reopen) -> None:
    stage.completed_neighbour(owner="owner", assigned_to="assignee")
    same_owner = stage.completed_step(owner="owner", assigned_to="group")
    same_assignee = stage.completed_step(owner="colleague", assigned_to="assignee")
    step = stage.completed_step(owner="owner", assigned_to="assignee")
    expect.reopened(reopen(step))
    stage.look(step, same_owner, same_assignee)


def test_once_more(stage: Stage, reopen: Reopen) -> None:
    step = stage.completed_step(owner="owner", assigned_to="assignee")
    expect.reopened(reopen(step))
    stage.look_closely(step)


@pytest.mark.variation
@pytest.mark.parametrize(
    "comment",
    [
        pytest.param("Größe 10 µm, 完了 ✔ 🔧", id="beyond-ascii"),
        pytest.param("x" * 1000, id="long"),
    ],
)
def test_whatever_the_comment(stage: Stage, reopen: Reopen, comment: str) -> None:
    step = stage.completed_step(owner="owner", assigned_to="assignee")
    expect.reopened(reopen(step, comment))


@pytest.mark.variation
def test_second_step_of_the_process(stage: Stage, reopen: Reopen) -> None:
    stage.completed_step(owner="owner", assigned_to="assignee")
    step = stage.completed_step(owner="owner", assigned_to="colleague")
    expect.reopened(reopen(step))


@pytest.mark.variation
def test_decisions_stay(stage: Stage, reopen: Reopen) -> None:
    step = stage.completed_step(owner="colleague", assigned_to="restricted_assignee")
    signoff = stage.signoff("approved")
    stage.look_at_decisions(signoff)
    expect.reopened(reopen(step))
    stage.look_at_decisions(signoff)


@pytest.mark.variation
def test_four_at_once(stage: Stage, sessions: Sessions) -> None:
    step = stage.completed_step(owner="owner", assigned_to="assignee")
    answers = sessions.at_once(["owner", "assignee", "owner", "assignee"], step)
    expect.exactly_one(answers)
