"""Faults in who else may reopen an assigned step: nobody should."""
# ruff: noqa: ARG002, D102, D106 - an override is described by its class, and may ignore what it is given

from conformance.arena.faults.fault import Fault, Laxer, as_owner
from conformance.arena.message import Visit
from conformance.arena.policy import Policy
from conformance.arena.store import QualityProcess, Step, User


class EverybodyMay(Fault):
    """Whoever may edit quality processes may reopen assigned steps too."""

    rule = "others-may-not-reopen"

    class Rules(Policy):
        def may_change_status(self, user: User, process: QualityProcess, step: Step) -> bool:
            return self.may_edit(user)


class CreatorMay(Fault):
    """The creator of the process may reopen its assigned steps."""

    rule = "others-may-not-reopen"

    class Rules(Laxer):
        def accepts(self, user: User, process: QualityProcess, step: Step) -> bool:
            return user == process.creator


class NeighbourMay(Fault):
    """Whoever is assigned to any step of the process may reopen all of them."""

    rule = "others-may-not-reopen"

    class Rules(Laxer):
        def accepts(self, user: User, process: QualityProcess, step: Step) -> bool:
            return any(user in other.users for other in process.steps)


class PreviousAssigneeMay(Fault):
    """The assignee of the step before may reopen this one."""

    rule = "others-may-not-reopen"

    class Rules(Laxer):
        def accepts(self, user: User, process: QualityProcess, step: Step) -> bool:
            return any(user in other.users for other in process.steps if other.order == step.order - 1)


class NeighbouringGroupMay(Fault):
    """A member of a group that is assigned to another step of the process may reopen this one."""

    rule = "others-may-not-reopen"

    class Rules(Laxer):
        def accepts(self, user: User, process: QualityProcess, step: Step) -> bool:
            return any(user in group.members for other in process.steps for group in other.groups)


class FormerAssigneeMay(Fault):
    """Who was assigned to the step once keeps the right to reopen it."""

    rule = "others-may-not-reopen"

    def update_step(self, visit: Visit) -> tuple[int, object]:
        answer = super().update_step(visit)
        _, step = self.step_in_path(visit)
        vars(self).setdefault("once", set()).update((user.guid, step.guid) for user in step.users)
        return answer

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        was_assigned = (user.guid, step.guid) in vars(self).get("once", set())
        super().reopen_step(user, as_owner(process, user) if was_assigned else process, step)


class FormerMembersMay(Fault):
    """The members of a group that was assigned to the step once keep the right to reopen it."""

    rule = "others-may-not-reopen"

    def update_step(self, visit: Visit) -> tuple[int, object]:
        answer = super().update_step(visit)
        _, step = self.step_in_path(visit)
        members = [member for group in step.groups for member in group.members]
        vars(self).setdefault("once_group", set()).update((user.guid, step.guid) for user in members)
        return answer

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        was_assigned = (user.guid, step.guid) in vars(self).get("once_group", set())
        super().reopen_step(user, as_owner(process, user) if was_assigned else process, step)


class WhoCompletedMay(Fault):
    """Who completed the step once may reopen it for ever, assigned or not."""

    rule = "others-may-not-reopen"

    def complete_step(self, user: User, process: QualityProcess, step: Step) -> None:
        super().complete_step(user, process, step)
        vars(self).setdefault("completed_by", set()).add((user.guid, step.guid))

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        completed = (user.guid, step.guid) in vars(self).get("completed_by", set())
        super().reopen_step(user, as_owner(process, user) if completed else process, step)


class AnyGroupMay(Fault):
    """A step of a group may be reopened by the members of every group."""

    rule = "others-may-not-reopen"

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        member = any(user in group.members for group in self.store.groups.values())
        super().reopen_step(user, as_owner(process, user) if step.groups and member else process, step)


class GroupsStandIn(Fault):
    """Members of any group may reopen what is assigned to a user."""

    rule = "others-may-not-reopen"

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        member = any(user in group.members for group in self.store.groups.values())
        super().reopen_step(user, as_owner(process, user) if step.users and member else process, step)


