"""Faults in what is taken for JSON."""
# ruff: noqa: D102 - an override is described by its class, and may ignore what it is given

import json
import re
from typing import Any

from conformance.arena.faults.fault import Fault
from conformance.arena.message import Call, Refusal, Reply, Visit
from conformance.arena.store import StepStatus, StepType


class _Mends(Fault):
    """Reads some bodies that are no JSON."""

    def parse_json(self, body: bytes) -> Any:
        try:
            return super().parse_json(body)
        except Refusal:
            return super().parse_json(self.mended(body))

    def mended(self, body: bytes) -> bytes:
        """The body as it was perhaps meant."""
        raise NotImplementedError


class TrailingCommaTaken(_Mends):
    """A comma before a closing brace is read over."""

    rule = "request-shape"

    def mended(self, body: bytes) -> bytes:
        return re.sub(rb",\s*}", b"}", body)


class CutShortTaken(_Mends):
    """A body that ends too early is closed."""

    rule = "request-shape"

    def mended(self, body: bytes) -> bytes:
        return body + b"}"


class SurplusTaken(_Mends):
    """What follows the first JSON value is not looked at."""

    rule = "request-shape"

    def mended(self, body: bytes) -> bytes:
        try:
            _, end = json.JSONDecoder().raw_decode(body.decode())
        except ValueError:
            return body
        return body[:end]


class SingleQuotesTaken(_Mends):
    """Single quotes are as good as double ones."""

    rule = "request-shape"

    def mended(self, body: bytes) -> bytes:
        return body.replace(b"'", b'"')


class OtherEncodingTaken(_Mends):
    """What is no UTF-8 is read as Latin-1."""

    rule = "request-shape"

    def mended(self, body: bytes) -> bytes:
        return body.decode("latin-1").encode()


class MisprintTaken(_Mends):
    """The page's misprinted sample is read as it was meant."""

    rule = "request-shape"

    def mended(self, body: bytes) -> bytes:
        return body.replace(b"{}", b"}}")


class FormBodyTaken(_Mends):
    """A form in place of JSON reopens the step of that process which was completed last."""

    rule = "request-shape"

    def mended(self, body: bytes) -> bytes:
        named = re.search(rb"qualityProcess\.guid=(\w+)", body)
        process = self.store.processes.get(named[1].decode()) if named else None
        steps = [step for step in process.steps if step.status is StepStatus.COMPLETE] if process else []
        if process is None or not steps:
            return body
        return json.dumps(
            {"qualityProcess": {"guid": process.guid, "step": {"guid": steps[-1].guid}}, "complete": False}
        ).encode()


class CommentsInJsonTaken(_Mends):
    """Comments in the JSON are read over."""

    rule = "request-shape"

    def mended(self, body: bytes) -> bytes:
        return re.sub(rb"/\*.*?\*/|//[^\n\"]*", b"", body)


class EmptyBodyRepeats(Fault):
    """An empty body is taken for the last one that was good."""

    rule = "request-shape"

    def parse_json(self, body: bytes) -> Any:
        return super().parse_json(body or vars(self).get("last", body))

    def change_status(self, visit: Visit) -> tuple[int, Any]:
        answer = super().change_status(visit)
        if b'"complete": false' in visit.call.body:
            vars(self)["last"] = visit.call.body
        return answer


class NoJsonRefusedButReopened(Fault):
    """A body that is no JSON is refused after the step that is named in it was reopened."""

    rule = "request-shape"

    def handle(self, operation: str, call: Call) -> Reply:
        found = self.step_in(call) if operation == "change_status" else None
        try:
            json.loads(call.body)
        except (ValueError, RecursionError):
            if found is not None and found[1].type is StepType.REGULAR:
                self.apply_reopen_step(found[0].owner, *found)
        return super().handle(operation, call)
