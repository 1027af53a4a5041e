"""Faults in how the calls that are left are counted."""
# ruff: noqa: ARG002, D102 - an override is described by its class, and may ignore what it is given

import json
from typing import Any, ClassVar

from conformance.arena.codes import Situation
from conformance.arena.faults.fault import Fault
from conformance.arena.message import Call, Refusal, Reply, Visit
from conformance.arena.store import Session, Workspace


class NoCallCounts(Fault):
    """No call is counted."""

    rule = "quota-counts-down"

    def count_call(self, workspace: Workspace) -> None:
        pass


class CallsCountTwice(Fault):
    """Every call counts twice."""

    rule = "quota-counts-down"

    def count_call(self, workspace: Workspace) -> None:
        super().count_call(workspace)
        workspace.remaining -= 1


class CallsCountUp(Fault):
    """The number of calls that are left grows."""

    rule = "quota-counts-down"

    def count_call(self, workspace: Workspace) -> None:
        workspace.remaining += 1


class _AfterReply(Fault):
    """Changes the count after some answers, so that the next one shows it."""

    change: ClassVar[int] = 1

    def reply(self, visit: Visit, status: int, body: Any) -> Reply:
        reply = super().reply(visit, status, body)
        if self.applies(visit, status):
            visit.workspace.remaining += self.change
        return reply

    def applies(self, visit: Visit, status: int) -> bool:
        """Whether the count is changed after this answer."""
        raise NotImplementedError


class RefusalsAreFree(_AfterReply):
    """Refused calls are given back."""

    rule = "quota-counts-down"

    def applies(self, visit: Visit, status: int) -> bool:
        return status == 400 and visit.caller is not None


class RefusalsCountTwice(_AfterReply):
    """Refused calls count twice."""

    rule = "quota-counts-down"
    change = -1

    def applies(self, visit: Visit, status: int) -> bool:
        return status == 400 and visit.caller is not None


class WrongTypesAreFree(_AfterReply):
    """Calls with a wrong content type are given back."""

    rule = "quota-counts-down"

    def applies(self, visit: Visit, status: int) -> bool:
        return status == 415


class SuccessesAreFree(_AfterReply):
    """Successful reopens are given back."""

    rule = "quota-counts-down"

    def applies(self, visit: Visit, status: int) -> bool:
        return status == 201 and b'"complete": false' in visit.call.body


class SuccessesCountTwice(_AfterReply):
    """Successful reopens count twice: for reading and for writing."""

    rule = "quota-counts-down"
    change = -1

    def applies(self, visit: Visit, status: int) -> bool:
        return status == 201 and b'"complete": false' in visit.call.body


class ReadsAreFree(_AfterReply):
    """Reading is given back."""

    rule = "quota-counts-down"

    def applies(self, visit: Visit, status: int) -> bool:
        return visit.call.method == "GET" and visit.caller is not None


class MalformedJsonIsFree(_AfterReply):
    """Calls with a body that is no JSON are given back."""

    rule = "quota-counts-down"

    def applies(self, visit: Visit, status: int) -> bool:
        try:
            json.loads(visit.call.body or b"0")
        except (ValueError, RecursionError):
            return visit.caller is not None
        return False


class LongCommentsCountMore(_AfterReply):
    """A call with a long body counts twice."""

    rule = "quota-counts-down"
    change = -1

    def applies(self, visit: Visit, status: int) -> bool:
        return visit.caller is not None and len(visit.call.body) > 600


class LoginCounts(_AfterReply):
    """Logging in counts."""

    rule = "quota-counts-down"
    change = -1

    def applies(self, visit: Visit, status: int) -> bool:
        return visit.call.path.endswith("/login")


class LoginFillsQuota(Fault):
    """Logging in sets the count back to its limit."""

    rule = "quota-counts-down"

    def render_session(self, session: Session) -> dict[str, Any]:
        workspace = self.store.workspaces[session.user.workspace_id]
        workspace.remaining = workspace.request_limit
        return super().render_session(session)


