"""What every faulty Arena has in common."""

from dataclasses import replace
from typing import ClassVar

from conformance.arena.codes import Situation
from conformance.arena.message import Call
from conformance.arena.policy import Policy
from conformance.arena.service import Arena
from conformance.arena.store import QualityProcess, Step, User


class Fault(Arena):
    """An Arena with one mistake in it.

    `rule` is the rule that must catch it; None where the page is silent, so that it can only show as a difference
    from what was seen before. `Rules` is its policy. `in_profile` is the profile in which the mistake shows, and
    `shown_by` the part of a run in which it does: "rules" (the scenarios), "fuzz" or "walks". One that is `alone`
    leaves so little that works that another mistake beside it need not show.
    """

    rule: ClassVar[str | None] = None
    in_profile: ClassVar[str] = "documented"
    shown_by: ClassVar[str] = "rules"
    alone: ClassVar[bool] = False
    Rules: ClassVar[type[Policy]] = Policy

    def __init_subclass__(cls) -> None:
        cls.policy = cls.Rules()

    def step_in(self, call: Call) -> tuple[QualityProcess, Step] | None:
        """Finds the step whose guid stands anywhere in the body, whatever its shape."""
        text = call.body.decode("utf-8", "replace").upper()
        for process in self.store.processes.values():
            for step in process.steps:
                if step.guid in text:
                    return process, step
        return None


def as_owner(process: QualityProcess, user: User) -> QualityProcess:
    """The process as it would be if this user owned it, with the very same steps."""
    return replace(process, owner=user)


class Stricter(Policy):
    """Refuses some of those whom the page lets reopen a step."""

    def refuses(self, user: User, process: QualityProcess, step: Step) -> bool:
        """Whether a reopen that is right in every respect is refused nevertheless."""
        raise NotImplementedError

    def why_not_reopen_step(self, user: User, process: QualityProcess, step: Step) -> Situation | None:
        """The policy's own reason, or this one's."""
        why_not = super().why_not_reopen_step(user, process, step)
        return Situation.NOT_PERMITTED if why_not is None and self.refuses(user, process, step) else why_not


class Laxer(Policy):
    """Lets some reopen a step whom the page refuses; they need Quality Edit Details all the same."""

    def accepts(self, user: User, process: QualityProcess, step: Step) -> bool:
        """Whether a user who is neither assignee nor owner is let through nevertheless."""
        raise NotImplementedError

    def may_change_status(self, user: User, process: QualityProcess, step: Step) -> bool:
        """The policy's own answer, or this one's."""
        accepted = self.may_edit(user) and self.accepts(user, process, step)
        return accepted or super().may_change_status(user, process, step)
