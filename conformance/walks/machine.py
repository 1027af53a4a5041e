"""Draws walks with Hypothesis' state machine: the same seed draws the same actions, whatever else is going on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from conformance import seeded
from conformance.walks.moves import Pick


class Walker(Protocol):
    """Goes one walk."""

    def go(self, pick: Pick) -> None:
        """Does the next action, drawn with `pick`."""

    def end(self) -> None:
        """Ends the walk."""


def draw_walks(begin: Callable[[], Walker], *, seed: int, walks: int, actions: int) -> None:
    """Lets Hypothesis draw so many walks of so many actions. The first is the simplest that there is.

    There is one rule, which draws what is done: Hypothesis switches rules off at random for a walk, and those who
    share a process need all of them. What fails is kept by the walker; Hypothesis is told of no failure, since its
    shrinking takes more calls than a server should be asked to answer (see `shorten`).
    """

    class Machine(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self._walker = begin()

        @rule(data=st.data())
        def act(self, data: st.DataObject) -> None:
            self._walker.go(lambda options: data.draw(st.sampled_from(options)))

        def teardown(self) -> None:
            self._walker.end()

    settings = seeded.settings(
        examples=walks,
        phases=[hypothesis.Phase.generate],
        backend=seeded.choosing(),
        stateful_step_count=actions,
    )
    run_state_machine_as_test(hypothesis.seed(seed)(Machine), settings=settings)
