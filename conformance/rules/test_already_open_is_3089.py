"""Rule `already-open-is-3089`: reopening what is open is refused with the page's error, and changes nothing."""

from collections.abc import Iterator
from functools import partial

import pytest

from conformance import expect
from conformance.contract import Profile
from conformance.evidence import Subject
from conformance.session import Sessions
from conformance.stage import Ground, Stage


@pytest.fixture(scope="module")
def ground(stage: Stage) -> Iterator[Ground]:
    with stage.ground(partial(stage.open_step, owner="owner", assigned_to="assignee")) as ground:
        yield ground


@pytest.mark.deciding
@pytest.mark.parametrize("who", ["owner", "assignee"])
def test_assigned_step(step: Subject, sessions: Sessions, profile: Profile, who: str) -> None:
    answer = sessions[who].reopen(step)
    expect.refused(answer, profile["already-open"])


def test_unassigned_step(stage: Stage, sessions: Sessions, profile: Profile) -> None:
    with stage.ground(partial(stage.open_step, owner="owner", assigned_to="")) as ground:
        answer = sessions["colleague"].reopen(ground.step())
    expect.refused(answer, profile["already-open"])


def test_step_of_a_group(stage: Stage, sessions: Sessions, profile: Profile) -> None:
    with stage.ground(partial(stage.open_step, owner="owner", assigned_to="group")) as ground:
        answer = sessions["group_member"].reopen(ground.step())
    expect.refused(answer, profile["already-open"])


def test_step_that_was_never_completed(stage: Stage, sessions: Sessions, profile: Profile) -> None:
    with stage.ground(stage.fresh_step) as ground:
        answer = sessions[stage.reopener(ground.step())].reopen(ground.step())
    expect.refused(answer, profile["already-open"])
