"""Faults in what JSON is taken for the page's request body."""
# ruff: noqa: D102 - an override is described by its class, and may ignore what it is given

import re
from typing import Any, ClassVar

from conformance.arena.faults.fault import Fault
from conformance.arena.message import Visit
from conformance.arena.rendering import Json
from conformance.arena.statuschanges import StatusChange
from conformance.arena.store import QualityProcess, Step, StepStatus, StepType


class _Coerces(Fault):
    """Makes the page's body of some others."""

    def read_status_change(self, body: Json) -> StatusChange:
        return super().read_status_change(self.coerced(body))

    def coerced(self, body: Json) -> Json:
        """The body as it was perhaps meant."""
        raise NotImplementedError


class ListTaken(Fault):
    """Of a list of bodies the first is taken."""

    rule = "request-shape"

    def parse_json(self, body: bytes) -> Any:
        read = super().parse_json(body)
        return read[0] if isinstance(read, list) and read else read


class TextTakenForJson(Fault):
    """JSON inside a JSON text is unwrapped."""

    rule = "request-shape"

    def parse_json(self, body: bytes) -> Any:
        read = super().parse_json(body)
        return super().parse_json(read.encode()) if isinstance(read, str) else read


class ProcessAsTextTaken(_Coerces):
    """`qualityProcess` may be the guid itself; the step is then the one completed last."""

    rule = "request-shape"

    def coerced(self, body: Json) -> Json:
        guid = body.get("qualityProcess")
        if not isinstance(guid, str) or guid not in self.store.processes:
            return body
        steps = [step.guid for step in self.store.processes[guid].steps if step.status is StepStatus.COMPLETE]
        return {**body, "qualityProcess": {"guid": guid, "step": {"guid": (*steps, "")[0]}}}


class ProcessListTaken(_Coerces):
    """`qualityProcess` may be a list, of which the first counts; its first completed step is reopened."""

    rule = "request-shape"

    def coerced(self, body: Json) -> Json:
        processes = body.get("qualityProcess")
        first = processes[0] if isinstance(processes, list) and processes else None
        process = self.store.processes.get(first.get("guid", "")) if isinstance(first, dict) else None
        steps = [step.guid for step in process.steps if step.status is StepStatus.COMPLETE] if process else []
        return {**body, "qualityProcess": {**first, "step": {"guid": steps[0]}}} if first and steps else body


class ProcessGuessedFromStep(Fault):
    """Without the guid of a process the step tells it."""

    rule = "request-shape"

    def find_process(self, visit: Visit, guid: str | None) -> QualityProcess:
        found = self.step_in(visit.call) if guid is None else None
        return found[0] if found is not None else super().find_process(visit, guid)


class EmptyProcessGuessedFromStep(Fault):
    """Where the guid of the process is empty the step tells it."""

    rule = "request-shape"

    def find_process(self, visit: Visit, guid: str | None) -> QualityProcess:
        found = self.step_in(visit.call) if guid == "" else None
        return found[0] if found is not None else super().find_process(visit, guid)


class UnknownProcessGuessedFromStep(Fault):
    """Where nothing has the guid of the process the step tells it."""

    rule = "request-shape"

    def find_process(self, visit: Visit, guid: str | None) -> QualityProcess:
        found = self.step_in(visit.call) if guid and guid.isalnum() and guid not in self.store.processes else None
        return found[0] if found is not None else super().find_process(visit, guid)


class MalformedProcessGuessedFromStep(Fault):
    """Where the guid of the process is none at all the step tells it."""

    rule = "request-shape"

    def find_process(self, visit: Visit, guid: str | None) -> QualityProcess:
        found = self.step_in(visit.call) if guid and not guid.isalnum() else None
        return found[0] if found is not None else super().find_process(visit, guid)


class AnyProcessTaken(Fault):
    """The process is not looked at where the step belongs to another one."""

    rule = "request-shape"

    def find_step(self, visit: Visit, process: QualityProcess, guid: str | None) -> Step:
        owner = self.store.process_of_step(guid or "")
        return super().find_step(visit, owner or process, guid)


class _FirstStep(Fault):
    """Takes the first completed step of the process in place of some wrong guids."""

    def find_step(self, visit: Visit, process: QualityProcess, guid: str | None) -> Step:
        steps = [step for step in process.steps if step.status is StepStatus.COMPLETE and step.type is StepType.REGULAR]
        return steps[0] if steps and self.replaces(guid) else super().find_step(visit, process, guid)

    def replaces(self, guid: str | None) -> bool:
        """Whether this guid is replaced."""
        raise NotImplementedError


class NullStepIsFirst(_FirstStep):
    """Where the guid of the step is null or missing the first completed step is reopened."""

    rule = "request-shape"

    def replaces(self, guid: str | None) -> bool:
        return guid is None


class EmptyStepIsFirst(_FirstStep):
    """Where the guid of the step is empty the first completed step is reopened."""

    rule = "request-shape"

    def replaces(self, guid: str | None) -> bool:
        return guid == ""


class UnknownStepIsFirst(_FirstStep):
    """Where nothing has the guid of the step the first completed step is reopened."""

    rule = "request-shape"

    def replaces(self, guid: str | None) -> bool:
        return bool(guid) and (guid or "").isalnum() and self.store.process_of_step(guid or "") is None


