"""Rule `session-required`: the call carries a session that login gave and that is still alive."""

from collections.abc import Callable, Iterator

import pytest

from conformance import expect
from conformance.contract import Profile
from conformance.evidence import Exchange, Subject
from conformance.session import Sessions
from conformance.stage import Ground, Stage


@pytest.fixture(scope="module")
def ground(stage: Stage) -> Iterator[Ground]:
    with stage.ground(lambda: stage.completed_step(owner="owner", assigned_to="assignee")) as ground:
        yield ground


@pytest.mark.deciding
@pytest.mark.parametrize(
    "session_id",
    [
        pytest.param(None, id="missing"),
        pytest.param("", id="empty"),
        pytest.param("0123456789ABCDEF0123456789ABCDEF", id="unknown"),
        pytest.param("no session id!", id="malformed"),
        pytest.param("null", id="null"),
        pytest.param("' OR '1'='1", id="quoted"),
        pytest.param("A" * 2000, id="long"),
    ],
)
def test_session(step: Subject, sessions: Sessions, profile: Profile, session_id: str | None) -> None:
    answer = sessions.unrecognised(session_id).reopen(step)
    expect.refused(answer, profile["no-session"])


def test_altered(step: Subject, sessions: Sessions, profile: Profile) -> None:
    answer = sessions.altered("owner").reopen(step)
    expect.refused(answer, profile["no-session"])


def test_expired(step: Subject, sessions: Sessions, profile: Profile) -> None:
    answer = sessions.expired().reopen(step)
    expect.refused(answer, profile["no-session"])


def test_superseded(step: Subject, sessions: Sessions, observe: Callable[[Exchange], None]) -> None:
    observe(sessions.superseded("assignee").reopen(step))


@pytest.mark.deciding
def test_logged_out(step: Subject, sessions: Sessions, profile: Profile) -> None:
    answer = sessions.log_out("assignee").reopen(step)
    expect.refused(answer, profile["no-session"])
