"""Faults in whether a reopen is done, and who gets to see it."""
# ruff: noqa: ARG002, D102 - an override is described by its class, and may ignore what it is given

import copy
from typing import Any

from conformance.arena.faults.fault import Fault
from conformance.arena.message import Visit
from conformance.arena.rendering import Json
from conformance.arena.store import (
    QualityProcess,
    Step,
    StepStatus,
    User,
)


class NothingHappens(Fault):
    """The answer is right, and the step stays completed."""

    rule = "reopen-step"

    def apply_reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        pass


class _NotAlways(Fault):
    """Answers some reopens rightly without doing them."""

    def apply_reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        if not self.idle(user, process, step):
            super().apply_reopen_step(user, process, step)

    def idle(self, user: User, process: QualityProcess, step: Step) -> bool:
        """Whether nothing happens."""
        raise NotImplementedError


class NothingHappensForTheAssignee(_NotAlways):
    """The assignee's reopen is answered 201, and the step stays completed."""

    rule = "assignee-may-reopen"

    def idle(self, user: User, process: QualityProcess, step: Step) -> bool:
        return user in step.users and user != process.owner


class NothingHappensForGroups(_NotAlways):
    """A group member's reopen is answered 201, and the step stays completed."""

    rule = "assignee-may-reopen"

    def idle(self, user: User, process: QualityProcess, step: Step) -> bool:
        return any(user in group.members for group in step.groups)


class NothingHappensForTheOwner(_NotAlways):
    """The owner's reopen of an assigned step is answered 201, and the step stays completed."""

    rule = "owner-may-reopen"

    def idle(self, user: User, process: QualityProcess, step: Step) -> bool:
        return user == process.owner and self.policy.is_assigned(step)


class NothingHappensToUnassignedSteps(_NotAlways):
    """The reopen of an unassigned step is answered 201, and the step stays completed."""

    rule = "unassigned-open-to-permitted"

    def idle(self, user: User, process: QualityProcess, step: Step) -> bool:
        return not self.policy.is_assigned(step)


class NothingHappensTheSecondTime(_NotAlways):
    """Only the first reopen of a step is done; later ones are answered 201."""

    rule = "reopen-step"

    def idle(self, user: User, process: QualityProcess, step: Step) -> bool:
        done = vars(self).setdefault("done_once", set())
        again = step.guid in done
        done.add(step.guid)
        return again


class NothingHappensToLaterSteps(_NotAlways):
    """Only the first step of a process is reopened; the others are answered 201."""

    rule = "reopen-step"

    def idle(self, user: User, process: QualityProcess, step: Step) -> bool:
        return step.order > 1


class _ByComment(Fault):
    """Answers a reopen with some comments rightly without doing it."""

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        before = copy.copy(vars(step))
        super().reopen_step(user, process, step)
        if self.idle(vars(self).get("comment")):
            vars(step).update(before)

    def read_comment(self, body: Json) -> str | None:
        vars(self)["comment"] = super().read_comment(body)
        return super().read_comment(body)

    def idle(self, comment: str | None) -> bool:
        """Whether nothing happens."""
        raise NotImplementedError


class NothingHappensBeyondAscii(_ByComment):
    """With a comment beyond ASCII the answer is 201, and the step stays completed."""

    rule = "reopen-step"

    def idle(self, comment: str | None) -> bool:
        return not (comment or "").isascii()


class NothingHappensWithLongComment(_ByComment):
    """With a comment of more than 500 characters the answer is 201, and the step stays completed."""

    rule = "reopen-step"

    def idle(self, comment: str | None) -> bool:
        return 500 < len(comment or "") <= 1000


class StepStatusIsAnother(Fault):
    """A reopened step reads REOPENED, not OPEN, wherever it is shown."""

    rule = "reopen-step"

    def render_step(self, step: Step) -> Json:
        shown = super().render_step(step)
        if step.guid in vars(self).get("reopened_steps", set()) and step.status is StepStatus.OPEN:
            shown["status"] = "REOPENED"
        return shown

    def apply_reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        super().apply_reopen_step(user, process, step)
        vars(self).setdefault("reopened_steps", set()).add(step.guid)


class ReopenedLater(Fault):
    """A reopen is done only when the next call that changes something comes in."""

    rule = "reopen-step"

    def apply_reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        vars(self).setdefault("waiting", []).append((user, process, step))

    def change_status(self, visit: Visit) -> tuple[int, Any]:
        for user, process, step in vars(self).pop("waiting", []):
            super().apply_reopen_step(user, process, step)
        return super().change_status(visit)


class ReopenedByReading(Fault):
    """A reopen is done only after the process was read once more."""

    rule = "reopen-step"

    def apply_reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        vars(self).setdefault("to_do", []).append((user, process, step))

    def list_steps(self, visit: Visit) -> tuple[int, Any]:
        answer = super().list_steps(visit)
        for user, process, step in vars(self).pop("to_do", []):
            super().apply_reopen_step(user, process, step)
        return answer


class ListShowsOldStatus(Fault):
    """The list of steps goes on showing a reopened step as complete; its own view is right."""

    rule = "reopen-step"

    def apply_reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        super().apply_reopen_step(user, process, step)
        vars(self).setdefault("stale", set()).add(step.guid)

    def list_steps(self, visit: Visit) -> tuple[int, Any]:
        status, body = super().list_steps(visit)
        stale = vars(self).get("stale", set())
        return status, self.render_results(
            [{**step, "status": "COMPLETE"} if step["guid"] in stale else step for step in body["results"]]
        )


class ViewShowsOldStatus(Fault):
    """The step's own view goes on showing it as complete; the list of steps is right."""

    rule = "reopen-step"

    def apply_reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        super().apply_reopen_step(user, process, step)
        vars(self).setdefault("stale_view", set()).add(step.guid)

    def read_step(self, visit: Visit) -> tuple[int, Any]:
        status, body = super().read_step(visit)
        return status, {**body, "status": "COMPLETE"} if body["guid"] in vars(self).get("stale_view", set()) else body