class MalformedStepIsFirst(_FirstStep):
    """Where the guid of the step is none at all the first completed step is reopened."""

    rule = "request-shape"

    def replaces(self, guid: str | None) -> bool:
        return bool(guid) and not (guid or "").isalnum()


class _GuidMeans(Fault):
    """Takes some wrong guids for the right one."""

    def find_step(self, visit: Visit, process: QualityProcess, guid: str | None) -> Step:
        meant = [step for step in process.steps if guid and self.means(guid, step.guid)]
        return meant[0] if meant else super().find_step(visit, process, guid)

    def means(self, guid: str, right: str) -> bool:
        """Whether this guid is taken for the right one."""
        raise NotImplementedError


class GuidWithSpaceTaken(_GuidMeans):
    """White space around a guid is read over."""

    rule = "request-shape"

    def means(self, guid: str, right: str) -> bool:
        return guid.strip() == right


class GuidPatternTaken(_GuidMeans):
    """A guid is a pattern: % stands for any text."""

    rule = "request-shape"

    def means(self, guid: str, right: str) -> bool:
        return re.fullmatch(re.escape(guid).replace("%", ".*"), right) is not None


class GuidBeginningTaken(_GuidMeans):
    """The beginning of a guid is enough."""

    rule = "request-shape"

    def means(self, guid: str, right: str) -> bool:
        return right.startswith(guid)


class GuidTailTaken(_GuidMeans):
    """What follows the twentieth letter of a guid is read over."""

    rule = "request-shape"

    def means(self, guid: str, right: str) -> bool:
        return guid.startswith(right)


class GuidLettersInAnyOrder(_GuidMeans):
    """Guids are compared by a checksum that any order of the same letters has."""

    rule = "request-shape"

    def means(self, guid: str, right: str) -> bool:
        return sorted(guid) == sorted(right)


class _GuidAlso(Fault):
    """Reads a guid from something that is no text."""

    def text(self, body: Json, key: str) -> str | None:
        value = body.get(key)
        return self.unwrapped(value) if key == "guid" and self.unwraps(value) else super().text(body, key)

    def unwraps(self, value: Any) -> bool:
        """Whether a guid is read from this."""
        raise NotImplementedError

    def unwrapped(self, value: Any) -> str:
        """The guid."""
        raise NotImplementedError


class GuidListTaken(_GuidAlso):
    """A list with a guid in it is as good as the guid."""

    rule = "request-shape"

    def unwraps(self, value: Any) -> bool:
        return isinstance(value, list) and bool(value)

    def unwrapped(self, value: Any) -> str:
        return str(value[0])


class GuidObjectTaken(_GuidAlso):
    """An object with a guid in it is as good as the guid."""

    rule = "request-shape"

    def unwraps(self, value: Any) -> bool:
        return isinstance(value, dict) and "guid" in value

    def unwrapped(self, value: Any) -> str:
        return str(value["guid"])


class StepNumberIsItsOrder(Fault):
    """A number in place of the step's guid, and true with it, is the place of the step in its process."""

    rule = "request-shape"

    def text(self, body: Json, key: str) -> str | None:
        value = body.get(key)
        return f"#{int(value)}" if key == "guid" and isinstance(value, int) else super().text(body, key)

    def find_step(self, visit: Visit, process: QualityProcess, guid: str | None) -> Step:
        if guid and guid.startswith("#"):
            return process.steps[(int(guid[1:]) - 1) % len(process.steps)]
        return super().find_step(visit, process, guid)


class StepAsTextTaken(_Coerces):
    """`step` may be the guid itself."""

    rule = "request-shape"

    def coerced(self, body: Json) -> Json:
        process = body.get("qualityProcess")
        if isinstance(process, dict) and isinstance(process.get("step"), str):
            return {**body, "qualityProcess": {**process, "step": {"guid": process["step"]}}}
        return body


class StepListTaken(_Coerces):
    """`step` may be a list, of which the first counts."""

    rule = "request-shape"

    def coerced(self, body: Json) -> Json:
        process = body.get("qualityProcess")
        if isinstance(process, dict) and isinstance(process.get("step"), list) and process["step"]:
            return {**body, "qualityProcess": {**process, "step": process["step"][0]}}
        return body


class _CompleteAlso(Fault):
    """Reads `complete` from something that is neither true nor false."""

    taken: ClassVar[tuple[Any, ...]]

    def read_complete(self, body: Json) -> bool:
        value = body.get("complete")
        if any(value == one and type(value) is type(one) for one in self.taken):
            return False
        return super().read_complete(body)


class CompleteTextTaken(_CompleteAlso):
    """`complete` may be the text "false"."""

    rule = "request-shape"
    taken = ("false",)


class CompleteEmptyTaken(_CompleteAlso):
    """`complete` may be an empty text, which is not true."""

    rule = "request-shape"
    taken = ("",)


class CompleteZeroTaken(_CompleteAlso):
    """`complete` may be 0."""

    rule = "request-shape"
    taken = (0,)


class CompleteOneTaken(_CompleteAlso):
    """`complete` may be 1, and is read as false."""

    rule = "request-shape"
    taken = (1,)


class CompleteWordsTaken(_CompleteAlso):
    """`complete` may be a word: no, off, 0."""

    rule = "request-shape"
    taken = ("no", "off", "0")


class CompleteListTaken(_CompleteAlso):
    """`complete` may be an empty list or object, which is not true."""

    rule = "request-shape"
    taken = ([], {})
