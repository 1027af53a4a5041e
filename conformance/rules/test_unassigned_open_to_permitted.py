"""Rule `unassigned-open-to-permitted`: a step without assignee may be reopened by whoever has Quality Edit Details."""

from collections.abc import Callable

import pytest

from conformance import expect
from conformance.contract import Profile
from conformance.evidence import Exchange
from conformance.session import Sessions
from conformance.stage import Stage

UNASSIGNED = {"owner": "owner", "assigned_to": ""}


@pytest.mark.deciding
def test_user_without_permission(stage: Stage, sessions: Sessions, profile: Profile) -> None:
    step = stage.completed_step(**UNASSIGNED)
    answer = sessions["restricted"].reopen(step)
    expect.refused(answer, profile["not-permitted"])


@pytest.mark.variation
def test_user_of_another_workspace(stage: Stage, sessions: Sessions, profile: Profile) -> None:
    step = stage.completed_step(**UNASSIGNED)
    answer = sessions["foreigner"].reopen(step)
    expect.refused(answer, profile["foreign-guid"])


# None of them owns, made or is assigned to anything in this process; the owner does.
@pytest.mark.parametrize(
    "who",
    [
        pytest.param("colleague", marks=pytest.mark.deciding),
        pytest.param("other_group_member", marks=pytest.mark.variation),
        "owner",
    ],
)
def test_permitted_user(stage: Stage, sessions: Sessions, who: str) -> None:
    step = stage.completed_step(**UNASSIGNED)
    answer = sessions[who].reopen(step)
    expect.reopened(answer)


def test_unassigned_step_whose_owner_may_not(stage: Stage, sessions: Sessions) -> None:
    step = stage.completed_step(owner="restricted_owner", assigned_to="")
    answer = sessions["colleague"].reopen(step)
    expect.reopened(answer)


@pytest.mark.variation
def test_administrator(stage: Stage, sessions: Sessions, observe: Callable[[Exchange], None]) -> None:
    step = stage.completed_step(**UNASSIGNED)
    observe(sessions["administrator"].reopen(step))
