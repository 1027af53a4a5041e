"""Faults in what Quality Edit Details is asked of; and what an administrator may, which the page leaves open."""
# ruff: noqa: ARG002, D102, D106 - an override is described by its class, and may ignore what it is given

from conformance.arena.faults.fault import Fault, Laxer, Stricter, as_owner
from conformance.arena.policy import Policy
from conformance.arena.store import QualityProcess, Step, User


class EditDetailsNotAsked(Fault):
    """Nobody is asked for Quality Edit Details."""

    rule = "edit-details-required"

    class Rules(Policy):
        def may_edit(self, user: User) -> bool:
            return True


class EditDetailsNotAskedOfAssignees(Fault):
    """Assignees need no Quality Edit Details."""

    rule = "edit-details-required"

    class Rules(Policy):
        def may_change_status(self, user: User, process: QualityProcess, step: Step) -> bool:
            return self.is_assignee(user, step) or super().may_change_status(user, process, step)


class EditDetailsNotAskedOfOwners(Fault):
    """Owners need no Quality Edit Details."""

    rule = "edit-details-required"

    class Rules(Policy):
        def may_change_status(self, user: User, process: QualityProcess, step: Step) -> bool:
            return self.is_owner(user, process) or super().may_change_status(user, process, step)


class EditDetailsNotAskedOfOwnersOfUnassigned(Fault):
    """Owners need no Quality Edit Details where the step is unassigned."""

    rule = "edit-details-required"

    class Rules(Policy):
        def may_change_status(self, user: User, process: QualityProcess, step: Step) -> bool:
            own = self.is_owner(user, process) and not self.is_assigned(step)
            return own or super().may_change_status(user, process, step)


class EditDetailsInsteadOfAssignment(Fault):
    """Whoever lacks Quality Edit Details is taken for an assignee: the check is inverted for others."""

    rule = "edit-details-required"

    class Rules(Policy):
        def may_change_status(self, user: User, process: QualityProcess, step: Step) -> bool:
            return not self.may_edit(user) or super().may_change_status(user, process, step)


class EditDetailsOfTheOwnerCount(Fault):
    """It is the owner's Quality Edit Details that count, not the caller's."""

    rule = "edit-details-required"

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        right = self.policy.is_assignee(user, step) and self.policy.may_edit(process.owner)
        stand_in = process.owner if right else user
        super().reopen_step(stand_in, process, step)


class EditDetailsRefusedButReopened(Fault):
    """An assignee without Quality Edit Details is refused after the step was reopened."""

    rule = "edit-details-required"

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        if self.policy.is_assignee(user, step) and not self.policy.may_edit(user):
            self.apply_reopen_step(user, process, step)
        super().reopen_step(user, process, step)


class EditDetailsRefusedButOwnerReopened(Fault):
    """An owner without Quality Edit Details is refused after the step was reopened."""

    rule = "edit-details-required"

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        if self.policy.is_owner(user, process) and not self.policy.may_edit(user):
            self.apply_reopen_step(user, process, step)
        super().reopen_step(user, process, step)


class EditDetailsAskedOnce(Fault):
    """Quality Edit Details is asked for on the first try only."""

    rule = "edit-details-required"

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        asked = vars(self).setdefault("asked", set())
        passed = user.guid in asked and not self.policy.may_edit(user) and self.policy.is_assignee(user, step)
        asked.add(user.guid)
        super().reopen_step(process.owner if passed else user, process, step)


class AdministratorMay(Fault):
    """An account administrator may reopen every assigned step."""

    class Rules(Laxer):
        def accepts(self, user: User, process: QualityProcess, step: Step) -> bool:
            return user.account_administrator


class AdministratorMayNotReopenUnassigned(Fault):
    """An account administrator may not reopen an unassigned step."""

    class Rules(Stricter):
        def refuses(self, user: User, process: QualityProcess, step: Step) -> bool:
            return user.account_administrator and not self.is_assigned(step)


class AdministratorOwnsEverything(Fault):
    """An account administrator counts as the owner of every process."""

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        super().reopen_step(user, as_owner(process, user) if user.account_administrator else process, step)
