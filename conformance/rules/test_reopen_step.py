"""Rule `reopen-step`: the call reopens the step that it names, and nothing else."""

import pytest

from conformance import expect
from conformance.session import Sessions
from conformance.stage import Stage


# Beside it: the next step of the process, the first of the owner's other process, another one of the same assignee.
@pytest.mark.deciding
def test_only_that_step(stage: Stage, sessions: Sessions) -> None:
    stage.completed_step(owner="owner", assigned_to="colleague")
    first_step = stage.completed_step(owner="owner", assigned_to="")
    same_assignee = stage.completed_step(owner="colleague", assigned_to="assignee")
    step = stage.completed_step(owner="owner", assigned_to="assignee")
    who = stage.reopener(step)
    stage.look(step, first_step, same_assignee)
    expect.reopened(sessions[who].reopen(step))
    stage.look(step, first_step, same_assignee)


@pytest.mark.deciding
def test_once_more(stage: Stage, sessions: Sessions) -> None:
    step = stage.completed_step(owner="owner", assigned_to="assignee")
    expect.reopened(sessions[stage.reopener(step)].reopen(step))
    stage.look_closely(step)


@pytest.mark.variation
@pytest.mark.parametrize(
    "comment",
    [
        pytest.param("Größe 10 µm, 完了 ✔ 🔧", id="beyond-ascii"),
        pytest.param("x" * 1000, id="long"),
    ],
)
def test_whatever_the_comment(stage: Stage, sessions: Sessions, comment: str) -> None:
    step = stage.completed_step(owner="owner", assigned_to="assignee")
    expect.reopened(sessions[stage.reopener(step)].reopen(step, comment))


@pytest.mark.variation
def test_second_step_of_the_process(stage: Stage, sessions: Sessions) -> None:
    stage.completed_step(owner="owner", assigned_to="assignee")
    step = stage.completed_step(owner="owner", assigned_to="colleague")
    expect.reopened(sessions[stage.reopener(step)].reopen(step))


@pytest.mark.variation
def test_decisions_stay(stage: Stage, sessions: Sessions) -> None:
    step = stage.completed_step(owner="colleague", assigned_to="restricted_assignee")
    signoff = stage.signoff("approved")
    who = stage.reopener(step)
    stage.look(signoff)
    expect.reopened(sessions[who].reopen(step))
    stage.look(signoff)


@pytest.mark.variation
def test_four_at_once(stage: Stage, sessions: Sessions) -> None:
    step = stage.completed_step(owner="owner", assigned_to="assignee")
    answers = sessions.at_once(["owner", "assignee", "owner", "assignee"], step)
    expect.exactly_one(answers)
