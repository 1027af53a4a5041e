"""Faults in the status of a refusal."""
# ruff: noqa: D102 - an override is described by its class, and may ignore what it is given

from typing import Any

from conformance.arena.codes import Situation
from conformance.arena.faults.families import RefusedWith
from conformance.arena.faults.fault import Fault
from conformance.arena.message import Call, Refusal, Reply
from conformance.arena.statuschanges import StatusChange
from conformance.arena.store import QualityProcess


class NotPermittedIsForbidden(RefusedWith):
    """A refusal for want of privileges is 403."""

    rule = "failure-is-400"
    situations = frozenset({Situation.NOT_PERMITTED})
    status = 403


class NotPermittedIsUnauthorized(RefusedWith):
    """A refusal for want of privileges is 401."""

    rule = "failure-is-400"
    situations = frozenset({Situation.NOT_PERMITTED})
    status = 401


class NotPermittedIsNotFound(RefusedWith):
    """A refusal for want of privileges is 404, to hide what is there."""

    rule = "failure-is-400"
    situations = frozenset({Situation.NOT_PERMITTED})
    status = 404


class NotPermittedBreaksTheServer(RefusedWith):
    """A refusal for want of privileges is 500."""

    rule = "failure-is-400"
    situations = frozenset({Situation.NOT_PERMITTED})
    status = 500


class UnknownGuidIsNotFound(RefusedWith):
    """An unknown guid in the body is 404."""

    rule = "failure-is-400"
    situations = frozenset({Situation.GUID_UNKNOWN})
    status = 404


class UnknownGuidIsGone(RefusedWith):
    """An unknown guid in the body is 410."""

    rule = "failure-is-400"
    situations = frozenset({Situation.GUID_UNKNOWN})
    status = 410


class UnknownGuidBreaksTheServer(RefusedWith):
    """An unknown guid in the body is 500."""

    rule = "failure-is-400"
    situations = frozenset({Situation.GUID_UNKNOWN})
    status = 500


class MalformedGuidBreaksTheServer(RefusedWith):
    """A malformed guid is 500."""

    rule = "failure-is-400"
    situations = frozenset({Situation.GUID_MALFORMED})
    status = 500


class EmptyGuidBreaksTheServer(RefusedWith):
    """An empty or missing guid is 500."""

    rule = "failure-is-400"
    situations = frozenset({Situation.GUID_EMPTY})
    status = 500


class StepOfAnotherProcessIsConflict(RefusedWith):
    """A step of another process is 409."""

    rule = "failure-is-400"
    situations = frozenset({Situation.STEP_OF_ANOTHER_PROCESS})
    status = 409


class WrongShapeIsUnprocessable(RefusedWith):
    """A body of another shape is 422."""

    rule = "failure-is-400"
    situations = frozenset({Situation.WRONG_SHAPE})
    status = 422


class WrongShapeBreaksTheServer(RefusedWith):
    """A body of another shape is 500."""

    rule = "failure-is-400"
    situations = frozenset({Situation.WRONG_SHAPE})
    status = 500


class NoJsonIsUnprocessable(RefusedWith):
    """A body that is no JSON is 422."""

    rule = "failure-is-400"
    situations = frozenset({Situation.MALFORMED_JSON})
    status = 422


class NoJsonBreaksTheServer(RefusedWith):
    """A body that is no JSON is 500."""

    rule = "failure-is-400"
    situations = frozenset({Situation.MALFORMED_JSON})
    status = 500


class AlreadyOpenIsConflict(RefusedWith):
    """Reopening an open step is 409."""

    rule = "failure-is-400"
    situations = frozenset({Situation.STEP_ALREADY_OPEN})
    status = 409


class AlreadyOpenIsNotModified(RefusedWith):
    """Reopening an open step is 304."""

    rule = "failure-is-400"
    situations = frozenset({Situation.STEP_ALREADY_OPEN})
    status = 304


class CompletedProcessIsLocked(RefusedWith):
    """In a completed process the refusal is 423."""

    rule = "failure-is-400"
    situations = frozenset({Situation.PROCESS_COMPLETED})
    status = 423


class CompletedProcessBreaksTheServer(RefusedWith):
    """In a completed process the refusal is 500."""

    rule = "failure-is-400"
    situations = frozenset({Situation.PROCESS_COMPLETED})
    status = 500


class ApprovedSignoffIsNotAllowed(RefusedWith):
    """The refusal to reopen an approved sign-off step is 405."""

    rule = "failure-is-400"
    situations = frozenset({Situation.SIGNOFF_APPROVED})
    status = 405


class ApprovedSignoffBreaksTheServer(RefusedWith):
    """The refusal to reopen an approved sign-off step is 500."""

    rule = "failure-is-400"
    situations = frozenset({Situation.SIGNOFF_APPROVED})
    status = 500


class EveryRefusalIsOk(RefusedWith):
    """Every refusal is 200 with the error envelope in it."""

    rule = "failure-is-400"
    alone = True
    situations = frozenset(Situation) - {Situation.SIGNOFF_TAKES_DECISIONS, Situation.BAD_LOGIN}
    status = 200


class EveryRefusalIsTooMany(RefusedWith):
    """Every refusal for privileges or state is 429, though calls are left."""

    rule = "failure-is-400"
    situations = frozenset({Situation.NOT_PERMITTED, Situation.STEP_ALREADY_OPEN, Situation.PROCESS_COMPLETED})
    status = 429


class SecondRefusalIsTooMany(Fault):
    """From the third refusal in a row on the answer is 429."""

    rule = "failure-is-400"

    def handle(self, operation: str, call: Call) -> Reply:
        vars(self)["changing"] = operation == "change_status"
        return super().handle(operation, call)

    def render_refusal(self, refusal: Refusal) -> tuple[int, Any]:
        vars(self)["in_a_row"] = vars(self).get("in_a_row", 0) + vars(self).get("changing", False)
        if vars(self)["in_a_row"] > 2 and refusal.status is None:
            refusal = Refusal(refusal.situation, *refusal.details, status=429)
        return super().render_refusal(refusal)

    def status_changed(self, process: QualityProcess, change: StatusChange) -> tuple[int, Any]:
        vars(self)["in_a_row"] = 0
        return super().status_changed(process, change)
