"""Faults in whether the assignee of a step may reopen it."""
# ruff: noqa: ARG002, D102, D106 - an override is described by its class, and may ignore what it is given

from conformance.arena.codes import Situation
from conformance.arena.faults.fault import Fault, Stricter
from conformance.arena.policy import Policy
from conformance.arena.store import QualityProcess, Step, User


class AssigneeForgotten(Fault):
    """Only the owner may reopen an assigned step."""

    rule = "assignee-may-reopen"

    class Rules(Policy):
        def is_assignee(self, user: User, step: Step) -> bool:
            return False


class GroupsForgotten(Fault):
    """Members of the assigned group do not count as assignees."""

    rule = "assignee-may-reopen"

    class Rules(Policy):
        def is_assignee(self, user: User, step: Step) -> bool:
            return user in step.users


class UsersForgotten(Fault):
    """Only groups count as assignees, users do not."""

    rule = "assignee-may-reopen"

    class Rules(Policy):
        def is_assignee(self, user: User, step: Step) -> bool:
            return any(user in group.members for group in step.groups)


class FirstMemberSpeaksForTheGroup(Fault):
    """Of the assigned group only the first member may reopen."""

    rule = "assignee-may-reopen"

    class Rules(Policy):
        def is_assignee(self, user: User, step: Step) -> bool:
            return user in step.users or any(user == group.members[0] for group in step.groups)


class LastMemberSpeaksForTheGroup(Fault):
    """Of the assigned group only the last member may reopen."""

    rule = "assignee-may-reopen"

    class Rules(Policy):
        def is_assignee(self, user: User, step: Step) -> bool:
            return user in step.users or any(user == group.members[-1] for group in step.groups)


class FirstOfSeveralAssignees(Fault):
    """Of several assigned users only the first may reopen."""

    rule = "assignee-may-reopen"

    class Rules(Policy):
        def is_assignee(self, user: User, step: Step) -> bool:
            return super().is_assignee(user, step) and user not in step.users[1:]


class AssigneeMustHaveCompleted(Fault):
    """The assignee may reopen only what the assignee completed."""

    rule = "assignee-may-reopen"

    class Rules(Stricter):
        def refuses(self, user: User, process: QualityProcess, step: Step) -> bool:
            return self.is_assignee(user, step) and not self.is_owner(user, process) and user != step.complete_user


class AssigneeMustNotHaveCompleted(Fault):
    """The assignee may not reopen what the assignee completed: four eyes."""

    rule = "assignee-may-reopen"

    class Rules(Stricter):
        def refuses(self, user: User, process: QualityProcess, step: Step) -> bool:
            return self.is_assignee(user, step) and user == step.complete_user


class AssigneeMustNotBeCreator(Fault):
    """An assignee who created the process may not reopen."""

    rule = "assignee-may-reopen"

    class Rules(Stricter):
        def refuses(self, user: User, process: QualityProcess, step: Step) -> bool:
            return self.is_assignee(user, step) and user == process.creator


class AssigneeDependsOnOwner(Fault):
    """The assignee may reopen only where the owner has Quality Edit Details."""

    rule = "assignee-may-reopen"

    class Rules(Stricter):
        def refuses(self, user: User, process: QualityProcess, step: Step) -> bool:
            return self.is_assigned(step) and not self.may_edit(process.owner)


class AssigneeOfFirstStepOnly(Fault):
    """Assignees are looked up for the first step of a process only."""

    rule = "assignee-may-reopen"

    class Rules(Policy):
        def is_assignee(self, user: User, step: Step) -> bool:
            return step.order == 1 and super().is_assignee(user, step)


class AssigneeReopensOnce(Fault):
    """The assignee may reopen a step once, and not again after it was completed again."""

    rule = "assignee-may-reopen"

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        if self.policy.is_assignee(user, step) and (user.guid, step.guid) in vars(self).setdefault("reopened", set()):
            raise self.refusal(Situation.NOT_PERMITTED)
        super().reopen_step(user, process, step)
        vars(self).setdefault("reopened", set()).add((user.guid, step.guid))
