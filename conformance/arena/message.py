"""What comes in and what goes out, free of any web framework."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from conformance.arena.codes import Situation
from conformance.arena.store import User, Workspace


@dataclass(frozen=True)
class Call:
    """One HTTP request. Header names are lower-case; `guids` are the variable parts of the path."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    guids: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Reply:
    """One HTTP response, to be sent exactly as it stands here."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


class Refusal(Exception):
    """Ends a call before it changes anything."""

    def __init__(self, situation: Situation, *details: str, status: int | None = None) -> None:
        super().__init__(situation.name, *details)
        self.situation = situation
        self.details = details
        self.status = status


@dataclass
class Visit:
    """A call on its way through the Arena: what was sent, and, once the session is known, by whom and from where."""

    call: Call
    workspace: Workspace
    caller: User | None = None

    @property
    def user(self) -> User:
        """Who calls. Raises RuntimeError before the session is recognised."""
        if self.caller is None:
            raise RuntimeError(
                f"{self.call.method} {self.call.path} asks for its user before its session was recognised"
            )
        return self.caller
