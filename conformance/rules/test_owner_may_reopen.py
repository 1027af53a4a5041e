"""Rule `owner-may-reopen`: the owner of the process may reopen a step that is assigned to somebody else."""

import pytest

from conformance import expect
from conformance.session import Sessions
from conformance.stage import Stage


@pytest.mark.deciding
def test_step_assigned_to_a_user(stage: Stage, sessions: Sessions) -> None:
    step = stage.completed_step(owner="owner", assigned_to="assignee", completed_by="assignee")
    answer = sessions["owner"].reopen(step)
    expect.reopened(answer)


@pytest.mark.variation
def test_step_assigned_to_a_user_once_more(stage: Stage, sessions: Sessions) -> None:
    step = stage.completed_step(owner="owner", assigned_to="assignee")
    answer = sessions["owner"].reopen(step)
    expect.reopened(answer)


def test_step_assigned_to_a_group(stage: Stage, sessions: Sessions) -> None:
    step = stage.completed_step(owner="owner", assigned_to="group")
    answer = sessions["owner"].reopen(step)
    expect.reopened(answer)


@pytest.mark.variation
def test_owner_among_the_assignees(stage: Stage, sessions: Sessions) -> None:
    step = stage.completed_step(owner="owner", assigned_to="several")
    answer = sessions["owner"].reopen(step)
    expect.reopened(answer)


def test_owner_of_a_process_that_somebody_else_made(stage: Stage, sessions: Sessions) -> None:
    step = stage.completed_step(owner="colleague", assigned_to="restricted_assignee")
    answer = sessions["colleague"].reopen(step)
    expect.reopened(answer)
