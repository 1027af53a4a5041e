"""Rule `already-open-is-3089`: reopening what is open is refused with the page's error, and changes nothing."""

import pytest

from conformance import expect
from conformance.contract import Profile
from conformance.evidence import Subject
from conformance.session import Sessions
from conformance.stage import Stage


@pytest.fixture
def step(stage: Stage) -> Subject:
    return stage.open_step(owner="owner", assigned_to="assignee")


@pytest.mark.deciding
@pytest.mark.parametrize("who", ["owner", "assignee"])
def test_assigned_step(step: Subject, sessions: Sessions, profile: Profile, who: str) -> None:
    answer = sessions[who].reopen(step)
    expect.refused(answer, profile["already-open"])


def test_asking_again(step: Subject, sessions: Sessions, profile: Profile) -> None:
    answer = sessions["owner"].reopen(step)
    expect.refused(answer, profile["already-open"])


def test_unassigned_step(stage: Stage, sessions: Sessions, profile: Profile) -> None:
    step = stage.open_step(owner="owner", assigned_to="")
    answer = sessions["colleague"].reopen(step)
    expect.refused(answer, profile["already-open"])


def test_step_of_a_group(stage: Stage, sessions: Sessions, profile: Profile) -> None:
    step = stage.open_step(owner="owner", assigned_to="group")
    answer = sessions["group_member"].reopen(step)
    expect.refused(answer, profile["already-open"])


def test_step_that_was_never_completed(stage: Stage, sessions: Sessions, profile: Profile) -> None:
    step = stage.fresh_step()
    answer = sessions[stage.permitted(step)[0]].reopen(step)
    expect.refused(answer, profile["already-open"])
