"""An Arena for other people's tests: one server, and for each test a world of its own."""

import contextlib
import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from conformance.arena.clock import Clock
from conformance.arena.message import Call, Reply
from conformance.arena.server import Server
from conformance.arena.service import Arena
from conformance.arena.store import (
    Decision,
    DecisionType,
    ProcessStatus,
    QualityProcess,
    Step,
    StepStatus,
    StepType,
    User,
    UserGroup,
    Verdict,
    new_guid,
)
from conformance.arena.world import Account, World

STATES = ("completed", "open", "in-completed-process", "signoff-approved", "signoff-pending", "signoff-rejected")


@dataclass(frozen=True)
class ReceivedCall:
    """A call as it came in, and how it was answered. `json` is None where the body is no JSON."""

    method: str
    path: str
    account: str  # the role of the account whose session it carried; "" without one
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    status: int
    codes: tuple[int, ...]

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return _json(self.body)


@dataclass(frozen=True)
class LentStep:
    """A step that stands ready; `status` tells its present state, not the one it was made in."""

    process: str
    guid: str
    _step: Step = field(repr=False)

    @property
    def status(self) -> str:
        """OPEN or COMPLETE."""
        return str(self._step.status)


class LentArena:
    """What a test has of the Arena. All of it is new for each test, but for the address."""

    def __init__(self, url: str, switch: "_Switch", arena: Arena, clock: Clock) -> None:
        self.url = url
        self.clock = clock
        self.accounts: Mapping[str, Account] = arena.world.accounts
        self.calls: list[ReceivedCall] = []
        self._switch = switch
        self._turn_to(arena)

    def step(self, state: str = "completed", owner: str = "owner", assigned_to: str | None = "assignee") -> LentStep:
        """Makes a quality process and returns the step of it that is in this state: one of STATES.

        `owner` is the role of an account. So is `assigned_to`, or it is "group" or None; a sign-off step asks them to
        decide. Nothing is called and no quota is spent.
        """
        if state not in STATES:
            raise ValueError(f"there is no state {state!r}; choose one of {', '.join(STATES)}")
        arena = self._arena
        process_owner = self._user(owner)
        template = arena.store.templates[arena.world.staging["template"]]
        prefix = arena.store.prefixes[template.prefix]
        process = arena.new_process(
            template, prefix, name=f"lent {new_guid()}", creator=process_owner, owner=process_owner
        )
        users, groups = self._people(assigned_to)
        kind = StepType.SIGNOFF if state.startswith("signoff-") else StepType.REGULAR
        step = next(step for step in process.steps if step.type is kind)
        if kind is StepType.SIGNOFF:
            _ask(step, users, groups, state.removeprefix("signoff-"))
        else:
            step.users, step.groups = users, groups
        if state in ("completed", "in-completed-process", "signoff-approved"):
            self._complete(step, process_owner)
        if state == "in-completed-process":
            self._complete_whole(process)
        arena.store.processes[process.guid] = process
        return LentStep(process.guid, step.guid, step)

    def fault(self, name: str) -> contextlib.AbstractContextManager[None]:
        """Makes the Arena faulty until the test ends, or until the end of a `with` block.

        The world stays as it is. `arena-conformance prove --list` lists the names; the Arena takes the profile in which
        the fault shows.
        """
        from conformance.arena.faults import CATALOGUE

        if name not in CATALOGUE:
            near = difflib.get_close_matches(name, CATALOGUE, 1)
            hint = f"did you mean {near[0]}?" if near else "`arena-conformance prove --list` lists them"
            raise ValueError(f"there is no fault {name!r}; {hint}")
        before, kind = self._arena, CATALOGUE[name]
        faulty = kind(before.world, profile=kind.in_profile, clock=self.clock)
        faulty.store = before.store
        self._turn_to(faulty)
        return self._until_done(before)

    @contextlib.contextmanager
    def _until_done(self, before: Arena) -> Iterator[None]:
        try:
            yield
        finally:
            self._turn_to(before)

    def _turn_to(self, arena: Arena) -> None:
        self._arena = arena
        self._switch.lent = (arena, self.calls)

    def _user(self, role: str) -> User:
        if role not in self.accounts:
            raise ValueError(f"there is no account {role!r}; choose one of {', '.join(self.accounts)}")
        return self._arena.store.users[self.accounts[role].guid]

    def _people(self, role: str | None) -> tuple[tuple[User, ...], tuple[UserGroup, ...]]:
        if not role:
            return (), ()
        if role == "group":
            return (), (self._arena.store.groups[self._arena.world.staging["assignee_group"]],)
        return (self._user(role),), ()

    def _complete(self, step: Step, user: User) -> None:
        step.status, step.complete_user, step.complete_date_time = StepStatus.COMPLETE, user, self._arena.now()

    def _complete_whole(self, process: QualityProcess) -> None:
        for step in process.steps:
            self._complete(step, process.owner)
        process.status, process.completed_date_time = ProcessStatus.COMPLETED, self._arena.now()


class Lender:
    """`with Lender(World.load()) as lender:` serves; `lender.lend(profile)` begins a test."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._switch = _Switch(Arena(world))
        self._server = Server(self._switch)

    def __enter__(self) -> Self:
        """Starts the server."""
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stops it."""
        self._server.stop()

    def lend(self, profile: str) -> LentArena:
        """Returns an Arena in which nothing has happened yet; the one that was lent before is gone."""
        clock = Clock()
        return LentArena(self._server.url, self._switch, Arena(self._world, profile, clock), clock)


class _Switch:
    """Passes each call on to the Arena that is lent at the moment, and writes down what was called."""

    def __init__(self, arena: Arena) -> None:
        self.lent: tuple[Arena, list[ReceivedCall]] = (arena, [])

    async def answer(self, operation: str, call: Call) -> Reply:
        arena, calls = self.lent  # a call that a test left behind is not the next test's
        session = arena.store.sessions.get(call.headers.get("arena_session_id", ""))
        roles = {account.guid: role for role, account in arena.world.accounts.items()}
        account = "" if session is None else roles.get(session.user.guid, "")
        reply = await arena.answer(operation, call)
        calls.append(
            ReceivedCall(
                call.method, call.path, account, dict(call.headers), call.body, reply.status, _codes(_json(reply.body))
            )
        )
        return reply


def _ask(step: Step, users: tuple[User, ...], groups: tuple[UserGroup, ...], state: str) -> None:
    verdict = {"approved": Verdict.APPROVED, "rejected": Verdict.REJECTED}.get(state)
    deciding = [(user, None) for user in users] + [(user, group) for group in groups for user in group.members]
    step.decisions = [Decision(new_guid(), DecisionType.ALL_REQUIRED, user, group, verdict) for user, group in deciding]


def _codes(answer: Any) -> tuple[int, ...]:
    errors = answer.get("errors") if isinstance(answer, dict) else None
    return tuple(error["code"] for error in errors) if isinstance(errors, list) else ()


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None
