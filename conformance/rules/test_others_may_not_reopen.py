"""Rule `others-may-not-reopen`: on an assigned step nobody else may, however close to it."""

from collections.abc import Callable
from functools import partial

import pytest

from conformance import expect
from conformance.contract import Profile
from conformance.evidence import Exchange, Subject
from conformance.session import Sessions, reopen_body
from conformance.stage import Stage

DECIDING = partial(pytest.param, marks=pytest.mark.deciding)


@pytest.fixture
def step(stage: Stage) -> Subject:
    return stage.completed_step(owner="owner", assigned_to="assignee")


@pytest.fixture
def group_step(stage: Stage) -> Subject:
    return stage.completed_step(owner="owner", assigned_to="group")


# The colleague created the process, approves its sign-off, holds its other step and owns another process. The group
# held this step before.
@pytest.mark.parametrize("who", [DECIDING("colleague"), DECIDING("other_group_member"), "group_member"])
def test_step_of_a_user(step: Subject, sessions: Sessions, profile: Profile, who: str) -> None:
    answer = sessions[who].reopen(step)
    expect.refused(answer, profile["not-permitted"])


# The assignee was assigned to this step before the group was.
@pytest.mark.parametrize("who", [DECIDING("other_group_member"), "assignee", "colleague"])
def test_step_of_a_group(group_step: Subject, sessions: Sessions, profile: Profile, who: str) -> None:
    answer = sessions[who].reopen(group_step)
    expect.refused(answer, profile["not-permitted"])


def test_asking_again(step: Subject, sessions: Sessions, profile: Profile) -> None:
    expect.refused(sessions["colleague"].reopen(step), profile["not-permitted"])


def test_group_of_a_user(stage: Stage, sessions: Sessions, profile: Profile) -> None:
    step = stage.completed_step(owner="owner", assigned_to="several")
    answer = sessions["second_group_member"].reopen(step)
    expect.refused(answer, profile["not-permitted"])


def test_assignee_of_the_next_step(stage: Stage, sessions: Sessions, profile: Profile) -> None:
    step = stage.completed_step(owner="owner", assigned_to="colleague")
    answer = sessions["assignee"].reopen(step)
    expect.refused(answer, profile["not-permitted"])


def test_owner_of_another_process(stage: Stage, sessions: Sessions, profile: Profile) -> None:
    step = stage.completed_step(owner="colleague", assigned_to="assignee")
    answer = sessions["owner"].reopen(step)
    expect.refused(answer, profile["not-permitted"])


def test_owner_of_the_process_that_the_call_names(
    stage: Stage, step: Subject, sessions: Sessions, profile: Profile
) -> None:
    own = stage.completed_step(owner="colleague", assigned_to="assignee")
    answer = sessions["colleague"].send(step, reopen_body(Subject(own.process, step.step)))
    expect.refused(answer, profile["other"])


def test_user_of_another_workspace(step: Subject, sessions: Sessions, profile: Profile) -> None:
    answer = sessions["foreigner"].reopen(step)
    expect.refused(answer, profile["foreign-guid"])


def test_administrator(stage: Stage, sessions: Sessions, observe: Callable[[Exchange], None]) -> None:
    step = stage.completed_step(owner="owner", assigned_to="colleague")
    observe(sessions["administrator"].reopen(step))
