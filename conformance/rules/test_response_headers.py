"""Rule `response-headers`: the page's six headers, on success and on failure. Judged on every answer, besides."""

from collections.abc import Callable

import pytest

from conformance import expect
from conformance.evidence import Exchange
from conformance.invariants import HEADERS, Judgement
from conformance.judge import Answered, Reopen
from conformance.session import Sessions
from conformance.stage import Stage


@pytest.mark.deciding
def test_on_success(done: Exchange, judged: Callable[[Exchange], Judgement]) -> None:
    expect.kept(judged(done), HEADERS)


@pytest.mark.deciding
def test_on_failure(
    stage: Stage, sessions: Sessions, answered: Answered, judged: Callable[[Exchange], Judgement]
) -> None:
    answer = answered(
        lambda exchange: exchange.account == "owner" and exchange.refused,
        lambda: sessions["owner"].reopen(stage.open_step(owner="owner", assigned_to="assignee")),
    )
    expect.kept(judged(answer), HEADERS)


@pytest.mark.deciding
def test_length_of_a_comment_beyond_ascii(
    stage: Stage, reopen: Reopen, answered: Answered, judged: Callable[[Exchange], Judgement]
) -> None:
    def ask() -> Exchange:
        step = stage.completed_step(owner="owner", assigned_to="assignee")
        return reopen(step, "Größe geprüft: 10 µm ≤ 12 µm, 完了 ✔ 🔧")

    answer = answered(lambda exchange: exchange.accepted and not str(exchange.comment).isascii(), ask)
    expect.kept(judged(answer), HEADERS)
