"""Faults in the status of a success."""
# ruff: noqa: ARG002, D102 - an override is described by its class, and may ignore what it is given

from typing import Any, ClassVar

from conformance.arena.faults.fault import Fault
from conformance.arena.message import Visit
from conformance.arena.rendering import Json


class _SuccessIs(Fault):
    """Answers some successes with another status than 201."""

    status: ClassVar[int] = 200

    def change_status(self, visit: Visit) -> tuple[int, Any]:
        status, answer = super().change_status(visit)
        another = b'"complete": false' in visit.call.body and self.applies(visit, answer)
        return (self.status if another else status), answer

    def applies(self, visit: Visit, answer: Json) -> bool:
        """Whether this success has another status."""
        return True


class SuccessIsOk(_SuccessIs):
    """Success is 200."""

    rule = "success-is-201"


class SuccessIsAccepted(_SuccessIs):
    """Success is 202."""

    rule = "success-is-201"
    status = 202


class SuccessIsNoContent(_SuccessIs):
    """Success is 204, without a body."""

    rule = "success-is-201"
    status = 204


class SuccessIsReset(_SuccessIs):
    """Success is 205."""

    rule = "success-is-201"
    status = 205


class SuccessIsMultiStatus(_SuccessIs):
    """Success is 207."""

    rule = "success-is-201"
    status = 207


class SuccessRedirects(_SuccessIs):
    """Success is a redirect to the process."""

    rule = "success-is-201"
    status = 303


class SuccessOfTheAssigneeIsOk(_SuccessIs):
    """Success is 200 for who is not the owner."""

    rule = "success-is-201"

    def applies(self, visit: Visit, answer: Json) -> bool:
        owner: str = answer["qualityProcess"]["owner"]["guid"]
        return owner != visit.user.guid


class SuccessOfGroupsIsOk(_SuccessIs):
    """Success is 200 where the step is assigned to a group."""

    rule = "success-is-201"

    def applies(self, visit: Visit, answer: Json) -> bool:
        found = self.step_in(visit.call)
        return found is not None and bool(found[1].groups)


class SuccessWithUnicodeIsOk(_SuccessIs):
    """Success is 200 where the comment goes beyond ASCII."""

    rule = "success-is-201"

    def applies(self, visit: Visit, answer: Json) -> bool:
        return not visit.call.body.isascii()


class SecondSuccessIsOk(_SuccessIs):
    """Success is 201 for the first reopen of a step, and 200 from then on."""

    rule = "success-is-201"

    def applies(self, visit: Visit, answer: Json) -> bool:
        before, found = vars(self).setdefault("reopened_once", set()), self.step_in(visit.call)
        again = found is not None and found[1].guid in before
        before.update([found[1].guid] if found is not None else [])
        return again
