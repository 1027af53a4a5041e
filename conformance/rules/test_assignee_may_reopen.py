"""Rule `assignee-may-reopen`: the user assigned to a step, or a member of the assigned group, may reopen it."""

import pytest

from conformance import expect
from conformance.session import Sessions
from conformance.stage import Stage


@pytest.mark.deciding
def test_assigned_user(stage: Stage, sessions: Sessions) -> None:
    step = stage.completed_step(owner="owner", assigned_to="assignee", completed_by="owner")
    answer = sessions["assignee"].reopen(step)
    expect.reopened(answer)


@pytest.mark.variation
def test_assigned_user_once_more(stage: Stage, sessions: Sessions) -> None:
    step = stage.completed_step(owner="owner", assigned_to="assignee")
    answer = sessions["assignee"].reopen(step)
    expect.reopened(answer)


@pytest.mark.deciding
def test_member_of_the_assigned_group(stage: Stage, sessions: Sessions) -> None:
    step = stage.completed_step(owner="owner", assigned_to="group")
    answer = sessions["group_member"].reopen(step)
    expect.reopened(answer)


@pytest.mark.variation
def test_second_member_of_the_assigned_group(stage: Stage, sessions: Sessions) -> None:
    step = stage.completed_step(owner="owner", assigned_to="group")
    answer = sessions["second_group_member"].reopen(step)
    expect.reopened(answer)


def test_second_of_several_users(stage: Stage, sessions: Sessions) -> None:
    step = stage.completed_step(owner="owner", assigned_to="several")
    answer = sessions["group_member"].reopen(step)
    expect.reopened(answer)


def test_assignee_who_created_the_process(stage: Stage, sessions: Sessions) -> None:
    step = stage.completed_step(owner="owner", assigned_to="colleague")
    answer = sessions["colleague"].reopen(step)
    expect.reopened(answer)


def test_assignee_in_a_process_of_somebody_else(stage: Stage, sessions: Sessions) -> None:
    step = stage.completed_step(owner="colleague", assigned_to="assignee")
    answer = sessions["assignee"].reopen(step)
    expect.reopened(answer)


def test_assignee_where_the_owner_may_not(stage: Stage, sessions: Sessions) -> None:
    step = stage.completed_step(owner="restricted_owner", assigned_to="assignee")
    answer = sessions["assignee"].reopen(step)
    expect.reopened(answer)
