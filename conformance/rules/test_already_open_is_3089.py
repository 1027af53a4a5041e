"""Rule `already-open-is-3089`: reopening what is open is refused with the page's error, and changes nothing."""

from collections.abc import Iterator

import pytest

from conformance import expect
from conformance.contract import Profile
from conformance.evidence import Subject
from conformance.session import Sessions
from conformance.stage import Ground, Stage


@pytest.fixture(scope="module")
def ground(stage: Stage) -> Iterator[Ground]:
    with stage.ground(lambda: stage.open_step(owner="owner", assigned_to="assignee")) as ground:
        yield ground


@pytest.fixture(scope="module")
def unassigned_ground(stage: Stage) -> Iterator[Ground]:
    with stage.ground(lambda: stage.open_step(owner="owner", assigned_to="")) as ground:
        yield ground


@pytest.mark.deciding
@pytest.mark.parametrize("who", ["owner", "assignee"])
def test_assigned_step(step: Subject, sessions: Sessions, profile: Profile, who: str) -> None:
    answer = sessions[who].reopen(step)
    expect.refused(answer, profile["already-open"])


def test_unassigned_step(unassigned_ground: Ground, sessions: Sessions, profile: Profile) -> None:
    answer = sessions["colleague"].reopen(unassigned_ground.step())
    expect.refused(answer, profile["already-open"])
