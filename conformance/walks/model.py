"""What the page promises to several actors who work on the same quality processes.

Pure, and written from the contract alone: it knows of no server, and nothing of the embedded Arena. The page speaks of
one operation, the reopening of a step. Whatever else may happen to a process is taken as it is found (`Model.found`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

GROUP: Final = "group"  # the user group to which a step can be assigned, named where an account could stand
MEMBERS: Final = ("group_member", "second_group_member")
RESTRICTED: Final = frozenset({"restricted_owner", "restricted_assignee", "restricted"})
ADMINISTRATOR: Final = "administrator"
FOREIGNER: Final = "foreigner"


class Kind(StrEnum):
    """What an account can do."""

    REOPEN = "reopens"
    COMPLETE = "completes"
    ASSIGN = "assigns"
    APPROVE = "approves"
    REJECT = "rejects"
    COMPLETE_PROCESS = "completes the process"
    REOPEN_PROCESS = "reopens the process"
    LOG_OUT = "logs out"
    LOG_IN = "logs in"


@dataclass(frozen=True)
class Action:
    """One call of one account; steps and processes are counted from 0, `to` names those a step is assigned to."""

    kind: Kind
    account: str
    process: int = 0
    step: int = 0
    to: tuple[str, ...] = ()

    @property
    def where(self) -> tuple[int, int] | None:
        """The step that it is about; None where it is about no single step."""
        whole = self.of_session or self.kind in (Kind.COMPLETE_PROCESS, Kind.REOPEN_PROCESS)
        return None if whole else (self.process, self.step)

    @property
    def of_session(self) -> bool:
        """Whether it is about no process at all."""
        return self.kind in (Kind.LOG_OUT, Kind.LOG_IN)

    def __str__(self) -> str:
        if self.of_session:
            return self.kind.value
        if self.where is None:
            return f"{self.kind} {self.process + 1}"
        whom = f" to {' and '.join(self.to) or 'nobody'}" if self.kind is Kind.ASSIGN else ""
        return f"{self.kind} step {self.step + 1} of process {self.process + 1}{whom}"


class Answer(StrEnum):
    """What an account may be told."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    EITHER = "accepted or refused"


@dataclass(frozen=True)
class Expected:
    """What must come of an action: the answer, the rule that owns it, the profile's situation of a refusal, and why.

    Without a rule the page promises nothing. Where it is silent about a reopening, either answer is right, and the
    world has to look accordingly: `why` then puts the open question.
    """

    answer: Answer
    rule: str
    why: str
    situation: str = ""

    def __str__(self) -> str:
        return f"{self.answer} ({self.why})" if self.why else str(self.answer)


@dataclass
class Step:
    """A step: `holders` are the accounts or the group it is assigned to; a sign-off step is complete once approved."""

    signoff: bool = False
    complete: bool = False
    holders: tuple[str, ...] = ()
    known: list[str] = field(default_factory=list)  # who held, completed or reopened it so far, the latest last

    def remember(self, accounts: Iterable[str]) -> None:
        """Notes that somebody had to do with the step."""
        for account in accounts:
            if account in self.known:
                self.known.remove(account)
            self.known.append(account)


def new_steps() -> list[Step]:
    """Returns the steps of a new process as far as walks go there: two regular ones and the sign-off."""
    return [Step(), Step(), Step(signoff=True)]


@dataclass
class Process:
    """A quality process; who made it, or approves its sign-off, has no rights by that."""

    owner: str
    creator: str
    approver: str
    steps: list[Step]
    completed: bool = False
    was_completed: bool = False


@dataclass(frozen=True)
class _Reason:
    """Why a reopening must be refused."""

    rule: str
    situation: str
    why: str


