"""Wires scenarios to the run: each fixture is a part of it, none knows which server is tested."""

from collections.abc import Callable
from random import Random

import pytest

from conformance.contract import Profile
from conformance.evidence import UNREADABLE, Exchange, Subject
from conformance.invariants import Judgement
from conformance.judge import RUN, Answered, Reopen
from conformance.session import COMMENT, JSON, REOPEN, Sessions
from conformance.stage import Stage


@pytest.fixture(scope="session")
def sessions(request: pytest.FixtureRequest) -> Sessions:
    """The accounts' sessions, by their part: `sessions["owner"]`."""
    return request.config.stash[RUN].sessions


@pytest.fixture(scope="session")
def stage(request: pytest.FixtureRequest) -> Stage:
    """Leases steps in the state that a scenario needs."""
    return request.config.stash[RUN].stage


@pytest.fixture(scope="session")
def profile(request: pytest.FixtureRequest) -> Profile:
    """What each refusal must look like: `profile["already-open"]`."""
    return request.config.stash[RUN].profile


@pytest.fixture
def draw(request: pytest.FixtureRequest) -> Random:
    """Draws what a scenario needs at random: the same for the same seed, whatever ran before."""
    return Random(request.config.stash[RUN].settings.seed)  # noqa: S311 - it has to be repeatable


@pytest.fixture
def observe(request: pytest.FixtureRequest) -> Callable[[Exchange], None]:
    """Records an answer that the page leaves open; what binds every answer is judged all the same."""
    return lambda answer: request.config.stash[RUN].observe(request.node, answer)


@pytest.fixture
def answered(request: pytest.FixtureRequest) -> Answered:
    """Returns an answer of this run that fits, or else asks: what binds every answer needs no calls of its own."""

    def find(fits: Callable[[Exchange], bool], ask: Callable[[], Exchange]) -> Exchange:
        run = request.config.stash[RUN]
        for exchange in filter(run.recorder.tells, run.recorder.exchanges):
            if exchange.operation == REOPEN and exchange.purpose == "scenario" and fits(exchange):
                run.borrow(request.node, exchange)
                return exchange
        return ask()

    return find


@pytest.fixture
def reopen(stage: Stage, sessions: Sessions) -> Reopen:
    """Reopens a step as one of those who may, whichever is let."""

    def ask(step: Subject, comment: str | None = COMMENT, content_type: str = JSON) -> Exchange:
        first, *others = stage.permitted(step)
        answer = sessions[first].reopen(step, comment, content_type=content_type)
        for role in others:
            if answer.refused:
                answer = sessions[role].reopen(step, comment, content_type=content_type)
        return answer

    return ask


@pytest.fixture
def done(stage: Stage, reopen: Reopen, answered: Answered) -> Exchange:
    """An answer to a reopening that was done, as far as one is."""

    def ask() -> Exchange:
        return reopen(stage.completed_step(owner="owner", assigned_to="assignee"))

    return answered(lambda exchange: exchange.accepted and exchange.comment is not UNREADABLE, ask)


@pytest.fixture
def judged(request: pytest.FixtureRequest) -> Callable[[Exchange], Judgement]:
    """Returns what an answer said about the rules that bind every answer."""
    return request.config.stash[RUN].judgement
