"""Faults in what a refused body changes: it is written first, and checked then."""
# ruff: noqa: D102 - an override is described by its class, and may ignore what it is given

from typing import Any, ClassVar

from conformance.arena.codes import Situation
from conformance.arena.faults.fault import Fault
from conformance.arena.message import Refusal, Visit
from conformance.arena.store import QualityProcess, Step, StepType


class _ShapeRefusedBut(Fault):
    """Refuses a body for its shape after the step that it names was reopened."""

    situation: ClassVar[Situation]

    def change_status(self, visit: Visit) -> tuple[int, Any]:
        try:
            return super().change_status(visit)
        except Refusal as refusal:
            found = self.step_in(visit.call)
            if refusal.situation is self.situation and found is not None and found[1].type is StepType.REGULAR:
                self.apply_reopen_step(visit.user, *found)
            raise


class WrongShapeRefusedButReopened(_ShapeRefusedBut):
    """A member of a wrong type is refused after the step was reopened."""

    rule = "request-shape"
    situation = Situation.WRONG_SHAPE


class EmptyGuidRefusedButReopened(_ShapeRefusedBut):
    """An empty guid is refused after the step was reopened."""

    rule = "request-shape"
    situation = Situation.GUID_EMPTY


class UnknownGuidRefusedButReopened(_ShapeRefusedBut):
    """An unknown guid of a process is refused after the step was reopened."""

    rule = "request-shape"
    situation = Situation.GUID_UNKNOWN


class MalformedGuidRefusedButReopened(_ShapeRefusedBut):
    """A malformed guid of a process is refused after the step was reopened."""

    rule = "request-shape"
    situation = Situation.GUID_MALFORMED


class OtherProcessRefusedButReopened(_ShapeRefusedBut):
    """A step of another process is refused after it was reopened."""

    rule = "request-shape"
    situation = Situation.STEP_OF_ANOTHER_PROCESS


class OtherProcessRefusedButOwnReopened(Fault):
    """A step of another process is refused after all steps of the named process were reopened."""

    rule = "request-shape"

    def find_step(self, visit: Visit, process: QualityProcess, guid: str | None) -> Step:
        try:
            return super().find_step(visit, process, guid)
        except Refusal:
            for step in process.steps:
                if step.type is StepType.REGULAR and guid and self.store.process_of_step(guid) is not None:
                    self.apply_reopen_step(visit.user, process, step)
            raise


class WithoutStepReopensAll(Fault):
    """Without a step all completed steps of the process are reopened, though the answer is a refusal."""

    rule = "request-shape"

    def reopen_process(self, user: Any, process: QualityProcess) -> None:
        for step in process.steps:
            if step.type is StepType.REGULAR:
                self.apply_reopen_step(user, process, step)
        super().reopen_process(user, process)


class WithoutStepReopensAllAndSucceeds(Fault):
    """Without a step all completed steps of the process are reopened, with 201."""

    rule = "reopen-step"

    def reopen_process(self, user: Any, process: QualityProcess) -> None:
        for step in process.steps:
            if step.type is StepType.REGULAR:
                self.apply_reopen_step(user, process, step)
