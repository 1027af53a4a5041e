"""Rule `edit-details-required`: without Quality Edit Details not even the assignee or the owner may."""

import pytest

from conformance import expect
from conformance.contract import Profile
from conformance.session import Sessions
from conformance.stage import Stage


@pytest.mark.deciding
def test_assignee(stage: Stage, sessions: Sessions, profile: Profile) -> None:
    step = stage.completed_step(owner="colleague", assigned_to="restricted_assignee")
    answer = sessions["restricted_assignee"].reopen(step)
    expect.refused(answer, profile["not-permitted"])


def test_assignee_asking_again(stage: Stage, sessions: Sessions, profile: Profile) -> None:
    step = stage.completed_step(owner="colleague", assigned_to="restricted_assignee")
    answer = sessions["restricted_assignee"].reopen(step)
    expect.refused(answer, profile["not-permitted"])


def test_owner(stage: Stage, sessions: Sessions, profile: Profile) -> None:
    step = stage.completed_step(owner="restricted_owner", assigned_to="assignee")
    answer = sessions["restricted_owner"].reopen(step)
    expect.refused(answer, profile["not-permitted"])


def test_owner_of_an_unassigned_step(stage: Stage, sessions: Sessions, profile: Profile) -> None:
    step = stage.completed_step(owner="restricted_owner", assigned_to="")
    answer = sessions["restricted_owner"].reopen(step)
    expect.refused(answer, profile["not-permitted"])


def test_outsider(stage: Stage, sessions: Sessions, profile: Profile) -> None:
    step = stage.completed_step(owner="owner", assigned_to="assignee")
    answer = sessions["restricted"].reopen(step)
    expect.refused(answer, profile["not-permitted"])
