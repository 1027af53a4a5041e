"""Faults in who may reopen an unassigned step."""
# ruff: noqa: ARG002, D102, D106 - an override is described by its class, and may ignore what it is given

from typing import Any

from conformance.arena.faults.fault import Fault, Stricter
from conformance.arena.message import Visit
from conformance.arena.policy import Policy
from conformance.arena.store import QualityProcess, Step, User


class UnassignedForTheOwnerOnly(Fault):
    """Only the owner may reopen an unassigned step."""

    rule = "unassigned-open-to-permitted"

    class Rules(Stricter):
        def refuses(self, user: User, process: QualityProcess, step: Step) -> bool:
            return not self.is_assigned(step) and not self.is_owner(user, process)


class UnassignedForNobody(Fault):
    """An unassigned step can be reopened by nobody."""

    rule = "unassigned-open-to-permitted"

    class Rules(Stricter):
        def refuses(self, user: User, process: QualityProcess, step: Step) -> bool:
            return not self.is_assigned(step)


class UnassignedNotForTheOwner(Fault):
    """The owner alone may not reopen an unassigned step."""

    rule = "unassigned-open-to-permitted"

    class Rules(Stricter):
        def refuses(self, user: User, process: QualityProcess, step: Step) -> bool:
            return not self.is_assigned(step) and self.is_owner(user, process)


class UnassignedForTheCreatorOnly(Fault):
    """Only owner and creator may reopen an unassigned step."""

    rule = "unassigned-open-to-permitted"

    class Rules(Stricter):
        def refuses(self, user: User, process: QualityProcess, step: Step) -> bool:
            return not self.is_assigned(step) and user not in (process.owner, process.creator)


class UnassignedForTheInvolvedOnly(Fault):
    """Only who has to do with the process may reopen an unassigned step of it."""

    rule = "unassigned-open-to-permitted"

    class Rules(Stricter):
        def refuses(self, user: User, process: QualityProcess, step: Step) -> bool:
            involved = [process.owner, process.creator, *(user for other in process.steps for user in other.users)]
            return not self.is_assigned(step) and user not in involved


class UnassignedForWhoCompletedOnly(Fault):
    """An unassigned step may be reopened only by who completed it."""

    rule = "unassigned-open-to-permitted"

    class Rules(Stricter):
        def refuses(self, user: User, process: QualityProcess, step: Step) -> bool:
            return not self.is_assigned(step) and user != step.complete_user


class UnassignedNotForWhoCompleted(Fault):
    """An unassigned step may be reopened by anybody but who completed it."""

    rule = "unassigned-open-to-permitted"

    class Rules(Stricter):
        def refuses(self, user: User, process: QualityProcess, step: Step) -> bool:
            return not self.is_assigned(step) and user == step.complete_user


class UnassignedForAdministratorsOnly(Fault):
    """Besides the owner only account administrators may reopen an unassigned step."""

    rule = "unassigned-open-to-permitted"

    class Rules(Stricter):
        def refuses(self, user: User, process: QualityProcess, step: Step) -> bool:
            return not self.is_assigned(step) and not self.may_change_process(user, process)


class UnassignedNotForGroupMembers(Fault):
    """Whoever is in a user group may reopen only what is assigned to the group."""

    rule = "unassigned-open-to-permitted"

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        member = any(user in group.members for group in self.store.groups.values())
        if member and not self.policy.is_assigned(step):
            self.allow(self.policy.why_not_reopen_step(user, process, self.locked(step)))
        super().reopen_step(user, process, step)

    def locked(self, step: Step) -> Step:
        """A step like this one that is assigned to somebody who does not exist."""
        nobody = User("NOBODY", "", "", "", 0)
        return Step(step.guid, step.name, step.order, step.type, step.status, users=(nobody,))


class UnassignedDependsOnOwner(Fault):
    """An unassigned step can be reopened only where the owner has Quality Edit Details."""

    rule = "unassigned-open-to-permitted"

    class Rules(Stricter):
        def refuses(self, user: User, process: QualityProcess, step: Step) -> bool:
            return not self.is_assigned(step) and not self.may_edit(process.owner)


class UnassignedKeepsItsLastAssignee(Fault):
    """A step whose assignment was taken back may still be reopened by its last assignee and the owner only."""

    rule = "unassigned-open-to-permitted"

    def update_step(self, visit: Visit) -> tuple[int, Any]:
        _, step = self.step_in_path(visit)
        last = step.users
        answer = super().update_step(visit)
        vars(self).setdefault("last_users", {})[step.guid] = last
        return answer

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        last = () if self.policy.is_assigned(step) else vars(self).get("last_users", {}).get(step.guid, ())
        step.users, now = step.users or last, step.users
        try:
            super().reopen_step(user, process, step)
        finally:
            step.users = now


class UnassignedOpenToAll(Fault):
    """An unassigned step may be reopened by everybody, also without Quality Edit Details."""

    rule = "unassigned-open-to-permitted"

    class Rules(Policy):
        def may_change_status(self, user: User, process: QualityProcess, step: Step) -> bool:
            outsider = not self.is_assigned(step) and not self.is_owner(user, process)
            return outsider or super().may_change_status(user, process, step)


class UnassignedOpenToForeigners(Fault):
    """An unassigned step may be reopened from another workspace."""

    rule = "unassigned-open-to-permitted"

    class Rules(Policy):
        def may_see(self, user: User, workspace_id: int) -> bool:
            return True


class UnassignedRefusedButReopened(Fault):
    """Who may not reopen an unassigned step is told so after it was reopened."""

    rule = "unassigned-open-to-permitted"

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        outsider = not self.policy.is_assigned(step) and not self.policy.is_owner(user, process)
        if outsider and not self.policy.may_edit(user):
            self.apply_reopen_step(user, process, step)
        super().reopen_step(user, process, step)
