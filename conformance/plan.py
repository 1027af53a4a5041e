"""What a run would do against a target: which rules it would decide, what is missing, how many calls it would make.

The figures come from a rehearsal: the same run against an embedded Arena with the same accounts and the same staging.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from conformance import gate, wire
from conformance.arena.server import Server
from conformance.arena.service import Arena
from conformance.arena.variants.standing import StepsStandReady
from conformance.arena.world import World
from conformance.evidence import Recorder, Redactor
from conformance.invariants import calls_left
from conformance.journal import Journal
from conformance.judge import Settings
from conformance.session import FOREIGNER, Client, LoginFailed, NoAccount, Sessions
from conformance.target import Target, from_document

Report = Mapping[str, Any]
_UNAUTHORIZED: Final = 401


@dataclass
class Plan:
    """What is known before a run. `obstacles` prevent it; `warnings` are worth a look."""

    rehearsal: Report
    quota: int | None = None
    obstacles: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def calls(self) -> int:
        """How many calls the run makes on an embedded Arena, logging in and cleaning up included."""
        return int(self.rehearsal["run"]["calls"])


def make(target: Target, settings: Settings) -> Plan:
    """Returns the plan for a target. Logs in, reads and logs out; changes nothing."""
    plan = Plan(rehearse(target, settings))
    recorder = Recorder(Redactor())
    connection = wire.Wire(loopback=target.loopback, timeout_seconds=target.timeout_seconds)
    sessions = Sessions(Client(target, recorder, connection, Journal()))
    try:
        _look(plan, target, sessions)
    finally:
        sessions.close()
        connection.close()
    return plan


def rehearse(target: Target, settings: Settings) -> Report:
    """Returns the report of the same run against an embedded Arena with the same accounts and staging."""
    arena = (
        _standing(target)(World.load(), target.profile) if target.staging.steps else Arena(World.load(), target.profile)
    )
    with Server(arena) as server:
        document = arena.target(server.url)
        document["accounts"] = {role: one for role, one in document["accounts"].items() if role in target.accounts}
        if target.expired_session_id is None:
            del document["expired_session_id"]
        if not target.staging.steps and not target.staging.assignee_group:
            del document["staging"]["assignee_group"]
        rehearsed = from_document(document, environ={})
        return gate.run(rehearsed, replace(settings, budget=None), lambda *_: None)


def _standing(target: Target) -> type[StepsStandReady]:
    """Returns an Arena on which the same steps stand ready as the target file lists."""

    class Rehearsal(StepsStandReady):
        """The target's steps."""

        listed = target.staging.steps

    return Rehearsal


def _look(plan: Plan, target: Target, sessions: Sessions) -> None:
    for role in target.accounts:
        try:
            sessions[role]
        except LoginFailed as error:
            plan.obstacles.append(str(error))
    if plan.obstacles:
        return
    reader = next((role for role in target.accounts if role != FOREIGNER), FOREIGNER)
    answer = sessions[reader].call("GET", "/settings/users?limit=1", operation="list-users")
    if answer.status == _UNAUTHORIZED:
        plan.obstacles.append(
            "the session was just opened and is not recognised: a proxy may have eaten the header arena_session_id, "
            "which has underscores (nginx: underscores_in_headers on)"
        )
        return
    plan.quota = calls_left(answer)
    try:
        sessions.log_in()  # only guids are missing yet
    except (LoginFailed, NoAccount) as error:
        plan.obstacles.append(str(error))
    plan.warnings += _not_distinct(target, sessions)
    plan.warnings += [
        f"the guid of account {role} is not known; name it" for role in sessions.roles if not sessions[role].guid
    ]
    if not target.writes_allowed:
        plan.obstacles.append("the target file does not allow writes; nothing would be tested")
    if plan.quota is not None and plan.quota < plan.calls:
        plan.obstacles.append(f"the run takes about {plan.calls} calls, and only {plan.quota} of the quota are left")


def _not_distinct(target: Target, sessions: Sessions) -> list[str]:
    """Returns which accounts are one and the same user, so that what one may says nothing about the other."""
    users = {role: sessions[role].guid or account.email.lower() for role, account in target.accounts.items()}
    several = {user for user, count in Counter(users.values()).items() if user and count > 1}
    return [
        f"accounts {' and '.join(role for role in users if users[role] == user)} are the same user; use distinct ones"
        for user in sorted(several)
    ]
