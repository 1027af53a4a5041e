"""Rule `approved-signoff-is-final`: an approved sign-off step is neither reopened nor reversed, by nobody."""

from collections.abc import Callable

import pytest

from conformance import expect
from conformance.contract import Profile
from conformance.evidence import Exchange, Subject
from conformance.session import Sessions
from conformance.stage import Stage


@pytest.fixture
def step(stage: Stage) -> Subject:
    return stage.signoff("approved")


# The colleague owns the process and is its approver.
@pytest.mark.deciding
def test_owner_who_approved(step: Subject, sessions: Sessions, profile: Profile) -> None:
    answer = sessions["colleague"].reopen(step)
    expect.refused(answer, profile["approved-signoff"])


# Others may be refused for who they are as well.
@pytest.mark.parametrize("who", ["administrator", "owner"])
def test_nobody_else(step: Subject, sessions: Sessions, profile: Profile, who: str) -> None:
    answer = sessions[who].reopen(step)
    expect.refused(answer, profile["other"])


# The owner did not approve it; the colleague did, and is nothing else in this process.
@pytest.mark.variation
@pytest.mark.parametrize(("who", "situation"), [("owner", "approved-signoff"), ("colleague", "other")])
def test_approved_by_one_of_those_asked(
    stage: Stage, sessions: Sessions, profile: Profile, who: str, situation: str
) -> None:
    step = stage.signoff("approved", "shared")
    answer = sessions[who].reopen(step)
    expect.refused(answer, profile[situation])


# The process is completed as well; which reason a server names is its own affair.
@pytest.mark.variation
def test_in_a_completed_process(stage: Stage, sessions: Sessions, profile: Profile) -> None:
    step = stage.completed_process_signoff()
    answer = sessions["owner"].reopen(step)
    expect.refused(answer, profile["other"])


@pytest.mark.parametrize("state", ["pending", pytest.param("rejected", marks=pytest.mark.variation)])
def test_undecided(stage: Stage, sessions: Sessions, observe: Callable[[Exchange], None], state: str) -> None:
    step = stage.signoff(state)
    observe(sessions["owner"].reopen(step))
