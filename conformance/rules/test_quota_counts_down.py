"""Rule `quota-counts-down`: each call lowers X-Arena-Requests-Remaining. Followed through the whole run, besides."""

from collections.abc import Callable

import pytest

from conformance import expect
from conformance.evidence import Exchange
from conformance.invariants import QUOTA, Judgement
from conformance.judge import Answered, Reopen
from conformance.session import Sessions
from conformance.stage import Stage


@pytest.mark.deciding
def test_success(stage: Stage, reopen: Reopen, answered: Answered, judged: Callable[[Exchange], Judgement]) -> None:
    def ask() -> Exchange:
        return reopen(stage.completed_step(owner="owner", assigned_to="assignee"))

    answer = answered(lambda exchange: exchange.accepted and QUOTA in judged(exchange).judged, ask)
    expect.kept(judged(answer), QUOTA)


@pytest.mark.deciding
def test_refusal(stage: Stage, sessions: Sessions, answered: Answered, judged: Callable[[Exchange], Judgement]) -> None:
    def ask() -> Exchange:
        step = stage.open_step(owner="owner", assigned_to="assignee")
        sessions["owner"].reopen(step)
        return sessions["owner"].reopen(step)

    answer = answered(lambda exchange: exchange.refused and QUOTA in judged(exchange).judged, ask)
    expect.kept(judged(answer), QUOTA)


def test_login_is_free(stage: Stage, sessions: Sessions, judged: Callable[[Exchange], Judgement]) -> None:
    step = stage.completed_step(owner="owner", assigned_to="assignee")
    sessions.log_in_again("assignee")
    answer = sessions["owner"].reopen(step)
    expect.kept(judged(answer), QUOTA)