class Model:
    """The processes, who is logged in, and what the page lets everybody do."""

    def __init__(self, processes: Sequence[Process]) -> None:
        self.processes = list(processes)
        self.logged_out: set[str] = set()

    def expects(self, action: Action) -> Expected:
        """Returns what must come of an action, as things stand."""
        if action.kind is not Kind.REOPEN:
            return Expected(Answer.EITHER, "", "")
        process = self.processes[action.process]
        step = process.steps[action.step]
        if action.account in self.logged_out:
            return Expected(Answer.REFUSED, "session-required", "the session was logged out", "no-session")
        if action.account == FOREIGNER:
            plain = step.complete and not step.signoff and not process.completed
            return _refusal([_stranger(step)], sure=plain)
        return _signoff(action.account, process) if step.signoff else _regular(action.account, process, step)

    def done(self, action: Action, accepted: bool) -> None:
        """Takes in what came of an action: what is accepted is done."""
        if action.of_session:
            (self.logged_out.add if action.kind is Kind.LOG_OUT else self.logged_out.discard)(action.account)
            return
        process = self.processes[action.process]
        if not accepted:
            return
        if action.kind in (Kind.COMPLETE_PROCESS, Kind.REOPEN_PROCESS):
            self.found(action.process, completed=action.kind is Kind.COMPLETE_PROCESS)
            return
        step = process.steps[action.step]
        if action.kind is Kind.ASSIGN:
            step.holders = action.to
            step.remember(members(action.to))
        elif action.kind in (Kind.REOPEN, Kind.COMPLETE):
            step.complete = action.kind is Kind.COMPLETE
            step.remember([action.account])

    def found(self, process: int, *, completed: bool) -> None:
        """Takes in how a process reads."""
        self.processes[process].completed = completed
        self.processes[process].was_completed |= completed


def members(holders: Iterable[str]) -> list[str]:
    """Returns the accounts that hold a step, those of the group in its place."""
    return [one for holder in holders for one in (MEMBERS if holder == GROUP else (holder,))]


def may_reopen(account: str, process: Process, step: Step) -> str:
    """Returns the rule that lets an account reopen a regular step; empty where none does, or the page is silent."""
    if account in RESTRICTED or account == FOREIGNER:
        return ""
    if account in members(step.holders):
        return "assignee-may-reopen"
    if step.holders:
        return "owner-may-reopen" if account == process.owner else ""
    return "" if account == ADMINISTRATOR != process.owner else "unassigned-open-to-permitted"


def _regular(account: str, process: Process, step: Step) -> Expected:
    """A regular step: who asks, whether the process is completed, whether there is anything to reopen."""
    right = may_reopen(account, process, step)
    silent = not right and account == ADMINISTRATOR
    reasons = [] if right or silent else [_no_right(account, process, step)]
    if process.completed:
        reasons.append(_Reason("completed-process-locks-steps", "process-completed", "the process is completed"))
    if not step.complete:
        reasons.append(_Reason("already-open-is-3089", "already-open", "the step is open"))
    if reasons:
        return _refusal(reasons, sure=not silent)
    if silent:
        owner = "others-may-not-reopen" if step.holders else "unassigned-open-to-permitted"
        kind = "assigned" if step.holders else "unassigned"
        return Expected(Answer.EITHER, owner, f"the page is silent about an administrator and an {kind} step")
    return Expected(Answer.ACCEPTED, right, _granted(account, step))


def _signoff(account: str, process: Process) -> Expected:
    """A sign-off step: final once approved, whoever asks; before, the page is silent."""
    step = next(step for step in process.steps if step.signoff)
    if not step.complete:
        question = "the page is silent about a sign-off step that is not approved"
        return Expected(Answer.EITHER, "approved-signoff-is-final", question)
    plain = account == process.owner and account not in RESTRICTED and not process.completed
    return _refusal([_Reason("approved-signoff-is-final", "approved-signoff", "the sign-off is approved")], sure=plain)


def _no_right(account: str, process: Process, step: Step) -> _Reason:
    if account not in RESTRICTED:
        return _Reason("others-may-not-reopen", "not-permitted", f"{account} is neither assignee nor owner")
    outsider = not step.holders and account != process.owner
    rule = "unassigned-open-to-permitted" if outsider else "edit-details-required"
    return _Reason(rule, "not-permitted", f"{account} lacks Quality Edit Details")


def _stranger(step: Step) -> _Reason:
    rule = "others-may-not-reopen" if step.holders or step.signoff else "unassigned-open-to-permitted"
    return _Reason(rule, "foreign-guid", f"{FOREIGNER} is of another workspace")


def _refusal(reasons: list[_Reason], *, sure: bool) -> Expected:
    """A refusal for the first reason. Where there are several, which of them a server names is its own affair."""
    first = reasons[0]
    situation = first.situation if sure and len(reasons) == 1 else "other"
    return Expected(Answer.REFUSED, first.rule, "; ".join(one.why for one in reasons), situation)


def _granted(account: str, step: Step) -> str:
    if account in members(step.holders):
        return f"{account} is assigned"
    if step.holders:
        return f"{account} owns the process"
    return "the step is unassigned"
