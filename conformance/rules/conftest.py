"""Wires scenarios to the run: each fixture is a part of it, none knows which server is tested."""

from collections.abc import Callable
from random import Random

import pytest

from conformance.contract import Profile
from conformance.evidence import Exchange
from conformance.invariants import Judgement
from conformance.judge import RUN
from conformance.session import Sessions
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
def judged(request: pytest.FixtureRequest) -> Callable[[Exchange], Judgement]:
    """Returns what an answer said about the rules that bind every answer."""
    return request.config.stash[RUN].judgement
