"""Faults in whether the owner of the process may reopen an assigned step."""
# ruff: noqa: ARG002, D102, D106 - an override is described by its class, and may ignore what it is given

from conformance.arena.codes import Situation
from conformance.arena.faults.fault import Fault, Stricter
from conformance.arena.store import QualityProcess, Step, User


class OwnerForgotten(Fault):
    """Only the assignee may reopen an assigned step."""

    rule = "owner-may-reopen"

    class Rules(Stricter):
        def refuses(self, user: User, process: QualityProcess, step: Step) -> bool:
            return self.is_assigned(step) and not self.is_assignee(user, step)


class OwnerForgottenForGroups(Fault):
    """The owner may not reopen what is assigned to a group."""

    rule = "owner-may-reopen"

    class Rules(Stricter):
        def refuses(self, user: User, process: QualityProcess, step: Step) -> bool:
            return bool(step.groups) and not self.is_assignee(user, step)


class OwnerMustBeCreator(Fault):
    """The owner may reopen only where the owner created the process too."""

    rule = "owner-may-reopen"

    class Rules(Stricter):
        def refuses(self, user: User, process: QualityProcess, step: Step) -> bool:
            return self.is_assigned(step) and not self.is_assignee(user, step) and user != process.creator


class OwnerMustHaveCompleted(Fault):
    """The owner may reopen only what the owner completed."""

    rule = "owner-may-reopen"

    class Rules(Stricter):
        def refuses(self, user: User, process: QualityProcess, step: Step) -> bool:
            return self.is_assigned(step) and self.is_owner(user, process) and user != step.complete_user


class OwnerMustNotHaveCompleted(Fault):
    """The owner may not reopen what the owner completed: four eyes."""

    rule = "owner-may-reopen"

    class Rules(Stricter):
        def refuses(self, user: User, process: QualityProcess, step: Step) -> bool:
            return self.is_assigned(step) and self.is_owner(user, process) and user == step.complete_user


class OwnerWaitsForAssignee(Fault):
    """The owner may reopen only where the assignee lacks the permission to."""

    rule = "owner-may-reopen"

    class Rules(Stricter):
        def refuses(self, user: User, process: QualityProcess, step: Step) -> bool:
            return self.is_owner(user, process) and any(self.may_edit(u) and u != user for u in step.users)


class OwnerReopensOnce(Fault):
    """The owner may reopen a step once, and not again after it was completed again."""

    rule = "owner-may-reopen"

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        done = vars(self).setdefault("reopened_by_owner", set())
        if self.policy.is_assigned(step) and self.policy.is_owner(user, process) and step.guid in done:
            raise self.refusal(Situation.NOT_PERMITTED)
        super().reopen_step(user, process, step)
        if self.policy.is_owner(user, process):
            done.add(step.guid)


class OwnerMustNotBeAssignee(Fault):
    """An owner who is the assignee too may not reopen."""

    rule = "owner-may-reopen"

    class Rules(Stricter):
        def refuses(self, user: User, process: QualityProcess, step: Step) -> bool:
            return self.is_assignee(user, step) and self.is_owner(user, process)
