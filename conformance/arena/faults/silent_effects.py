"""What a reopen leaves behind and shows where the page is silent: no fault, but news."""
# ruff: noqa: ARG002, D102 - an override is described by its class, and may ignore what it is given

from conformance.arena.faults.families import Sets
from conformance.arena.faults.fault import Fault
from conformance.arena.rendering import Json
from conformance.arena.store import (
    QualityProcess,
    Step,
    StepStatus,
    User,
)


class CompleteDateStays(Fault):
    """A reopened step keeps the date of its completion, and who completed it."""

    def apply_reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        step.status = StepStatus.OPEN


class ReopenerIsCompleteUser(Fault):
    """A reopened step shows who reopened it as who completed it."""

    def apply_reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        super().apply_reopen_step(user, process, step)
        step.complete_user = user


class CurrentStepIsNull(Sets):
    """The answer to a reopen shows no current step."""

    path, value = ("qualityProcess", "currentStep"), None


class CompletedDateIsShown(Sets):
    """The answer to a reopen shows a date of completion, as the page's sample does."""

    path, value = ("qualityProcess", "completedDateTime"), "2019-07-25T13:51:25Z"


class StatusShownIsCompleted(Sets):
    """The answer to a reopen shows the process as COMPLETED, as the page's sample does."""

    path, value = ("qualityProcess", "status"), "COMPLETED"


class LastStepIsCurrent(Fault):
    """The current step of the answer is the last open one."""

    def render_current_step(self, process: QualityProcess) -> Json | None:
        still_open = [step for step in process.steps if step.status is StepStatus.OPEN]
        return {"approvals": None, "attributes": None, "guid": still_open[-1].guid} if still_open else None
