"""The world an Arena starts with: fixtures/world.yaml, checked."""

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Self

import yaml

from conformance.arena.clock import next_midnight_pacific
from conformance.arena.fixture import Entry
from conformance.arena.store import (
    Attribute,
    Decision,
    DecisionType,
    NumberPrefix,
    ProcessStatus,
    QualityProcess,
    StatusMode,
    Step,
    StepStatus,
    StepType,
    Store,
    Template,
    TemplateStep,
    User,
    UserGroup,
    Verdict,
    Workspace,
)
from conformance.resources import from_yaml, resource

ROLES = (
    "owner",
    "assignee",
    "group_member",
    "second_group_member",
    "other_group_member",
    "colleague",
    "administrator",
    "restricted_owner",
    "restricted_assignee",
    "restricted",
    "foreigner",
)
_SECTIONS = ("workspaces", "users", "groups", "number_prefixes", "templates", "quality_processes")


@dataclass(frozen=True)
class Account:
    """A user in the role that the conformance suite gives it."""

    role: str
    email: str
    password: str = field(repr=False)
    guid: str
    workspace_id: int


@dataclass(frozen=True)
class World:
    """What is there before the first call. Any number of Arenas can start from one world."""

    accounts: Mapping[str, Account]
    staging: Mapping[str, str]
    expired_session_of: str
    _store: Store = field(repr=False)

    @classmethod
    def load(cls, path: Path | None = None) -> Self:
        """Reads a world, by default the one that ships with the program.

        Raises ValueError with file, place and fix where the file is not as it should be; OSError where there is none.
        """
        file = path or resource("fixtures/world.yaml")
        root = Entry(str(file), "", _read_yaml(file))
        root.only((*_SECTIONS, "roles", "staging", "expired_session_of"))
        store = _read_store(root)
        accounts = _read_accounts(root.entry("roles"), store)
        return cls(
            accounts=MappingProxyType(accounts),
            staging=MappingProxyType(_read_staging(root.entry("staging"), store, accounts)),
            expired_session_of=root.known("expired_session_of", store.users).guid,
            _store=store,
        )

    def new_store(self, now: datetime) -> Store:
        """Returns a store that is the caller's own, with the quota of the day that `now` is in."""
        store = copy.deepcopy(self._store)
        for workspace in store.workspaces.values():
            workspace.next_reset = next_midnight_pacific(now)
        return store


def _read_yaml(file: Path) -> object:
    try:
        return from_yaml(file.read_text(encoding="utf-8"))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ValueError(f"{file}, line {line}: {error.problem}; make it valid YAML") from error
    except (yaml.YAMLError, ValueError) as error:
        raise ValueError(f"{file}: {error}; make it valid YAML in UTF-8") from error


def _read_accounts(roles: Entry, store: Store) -> dict[str, Account]:
    roles.only(ROLES)
    users = {role: roles.known(role, store.users) for role in ROLES}
    if len({user.guid for user in users.values()}) < len(ROLES):
        roles.fail("", "two roles are the same user", "give each role a user of its own")
    for role, user in users.items():
        if user.quality_edit_details == role.startswith("restricted"):
            fix = "give it to all roles but the restricted ones"
            roles.fail(role, f"quality_edit_details is {str(user.quality_edit_details).lower()}", fix)
        if user.account_administrator != (role == "administrator"):
            roles.fail(role, "is account administrator or should be", "let it be the administrator and nobody else")
        if (user.workspace_id == store.main_workspace.id) != (role != "foreigner"):
            fix = "put the foreigner into another workspace, and everybody else into the first"
            roles.fail(role, "is in the wrong workspace", fix)
    return {role: Account(role, u.email, u.password, u.guid, u.workspace_id) for role, u in users.items()}


def _read_staging(staging: Entry, store: Store, accounts: Mapping[str, Account]) -> dict[str, str]:
    staging.only(("template", "number_prefix", "assignee_group"))
    group = staging.known("assignee_group", store.groups)
    members = {member.guid for member in group.members}
    if {role for role, account in accounts.items() if account.guid in members} != {
        "group_member",
        "second_group_member",
    }:
        fix = "of the roles, let group_member and second_group_member be in it and no other"
        staging.fail("assignee_group", "has the wrong members", fix)
    return {
        "template": staging.known("template", store.templates).guid,
        "number_prefix": staging.known("number_prefix", store.prefixes).guid,
        "assignee_group": group.guid,
    }


def _read_store(root: Entry) -> Store:
    store = Store()
    for entry in root.entries("workspaces"):
        workspace = _read_workspace(entry)
        store.workspaces[workspace.id] = workspace
    if not store.workspaces:
        root.fail("workspaces", "is empty", "write at least one workspace")
    for entry in root.entries("users"):
        user = _read_user(entry, store)
        store.users[user.guid] = user
    for entry in root.entries("groups"):
        group = _read_group(entry, store)
        store.groups[group.guid] = group
    for entry in root.entries("number_prefixes"):
        prefix = _read_prefix(entry, store)
        store.prefixes[prefix.guid] = prefix
    for entry in root.entries("templates"):
        template = _read_template(entry, store)
        store.templates[template.guid] = template
    for entry in root.entries("quality_processes"):
        process = _read_process(entry, store)
        store.processes[process.guid] = process
    return store


