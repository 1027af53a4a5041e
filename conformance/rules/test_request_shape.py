"""Rule `request-shape`: a body of another shape than the page's is refused, and nothing changes.

Each body has one thing wrong with it, and is sent by the owner for a step that the owner may reopen.
"""

from collections.abc import Callable
from typing import Any

import pytest

from conformance import expect
from conformance.contract import Profile
from conformance.evidence import Exchange, Subject
from conformance.fuzzing.case import unknown
from conformance.judge import Reopen
from conformance.session import COMMENT, Sessions, encode, reopen_body
from conformance.stage import Stage

DECIDING = pytest.mark.deciding
NOT_A_GUID = "no guid, by any alphabet"


@pytest.fixture
def elsewhere(stage: Stage) -> Subject:
    return stage.completed_step(owner="owner", assigned_to="group")


@pytest.fixture
def step(stage: Stage) -> Subject:
    return stage.completed_step(owner="owner", assigned_to="assignee")


@pytest.fixture
def open_step(stage: Stage) -> Subject:
    """Another step for what may be accepted: what that changes must not hide what a refusal changes."""
    return stage.completed_step(owner="owner", assigned_to="group")


def _guids(process: Any, step: Any) -> dict[str, Any]:
    return _process({"guid": process, "step": {"guid": step}})


def _process(process: Any) -> dict[str, Any]:
    return {"qualityProcess": process, "complete": False, "comment": COMMENT}


def _without(step: Subject, member: str) -> dict[str, Any]:
    return {name: value for name, value in reopen_body(step).items() if name != member}


def _as_printed(step: Subject) -> bytes:
    """The page's sample, with the page's misprint: a brace opens where one should close."""
    process = f'{{"guid":"{step.process}","step":{{"guid":"{step.step}"{{}}'
    return f'{{"qualityProcess":{process},"complete":false,"comment":""}}'.encode()


WRONG_GUIDS = [
    pytest.param(lambda s: _guids(NOT_A_GUID, s.step), "guid-malformed", id="process-malformed"),
    pytest.param(
        lambda s: _guids(s.process, NOT_A_GUID), "guid-malformed", id="step-malformed", marks=pytest.mark.deciding
    ),
    pytest.param(lambda s: _guids(unknown(s.process), s.step), "guid-unknown", id="process-unknown"),
    pytest.param(
        lambda s: _guids(s.process, unknown(s.step)), "guid-unknown", id="step-unknown", marks=pytest.mark.deciding
    ),
    pytest.param(lambda s: _guids(s.process, ""), "guid-empty", id="step-empty", marks=DECIDING),
    pytest.param(lambda s: _guids(s.process, None), "guid-empty", id="step-null"),
    pytest.param(lambda s: _guids(s.step, s.process), "other", id="swapped"),
    pytest.param(lambda s: _guids(s.process, 7), "other", id="step-number"),
]

ODD_GUIDS = [
    pytest.param(lambda s: _guids("", s.step), "guid-empty", id="process-empty"),
    pytest.param(lambda s: _guids(None, s.step), "guid-empty", id="process-null"),
    pytest.param(lambda s: _guids(s.process, s.process), "other", id="process-twice"),
    pytest.param(lambda s: _guids(7, s.step), "other", id="process-number"),
    pytest.param(lambda s: _guids(s.process, [s.step]), "other", id="step-list"),
    pytest.param(lambda s: _guids([s.process], s.step), "other", id="process-list"),
    pytest.param(lambda s: _guids(s.process, {"guid": s.step}), "other", id="step-object"),
    pytest.param(lambda s: _guids(s.process, True), "other", id="step-true"),
    pytest.param(lambda s: _guids(s.process, s.step[:-1]), "other", id="step-cut-short"),
    pytest.param(lambda s: _guids(s.process[:-1], s.step), "other", id="process-cut-short"),
    pytest.param(lambda s: _guids(s.process, f"{s.step}A"), "other", id="step-longer"),
    pytest.param(lambda s: _guids(f"{s.process}A", s.step), "other", id="process-longer"),
    pytest.param(lambda s: _guids(s.process, f" {s.step}"), "other", id="step-after-space"),
    pytest.param(lambda s: _guids(s.process, f"{s.step} "), "other", id="step-before-space"),
    pytest.param(lambda s: _guids(f"{s.process} ", s.step), "other", id="process-before-space"),
    pytest.param(lambda s: _guids(s.process, "%"), "other", id="step-percent"),
    pytest.param(lambda s: _guids(s.process, "*"), "other", id="step-star"),
    pytest.param(lambda s: _guids("*", s.step), "other", id="process-star"),
]

