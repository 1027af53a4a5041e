"""Rule `failure-is-400`: what is refused is answered 400, with the envelope. Judged on every answer, besides."""

import pytest

from conformance import expect
from conformance.evidence import Subject
from conformance.session import Sessions
from conformance.stage import Stage


@pytest.fixture
def step(stage: Stage) -> Subject:
    return stage.completed_step(owner="owner", assigned_to="assignee")


@pytest.mark.deciding
def test_not_permitted(step: Subject, sessions: Sessions) -> None:
    answer = sessions["other_group_member"].reopen(step)
    expect.status(answer, 400)


@pytest.mark.deciding
def test_wrong_body(step: Subject, sessions: Sessions) -> None:
    answer = sessions["owner"].send(step, [])
    expect.status(answer, 400)
