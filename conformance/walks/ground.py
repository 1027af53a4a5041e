"""The processes of one walk: made when they are first needed, read back when something may have changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Final

from conformance.evidence import Subject
from conformance.session import Sessions
from conformance.stage import Snapshot, Stage, StagingBroke, Unstaged, api
from conformance.stage.plots import UNASSIGNED, Plot
from conformance.stage.snapshot import Place, decision_facts, process_facts, step_facts
from conformance.stage.staged import StagedProcess
from conformance.walks.model import GROUP, Model

View = tuple[int, str]  # a process, and which of its views: STEPS, PROCESS or DECISIONS

STEPS: Final = "steps"
PROCESS: Final = "process"
DECISIONS: Final = "decisions"
REGULAR_STEPS: Final = 2
_COMPLETED: Final = frozenset({"COMPLETE", "COMPLETED"})


class Lost(Exception):
    """The target does not show what was arranged, so that nothing more can be said."""


class Ground:
    """The processes that a model speaks of, and how the target showed them last.

    What something may have changed is doubtful until it was read again. Whatever makes or reads a process may raise
    Unstaged, StagingBroke, NoAccount and LoginFailed.
    """

    def __init__(self, stage: Stage, sessions: Sessions, model: Model, name: str, people: Mapping[str, str]) -> None:
        self._stage = stage
        self._sessions = sessions
        self._model = model
        self._name = name
        self._people = people  # the guids of the accounts and of the group
        self._made: dict[int, StagedProcess] = {}
        self._seen: dict[View, Mapping[Place, str]] = {}
        self._doubtful: set[View] = set()

    def process(self, index: int) -> StagedProcess:
        """Returns a process, made on first use: its regular steps are open and unassigned."""
        if index not in self._made:
            planned = self._model.processes[index]
            name = f"walk-{self._name}-{index + 1}"
            plot = Plot(name, planned.owner, planned.creator, ((), ()), approver=planned.approver)
            made = self._stage.make(plot)
            if any(step.assigned_to != UNASSIGNED for step in made.regular):
                raise Unstaged("the template assigns steps, and they can't be unassigned")
            self._made[index] = made
            self._doubtful |= {*self.views(index)}
        return self._made[index]

    def subject(self, process: int, step: int) -> Subject | None:
        """Returns a step; None where the template has no such step."""
        made = self.process(process)
        if step < REGULAR_STEPS:
            return made.regular[step].subject
        return made.signoffs[0] if made.signoffs else None

    def assignees(self, holders: Iterable[str]) -> dict[str, list[dict[str, str]]] | None:
        """Returns how a step is assigned to the group, to users or to nobody."""
        guids = {holder: self._people.get(holder, "") for holder in holders}
        if not all(guids.values()):
            raise Unstaged(f"the guid of one of {', '.join(guids)} is not known; name it in the target file")
        people = [{"guid": guid} for guid in guids.values()]
        return {"userGroups" if GROUP in guids else "users": people} if people else None

    def decision(self, process: int, account: str) -> str:
        """Returns the guid of the decision that an account is asked for; empty where it is asked for none."""
        signoff = self.subject(process, REGULAR_STEPS)
        if signoff is None:
            return ""
        self.settle([(process, DECISIONS)])
        facts = self._seen[process, DECISIONS]
        mine = self._people.get(account, "")
        return next((place.guid for place, value in facts.items() if mine and f'"{mine}"' in value), "")

    def views(self, process: int | None = None, *, decisions: bool = False) -> list[View]:
        """Returns the views of one process, or of all that were made."""
        kinds = (STEPS, PROCESS, DECISIONS) if decisions else (STEPS, PROCESS)
        made = self._made if process is None else (process,)
        return [(index, kind) for index in made for kind in kinds]

    def doubt(self, *views: View) -> None:
        """Says that these views may have changed; without any: all."""
        self._doubtful |= {*views} or {*self._seen}

    def settle(self, views: Iterable[View]) -> None:
        """Reads again what is doubtful, and takes it as it is. Raises Lost where it is not as it was arranged."""
        for view in views:
            if view not in self._seen or view in self._doubtful:
                self.look([view])
                self._must_be_assigned_as_arranged(view)

    def look(self, views: Iterable[View]) -> None:
        """Reads these views again."""
        for index, kind in views:
            facts = self._read(index, kind)
            self._seen[index, kind] = facts
            self._doubtful.discard((index, kind))
            self._tell_model(index, Snapshot(facts))

    def single(self, process: int, step: Subject) -> str | None:
        """Returns the status that the step's own view shows; None where there is no such view."""
        with suppress(Unstaged, StagingBroke):
            return str(api.step(self._sessions[self._made[process].creator], step).get("status"))
        return None

    def seen(self, views: Iterable[View]) -> Snapshot:
        """Returns what these views showed last."""
        return Snapshot({place: value for view in views for place, value in self._seen[view].items()})

    def leave(self) -> None:
        """Deletes the processes."""
        for made in self._made.values():
            self._stage.remove(made)

    def _read(self, index: int, kind: str) -> Mapping[Place, str]:
        made = self._made[index]
        reader = self._sessions[made.creator]
        if kind == STEPS:
            return step_facts(api.steps(reader, made.guid))
        if kind == PROCESS:
            return process_facts(api.process(reader, made.guid))
        with suppress(Unstaged, StagingBroke):  # a target may lack decisions
            return decision_facts(api.decisions(reader, made.signoffs[0])) if made.signoffs else {}
        return {}

    def _tell_model(self, index: int, snapshot: Snapshot) -> None:
        process = self._made[index].guid
        if snapshot.knows("process", process):
            self._model.found(index, completed=snapshot.of("process", process, "status") in _COMPLETED)
        for number, step in enumerate(self._model.processes[index].steps):
            subject = self.subject(index, number)
            if subject is not None and snapshot.knows("step", subject.step):
                step.complete = snapshot.of("step", subject.step, "status") != "OPEN"

    def _must_be_assigned_as_arranged(self, view: View) -> None:
        index, kind = view
        for number, step in enumerate(self._model.processes[index].steps[:REGULAR_STEPS] if kind == STEPS else ()):
            subject = self.subject(index, number)
            assigned = self.assignees(step.holders) or {}
            wanted = {group: sorted(one["guid"] for one in some) for group, some in assigned.items()} or None
            if subject and self.seen([view]).of("step", subject.step, "assignees") != wanted:
                raise Lost(f"step {number + 1} of process {index + 1} does not show to whom it was assigned")