class FellowMembersMay(Fault):
    """Who is in a group with the assigned user may reopen the step."""

    rule = "others-may-not-reopen"

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        fellows = {m for g in self.store.groups.values() if {*step.users} & {*g.members} for m in g.members}
        super().reopen_step(user, as_owner(process, user) if user in fellows else process, step)


class AnyOwnerMay(Fault):
    """The owner of any quality process may reopen the steps of all of them."""

    rule = "others-may-not-reopen"

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        owns = any(user == other.owner for other in self.store.processes.values())
        super().reopen_step(user, as_owner(process, user) if owns else process, step)


class AnyCreatorMay(Fault):
    """The creator of any quality process may reopen the steps of all of them."""

    rule = "others-may-not-reopen"

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        made = any(user == other.creator for other in self.store.processes.values())
        super().reopen_step(user, as_owner(process, user) if made else process, step)


class AnyAssigneeMay(Fault):
    """Whoever is assigned to a step of any process may reopen every assigned step."""

    rule = "others-may-not-reopen"

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        steps = [other for process in self.store.processes.values() for other in process.steps]
        holds = any(self.policy.is_assignee(user, other) for other in steps)
        super().reopen_step(user, as_owner(process, user) if holds else process, step)


class ApproverMay(Fault):
    """Who has to approve the sign-off of the process may reopen its assigned steps."""

    rule = "others-may-not-reopen"

    class Rules(Laxer):
        def accepts(self, user: User, process: QualityProcess, step: Step) -> bool:
            return any(user == decision.user for other in process.steps for decision in other.decisions)


class StepsOfGroupsOpenToAll(Fault):
    """A step that is assigned to a group counts as unassigned."""

    rule = "others-may-not-reopen"

    class Rules(Policy):
        def is_assigned(self, step: Step) -> bool:
            return bool(step.users)


class StepsOfUsersOpenToAll(Fault):
    """A step that is assigned to a user counts as unassigned."""

    rule = "others-may-not-reopen"

    class Rules(Policy):
        def is_assigned(self, step: Step) -> bool:
            return bool(step.groups)


class LaterStepsOpenToAll(Fault):
    """Only the first step of a process is protected from others."""

    rule = "others-may-not-reopen"

    class Rules(Policy):
        def is_assigned(self, step: Step) -> bool:
            return step.order == 1 and super().is_assigned(step)


class SecondTryGoesThrough(Fault):
    """Who was refused once is let through on the second try."""

    rule = "others-may-not-reopen"

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        tried = vars(self).setdefault("tried", set())
        again = (user.guid, step.guid) in tried
        tried.add((user.guid, step.guid))
        super().reopen_step(user, as_owner(process, user) if again else process, step)


class OwnerOfTheNamedProcessMay(Fault):
    """The owner is looked up in the process that the call names, the step anywhere."""

    rule = "others-may-not-reopen"

    def find_step(self, visit: Visit, process: QualityProcess, guid: str | None) -> Step:
        other = self.store.process_of_step(guid or "")
        mine = other is not None and process.owner == visit.user != other.owner
        return super().find_step(visit, other if other is not None and mine else process, guid)


class OtherWorkspacesSeeIn(Fault):
    """The quality processes of another workspace are found, and the user's workspace plays no part in what follows."""

    rule = "others-may-not-reopen"

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        foreign = user.workspace_id != process.workspace_id
        super().reopen_step(user, as_owner(process, user) if foreign else process, step)

    class Rules(Policy):
        def may_see(self, user: User, workspace_id: int) -> bool:
            return True


class RefusedForOthersButReopened(Fault):
    """Others are refused after the step was reopened."""

    rule = "others-may-not-reopen"

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        if not self.policy.may_change_status(user, process, step) and self.policy.may_edit(user):
            self.apply_reopen_step(user, process, step)
        super().reopen_step(user, process, step)
