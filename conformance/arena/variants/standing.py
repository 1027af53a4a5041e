"""Arenas on which nothing can be made: the steps to be tested stand ready."""

# ruff: noqa: D102 - what an override is for is said by its class
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from conformance.arena.clock import Clock
from conformance.arena.message import Visit
from conformance.arena.store import (
    Decision,
    DecisionType,
    ProcessStatus,
    QualityProcess,
    Step,
    StepStatus,
    StepType,
    User,
    Verdict,
    new_guid,
)
from conformance.arena.variants.base import Variant
from conformance.arena.world import World


@dataclass(frozen=True)
class Standing:
    """A regular step that stands ready: its state, its owner, its assignee (an account) and its process (any name)."""

    state: str
    owner: str
    assignee: str
    process: str


_LISTED = (
    Standing("completed-assigned", "owner", "assignee", "first"),
    Standing("completed-assigned", "owner", "colleague", "first"),
    Standing("completed-unassigned", "owner", "", "second"),
    Standing("completed-group", "owner", "", "second"),
    Standing("open-assigned", "owner", "assignee", "third"),
    Standing("in-completed-process", "owner", "assignee", "fourth"),
    Standing("in-completed-process", "owner", "", "fourth"),
    Standing("completed-assigned", "colleague", "restricted_assignee", "fifth"),
    Standing("completed-assigned", "colleague", "assignee", "fifth"),
    Standing("signoff-approved", "colleague", "", "fifth"),
    Standing("completed-assigned", "restricted_owner", "assignee", "sixth"),
    Standing("completed-unassigned", "restricted_owner", "", "sixth"),
)


class StepsStandReady(Variant):
    """Quality processes can't be made by everybody: the target file lists steps that stand ready."""

    breaks = "its quality processes are others, and have no description"

    breaks = "other steps stand ready than a run makes, and so other ones are current"
    listed: ClassVar[Sequence[Any]] = _LISTED

    def __init__(self, world: World, profile: str = "documented", clock: Clock | None = None) -> None:
        super().__init__(world, profile, clock)
        self.standing: list[dict[str, str]] = []
        for name in dict.fromkeys(one.process for one in self.listed):
            self._stand([one for one in self.listed if one.process == name])

    def target(self, base_url: str) -> dict[str, Any]:
        return {**super().target(base_url), "staging": {"mode": "fixed", "steps": self.standing}}

    def create_process(self, visit: Visit) -> tuple[int, Any]:
        return self.unknown_endpoint(visit)

    def delete_process(self, visit: Visit) -> tuple[int, Any]:
        return self.unknown_endpoint(visit)

    def _stand(self, listed: Sequence[Any]) -> None:
        template = self.store.templates[self.world.staging["template"]]
        user = self._user(listed[0].owner)
        process = QualityProcess(
            guid=new_guid(),
            name=f"Stands ready for {user.full_name}",
            number=f"CAR-{9000 + len(self.standing):06}",
            description="Stands ready for a conformance test.",
            workspace_id=user.workspace_id,
            creator=user,
            owner=user,
            template=template,
            status_mode=template.status_mode,
            creation_date_time=self.now(),
            target_completion_date_time=None,
            steps=self.new_steps(template),
        )
        self.store.processes[process.guid] = process
        regular = iter([step for step in process.steps if step.type is StepType.REGULAR])
        signoffs = iter([step for step in process.steps if step.type is StepType.SIGNOFF])
        for standing in listed:
            step = next(signoffs if standing.state.startswith("signoff") else regular)
            self._bring_to(process, step, standing)
            entry = {"state": standing.state, "owner": standing.owner, "process": process.guid, "step": step.guid}
            self.standing.append({**entry, **({"assignee": standing.assignee} if standing.assignee else {})})

    def _bring_to(self, process: QualityProcess, step: Step, standing: Any) -> None:
        if standing.state == "completed-group":
            step.groups = (self.store.groups[self.world.staging["assignee_group"]],)
        elif standing.assignee:
            step.users = (self._user(standing.assignee),)
        if standing.state.startswith(("completed-", "in-", "signoff-approved")):
            step.status, step.complete_date_time, step.complete_user = StepStatus.COMPLETE, self.now(), process.owner
        if standing.state == "in-completed-process":
            process.status, process.completed_date_time = ProcessStatus.COMPLETED, self.now()
        if step.type is StepType.SIGNOFF:
            verdict = {"signoff-approved": Verdict.APPROVED, "signoff-rejected": Verdict.REJECTED}.get(standing.state)
            decided = None if verdict is None else self.now()
            decision = Decision(new_guid(), DecisionType.ALL_REQUIRED, process.owner, None, verdict, "", decided)
            step.decisions.append(decision)

    def _user(self, role: str) -> User:
        return self.store.users[self.world.accounts[role].guid]


class NothingCanBeRead(StepsStandReady):
    """Steps stand ready, and nothing but the operation itself shows what became of them."""

    breaks = "its quality processes are others, and have no description"

    untested: ClassVar[frozenset[str]] = frozenset({"reopen-step"})

    def list_processes(self, visit: Visit) -> tuple[int, Any]:
        return self.unknown_endpoint(visit)

    def read_process(self, visit: Visit) -> tuple[int, Any]:
        return self.unknown_endpoint(visit)

    def list_steps(self, visit: Visit) -> tuple[int, Any]:
        return self.unknown_endpoint(visit)

    def read_step(self, visit: Visit) -> tuple[int, Any]:
        return self.unknown_endpoint(visit)

    def list_decisions(self, visit: Visit) -> tuple[int, Any]:
        return self.unknown_endpoint(visit)