class AdministratorsAreFree(_AfterReply):
    """The calls of account administrators are given back."""

    rule = "quota-counts-down"

    def applies(self, visit: Visit, status: int) -> bool:
        return visit.caller is not None and visit.caller.account_administrator


class CallsWithoutSessionCountTenfold(_AfterReply):
    """A call without a session costs the workspace ten."""

    rule = "quota-counts-down"
    change = -10

    def applies(self, visit: Visit, status: int) -> bool:
        return status == 401


class _Shows(Fault):
    """Shows another number than is left."""

    def remaining(self, workspace: Workspace) -> int:
        return self.shown(workspace, super().remaining(workspace))

    def shown(self, workspace: Workspace, left: int) -> int:
        """The number that is shown."""
        raise NotImplementedError


class RemainingIsStale(_Shows):
    """The number is brought up to date at every tenth call only."""

    rule = "quota-counts-down"

    def shown(self, workspace: Workspace, left: int) -> int:
        return left - left % 10


class RemainingIsConstant(_Shows):
    """The number is always the limit."""

    rule = "quota-counts-down"

    def shown(self, workspace: Workspace, left: int) -> int:
        return workspace.request_limit


class RemainingIsUsed(_Shows):
    """The number is of the calls that were made."""

    rule = "quota-counts-down"

    def shown(self, workspace: Workspace, left: int) -> int:
        return 1 + workspace.request_limit - left


class RemainingIsNegative(Fault):
    """The number is negative: what was used, with a minus."""

    rule = "quota-counts-down"
    alone = True  # with no call left a run ends

    def headers(self, visit: Visit, status: int, content: bytes) -> list[tuple[str, str]]:
        used = visit.workspace.remaining - visit.workspace.request_limit
        named = super().headers(visit, status, content)
        return [(name, str(used) if name == "X-Arena-Requests-Remaining" else value) for name, value in named]


class QuotaOfTheUser(Fault):
    """Each user has a count of their own."""

    rule = "quota-counts-down"

    def headers(self, visit: Visit, status: int, content: bytes) -> list[tuple[str, str]]:
        counts = vars(self).setdefault("counts", {})
        user = visit.caller.guid if visit.caller else ""
        counts[user] = counts.get(user, visit.workspace.request_limit) - 1
        named = super().headers(visit, status, content)
        return [(name, str(counts[user]) if name == "X-Arena-Requests-Remaining" else value) for name, value in named]


class QuotaOfAllWorkspaces(Fault):
    """All workspaces have one count."""

    rule = "quota-counts-down"

    def count_call(self, workspace: Workspace) -> None:
        for one in self.store.workspaces.values():
            super().count_call(one)


class QuotaOfAnotherWorkspace(Fault):
    """A foreigner's call counts against the workspace of the process."""

    rule = "quota-counts-down"

    def admit(self, operation: str, visit: Visit) -> None:
        super().admit(operation, visit)
        if visit.workspace is not self.store.main_workspace:
            super().count_call(self.store.main_workspace)


class QuotaIsUsedUpTooEarly(Fault):
    """From the fifth refusal on every reopen is refused for want of calls, though thousands are left."""

    rule = "failure-is-400"

    def render_refusal(self, refusal: Refusal) -> tuple[int, Any]:
        vars(self)["refusals"] = vars(self).get("refusals", 0) + 1
        return super().render_refusal(refusal)

    def handle(self, operation: str, call: Call) -> Reply:
        self.over = operation == "change_status" and vars(self).get("refusals", 0) >= 5
        return super().handle(operation, call)

    def count_call(self, workspace: Workspace) -> None:
        super().count_call(workspace)
        if self.over:
            raise self.refusal(Situation.QUOTA_USED_UP)


class ResetComesEveryHundredCalls(_Shows):
    """The count starts anew after a hundred calls."""

    rule = "quota-counts-down"

    def shown(self, workspace: Workspace, left: int) -> int:
        return workspace.request_limit - (workspace.request_limit - left) % 100
