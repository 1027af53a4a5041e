"""Faults in the error envelope."""
# ruff: noqa: ARG002, D102 - an override is described by its class, and may ignore what it is given

from typing import Any, ClassVar

from conformance.arena.codes import Situation
from conformance.arena.faults.fault import Fault
from conformance.arena.message import Refusal, Reply, Visit


class _Envelope(Fault):
    """Renders the envelope of a refusal in another way; of every refusal, or of some."""

    situations: ClassVar[frozenset[Situation]] = frozenset(Situation)

    def render_refusal(self, refusal: Refusal) -> tuple[int, Any]:
        status, body = super().render_refusal(refusal)
        return status, self.alter(body) if refusal.situation in self.situations else body

    def alter(self, body: Any) -> Any:
        """The envelope as it goes out."""
        raise NotImplementedError


class EnvelopeLacksStatus(_Envelope):
    """The envelope has no status."""

    rule = "failure-is-400"

    def alter(self, body: Any) -> Any:
        return {"errors": body["errors"]}


class EnvelopeStatusIsText(_Envelope):
    """The status in the envelope is a text."""

    rule = "failure-is-400"

    def alter(self, body: Any) -> Any:
        return {**body, "status": str(body["status"])}


class EnvelopeStatusIsZero(_Envelope):
    """The status in the envelope is 0."""

    rule = "failure-is-400"

    def alter(self, body: Any) -> Any:
        return {**body, "status": 0}


class EnvelopeStatusIsAlways400(_Envelope):
    """The status in the envelope is 400, also where the answer's is 401 or 415."""

    rule = "failure-is-400"

    def alter(self, body: Any) -> Any:
        return {**body, "status": 400}


class EnvelopeLacksErrors(_Envelope):
    """The envelope has no errors."""

    rule = "failure-is-400"

    def alter(self, body: Any) -> Any:
        return {"status": body["status"]}


class EnvelopeErrorsAreEmpty(_Envelope):
    """The envelope's list of errors is empty."""

    rule = "failure-is-400"

    def alter(self, body: Any) -> Any:
        return {**body, "errors": []}


class EnvelopeErrorsAreOne(_Envelope):
    """The envelope's errors are one object, not a list."""

    rule = "failure-is-400"

    def alter(self, body: Any) -> Any:
        return {**body, "errors": body["errors"][0]}


class EnvelopeErrorsAreTexts(_Envelope):
    """The envelope's errors are texts."""

    rule = "failure-is-400"

    def alter(self, body: Any) -> Any:
        return {**body, "errors": [error["message"] for error in body["errors"]]}


class EnvelopeCodeIsText(_Envelope):
    """The code of an error is a text."""

    rule = "failure-is-400"

    def alter(self, body: Any) -> Any:
        return {**body, "errors": [{**error, "code": str(error["code"])} for error in body["errors"]]}


class EnvelopeLacksCode(_Envelope):
    """An error has no code."""

    rule = "failure-is-400"

    def alter(self, body: Any) -> Any:
        return {**body, "errors": [{"message": error["message"]} for error in body["errors"]]}


class EnvelopeCodeIsNull(_Envelope):
    """The code of an error is null."""

    rule = "failure-is-400"

    def alter(self, body: Any) -> Any:
        return {**body, "errors": [{**error, "code": None} for error in body["errors"]]}


class EnvelopeCodeIsFraction(_Envelope):
    """The code of an error is a number with a fraction."""

    rule = "failure-is-400"

    def alter(self, body: Any) -> Any:
        return {**body, "errors": [{**error, "code": error["code"] + 0.5} for error in body["errors"]]}


class EnvelopeLacksMessage(_Envelope):
    """An error has no message."""

    rule = "failure-is-400"

    def alter(self, body: Any) -> Any:
        return {**body, "errors": [{"code": error["code"]} for error in body["errors"]]}


class EnvelopeMessageIsNull(_Envelope):
    """The message of an error is null."""

    rule = "failure-is-400"

    def alter(self, body: Any) -> Any:
        return {**body, "errors": [{**error, "message": None} for error in body["errors"]]}


