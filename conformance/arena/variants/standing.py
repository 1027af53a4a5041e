"""Arenas on which nothing can be made: the steps to be tested stand ready."""

# ruff: noqa: D102 - what an override is for is said by its class
from typing import Any, ClassVar

from conformance.arena.clock import Clock
from conformance.arena.message import Visit
from conformance.arena.store import (
    Decision,
    DecisionType,
    ProcessStatus,
    QualityProcess,
    StepStatus,
    StepType,
    User,
    Verdict,
    new_guid,
)
from conformance.arena.variants.base import Variant
from conformance.arena.world import World

# Each process: its owner, and for each regular step the state and the assignee (an account, or "group").
_STANDING = (
    ("owner", (("completed-assigned", "assignee"), ("completed-assigned", "colleague"))),
    ("owner", (("completed-unassigned", ""), ("completed-group", "group"))),
    ("owner", (("open-assigned", "assignee"),)),
    ("owner", (("in-completed-process", "assignee"), ("in-completed-process", ""))),
    ("colleague", (("completed-assigned", "restricted_assignee"), ("completed-assigned", "assignee"))),
    ("restricted_owner", (("completed-assigned", "assignee"), ("completed-unassigned", ""))),
)


class StepsStandReady(Variant):
    """Quality processes can't be made by everybody: the target file lists steps that stand ready."""

    def __init__(self, world: World, profile: str = "documented", clock: Clock | None = None) -> None:
        super().__init__(world, profile, clock)
        self.standing: list[dict[str, str]] = []
        for owner, steps in _STANDING:
            self._stand(owner, steps)

    def target(self, base_url: str) -> dict[str, Any]:
        return {**super().target(base_url), "staging": {"mode": "fixed", "steps": self.standing}}

    def create_process(self, visit: Visit) -> tuple[int, Any]:
        return self.unknown_endpoint(visit)

    def delete_process(self, visit: Visit) -> tuple[int, Any]:
        return self.unknown_endpoint(visit)

    def _stand(self, owner: str, steps: tuple[tuple[str, str], ...]) -> None:
        template = self.store.templates[self.world.staging["template"]]
        user = self._user(owner)
        process = QualityProcess(
            guid=new_guid(),
            name=f"Stands ready for {owner}",
            number=f"CAR-{9000 + len(self.standing):06}",
            description="",
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
        for step, (state, assignee) in zip(process.steps, steps, strict=False):
            if assignee == "group":
                step.groups = (self.store.groups[self.world.staging["assignee_group"]],)
            elif assignee:
                step.users = (self._user(assignee),)
            if not state.startswith("open-"):
                step.status, step.complete_date_time, step.complete_user = StepStatus.COMPLETE, self.now(), user
            standing = {"state": state, "owner": owner, "process": process.guid, "step": step.guid}
            self.standing.append({**standing, **({"assignee": assignee} if assignee not in ("", "group") else {})})
        if owner == "colleague":
            self._approve(process, user)
        if steps[0][0] == "in-completed-process":
            process.status, process.completed_date_time = ProcessStatus.COMPLETED, self.now()

    def _approve(self, process: QualityProcess, user: User) -> None:
        signoff = next(step for step in process.steps if step.type is StepType.SIGNOFF)
        signoff.decisions.append(
            Decision(new_guid(), DecisionType.ALL_REQUIRED, user, None, Verdict.APPROVED, "", self.now())
        )
        signoff.status, signoff.complete_date_time, signoff.complete_user = StepStatus.COMPLETE, self.now(), user
        owner = {"state": "signoff-approved", "owner": "colleague"}
        self.standing.append({**owner, "process": process.guid, "step": signoff.guid})

    def _user(self, role: str) -> User:
        return self.store.users[self.world.accounts[role].guid]


class NothingCanBeRead(StepsStandReady):
    """Steps stand ready, and nothing but the operation itself shows what became of them."""

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
