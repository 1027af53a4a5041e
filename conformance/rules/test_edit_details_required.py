"""Rule `edit-details-required`: without Quality Edit Details not even the assignee or the owner may."""

from functools import partial

import pytest

from conformance import expect
from conformance.contract import Profile
from conformance.session import Sessions
from conformance.stage import Stage


@pytest.mark.deciding
def test_assignee(stage: Stage, sessions: Sessions, profile: Profile) -> None:
    with stage.ground(partial(stage.completed_step, owner="colleague", assigned_to="restricted_assignee")) as ground:
        answer = sessions["restricted_assignee"].reopen(ground.step())
    expect.refused(answer, profile["not-permitted"])


def test_assignee_asking_again(stage: Stage, sessions: Sessions, profile: Profile) -> None:
    lease = partial(stage.completed_step, owner="colleague", assigned_to="restricted_assignee")
    with stage.ground(lease) as ground:
        answers = [sessions["restricted_assignee"].reopen(ground.step()) for _ in range(2)]
    expect.refused(answers[0], profile["not-permitted"])
    expect.refused(answers[1], profile["not-permitted"])


@pytest.mark.deciding
def test_owner(stage: Stage, sessions: Sessions, profile: Profile) -> None:
    with stage.ground(partial(stage.completed_step, owner="restricted_owner", assigned_to="assignee")) as ground:
        answer = sessions["restricted_owner"].reopen(ground.step())
    expect.refused(answer, profile["not-permitted"])


def test_owner_of_an_unassigned_step(stage: Stage, sessions: Sessions, profile: Profile) -> None:
    with stage.ground(partial(stage.completed_step, owner="restricted_owner", assigned_to="")) as ground:
        answer = sessions["restricted_owner"].reopen(ground.step())
    expect.refused(answer, profile["not-permitted"])


def test_outsider(stage: Stage, sessions: Sessions, profile: Profile) -> None:
    with stage.ground(partial(stage.completed_step, owner="owner", assigned_to="assignee")) as ground:
        answer = sessions["restricted"].reopen(ground.step())
    expect.refused(answer, profile["not-permitted"])
