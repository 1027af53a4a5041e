"""The embedded Arena as a whole.

Everything it decides, does and says is a small method of `Arena`, of a class it is made of, or of its `policy`, so that
a faulty Arena is a subclass that overrides one of them.
"""

import secrets
from datetime import timedelta
from typing import Any

from conformance.arena.clock import Clock
from conformance.arena.codes import Situation
from conformance.arena.message import Visit
from conformance.arena.processes import QualityProcesses
from conformance.arena.rendering import Json
from conformance.arena.store import Session, User
from conformance.arena.world import World


class Arena(QualityProcesses):
    """One Arena with a world of its own; nothing is shared between two of them."""

    def __init__(self, world: World, profile: str = "documented", clock: Clock | None = None) -> None:
        super().__init__(world, profile, clock)
        self.expired_session_id = self.plant_expired_session()

    # Sessions.

    def login(self, visit: Visit) -> tuple[int, Any]:
        """Opens a session and ends the one that the user had."""
        body = self.read_body(visit)
        user = self.check_login(body.get("email"), body.get("password"), body.get("workspaceId"))
        visit.workspace = self.store.workspaces[user.workspace_id]
        session = Session(self.new_session_id(), user, self.now())
        self.store.open_session(session)
        return 200, self.render_session(session)

    def check_login(self, email: Any, password: Any, workspace_id: Any) -> User:
        """Finds the user of these credentials; a workspace may be named, but only the user's own."""
        user = self.store.user_by_email(email) if isinstance(email, str) else None
        if user is None or user.password != password:
            raise self.refusal(Situation.BAD_LOGIN)
        if workspace_id is not None and str(workspace_id) != str(user.workspace_id):
            raise self.refusal(Situation.BAD_LOGIN)
        return user

    def new_session_id(self) -> str:
        """A session id that nobody can guess."""
        return f"arena-{secrets.token_urlsafe(24)}"

    def render_session(self, session: Session) -> Json:
        """The answer to a login."""
        workspace = self.store.workspaces[session.user.workspace_id]
        return {
            "arena_session_id": session.id,
            "workspaceId": workspace.id,
            "workspaceName": workspace.name,
            "workspaceRequestLimit": workspace.request_limit,
        }

    def logout(self, visit: Visit) -> tuple[int, Any]:
        """Ends the session that carries the call."""
        self.store.close_session(visit.call.headers["arena_session_id"])
        return 200, {}

    def plant_expired_session(self) -> str:
        """Leaves behind a session that timed out a minute ago, and returns its id.

        It is not its user's present session: a later login of that user finds nothing of it to end.
        """
        last_call = self.now() - self.session_lifetime - timedelta(minutes=1)
        session = Session(self.new_session_id(), self.store.users[self.world.expired_session_of], last_call)
        self.store.sessions[session.id] = session
        return session.id

    # Settings.

    def list_templates(self, visit: Visit) -> tuple[int, Any]:
        """The templates of the caller's workspace."""
        seen = [t for t in self.store.templates.values() if self.policy.may_see(visit.user, t.workspace_id)]
        named = [t for t in seen if self.matches(visit, "name", t.name)]
        prefixes = [p for p in self.store.prefixes.values() if self.policy.may_see(visit.user, p.workspace_id)]
        return 200, self.render_results([self.render_template(t, prefixes) for t in named])

    def list_users(self, visit: Visit) -> tuple[int, Any]:
        """The users of the caller's workspace, all or the one with an e-mail address."""
        seen = [u for u in self.store.users.values() if self.policy.may_see(visit.user, u.workspace_id)]
        found = [u for u in seen if self.matches(visit, "email", u.email)]
        return 200, self.render_results([self.render_person(user) for user in self.page(visit, found)])

    # What is no operation.

    def unknown_endpoint(self, visit: Visit) -> tuple[int, Any]:
        """No operation has this address."""
        raise self.refusal(Situation.UNKNOWN_ENDPOINT, visit.call.path)

    def wrong_method(self, visit: Visit) -> tuple[int, Any]:
        """The address exists, with other methods."""
        raise self.refusal(Situation.WRONG_METHOD, visit.call.method)

    def target(self, base_url: str) -> dict[str, Any]:
        """Returns what a target file says to test this Arena at that address, passwords included."""
        workspace = self.store.main_workspace
        accounts: dict[str, dict[str, Any]] = {}
        for role, account in self.world.accounts.items():
            accounts[role] = {"email": account.email, "password": account.password, "guid": account.guid}
            if account.workspace_id != workspace.id:
                accounts[role]["workspace_id"] = account.workspace_id
        return {
            "base_url": base_url,
            "profile": self.profile,
            "workspace_id": workspace.id,
            "workspace_name": workspace.name,
            "writes": "allowed",
            "exclusive": True,
            "accounts": accounts,
            "expired_session_id": self.expired_session_id,
            "staging": {"mode": "api", **self.world.staging},
        }
