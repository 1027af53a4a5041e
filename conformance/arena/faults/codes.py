"""Faults in the codes of the profile `winter-2023`, which fixes more of them than the page."""

from conformance.arena.codes import PROFILES, Code, Situation
from conformance.arena.faults.families import Says

_OLD = PROFILES["documented"]


class _Winter(Says):
    """Shows in that profile."""

    in_profile = "winter-2023"


class OldCodeForOpenStep(_Winter):
    """An open step is refused with the code of the release before."""

    rule = "already-open-is-3089"
    situation = Situation.STEP_ALREADY_OPEN
    says = _OLD[Situation.STEP_ALREADY_OPEN]


class OldMessageForOpenStep(_Winter):
    """An open step is refused with the new code and the old message."""

    rule = "already-open-is-3089"
    situation = Situation.STEP_ALREADY_OPEN
    says = Code(400, 3169, "The quality process is already open.")


class WrongCodeForCompletedProcess(_Winter):
    """In a completed process the code is that of an open step."""

    rule = "completed-process-locks-steps"
    situation = Situation.PROCESS_COMPLETED
    says = Code(400, 3169, "The quality process is completed.")


class WrongCodeForApprovedSignoff(_Winter):
    """On an approved sign-off step the code is that of a completed process."""

    rule = "approved-signoff-is-final"
    situation = Situation.SIGNOFF_APPROVED
    says = Code(400, 3168, "The sign-off step is approved.")


class WrongCodeForOthers(_Winter):
    """Without privileges the code is 3086."""

    rule = "others-may-not-reopen"
    situation = Situation.NOT_PERMITTED
    says = Code(400, 3086, "You do not have privileges to perform the requested operation.")


class WrongCodeForMalformedGuid(_Winter):
    """A malformed guid is refused as an unknown one."""

    rule = "request-shape"
    situation = Situation.GUID_MALFORMED
    says = Code(400, 3012, "The requested object is not found.")


class WrongCodeForUnknownGuid(_Winter):
    """An unknown guid is refused as a malformed one."""

    rule = "request-shape"
    situation = Situation.GUID_UNKNOWN
    says = Code(400, 3011, "The guid is not valid.")


class WrongCodeForEmptyGuid(_Winter):
    """An empty guid is refused as a malformed one."""

    rule = "request-shape"
    situation = Situation.GUID_EMPTY
    says = Code(400, 3011, "The guid is not valid.")


class WrongCodeForMalformedJson(_Winter):
    """Malformed JSON is refused with code 1004."""

    rule = "request-shape"
    situation = Situation.MALFORMED_JSON
    says = Code(400, 1004, "The body is not valid JSON.")


class WrongCodeWithoutSession(_Winter):
    """Without a session the code is 4001."""

    rule = "session-required"
    situation = Situation.NO_SESSION
    says = Code(401, 4001, "Please log in.")


class OldStatusWithoutSession(_Winter):
    """Without a session the status is 400."""

    rule = "failure-is-400"
    situation = Situation.NO_SESSION
    says = Code(400, 401, "There is no access token associated with this request.")


class OldStatusForWrongType(_Winter):
    """A wrong content type is answered 400."""

    rule = "failure-is-400"
    situation = Situation.NOT_JSON_TYPE
    says = Code(400, 1003, "The content type must be application/json.")


# What that profile leaves open.


class AnotherCodeForWrongType(_Winter):
    """A wrong content type is refused with another code."""

    situation = Situation.NOT_JSON_TYPE
    says = Code(415, 415, "Unsupported media type.")


class AnotherCodeForWrongShape(_Winter):
    """A body of another shape is refused with another code."""

    situation = Situation.WRONG_SHAPE
    says = Code(400, 3000, "The request is not valid.")
