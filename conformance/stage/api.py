"""The supporting calls by which states are staged, read back and removed.

A call that the target refuses makes what depends on it untested (`Unstaged`); one that breaks, or answers what can't
be read, is an error (`StagingBroke`). Neither is ever a rule's failure.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

from conformance.evidence import UNREADABLE, Exchange, Subject
from conformance.journal import CREATE, DELETE
from conformance.session import STATUS_CHANGES, Session
from conformance.target import Staging

COMMENT: Final = "Completed by a conformance test."
_NOT_IMPLEMENTED = 501  # "the server does not support the functionality" (RFC 9110, section 15.6.2): nothing broke
_UNAUTHORIZED = 401
_UNKNOWN: Final = frozenset({404, 410})


class Unstaged(Exception):
    """A state could not be staged: the target refuses it, or lacks what it takes."""


class Declined(Unstaged):
    """The target refused a call, so that nothing was done."""


class StagingBroke(Exception):
    """Staging itself failed; nothing is known about the rule."""


def create(session: Session, *, name: str, description: str, staging: Staging, owner: str) -> dict[str, Any]:
    """Creates a quality process and returns it as the answer shows it; its guid and its name are there.

    What the target says it made may be somebody else's: without the name that was asked for it is not taken as ours.
    """
    body: dict[str, Any] = {
        "name": name,
        "description": description,
        "template": {"guid": staging.template},
    }
    if owner:
        body["owner"] = {"guid": owner}
    if staging.number_prefix:
        body["template"]["numberFormat"] = {"prefix": {"guid": staging.number_prefix}}
    answer = session.call("POST", "/qualityprocesses", operation=CREATE, body=body)
    if answer.refused and staging.number_prefix:  # how a prefix is named is not documented; templates have their own
        plain = replace(staging, number_prefix="")
        return create(session, name=name, description=description, staging=plain, owner=owner)
    guid = _member(_done(answer, "create a quality process"), "guid", str)
    try:
        shown: dict[str, Any] = answer.json if "name" in answer.json else process(session, guid)
    except Unstaged as error:  # it was made: that is not to be taken for a refusal
        raise StagingBroke(
            f"exchange {answer.id}: whether {guid} is {name}, the target does not show: {error}"
        ) from None
    if shown.get("name") != name:
        raise StagingBroke(
            f"exchange {answer.id}: asked to create quality process {name}, the target answered with {guid}, "
            f"which is another one: its name is {shown.get('name')!r}; it is left alone"
        )
    return shown


def find(session: Session, name: str) -> list[str]:
    """Returns the guids of the processes of that name: one whose creation was never answered is found so."""
    answer = session.call("GET", f"/qualityprocesses?name={quote(name)}", operation="find-quality-processes")
    results = _member(_done(answer, "list quality processes"), "results", list)
    return [one["guid"] for one in results if isinstance(one, dict) and one.get("name") == name]


def process(session: Session, guid: str) -> dict[str, Any]:
    """Returns the process as its single view shows it."""
    answer = look(session, guid)
    shown = _done(answer, "read a quality process").json
    if not isinstance(shown, dict) or shown.get("guid") != guid:
        raise StagingBroke(f"exchange {answer.id}: the answer does not show the quality process: {answer.summary()}")
    return shown


def steps(session: Session, guid: str) -> list[dict[str, Any]]:
    """Returns the steps of a process in their order."""
    answer = session.call("GET", _path(guid, "steps") + "?limit=400", operation="list-steps")
    shown = [one for one in _member(_done(answer, "list steps"), "results", list) if isinstance(one, dict)]
    orders = [one.get("order") for one in shown]
    return sorted(shown, key=lambda one: one["order"]) if all(isinstance(order, int) for order in orders) else shown


def step(session: Session, subject: Subject) -> dict[str, Any]:
    """Returns one step as its single view shows it."""
    path = _path(subject.process, "steps", subject.step)
    shown = _done(session.call("GET", path, operation="read-step"), "read a step").json
    return shown if isinstance(shown, dict) else {}


def assign(session: Session, subject: Subject, assignees: dict[str, Any] | None) -> None:
    """Assigns a step."""
    path = _path(subject.process, "steps", subject.step)
    answer = session.call("PUT", path, operation="assign-step", body={"assignees": assignees}, subject=subject)
    _done(answer, "assign a step")


def complete(session: Session, subject: Subject) -> Exchange:
    """Asks to complete a step; the answer may be a refusal."""
    body = {
        "qualityProcess": {"guid": subject.process, "step": {"guid": subject.step}},
        "complete": True,
        "comment": COMMENT,
    }
    return session.call("POST", STATUS_CHANGES, operation="complete-step", body=body, subject=subject)


def complete_process(session: Session, guid: str) -> Exchange:
    """Asks to complete a process; the answer may be a refusal."""
    body = {"qualityProcess": {"guid": guid}, "complete": True, "comment": COMMENT}
    subject = Subject(guid, "")
    return session.call("POST", STATUS_CHANGES, operation="complete-process", body=body, subject=subject)


def reopen_process(session: Session, guid: str) -> Exchange:
    """Asks to reopen a process; the answer may be a refusal."""
    body = {"qualityProcess": {"guid": guid}, "complete": False, "comment": COMMENT}
    subject = Subject(guid, "")
    return session.call("POST", STATUS_CHANGES, operation="reopen-process", body=body, subject=subject)


def decisions(session: Session, subject: Subject) -> list[dict[str, Any]]:
    """Returns the decisions of a sign-off step."""
    path = _path(subject.process, "steps", subject.step, "decisions")
    answer = session.call("GET", path, operation="list-decisions")
    return [one for one in _member(_done(answer, "read the decisions of a sign-off step"), "results", list) if one]


def ask_decision(session: Session, subject: Subject, decision_maker: str, decision_type: str) -> None:
    """Makes a user an approver of a sign-off step; `decision_type` is ALL_REQUIRED or ONE_REQUIRED."""
    path = _path(subject.process, "steps", subject.step, "decisions")
    body = {"decisionType": decision_type, "decisionMakers": {"users": [{"guid": decision_maker}]}}
    answer = session.call("POST", path, operation="add-decisions", body=body, subject=subject)
    _done(answer, "add an approver to a sign-off step")


def decide(session: Session, subject: Subject, decision: str, verdict: str) -> None:
    """Decides a sign-off: APPROVED or REJECTED."""
    path = _path(subject.process, "steps", subject.step, "decisions", decision)
    body = {"decision": verdict, "comments": "Decided by a conformance test."}
    _done(session.call("PUT", path, operation="decide", body=body, subject=subject), "decide a sign-off")


def delete(session: Session, guid: str) -> Exchange:
    """Asks to delete a process; the answer may be a refusal."""
    return session.call("DELETE", _path(guid), operation=DELETE, subject=Subject(guid, ""))


def look(session: Session, guid: str) -> Exchange:
    """Asks for a process; the answer may be a refusal."""
    return session.call("GET", _path(guid), operation="read-quality-process")


def is_unknown(answer: Exchange) -> bool:
    """Tells whether a refusal says that there is no such process, and nothing else."""
    return answer.status in _UNKNOWN


def _path(*parts: str) -> str:
    """Returns an address below the collection of processes; a guid may hold any character but white space."""
    return "/".join(["/qualityprocesses", *(quote(part, safe="") for part in parts)])


def _done(answer: Exchange, what: str) -> Exchange:
    """Returns the answer where the target did it. Raises Unstaged, StagingBroke."""
    if answer.accepted and not answer.trouble:
        return answer
    who = answer.account or "nobody"
    lacking = answer.status == _NOT_IMPLEMENTED and not answer.trouble
    if not lacking and (answer.trouble or not answer.refused):
        raise StagingBroke(f"exchange {answer.id}: could not {what} as {who}: {answer.summary()}")
    hint = ""
    if answer.status == _UNAUTHORIZED:
        hint = "; the session was just opened: a proxy may have eaten the header arena_session_id (it has underscores)"
    raise Declined(f"exchange {answer.id}: the target refused to {what} as {who}: {answer.summary()}{hint}")


def _member(answer: Exchange, name: str, kind: type) -> Any:
    value = answer.json.get(name) if isinstance(answer.json, dict) else None
    if answer.json is UNREADABLE:
        raise StagingBroke(
            f"exchange {answer.id}: the answer to {answer.operation} is {answer.no_json}: {answer.summary()}"
        )
    if not isinstance(value, kind) or value == "":
        raise Unstaged(f"exchange {answer.id}: the answer to {answer.operation} has no {name}: {answer.summary()}")
    return value
