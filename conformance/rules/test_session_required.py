"""Rule `session-required`: the call carries a session that login gave and that is still alive."""

from collections.abc import Callable

import pytest

from conformance import expect
from conformance.contract import Profile
from conformance.evidence import Exchange, Subject
from conformance.session import Sessions
from conformance.stage import Stage


@pytest.fixture
def step(stage: Stage) -> Subject:
    return stage.completed_step(owner="owner", assigned_to="assignee")


@pytest.mark.parametrize(
    "session_id",
    [
        pytest.param(None, id="missing", marks=pytest.mark.deciding),
        pytest.param("", id="empty"),
        pytest.param("0123456789ABCDEF0123456789ABCDEF", id="unknown", marks=pytest.mark.deciding),
        pytest.param("no session id!", id="malformed"),
    ],
)
def test_session(step: Subject, sessions: Sessions, profile: Profile, session_id: str | None) -> None:
    answer = sessions.unrecognised(session_id).reopen(step)
    expect.refused(answer, profile["no-session"])


@pytest.mark.variation
@pytest.mark.parametrize(
    "session_id",
    [
        pytest.param("null", id="null"),
        pytest.param("' OR '1'='1", id="quoted"),
        pytest.param("A" * 2000, id="long"),
    ],
)
def test_odd_session(step: Subject, sessions: Sessions, profile: Profile, session_id: str) -> None:
    answer = sessions.unrecognised(session_id).reopen(step)
    expect.refused(answer, profile["no-session"])


def test_other_beginning(step: Subject, sessions: Sessions, profile: Profile) -> None:
    answer = sessions.altered("owner", lambda known: ("A" if known[0] != "A" else "B") + known[1:]).reopen(step)
    expect.refused(answer, profile["no-session"])


@pytest.mark.variation
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda known: known[:-1], id="cut-short"),
        pytest.param(lambda known: f"{known}0", id="longer"),
        pytest.param(lambda known: known[::-1], id="reversed"),
        pytest.param(lambda known: known.swapcase(), id="other-case"),
        pytest.param(lambda known: f'"{known}"', id="quoted"),
    ],
)
def test_almost_right(step: Subject, sessions: Sessions, profile: Profile, change: Callable[[str], str]) -> None:
    answer = sessions.altered("owner", change).reopen(step)
    expect.refused(answer, profile["no-session"])


def test_guid_of_a_user(step: Subject, sessions: Sessions, profile: Profile) -> None:
    answer = sessions.unrecognised(sessions["owner"].guid).reopen(step)
    expect.refused(answer, profile["no-session"])


def test_expired(step: Subject, sessions: Sessions, profile: Profile) -> None:
    answer = sessions.expired().reopen(step)
    expect.refused(answer, profile["no-session"])


def test_superseded(stage: Stage, sessions: Sessions, observe: Callable[[Exchange], None]) -> None:
    step = stage.completed_step(owner="owner", assigned_to="colleague")
    observe(sessions.superseded("assignee").reopen(step))


@pytest.mark.deciding
def test_logged_out(step: Subject, sessions: Sessions, profile: Profile) -> None:
    answer = sessions.log_out("assignee").reopen(step)
    expect.refused(answer, profile["no-session"])
