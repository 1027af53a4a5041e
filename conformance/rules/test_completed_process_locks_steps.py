"""Rule `completed-process-locks-steps`: in a completed process nobody reopens a regular step."""

import pytest

from conformance import expect
from conformance.contract import Profile
from conformance.evidence import Subject
from conformance.session import Sessions
from conformance.stage import Stage


@pytest.fixture
def step(stage: Stage) -> Subject:
    return stage.completed_process_step(owner="owner", assigned_to="assignee")


@pytest.fixture
def unassigned_step(stage: Stage) -> Subject:
    return stage.completed_process_step(owner="owner", assigned_to="")


@pytest.fixture
def group_step(stage: Stage) -> Subject:
    return stage.completed_process_step(owner="owner", assigned_to="group")


# To the last two it is forbidden twice over; which reason a server names is its own affair.
@pytest.mark.parametrize(
    ("who", "situation"),
    [
        pytest.param("owner", "process-completed", id="owner", marks=pytest.mark.deciding),
        pytest.param("assignee", "process-completed", id="assignee", marks=pytest.mark.deciding),
        pytest.param("administrator", "other", id="administrator"),
        pytest.param("colleague", "other", id="colleague", marks=pytest.mark.variation),
    ],
)
def test_assigned_step(step: Subject, sessions: Sessions, profile: Profile, who: str, situation: str) -> None:
    answer = sessions[who].reopen(step)
    expect.refused(answer, profile[situation])


def test_asking_again(step: Subject, sessions: Sessions, profile: Profile) -> None:
    expect.refused(sessions["owner"].reopen(step), profile["process-completed"])


@pytest.mark.parametrize("who", ["colleague", "owner"])
def test_unassigned_step(unassigned_step: Subject, sessions: Sessions, profile: Profile, who: str) -> None:
    answer = sessions[who].reopen(unassigned_step)
    expect.refused(answer, profile["process-completed"])


@pytest.mark.parametrize("who", ["group_member", "owner"])
def test_step_of_a_group(group_step: Subject, sessions: Sessions, profile: Profile, who: str) -> None:
    answer = sessions[who].reopen(group_step)
    expect.refused(answer, profile["process-completed"])
