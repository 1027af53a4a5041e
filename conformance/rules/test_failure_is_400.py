"""Rule `failure-is-400`: what is refused is answered 400, with the envelope. Judged on every answer, besides."""

import pytest

from conformance import expect
from conformance.judge import Answered
from conformance.session import Sessions
from conformance.stage import Stage


@pytest.mark.deciding
def test_not_permitted(stage: Stage, sessions: Sessions, answered: Answered) -> None:
    who = "other_group_member"
    answer = answered(
        lambda exchange: exchange.account == who and exchange.refused,
        lambda: sessions[who].reopen(stage.completed_step(owner="owner", assigned_to="assignee")),
    )
    expect.status(answer, 400)


@pytest.mark.deciding
def test_wrong_body(stage: Stage, sessions: Sessions, answered: Answered) -> None:
    answer = answered(
        lambda exchange: exchange.account == "owner" and exchange.request_body == b"{}",
        lambda: sessions["owner"].send(stage.completed_step(owner="owner", assigned_to="assignee"), {}),
    )
    expect.status(answer, 400)
