"""Faults in what simultaneous reopens of one step are answered."""
# ruff: noqa: D102 - an override is described by its class, and may ignore what it is given

import asyncio
import copy
from typing import Any

from conformance.arena.codes import Situation
from conformance.arena.faults.fault import Fault
from conformance.arena.message import Call, Reply, Visit
from conformance.arena.store import (
    QualityProcess,
    Step,
    StepStatus,
    User,
)


class SimultaneousReopensAllSucceed(Fault):
    """Of simultaneous reopens of one step every one succeeds: checked first, written later."""

    rule = "reopen-step"

    async def answer(self, operation: str, call: Call) -> Reply:
        stale = copy.deepcopy(self.step_in(call)) if operation == "change_status" else None
        if stale is None or b'"complete": false' not in call.body:
            return self.handle(operation, call)
        await asyncio.sleep(0.05)
        now = self.step_in(call)
        if now is not None and stale[1].status is StepStatus.COMPLETE and now[1].status is StepStatus.OPEN:
            now[1].status = StepStatus.COMPLETE
        return self.handle(operation, call)


class SimultaneousReopensAllFail(Fault):
    """Of simultaneous reopens of one step none succeeds: each is refused because of the others."""

    rule = "reopen-step"

    async def answer(self, operation: str, call: Call) -> Reply:
        found = self.step_in(call) if operation == "change_status" and b'"complete": false' in call.body else None
        if found is None:
            return self.handle(operation, call)
        busy = vars(self).setdefault("busy", {})
        busy[found[1].guid] = busy.get(found[1].guid, 0) + 1
        await asyncio.sleep(0.02)
        vars(self)["crowded"] = busy[found[1].guid] > 1
        try:
            return self.handle(operation, call)
        finally:
            vars(self)["crowded"] = False
            await asyncio.sleep(0.02)
            busy[found[1].guid] -= 1

    def reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
        if vars(self).get("crowded"):
            raise self.refusal(Situation.STEP_ALREADY_OPEN)
        super().reopen_step(user, process, step)


class OtherStepsAreWrittenBack(Fault):
    """A reopen writes the whole process as it was when the call came: what was reopened meanwhile is undone."""

    rule = "reopen-step"
    shown_by = "fuzz"

    async def answer(self, operation: str, call: Call) -> Reply:
        found = self.step_in(call) if operation == "change_status" and b'"complete": false' in call.body else None
        if found is None:
            return self.handle(operation, call)
        process, step = found
        before = {one.guid: one.status for one in process.steps}
        await asyncio.sleep(0.02)
        reply = self.handle(operation, call)
        for one in process.steps:
            if one is not step:
                one.status = before[one.guid]
        return reply


class SimultaneousReopensBreakTheServer(Fault):
    """Of simultaneous reopens of one step all but one are answered 500."""

    rule = "failure-is-400"

    async def answer(self, operation: str, call: Call) -> Reply:
        found = self.step_in(call) if operation == "change_status" and b'"complete": false' in call.body else None
        locked = vars(self).setdefault("locked", set())
        if found is None or found[1].guid in locked:
            vars(self)["clash"] = found is not None
            return self.handle(operation, call)
        locked.add(found[1].guid)
        await asyncio.sleep(0.03)
        locked.discard(found[1].guid)
        vars(self)["clash"] = False
        return self.handle(operation, call)

    def change_status(self, visit: Visit) -> tuple[int, Any]:
        if vars(self).pop("clash", False):
            raise RuntimeError
        return super().change_status(visit)
