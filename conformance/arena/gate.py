"""What surrounds every operation: session, quota, JSON in, envelope and headers out."""

import json
import logging
import re
from datetime import datetime, timedelta
from typing import Any, NoReturn

from conformance.arena.clock import Clock, next_midnight_pacific
from conformance.arena.codes import PROFILES, Situation
from conformance.arena.message import Call, Refusal, Reply, Visit
from conformance.arena.policy import Policy
from conformance.arena.rendering import Json, Rendering
from conformance.arena.store import Decision, QualityProcess, Session, Step, Workspace
from conformance.arena.world import World

_GUID = re.compile(r"[A-Za-z0-9]{8,40}")
_JSON = json.JSONEncoder(ensure_ascii=False)
_log = logging.getLogger(__name__)


class Gate(Rendering):
    """Takes a call, lets an operation answer it, and makes a reply of the answer or of the refusal.

    An operation is a method `(visit) -> (status, body)`. It checks first and writes last, and from its first check to
    its last write nothing else runs: operations are plain functions on one event loop, with no await inside. That is
    why of two simultaneous reopens exactly one succeeds; there is no lock.
    """

    policy: Policy = Policy()  # without state, so that Arenas may have it in common
    session_lifetime = timedelta(minutes=90)

    def __init__(self, world: World, profile: str = "documented", clock: Clock | None = None) -> None:
        if profile not in PROFILES:
            raise ValueError(f"there is no profile {profile!r}; choose one of {', '.join(PROFILES)}")
        self.world = world
        self.profile = profile
        self.codes = PROFILES[profile]
        self.clock = clock or Clock()
        self.store = world.new_store(self.now())

    async def answer(self, operation: str, call: Call) -> Reply:
        """Answers a call; the one asynchronous method, for faults that take their time."""
        return self.handle(operation, call)

    def handle(self, operation: str, call: Call) -> Reply:
        """Answers a call, whatever happens, and never raises."""
        visit = Visit(call, self.store.main_workspace)
        try:
            self.admit(operation, visit)
            status, body = getattr(self, operation)(visit)
        except Refusal as refusal:
            status, body = self.render_refusal(refusal)
        except Exception:
            _log.exception("%s %s", call.method, call.path)
            status, body = self.render_refusal(Refusal(Situation.INTERNAL_ERROR))
        return self.reply(visit, status, body)

    # Session and quota.

    def now(self) -> datetime:
        """The present moment."""
        return self.clock.now()

    def admit(self, operation: str, visit: Visit) -> None:
        """Recognises the session and counts the call. Login needs no session and is not counted."""
        if operation == "login":
            return
        session = self.recognise(visit.call)
        if session is None:
            if operation in ("unknown_endpoint", "wrong_method"):
                return
            raise self.refusal(Situation.NO_SESSION)
        visit.caller = session.user
        visit.workspace = self.store.workspaces[session.user.workspace_id]
        session.last_call = self.now()
        self.count_call(visit.workspace)

    def recognise(self, call: Call) -> Session | None:
        """Finds the session that the call carries; None if it carries none, an unknown or a dead one."""
        session = self.store.sessions.get(call.headers.get("arena_session_id", ""))
        return session if session is not None and self.is_alive(session) else None

    def is_alive(self, session: Session) -> bool:
        """A session dies 90 minutes after its last call."""
        return self.now() - session.last_call < self.session_lifetime

    def count_call(self, workspace: Workspace) -> None:
        """Takes one call off the workspace's quota, or refuses when none is left."""
        if self.remaining(workspace) <= 0:
            raise self.refusal(Situation.QUOTA_USED_UP)
        workspace.remaining -= 1

    def remaining(self, workspace: Workspace) -> int:
        """How many calls are left; at midnight Pacific it is the full number again."""
        if self.now() >= workspace.next_reset:
            workspace.remaining = workspace.request_limit
            workspace.next_reset = next_midnight_pacific(self.now())
        return workspace.remaining

    # What comes in.

    def read_body(self, visit: Visit) -> Json:
        """Reads the JSON object that the call carries; refuses any other content type and anything else."""
        self.require_json_type(visit.call)
        body = self.parse_json(visit.call.body)
        if not isinstance(body, dict):
            raise self.refusal(Situation.WRONG_SHAPE, "the body is no object")
        return body

    def require_json_type(self, call: Call) -> None:
        """Refuses what does not call itself application/json; parameters such as a charset are fine."""
        media_type = call.headers.get("content-type", "").partition(";")[0]
        if media_type.strip().lower() != "application/json":
            raise self.refusal(Situation.NOT_JSON_TYPE)

    def parse_json(self, body: bytes) -> Any:
        """Reads strict JSON in UTF-8: no byte order mark, no NaN; of duplicate keys the last counts."""
        try:
            return json.loads(body.decode("utf-8"), parse_constant=self.refuse_constant)
        except (ValueError, RecursionError) as error:
            raise self.refusal(Situation.MALFORMED_JSON) from error

    def refuse_constant(self, literal: str) -> NoReturn:
        """NaN, Infinity and -Infinity are Python's, not JSON's."""
        raise ValueError(f"{literal} is no JSON")

    def member(self, body: Json, key: str) -> Any:
        """Reads a member of the body that must be there and not null."""
        value = body.get(key)
        if value is None:
            raise self.refusal(Situation.WRONG_SHAPE, f"{key} is missing")
        return value

    def text(self, body: Json, key: str) -> str | None:
        """Reads a member that is text, null or absent."""
        value = body.get(key)
        if value is not None and not isinstance(value, str):
            raise self.refusal(Situation.WRONG_SHAPE, f"{key} is no text")
        return value

    def reference(self, body: Json, key: str) -> str | None:
        """Reads the guid of the object in a member: `{"guid": …}`. The guid itself may be null or absent."""
        value = self.member(body, key)
        if not isinstance(value, dict):
            raise self.refusal(Situation.WRONG_SHAPE, f"{key} is no object")
        return self.text(value, "guid")

    # What is meant.

    def require_guid(self, guid: str | None) -> str:
        """Refuses a guid that is null, empty or could be none."""
        if not guid:
            raise self.refusal(Situation.GUID_EMPTY)
        if not _GUID.fullmatch(guid):
            raise self.refusal(Situation.GUID_MALFORMED, guid)
        return guid

    def find_process(self, visit: Visit, guid: str | None) -> QualityProcess:
        """Finds a quality process; one of another workspace is as unknown as one that does not exist."""
        process = self.store.processes.get(self.require_guid(guid))
        if process is None or not self.policy.may_see(visit.user, process.workspace_id):
            raise self.refusal(Situation.GUID_UNKNOWN, str(guid))
        return process

    def find_step(self, visit: Visit, process: QualityProcess, guid: str | None) -> Step:
        """Finds a step of this quality process; a step of another one is refused."""
        wanted = self.require_guid(guid)
        step = next((step for step in process.steps if step.guid == wanted), None)
        if step is not None:
            return step
        other = self.store.process_of_step(wanted)
        if other is not None and self.policy.may_see(visit.user, other.workspace_id):
            raise self.refusal(Situation.STEP_OF_ANOTHER_PROCESS, wanted)
        raise self.refusal(Situation.GUID_UNKNOWN, wanted)

    def find_decision(self, step: Step, guid: str | None) -> Decision:
        """Finds a decision of this step."""
        wanted = self.require_guid(guid)
        decision = next((decision for decision in step.decisions if decision.guid == wanted), None)
        if decision is None:
            raise self.refusal(Situation.GUID_UNKNOWN, wanted)
        return decision

    # What goes out.

    def refusal(self, situation: Situation, *details: str, status: int | None = None) -> Refusal:
        """Makes a refusal, to be raised; `status` where the situation's own does not fit."""
        return Refusal(situation, *details, status=status)

    def allow(self, why_not: Situation | None) -> None:
        """Refuses for the reason that the policy gave, if it gave one."""
        if why_not is not None:
            raise self.refusal(why_not)

    def render_refusal(self, refusal: Refusal) -> tuple[int, Any]:
        """The status and the envelope of a refusal, in the words of the profile."""
        code = self.codes[refusal.situation]
        status = refusal.status or code.status
        return status, self.render_error(status, code.code, code.message.format(*refusal.details))

    def encode(self, body: Any) -> bytes:
        """JSON in UTF-8; a lone surrogate, which UTF-8 has no bytes for, goes out as the escape it came in as."""
        return _JSON.encode(body).encode("utf-8", errors="backslashreplace")

    def reply(self, visit: Visit, status: int, body: Any) -> Reply:
        """The whole response."""
        content = b"" if status == 204 else self.encode(body)
        return Reply(status, self.headers(visit, status, content), content)

    def headers(self, visit: Visit, status: int, content: bytes) -> list[tuple[str, str]]:
        """The six headers of the page; a 204 has no Content-Length (RFC 9110, section 8.6)."""
        remaining = self.remaining(visit.workspace)
        length = [] if status == 204 else [("Content-Length", str(len(content)))]
        return [
            *length,
            ("Content-Type", "application/json"),
            ("Date", self.render_http_date(self.now())),
            ("Server", "ArenaSolutions"),
            ("X-Arena-Next-Request-Limit-Reset", self.render_reset(visit.workspace.next_reset)),
            ("X-Arena-Requests-Remaining", str(remaining)),
        ]
