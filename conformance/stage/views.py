"""Reads processes and steps back, each view once for as long as nothing was sent to the process."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any, Final

from conformance.evidence import Subject
from conformance.session import Session
from conformance.stage import api
from conformance.stage.snapshot import Change, Place, Snapshot, decision_facts, process_facts, step_facts

_NAMING: Final = frozenset({"name", "number", "owner", "creator", "template"})


class Views:
    """How the target shows what the run made. Every reading may raise Unstaged and StagingBroke."""

    def __init__(self, reader: Callable[[str], Session]) -> None:
        self.shown: dict[str, dict[str, Any]] = {}  # each process as the target showed it last
        self.became_another: dict[Place, Change] = {}  # what names a process and nothing in a run may change
        self._identity: dict[Place, str] = {}
        self._reader = reader  # whose session reads a process
        self._fresh: dict[str, dict[str, dict[Place, str]]] = {}  # by process and view

    def steps(self, *subjects: Subject) -> Snapshot:
        """Returns how all steps of these processes look."""
        return self._view(subjects, "steps", self._read_steps)

    def process(self, *subjects: Subject) -> Snapshot:
        """Returns how these processes look, without their steps."""
        return self._view(subjects, "process", self._read_process)

    def whole(self, *subjects: Subject) -> Snapshot:
        """Returns how these processes and all their steps look."""
        return Snapshot({**self.process(*subjects).facts, **self.steps(*subjects).facts})

    def with_decisions(self, signoff: Subject, *beside: Subject) -> Snapshot:
        """Returns how the process of a sign-off step looks, its decisions too."""
        decisions = api.decisions(self._reader(signoff.process), signoff)
        return Snapshot({**self.whole(signoff, *beside).facts, **decision_facts(decisions)})

    def single(self, step: Subject) -> Snapshot:
        """Returns the step as its own view shows it, not the list of steps."""
        return Snapshot(step_facts([api.step(self._reader(step.process), step)]))

    def forget(self, process: str = "") -> None:
        """Makes the next reading of the process, or of all, a new one."""
        if process:
            self._fresh.pop(process, None)
        else:
            self._fresh.clear()

    def _view(self, subjects: Sequence[Subject], view: str, read: Callable[[str], dict[Place, str]]) -> Snapshot:
        facts: dict[Place, str] = {}
        for guid in dict.fromkeys(subject.process for subject in subjects):
            fresh = self._fresh.setdefault(guid, {})
            if view not in fresh:
                fresh[view] = read(guid)
            facts.update(fresh[view])
        return Snapshot(facts)

    def _read_steps(self, guid: str) -> dict[Place, str]:
        return step_facts(api.steps(self._reader(guid), guid))

    def show(self, process: dict[str, Any]) -> dict[Place, str]:
        """Takes in how the target shows a process, and returns its facts."""
        self.shown[str(process.get("guid"))] = process
        facts = process_facts(process)
        for place in facts:
            if place.field in _NAMING and process.get(place.field) is not None:
                known = self._identity.setdefault(place, facts[place])
                if known != facts[place]:
                    self.became_another[place] = Change(place, json.loads(known), json.loads(facts[place]))
        return facts

    def _read_process(self, guid: str) -> dict[Place, str]:
        return self.show(api.process(self._reader(guid), guid))
