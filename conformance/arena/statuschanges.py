"""POST /qualityprocesses/statuschanges: reopens and completes steps and whole quality processes."""

from dataclasses import dataclass
from typing import Any

from conformance.arena.codes import Situation
from conformance.arena.gate import Gate
from conformance.arena.message import Visit
from conformance.arena.rendering import Json
from conformance.arena.store import ProcessStatus, QualityProcess, Step, StepStatus, User


@dataclass(frozen=True)
class StatusChange:
    """What the body asks for; without a step it is about the whole quality process."""

    process_guid: str | None
    names_step: bool
    step_guid: str | None
    complete: bool
    comment: str | None


class StatusChanges(Gate):
    """The operation under test and its three siblings behind the same address."""

    def change_status(self, visit: Visit) -> tuple[int, Any]:
        """Checks the body's shape, then its guids, then what the policy says; only then anything changes."""
        change = self.read_status_change(self.read_body(visit))
        process = self.find_process(visit, change.process_guid)
        if not change.names_step:
            action = self.complete_process if change.complete else self.reopen_process
            action(visit.user, process)
        else:
            step = self.find_step(visit, process, change.step_guid)
            step_action = self.complete_step if change.complete else self.reopen_step
            step_action(visit.user, process, step)
        return self.status_changed(process, change)

    def status_changed(self, process: QualityProcess, change: StatusChange) -> tuple[int, Any]:
        """The answer to a change that was made."""
        return 201, self.render_success(process, change.complete, change.comment)

    def read_status_change(self, body: Json) -> StatusChange:
        """Reads the body; refuses what has another shape and ignores what it does not know."""
        process_guid = self.reference(body, "qualityProcess")
        process: Json = body["qualityProcess"]
        names_step = process.get("step") is not None
        return StatusChange(
            process_guid=process_guid,
            names_step=names_step,
            step_guid=self.reference(process, "step") if names_step else None,
            complete=self.read_complete(body),
            comment=self.read_comment(body),
        )

    def read_complete(self, body: Json) -> bool:
        """`complete` is true or false, nothing like it, and never left out."""
        complete = self.member(body, "complete")
        if not isinstance(complete, bool):
            raise self.refusal(Situation.WRONG_SHAPE, "complete is neither true nor false")
        return complete

    def read_comment(self, body: Json) -> str | None:
        """`comment` is text of any length, null or absent."""
        return self.text(body, "comment")

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        """Reopens a step, or refuses."""
        self.allow(self.policy.why_not_reopen_step(user, process, step))
        self.apply_reopen_step(user, process, step)

    def apply_reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:  # noqa: ARG002 - for faults
        """The step is open and nobody has completed it; assignees, attributes and due date stay."""
        step.status = StepStatus.OPEN
        step.complete_date_time = None
        step.complete_user = None

    def complete_step(self, user: User, process: QualityProcess, step: Step) -> None:
        """Completes a regular step, or refuses."""
        self.allow(self.policy.why_not_complete_step(user, process, step))
        self.apply_complete_step(user, process, step)

    def apply_complete_step(self, user: User, process: QualityProcess, step: Step) -> None:
        """The step is complete, and with the last one an AUTOMATIC process is too."""
        step.status = StepStatus.COMPLETE
        step.complete_date_time = self.now()
        step.complete_user = user
        if self.policy.completes_itself(process):
            self.apply_complete_process(process)

    def complete_process(self, user: User, process: QualityProcess) -> None:
        """Completes the whole quality process, or refuses."""
        self.allow(self.policy.why_not_complete_process(user, process))
        self.apply_complete_process(process)

    def apply_complete_process(self, process: QualityProcess) -> None:
        """Its steps stay as they are."""
        process.status = ProcessStatus.COMPLETED
        process.completed_date_time = self.now()

    def reopen_process(self, user: User, process: QualityProcess) -> None:
        """Reopens the whole quality process, or refuses."""
        self.allow(self.policy.why_not_reopen_process(user, process))
        self.apply_reopen_process(process)

    def apply_reopen_process(self, process: QualityProcess) -> None:
        """Its steps stay as they are."""
        process.status = ProcessStatus.OPEN
        process.completed_date_time = None
