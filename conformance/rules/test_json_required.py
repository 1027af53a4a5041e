"""Rule `json-required`: the body is announced as application/json."""

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


@pytest.mark.parametrize(
    "content_type",
    [
        pytest.param(None, id="missing", marks=pytest.mark.deciding),
        pytest.param("text/plain", id="text", marks=pytest.mark.deciding),
        pytest.param("application/x-www-form-urlencoded", id="form", marks=pytest.mark.deciding),
        pytest.param("application/xml", id="xml"),
        pytest.param("multipart/form-data; boundary=x", id="multipart"),
        pytest.param("application/json-patch+json", id="json-patch"),
        pytest.param("application/octet-stream", id="bytes"),
        pytest.param("text/json", id="text-json"),
    ],
)
def test_refused(step: Subject, sessions: Sessions, profile: Profile, content_type: str | None) -> None:
    answer = sessions["owner"].reopen(step, content_type=content_type)
    expect.refused(answer, profile["not-json"])


def test_charset_utf_8(stage: Stage, sessions: Sessions) -> None:
    step = stage.completed_step(owner="owner", assigned_to="assignee")
    before = stage.views.steps(step)
    answer = sessions[stage.reopener(step)].reopen(step, content_type="application/json; charset=utf-8")
    expect.reopened(answer, before, stage.views.steps(step))


@pytest.mark.parametrize(
    "content_type",
    [
        pytest.param("application/json; charset=iso-8859-1", id="other-charset"),
        pytest.param("application/json; profile=x", id="parameter"),
        pytest.param("Application/JSON", id="upper-case"),
    ],
)
def test_parameters(step: Subject, sessions: Sessions, observe: Callable[[Exchange], None], content_type: str) -> None:
    observe(sessions["owner"].reopen(step, content_type=content_type))
