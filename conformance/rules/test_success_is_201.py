"""Rule `success-is-201`: what is done is answered 201. Judged on every answer of a run, besides."""

import pytest

from conformance import expect
from conformance.session import Sessions
from conformance.stage import Stage


@pytest.mark.deciding
def test_reopening(stage: Stage, sessions: Sessions) -> None:
    step = stage.completed_step(owner="owner", assigned_to="assignee")
    answer = sessions[stage.reopener(step)].reopen(step)
    expect.status(answer, 201)
