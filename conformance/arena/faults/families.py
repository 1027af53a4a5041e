"""Families of faults: what many of them have in common. None of these is a fault by itself."""
# ruff: noqa: ARG002, D102 - an override is described by its class, and may ignore what it is given

from collections.abc import Container
from typing import Any, ClassVar

from conformance.arena.codes import Code, Situation
from conformance.arena.faults.fault import Fault
from conformance.arena.message import Refusal, Visit
from conformance.arena.rendering import Json
from conformance.arena.store import QualityProcess, Step, StepStatus, User

REFUSALS = range(400, 500)


class Says(Fault):
    """Refuses one situation in other words."""

    situation: ClassVar[Situation]
    says: ClassVar[Code]

    def render_refusal(self, refusal: Refusal) -> tuple[int, Any]:
        if refusal.situation is not self.situation or refusal.status is not None:
            return super().render_refusal(refusal)
        return self.says.status, self.render_error(self.says.status, self.says.code, self.says.message)


class RefusedWith(Fault):
    """Refuses some situations with another status."""

    situations: ClassVar[frozenset[Situation]]
    status: ClassVar[int]

    def render_refusal(self, refusal: Refusal) -> tuple[int, Any]:
        if refusal.situation in self.situations and refusal.status is None:
            refusal = Refusal(refusal.situation, *refusal.details, status=self.status)
        return super().render_refusal(refusal)


class Header(Fault):
    """Sends one header in another way, on some answers; it is missing unless a fault says what it is."""

    name: ClassVar[str]
    on: ClassVar[Container[int]] = range(200, 600)

    def headers(self, visit: Visit, status: int, content: bytes) -> list[tuple[str, str]]:
        sent = []
        for name, value in super().headers(visit, status, content):
            if name == self.name and status in self.on and visit.call.path.endswith("/statuschanges"):
                sent += [(name, one) for one in self.values(visit, value, content)]
            else:
                sent.append((name, value))
        return sent

    def values(self, visit: Visit, value: str, content: bytes) -> list[str]:
        """What stands in its place: nothing, one value or several."""
        return []


class Answer(Fault):
    """Answers a reopen with another body; the process' own view stays right."""

    def render_success(self, process: QualityProcess, complete: bool, comment: str | None) -> Json:
        answer = super().render_success(process, complete, comment)
        if not complete:
            self.alter(answer, answer["qualityProcess"], process)
        return answer

    def alter(self, answer: Json, shown: Json, process: QualityProcess) -> None:
        """Changes the answer in place; `shown` is the process in it."""
        raise NotImplementedError


class Sets(Answer):
    """Sets a member of the answer to a value: `path` leads to it from the top."""

    path: ClassVar[tuple[str, ...]]
    value: ClassVar[Any]

    def alter(self, answer: Json, shown: Json, process: QualityProcess) -> None:
        place: Any = answer
        for key in self.path[:-1]:
            place = place[key]
        place[self.path[-1]] = self.value


class Also(Fault):
    """Changes something besides the step that is reopened."""

    def apply_reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        super().apply_reopen_step(user, process, step)
        self.also(user, process, step)

    def also(self, user: User, process: QualityProcess, step: Step) -> None:
        """What is changed besides."""
        raise NotImplementedError

    def open_too(self, step: Step) -> None:
        """Reopens another step."""
        step.status, step.complete_date_time, step.complete_user = StepStatus.OPEN, None, None