WRONG_SHAPES = [
    pytest.param(lambda _: {}, id="empty-object", marks=DECIDING),
    pytest.param(lambda s: _without(s, "qualityProcess"), id="no-process", marks=DECIDING),
    pytest.param(lambda s: _process({"guid": s.process, "step": s.step}), id="step-is-text"),
    pytest.param(lambda s: {**reopen_body(s), "complete": "false"}, id="complete-text", marks=DECIDING),
    pytest.param(lambda s: [reopen_body(s)], id="list"),
]

ODD_SHAPES = [
    pytest.param(lambda _: _process(None), id="process-is-null"),
    pytest.param(lambda s: _process(s.process), id="process-is-text"),
    pytest.param(lambda s: _process([reopen_body(s)["qualityProcess"]]), id="process-is-list"),
    pytest.param(lambda s: _process({"step": {"guid": s.step}}), id="no-process-guid"),
    pytest.param(
        lambda s: _process({"guid": s.process, "step": [{"guid": s.step}]}),
        id="step-is-list",
    ),
    pytest.param(lambda s: _process({"guid": s.process, "step": {}}), id="step-without-guid"),
    pytest.param(lambda s: {**reopen_body(s), "complete": ""}, id="complete-empty"),
    pytest.param(lambda s: {**reopen_body(s), "complete": 0}, id="complete-zero"),
    pytest.param(lambda s: {**reopen_body(s), "complete": 1}, id="complete-one"),
    pytest.param(lambda s: {**reopen_body(s), "complete": "no"}, id="complete-no"),
    pytest.param(lambda s: {**reopen_body(s), "complete": []}, id="complete-list"),
    pytest.param(lambda s: {**reopen_body(s), "complete": {}}, id="complete-object"),
    pytest.param(lambda s: encode(reopen_body(s)).decode(), id="text"),
    pytest.param(lambda _: None, id="null"),
    pytest.param(lambda _: 7, id="number"),
]

NO_JSON = [
    pytest.param(lambda _: b"", id="empty"),
    pytest.param(lambda s: encode(reopen_body(s))[:-1], id="cut-short", marks=DECIDING),
    pytest.param(_as_printed, id="as-printed"),
]

ODD_NO_JSON = [
    pytest.param(lambda s: encode(reopen_body(s))[:-1] + b",}", id="trailing-comma"),
    pytest.param(lambda s: encode(reopen_body(s)) + b"}", id="one-brace-more"),
    pytest.param(lambda s: encode(reopen_body(s)).replace(b'"', b"'"), id="single-quotes"),
    pytest.param(lambda s: encode({**reopen_body(s), "comment": "?"}).replace(b'"?"', b'"\xff\xfe"'), id="not-utf-8"),
    pytest.param(lambda s: b"/* reopen */" + encode(reopen_body(s)), id="with-comment"),
    pytest.param(lambda s: encode(reopen_body(s)) + b" // reopen", id="with-line-comment"),
    pytest.param(lambda s: encode(reopen_body(s)).replace(b'"complete"', b"complete"), id="unquoted-name"),
    pytest.param(lambda s: f"qualityProcess.guid={s.process}&complete=false".encode(), id="form"),
]


@pytest.mark.parametrize(("body", "situation"), WRONG_GUIDS)
def test_guids(
    step: Subject, sessions: Sessions, profile: Profile, body: Callable[[Subject], Any], situation: str
) -> None:
    answer = sessions["owner"].send(step, body(step))
    expect.refused(answer, profile[situation])


@pytest.mark.variation
@pytest.mark.parametrize(("body", "situation"), ODD_GUIDS)
def test_odd_guids(
    step: Subject, sessions: Sessions, profile: Profile, body: Callable[[Subject], Any], situation: str
) -> None:
    answer = sessions["owner"].send(step, body(step))
    expect.refused(answer, profile[situation])


@pytest.mark.parametrize("body", WRONG_SHAPES)
def test_shape(step: Subject, sessions: Sessions, profile: Profile, body: Callable[[Subject], Any]) -> None:
    answer = sessions["owner"].send(step, body(step))
    expect.refused(answer, profile["other"])


