"""A step on which calls that must change nothing are tried."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from conformance.evidence import Exchange, Recorder, Subject
from conformance.session import REOPEN, VARIANT
from conformance.stage.api import StagingBroke, Unstaged
from conformance.stage.snapshot import Change, Snapshot, changes

# What completing and reopening a step may alter besides its status; the page says nothing about them.
_STEP_ALTERED: Final = frozenset({"completeDateTime", "completeUser"})
_PROCESS_ALTERED: Final = frozenset({"currentStep", "completedDateTime"})


class Ground:
    """A step on which calls that must change nothing are tried, between two readings.

    `step()` gives the step in its state. When the ground closes, what changed is known; whether the refusals prove
    anything is known once a permitted account has reopened that very step.
    """

    def __init__(
        self,
        recorder: Recorder,
        lease: Callable[[], Subject],
        read: Callable[[], Snapshot],
        known_state: Callable[[str], str | None],
    ) -> None:
        self._lease = lease
        self._read = read
        self._known_state = known_state
        self.subject = lease()
        self.before = read()
        self.scenarios: list[str] = []
        self.exchanges: list[int] = []
        self.altered: set[str] = set()  # steps whose state staging changed meanwhile, or a call that was accepted
        self.accepted: list[int] = []  # calls of scenarios that were done
        self.changes: list[Change] = []
        self.unread = ""
        self.control_exchange: int | None = None
        self.no_control = ""
        recorder.watch(self._watch)
        self._open = True

    def step(self) -> Subject:
        """Returns the step; where a call was accepted against expectation it is staged anew."""
        self.subject = self._lease()
        return self.subject

    def abandon(self, reason: str) -> None:
        """Closes the ground without a reading, where it is still open."""
        if self._open:
            self._open = False
            self.unread = reason

    def close(self) -> None:
        """Reads everything again."""
        if not self._open:
            return
        self._open = False
        try:
            after = self._read()
        except (Unstaged, StagingBroke) as error:
            self.unread = str(error)
            return
        self.changes = [change for change in changes(self.before, after) if not self._explained(change)]

    def _explained(self, change: Change) -> bool:
        """Whether a change follows from what staging did, or from a call that was accepted."""
        place = change.place
        if not self.altered:
            return False
        if place.kind == "decision":
            return self.subject.step in self.altered
        if place.kind == "step" and place.field in ("status", "approvals"):
            known = self._known_state(place.guid)
            return place.guid in self.altered and known in (None, change.now)
        if place.kind == "step":
            return place.guid in self.altered and place.field in _STEP_ALTERED
        # an accepted call without a step is about the process itself
        return place.kind == "process" and (place.field in _PROCESS_ALTERED or "" in self.altered)

    def _watch(self, exchange: Exchange) -> None:
        if not self._open or exchange.subject is None:
            return
        if exchange.purpose == "scenario" and exchange.subject.process == self.subject.process:
            self.exchanges.append(exchange.id)
            if exchange.scenario not in self.scenarios:
                self.scenarios.append(exchange.scenario)
            if exchange.accepted:
                self.accepted.append(exchange.id)
        aimed = exchange.subject.step or exchange.subject.process == self.subject.process
        if aimed and exchange.operation in (REOPEN, VARIANT, "complete-step") and not exchange.refused:
            self.altered.add(exchange.subject.step)
