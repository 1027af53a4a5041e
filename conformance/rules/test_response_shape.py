"""Rule `response-shape`: the success shows the process that was asked for, and the comment as it was sent."""

import sys
from collections.abc import Callable
from itertools import count, islice
from random import Random

import pytest

from conformance import expect
from conformance.evidence import Exchange
from conformance.invariants import SHAPE, Judgement
from conformance.judge import Reopen
from conformance.session import Sessions
from conformance.stage import Stage

SCRIPTS = (
    "Größe, naïve, Ångström, İstanbul, straße\n"
    "e\u0301 and é are not the same text\n"
    "ไทย हिन्दी العربية עברית ελληνικά русский 日本語 한국어\n"
    "🔧 🇨🇭 \U0001d518\U0001d52b\U0001d526 ✔"
)
MARKUP = " <script>alert('x')</script> &amp; \"quoted\" \\ \\n / {0} %s ${x} {{ x }}  --  ; NULL true 007 1e3 "
LONGEST = ("0123456789" * 100)[:1000]
LONGEST_BEYOND_THE_BMP = "🔩" * 1000
VARIATION = pytest.mark.variation


@pytest.mark.deciding
def test_success(done: Exchange, judged: Callable[[Exchange], Judgement]) -> None:
    expect.kept(judged(done), SHAPE)


@pytest.mark.parametrize(
    "comment",
    [
        pytest.param(SCRIPTS, id="scripts", marks=pytest.mark.deciding),
        pytest.param(LONGEST, id="1000-characters"),
        pytest.param("Correcting typos within the Problem Description field.", id="sample", marks=VARIATION),
        pytest.param(MARKUP, id="markup", marks=VARIATION),
        pytest.param(LONGEST_BEYOND_THE_BMP, id="1000-emoji", marks=VARIATION),
        pytest.param("null", id="word-null", marks=VARIATION),
        pytest.param("7", id="digit", marks=VARIATION),
    ],
)
def test_comment(stage: Stage, reopen: Reopen, judged: Callable[[Exchange], Judgement], comment: str) -> None:
    step = stage.completed_step(owner="owner", assigned_to="assignee")
    answer = reopen(step, comment)
    expect.kept(judged(answer), SHAPE)


@VARIATION
def test_comment_of_the_seed(
    stage: Stage, reopen: Reopen, judged: Callable[[Exchange], Judgement], draw: Random
) -> None:
    step = stage.completed_step(owner="owner", assigned_to="assignee")
    drawn = (chr(draw.randrange(sys.maxunicode)) for _ in count())
    comment = "".join(islice((one for one in drawn if one.isprintable() or one == "\n"), 300))
    answer = reopen(step, comment)
    expect.kept(judged(answer), SHAPE)


@VARIATION
@pytest.mark.parametrize("owner", ["colleague", "restricted_owner"])
def test_process_of_another_owner(
    stage: Stage, sessions: Sessions, judged: Callable[[Exchange], Judgement], owner: str
) -> None:
    step = stage.completed_step(owner=owner, assigned_to="assignee")
    answer = sessions["assignee"].reopen(step)
    expect.kept(judged(answer), SHAPE)


@VARIATION
@pytest.mark.parametrize(
    "comment",
    [
        pytest.param("", id="empty"),
        pytest.param(None, id="null"),
        pytest.param("x" * 1001, id="1001-characters"),
        pytest.param("é" * 100_000, id="100000-characters"),
        pytest.param("bell \a, escape \x1b[31m, tab \t, return \r\n, delete \x7f", id="control-characters"),
        pytest.param("before \0 after", id="nul"),
        pytest.param("\u202edetrever\u202c and \u200bhidden\ufeff", id="invisible"),
    ],
)
def test_comment_of_another_kind(
    stage: Stage, reopen: Reopen, observe: Callable[[Exchange], None], comment: str | None
) -> None:
    step = stage.completed_step(owner="owner", assigned_to="assignee")
    observe(reopen(step, comment))
