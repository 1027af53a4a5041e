"""Undoes what a run left behind, from its journal: deletes what it made, brings back what it changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any, Final

from conformance import contract
from conformance.evidence import UNREADABLE, Exchange, Subject
from conformance.journal import Standing
from conformance.session import FOREIGNER, LoginFailed, NoAccount, Session, Sessions
from conformance.stage import api
from conformance.stage.api import StagingBroke, Unstaged
from conformance.stage.plots import RESTRICTED
from conformance.stage.snapshot import Place, step_facts
from conformance.stage.staged import COMPLETE, OPEN

_BAD_REQUEST: Final = 400
_COMMENT: Final = "Restored after a conformance test."


def undo(sessions: Sessions, tell: Callable[[str], None]) -> list[str]:
    """Undoes what the sessions' journal tells and returns what could not be undone, why, and what to do by hand.

    `tell` is told of each thing that is undone. Doing it again does no harm.
    """
    past = sessions.journal.past
    left = []
    for standing in list(past.changed.values()):
        reason = restore(sessions, standing)
        if reason:
            left.append(f"{shown(standing)}: {reason}; {_by_hand(standing)}")
        else:
            tell(f"{shown(standing)}: it is so again")
    for name, times in list(past.unanswered.items()):
        if times > 0:
            left += _find(sessions, name, past.creators.get(name, ""))
    for guid, name in list(past.made.items()):
        reason = _delete(sessions, guid, name, past.creators.get(name, ""))
        if reason:
            left.append(f"quality process {guid} ({name}): {reason}; delete it in Arena")
        else:
            tell(f"quality process {guid} ({name}) is deleted")
    if not left:
        sessions.journal.clean()
    return left


def restore(sessions: Sessions, standing: Standing) -> str:
    """Brings a step back to how it stood; returns why that can't be done, empty where it was."""
    reason = "no account of the target file may do it"
    for session in _those_of(sessions, standing.roles):
        if isinstance(session, str):
            reason = session
            continue
        try:
            reason = _Step(session, standing.subject).bring_back(standing)
        except (Unstaged, StagingBroke) as error:
            reason = str(error)
        if not reason:
            sessions.journal.restored(standing.subject)
            return ""
    return reason


@cache
def _already_open() -> frozenset[int]:
    """Returns the codes by which a target may say that a step is open."""
    profiles = contract.profiles().values()
    return frozenset(code for profile in profiles for code in profile["already-open"].codes or ())


class _Step:
    """A listed step in the hands of one account. Where the target shows no steps, its refusals tell the state."""

    def __init__(self, session: Session, subject: Subject) -> None:
        self._session = session
        self._subject = subject

    def bring_back(self, standing: Standing) -> str:
        """Returns why it is not as it was; empty where it is."""
        shown = self._read()
        if shown is None:
            return self._bring_blindly(standing.status)
        now = shown.get("status")
        if standing.assignees is not UNREADABLE and _assignees(shown) != _assignees(
            {**shown, "assignees": standing.assignees}
        ):
            if now == COMPLETE:
                self._ask(OPEN)
            api.assign(self._session, self._subject, standing.assignees)
            now = OPEN
        if now == standing.status:
            return ""
        answer = self._ask(standing.status)
        return "" if answer.accepted else answer.summary()

    def _bring_blindly(self, status: str) -> str:
        answer = self._ask(status)
        if answer.accepted or (status == OPEN and _already_open() & {*answer.codes}):
            return ""
        # what is refused may be complete already: then it can be reopened, and completed again
        if status == COMPLETE and self._ask(OPEN).accepted:
            answer = self._ask(COMPLETE)
        return "" if answer.accepted else answer.summary()

    def _ask(self, status: str) -> Exchange:
        if status == OPEN:
            return self._session.reopen(self._subject, _COMMENT, purpose="staging")
        return api.complete(self._session, self._subject)

    def _read(self) -> dict[str, Any] | None:
        try:
            shown = api.step(self._session, self._subject)
        except (Unstaged, StagingBroke):
            return None
        return shown if shown.get("guid") == self._subject.step else None


def _find(sessions: Sessions, name: str, creator: str) -> list[str]:
    """Takes in the processes of that name, of which no answer told the guid; returns why that can't be done."""
    reason = "no account of the target file can look for it"
    for session in _those_of(sessions, (creator,)):
        if isinstance(session, str):
            reason = session
            continue
        try:
            for guid in api.find(session, name):
                sessions.journal.made(guid, name)
        except (Unstaged, StagingBroke) as error:
            reason = str(error)
            continue
        return []
    return [f"perhaps a quality process {name}: {reason}; look for it in Arena, and delete it"]


def _delete(sessions: Sessions, guid: str, name: str, creator: str) -> str:
    """Deletes a process that the run made; returns why that can't be done, empty where it is gone."""
    reason, refusals, everybody = "no account of the target file may delete it", set(), True
    for session in _those_of(sessions, (creator, "owner")):
        if isinstance(session, str):
            reason, everybody = session, False
            continue
        shown = api.look(session, guid)
        now = shown.json.get("name", name) if shown.accepted and isinstance(shown.json, dict) else name
        if now != name:
            return f"it is named {now!r} now, so it was not touched"
        answer = api.delete(session, guid)
        if answer.accepted:
            return ""
        if api.is_unknown(shown) and api.is_unknown(answer):
            sessions.journal.deleted(guid)
            return ""
        refusals |= {shown.status, answer.status}
        reason = answer.summary()
    if everybody and refusals == {_BAD_REQUEST}:  # which may say that there is none: nobody sees it
        sessions.journal.deleted(guid)
        return ""
    return reason


def _those_of(sessions: Sessions, first: Iterable[str]) -> Iterator[Session | str]:
    """Yields the accounts' sessions, the best suited first; where one can't be had, why."""
    others = sorted(sessions.roles, key=lambda role: (role in RESTRICTED, role != "administrator"))
    for role in dict.fromkeys((*first, *others)):
        if role in sessions and role != FOREIGNER:
            try:
                yield sessions[role]
            except (NoAccount, LoginFailed) as error:
                yield str(error)


def _assignees(step: dict[str, Any]) -> str:
    return step_facts([step])[Place("step", str(step.get("guid")), "assignees")]


def shown(standing: Standing) -> str:
    """Names a step."""
    return f"step {standing.subject.step} of quality process {standing.subject.process}, which was {standing.status}"


def _by_hand(standing: Standing) -> str:
    return f"{'complete' if standing.status == COMPLETE else 'reopen'} it in Arena"