@pytest.mark.variation
@pytest.mark.parametrize("body", ODD_SHAPES)
def test_odd_shape(step: Subject, sessions: Sessions, profile: Profile, body: Callable[[Subject], Any]) -> None:
    answer = sessions["owner"].send(step, body(step))
    expect.refused(answer, profile["other"])


@pytest.mark.parametrize("body", NO_JSON)
def test_no_json(step: Subject, sessions: Sessions, profile: Profile, body: Callable[[Subject], bytes]) -> None:
    answer = sessions["owner"].send(step, body(step))
    expect.refused(answer, profile["malformed-json"])


@pytest.mark.variation
@pytest.mark.parametrize("body", ODD_NO_JSON)
def test_odd_no_json(step: Subject, sessions: Sessions, profile: Profile, body: Callable[[Subject], bytes]) -> None:
    answer = sessions["owner"].send(step, body(step))
    expect.refused(answer, profile["malformed-json"])


@pytest.mark.variation
def test_nothing_after_a_good_one(stage: Stage, reopen: Reopen, sessions: Sessions, profile: Profile) -> None:
    expect.reopened(reopen(stage.completed_step(owner="owner", assigned_to="assignee")))
    step = stage.completed_step(owner="owner", assigned_to="assignee")
    expect.refused(sessions["owner"].send(step, b""), profile["malformed-json"])


@pytest.mark.deciding
def test_step_of_another_process(stage: Stage, step: Subject, sessions: Sessions, profile: Profile) -> None:
    elsewhere, who = stage.completed_elsewhere(step)
    answer = sessions[who].send(step, _guids(step.process, elsewhere.step))
    expect.refused(answer, profile["other"])


@pytest.mark.variation
def test_process_of_another_step(step: Subject, elsewhere: Subject, sessions: Sessions, profile: Profile) -> None:
    answer = sessions["owner"].send(step, _guids(elsewhere.process, step.step))
    expect.refused(answer, profile["other"])


@pytest.mark.variation
@pytest.mark.parametrize(
    "body",
    [
        pytest.param(lambda s: b"\xef\xbb\xbf" + encode(reopen_body(s)), id="bom"),
        pytest.param(lambda s: encode(reopen_body(s)).decode().encode("utf-16"), id="utf-16"),
        pytest.param(lambda s: encode(reopen_body(s))[:-1] + b',"complete":false}', id="duplicate-key"),
        pytest.param(lambda s: encode(reopen_body(s))[:-1] + b',"x":NaN}', id="nan"),
        pytest.param(lambda s: {**reopen_body(s), "unknown": {"a": [1]}}, id="extra-field"),
        pytest.param(lambda s: _without(s, "complete"), id="complete-absent"),
        pytest.param(lambda s: {**reopen_body(s), "complete": None}, id="complete-null"),
        pytest.param(lambda s: _without(s, "comment"), id="comment-absent"),
        pytest.param(lambda s: {**reopen_body(s), "comment": 7}, id="comment-number"),
        pytest.param(lambda s: {**reopen_body(s), "comment": {"text": "x"}}, id="comment-object"),
        pytest.param(lambda s: {**reopen_body(s), "comment": ["x"]}, id="comment-list"),
        pytest.param(
            lambda s: encode({**reopen_body(s), "comment": "?"}).replace(b'"?"', b'"\\ud83d"'), id="comment-surrogate"
        ),
        pytest.param(lambda s: _guids(s.process.lower(), s.step.lower()), id="lower-case-guids"),
        pytest.param(
            lambda s: encode(reopen_body(s))[:-1] + b',"x":' + b"[" * 2000 + b"]" * 2000 + b"}", id="deep-nesting"
        ),
    ],
)
def test_left_open(
    open_step: Subject, sessions: Sessions, observe: Callable[[Exchange], None], body: Callable[[Subject], Any]
) -> None:
    observe(sessions["owner"].send(open_step, body(open_step)))


# Without a step the call is about the process; both its steps are complete, and none may change.
@pytest.mark.parametrize(
    "without",
    [
        pytest.param({}, id="absent"),
        pytest.param({"step": None}, id="null", marks=pytest.mark.variation),
    ],
)
def test_without_step(
    stage: Stage, sessions: Sessions, observe: Callable[[Exchange], None], without: dict[str, None]
) -> None:
    stage.completed_step(owner="owner", assigned_to="assignee")
    step = stage.completed_step(owner="owner", assigned_to="colleague")
    body = _process({"guid": step.process, **without})
    observe(sessions["owner"].send(Subject(step.process, ""), body))