def _read_workspace(entry: Entry) -> Workspace:
    entry.only(("id", "name", "request_limit"))
    limit = entry.number("request_limit")
    someday = datetime.max.replace(tzinfo=UTC)  # the day is the store's, not the world's
    return Workspace(entry.number("id"), entry.text("name"), limit, remaining=limit, next_reset=someday)


def _read_user(entry: Entry, store: Store) -> User:
    entry.only(("guid", "email", "password", "full_name", "workspace", "quality_edit_details", "account_administrator"))
    email = entry.text("email")
    if store.user_by_email(email) is not None:
        entry.fail("email", f"{email} is taken", "give each user an address of its own")
    return User(
        guid=entry.guid(store.users),
        email=email,
        password=entry.text("password"),
        full_name=entry.text("full_name"),
        workspace_id=entry.known("workspace", store.workspaces).id,
        quality_edit_details=entry.flag("quality_edit_details", default=True),
        account_administrator=entry.flag("account_administrator", default=False),
    )


def _read_group(entry: Entry, store: Store) -> UserGroup:
    entry.only(("guid", "name", "workspace", "members"))
    return UserGroup(
        entry.guid(store.groups),
        entry.text("name"),
        entry.known("workspace", store.workspaces).id,
        entry.all_known("members", store.users),
    )


def _read_prefix(entry: Entry, store: Store) -> NumberPrefix:
    entry.only(("guid", "value", "workspace", "last_used"))
    workspace = entry.known("workspace", store.workspaces)
    return NumberPrefix(entry.guid(store.prefixes), entry.text("value"), workspace.id, entry.number("last_used", 0))


def _read_template(entry: Entry, store: Store) -> Template:
    entry.only(("guid", "name", "workspace", "status_mode", "active", "number_prefix", "steps"))
    return Template(
        guid=entry.guid(store.templates),
        name=entry.text("name"),
        workspace_id=entry.known("workspace", store.workspaces).id,
        status_mode=entry.choice("status_mode", StatusMode),
        active=entry.flag("active", default=True),
        prefix=entry.known("number_prefix", store.prefixes).guid,
        steps=tuple(_read_template_step(step) for step in entry.entries("steps")),
    )


def _read_template_step(entry: Entry) -> TemplateStep:
    entry.only(("name", "type", "due_in_days", "attributes"))
    due_in = timedelta(days=entry.number("due_in_days")) if entry.has("due_in_days") else None
    return TemplateStep(entry.text("name"), entry.choice("type", StepType), due_in, _read_attributes(entry))


def _read_attributes(step: Entry) -> tuple[Attribute, ...]:
    attributes = step.entries("attributes")
    for entry in attributes:
        entry.only(("guid", "name", "value"))
    return tuple(Attribute(e.guid(()), e.text("name"), e.text("value") if e.has("value") else None) for e in attributes)


def _read_process(entry: Entry, store: Store) -> QualityProcess:
    keys = "guid name number description template creator owner status created completed target_completion steps"
    entry.only(keys.split())
    template = entry.known("template", store.templates)
    created = entry.date("created")
    if created is None:
        entry.fail("created", "is missing", "write when the quality process was made, like 2019-07-25T13:51:25Z")
    return QualityProcess(
        guid=entry.guid(store.processes),
        name=entry.text("name"),
        number=entry.text("number"),
        description=entry.text("description", ""),
        workspace_id=template.workspace_id,
        creator=entry.known("creator", store.users),
        owner=entry.known("owner", store.users),
        template=template,
        status_mode=template.status_mode,
        creation_date_time=created,
        target_completion_date_time=entry.date("target_completion"),
        status=entry.choice("status", ProcessStatus, ProcessStatus.OPEN),
        completed_date_time=entry.date("completed"),
        steps=[_read_step(step, order, store) for order, step in enumerate(entry.entries("steps"), start=1)],
    )


def _read_step(entry: Entry, order: int, store: Store) -> Step:
    keys = "guid name type status users groups completed completed_by due attributes decisions"
    entry.only(keys.split())
    return Step(
        guid=entry.guid([step.guid for process in store.processes.values() for step in process.steps]),
        name=entry.text("name"),
        order=order,
        type=entry.choice("type", StepType),
        status=entry.choice("status", StepStatus, StepStatus.OPEN),
        users=entry.all_known("users", store.users),
        groups=entry.all_known("groups", store.groups),
        complete_date_time=entry.date("completed"),
        complete_user=entry.known("completed_by", store.users) if entry.has("completed_by") else None,
        due_date_time=entry.date("due"),
        attributes=_read_attributes(entry),
        decisions=[_read_decision(decision, store) for decision in entry.entries("decisions")],
    )


def _read_decision(entry: Entry, store: Store) -> Decision:
    entry.only(("guid", "type", "user", "verdict", "comments", "date"))
    return Decision(
        guid=entry.guid(()),
        type=entry.choice("type", DecisionType),
        user=entry.known("user", store.users),
        verdict=entry.choice("verdict", Verdict) if entry.has("verdict") else None,
        comments=entry.text("comments") if entry.has("comments") else None,
        date_time=entry.date("date"),
    )
