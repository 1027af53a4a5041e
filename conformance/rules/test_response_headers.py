"""Rule `response-headers`: the page's six headers, on success and on failure. Judged on every answer, besides."""

from collections.abc import Callable

import pytest

from conformance import expect
from conformance.evidence import Exchange
from conformance.invariants import HEADERS, Judgement
from conformance.session import Sessions
from conformance.stage import Stage


@pytest.mark.deciding
def test_on_success(stage: Stage, sessions: Sessions, judged: Callable[[Exchange], Judgement]) -> None:
    step = stage.completed_step(owner="owner", assigned_to="assignee")
    answer = sessions[stage.reopener(step)].reopen(step)
    expect.kept(judged(answer), HEADERS)


@pytest.mark.deciding
def test_on_failure(stage: Stage, sessions: Sessions, judged: Callable[[Exchange], Judgement]) -> None:
    step = stage.open_step(owner="owner", assigned_to="assignee")
    answer = sessions["owner"].reopen(step)
    expect.kept(judged(answer), HEADERS)


@pytest.mark.deciding
def test_length_of_a_comment_beyond_ascii(
    stage: Stage, sessions: Sessions, judged: Callable[[Exchange], Judgement]
) -> None:
    step = stage.completed_step(owner="owner", assigned_to="assignee")
    answer = sessions[stage.reopener(step)].reopen(step, "Größe geprüft: 10 µm ≤ 12 µm, 完了 ✔ 🔧")
    expect.kept(judged(answer), HEADERS)