class EnvelopeMessageIsObject(_Envelope):
    """The message of an error is an object with a text for each language."""

    rule = "failure-is-400"

    def alter(self, body: Any) -> Any:
        return {**body, "errors": [{**error, "message": {"en": error["message"]}} for error in body["errors"]]}


class EnvelopeIsList(_Envelope):
    """The envelope stands in a list."""

    rule = "failure-is-400"

    def alter(self, body: Any) -> Any:
        return [body]


class EnvelopeIsWrapped(_Envelope):
    """The envelope stands in another object."""

    rule = "failure-is-400"

    def alter(self, body: Any) -> Any:
        return {"error": body}


class EnvelopeIsProblem(_Envelope):
    """A refusal is told as a problem of RFC 9457."""

    rule = "failure-is-400"

    def alter(self, body: Any) -> Any:
        return {"type": "about:blank", "title": body["errors"][0]["message"], "status": body["status"]}


class EnvelopeIsNull(_Envelope):
    """The body of a refusal is null."""

    rule = "failure-is-400"

    def alter(self, body: Any) -> Any:
        return None


class EnvelopeLostWithoutSession(_Envelope):
    """Without a session the envelope lacks its errors."""

    rule = "failure-is-400"
    situations = frozenset({Situation.NO_SESSION})

    def alter(self, body: Any) -> Any:
        return {"status": body["status"], "message": "login"}


class EnvelopeLostForWrongType(_Envelope):
    """For a wrong content type the envelope lacks its errors."""

    rule = "failure-is-400"
    situations = frozenset({Situation.NOT_JSON_TYPE})

    def alter(self, body: Any) -> Any:
        return {"status": body["status"], "message": "type"}


class EnvelopeLostForMalformedJson(_Envelope):
    """For malformed JSON the envelope lacks its errors."""

    rule = "failure-is-400"
    situations = frozenset({Situation.MALFORMED_JSON})

    def alter(self, body: Any) -> Any:
        return {"status": body["status"], "message": "syntax"}


class EnvelopeLostForWrongShape(_Envelope):
    """For a body of another shape the envelope lacks its errors."""

    rule = "failure-is-400"
    situations = frozenset({Situation.WRONG_SHAPE})

    def alter(self, body: Any) -> Any:
        return {"status": body["status"], "message": "shape"}


class EnvelopeLostForUnknownGuid(_Envelope):
    """For an unknown guid the envelope lacks its errors."""

    rule = "failure-is-400"
    situations = frozenset({Situation.GUID_UNKNOWN})

    def alter(self, body: Any) -> Any:
        return {"status": body["status"], "message": "guid"}


class EnvelopeLostInCompletedProcess(_Envelope):
    """In a completed process the envelope lacks its errors."""

    rule = "failure-is-400"
    situations = frozenset({Situation.PROCESS_COMPLETED})

    def alter(self, body: Any) -> Any:
        return {"status": body["status"], "message": "completed"}


class EnvelopeLostForApprovedSignoff(_Envelope):
    """For an approved sign-off step the envelope lacks its errors."""

    rule = "failure-is-400"
    situations = frozenset({Situation.SIGNOFF_APPROVED})

    def alter(self, body: Any) -> Any:
        return {"status": body["status"], "message": "final"}


class _RefusalBody(Fault):
    """Sends another body with a refusal."""

    content: ClassVar[bytes]

    def reply(self, visit: Visit, status: int, body: Any) -> Reply:
        reply = super().reply(visit, status, body)
        if status < 400 or visit.call.path.endswith("/login"):
            return reply
        return Reply(status, self.headers(visit, status, self.content), self.content)


class RefusalHasNoBody(_RefusalBody):
    """A refusal has no body."""

    rule = "failure-is-400"
    content = b""


class RefusalIsPage(_RefusalBody):
    """A refusal is a web page."""

    rule = "failure-is-400"
    content = b"<html><title>400 Bad Request</title></html>"


class RefusalIsCutShort(_RefusalBody):
    """The JSON of a refusal ends too early."""

    rule = "failure-is-400"
    content = b'{"status": 400, "errors": [{"code": 3089'


class RefusalIsNoUtf8(_RefusalBody):
    """The message of a refusal is Latin-1."""

    rule = "failure-is-400"
    content = b'{"status": 400, "errors": [{"code": 3089, "message": "d\xe9j\xe0"}]}'
