"""Rule `json-required`: the body is announced as application/json."""

from collections.abc import Callable

import pytest

from conformance import expect
from conformance.contract import Profile
from conformance.evidence import Exchange, Subject
from conformance.judge import Reopen
from conformance.session import Sessions
from conformance.stage import Stage


@pytest.fixture
def step(stage: Stage) -> Subject:
    return stage.completed_step(owner="owner", assigned_to="assignee")


@pytest.mark.deciding
@pytest.mark.parametrize(
    "content_type",
    [
        pytest.param(None, id="missing"),
        pytest.param("text/plain", id="text"),
        pytest.param("application/x-www-form-urlencoded", id="form"),
    ],
)
def test_refused(step: Subject, sessions: Sessions, profile: Profile, content_type: str | None) -> None:
    answer = sessions["owner"].reopen(step, content_type=content_type)
    expect.refused(answer, profile["not-json"])


@pytest.mark.variation
@pytest.mark.parametrize(
    "content_type",
    [
        pytest.param("application/xml", id="xml"),
        pytest.param("multipart/form-data; boundary=x", id="multipart"),
        pytest.param("application/json-patch+json", id="json-patch"),
        pytest.param("application/octet-stream", id="bytes"),
        pytest.param("text/json", id="text-json"),
        pytest.param("", id="empty"),
        pytest.param("json", id="bare-json"),
        pytest.param("*/*", id="anything"),
        pytest.param("image/png", id="image"),
        pytest.param("application/x-unheard-of", id="unheard-of"),
    ],
)
def test_refused_as_well(step: Subject, sessions: Sessions, profile: Profile, content_type: str | None) -> None:
    answer = sessions["owner"].reopen(step, content_type=content_type)
    expect.refused(answer, profile["not-json"])


# What may be accepted is sent for another step than what must be refused: it must not hide what a refusal changes.
@pytest.mark.parametrize(
    "content_type",
    [
        pytest.param("application/json; charset=utf-8", id="spaced"),
        pytest.param("application/json;charset=utf-8", id="unspaced", marks=pytest.mark.variation),
        pytest.param("application/json; charset=UTF-8", id="capitals", marks=pytest.mark.variation),
    ],
)
def test_charset_utf_8(stage: Stage, reopen: Reopen, content_type: str) -> None:
    step = stage.completed_step(owner="owner", assigned_to="group")
    answer = reopen(step, content_type=content_type)
    expect.reopened(answer)


@pytest.mark.variation
@pytest.mark.parametrize(
    "content_type",
    [
        pytest.param("application/json; charset=iso-8859-1", id="other-charset"),
        pytest.param("application/json; profile=x", id="parameter"),
        pytest.param("Application/JSON", id="upper-case"),
    ],
)
def test_parameters(stage: Stage, sessions: Sessions, observe: Callable[[Exchange], None], content_type: str) -> None:
    step = stage.completed_step(owner="owner", assigned_to="group")
    observe(sessions["owner"].reopen(step, content_type=content_type))
