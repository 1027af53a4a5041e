"""What is: workspaces, users, groups, sessions, templates, quality processes with their steps and decisions."""

import secrets
import string
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

_ALPHABET = string.ascii_uppercase + string.digits


def new_guid() -> str:
    """Returns a guid as the vendor makes them: 20 upper-case letters and digits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(20))


class StepType(StrEnum):
    """What kind of step it is."""

    REGULAR = "REGULAR"
    SIGNOFF = "SIGNOFF"


class StepStatus(StrEnum):
    """Whether a step is still to be done."""

    OPEN = "OPEN"
    COMPLETE = "COMPLETE"


class ProcessStatus(StrEnum):
    """Whether a quality process is still to be done."""

    OPEN = "OPEN"
    COMPLETED = "COMPLETED"


class StatusMode(StrEnum):
    """Whether a quality process is completed by its last step or only by a person."""

    AUTOMATIC = "AUTOMATIC"
    MANUAL = "MANUAL"


class DecisionType(StrEnum):
    """How many of the decision makers must approve."""

    ALL_REQUIRED = "ALL_REQUIRED"
    ONE_REQUIRED = "ONE_REQUIRED"


class Verdict(StrEnum):
    """What a decision maker decided."""

    APPROVED = "APPROVED"
    REJECTED = "REJECTED"


@dataclass
class Workspace:
    """Where users and quality processes live, and whose quota their calls are counted against."""

    id: int
    name: str
    request_limit: int
    remaining: int
    next_reset: datetime


@dataclass(frozen=True)
class User:
    """Somebody who can log in."""

    guid: str
    email: str
    password: str = field(repr=False)
    full_name: str
    workspace_id: int
    quality_edit_details: bool = True
    account_administrator: bool = False


@dataclass(frozen=True)
class UserGroup:
    """Users who can be given a step, or a decision, together."""

    guid: str
    name: str
    workspace_id: int
    members: tuple[User, ...]


@dataclass
class Session:
    """A login that has not ended."""

    id: str = field(repr=False)
    user: User
    last_call: datetime


@dataclass
class NumberPrefix:
    """The prefix of quality process numbers, with the number it was last used with."""

    guid: str
    value: str
    workspace_id: int
    last_used: int = 0


@dataclass(frozen=True)
class Attribute:
    """An additional attribute of a step."""

    guid: str
    name: str
    value: str | None


@dataclass(frozen=True)
class TemplateStep:
    """What a step of a new quality process starts as."""

    name: str
    type: StepType
    due_in: timedelta | None = None
    attributes: tuple[Attribute, ...] = ()


@dataclass(frozen=True)
class Template:
    """What a new quality process starts as."""

    guid: str
    name: str
    workspace_id: int
    status_mode: StatusMode
    active: bool
    prefix: str
    steps: tuple[TemplateStep, ...]


@dataclass
class Decision:
    """What one decision maker is asked, and has answered, on a sign-off step."""

    guid: str
    type: DecisionType
    user: User
    group: UserGroup | None = None
    verdict: Verdict | None = None
    comments: str | None = None
    date_time: datetime | None = None


@dataclass
class Step:
    """One step of a quality process; assigned to users, to groups or to nobody."""

    guid: str
    name: str
    order: int
    type: StepType
    status: StepStatus = StepStatus.OPEN
    users: tuple[User, ...] = ()
    groups: tuple[UserGroup, ...] = ()
    complete_date_time: datetime | None = None
    complete_user: User | None = None
    due_date_time: datetime | None = None
    attributes: tuple[Attribute, ...] = ()
    decisions: list[Decision] = field(default_factory=list)


@dataclass
class QualityProcess:
    """A quality process with its steps in order."""

    guid: str
    name: str
    number: str
    description: str
    workspace_id: int
    creator: User
    owner: User
    template: Template
    status_mode: StatusMode
    creation_date_time: datetime
    target_completion_date_time: datetime | None = None
    status: ProcessStatus = ProcessStatus.OPEN
    completed_date_time: datetime | None = None
    steps: list[Step] = field(default_factory=list)

    @property
    def current_step(self) -> Step | None:
        """The first step still open; None when all are complete."""
        return next((step for step in self.steps if step.status is StepStatus.OPEN), None)


@dataclass
class Store:
    """Everything one Arena knows, each kind by guid or id, in the order of its making."""

    workspaces: dict[int, Workspace] = field(default_factory=dict)
    users: dict[str, User] = field(default_factory=dict)
    groups: dict[str, UserGroup] = field(default_factory=dict)
    prefixes: dict[str, NumberPrefix] = field(default_factory=dict)
    templates: dict[str, Template] = field(default_factory=dict)
    processes: dict[str, QualityProcess] = field(default_factory=dict)
    sessions: dict[str, Session] = field(default_factory=dict)
    session_of: dict[str, str] = field(default_factory=dict)

    @property
    def main_workspace(self) -> Workspace:
        """The workspace whose quota is shown to callers that belong to none."""
        return next(iter(self.workspaces.values()))

    def user_by_email(self, email: str) -> User | None:
        """Finds a user by e-mail address; letter case does not matter."""
        return next((user for user in self.users.values() if user.email.lower() == email.lower()), None)

    def process_of_step(self, guid: str) -> QualityProcess | None:
        """Finds the quality process that has the step with this guid."""
        return next((p for p in self.processes.values() if any(step.guid == guid for step in p.steps)), None)

    def open_session(self, session: Session) -> None:
        """Makes this the session of its user, and ends the one the user had."""
        self.close_session(self.session_of.get(session.user.guid, ""))
        self.sessions[session.id] = session
        self.session_of[session.user.guid] = session.id

    def close_session(self, session_id: str) -> None:
        """Ends a session; nothing happens if there is none."""
        session = self.sessions.pop(session_id, None)
        if session is not None and self.session_of.get(session.user.guid) == session_id:
            del self.session_of[session.user.guid]
