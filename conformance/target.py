"""The target file: which server is tested, with which accounts, and what may be done to it."""

from __future__ import annotations

import datetime as dt
import difflib
import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import yaml

from conformance import contract, schemas

if TYPE_CHECKING:
    from jsonschema import ValidationError

_SCHEMA: Final = Path(__file__).with_name("target.schema.json")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SECRET_HEADER = re.compile(r"auth|token|key|cookie|secret|session", re.IGNORECASE)

_OWN_HEADERS = frozenset({"arena_session_id", "content-type", "content-length", "transfer-encoding", "host"})

_Place = tuple[str | int, ...]


class TargetError(Exception):
    """The target file, or a flag that overrides it, can't be used. The message names the line and the fix."""


class Secret:
    """A value that shows itself only where `reveal` is called: in `conformance.session`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Returns the value itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__


@dataclass(frozen=True)
class Account:
    """A user of the target, by the part that it plays. Either `password` or `session_id` is set."""

    role: str
    email: str = ""
    password: Secret | None = None
    session_id: Secret | None = None
    guid: str = ""
    workspace_id: str | int | None = None


@dataclass(frozen=True)
class StandingStep:
    """A step that stands ready on the target, in a state; `owner` and `assignee` are accounts."""

    state: str
    process: str
    step: str
    owner: str
    assignee: str = ""


@dataclass(frozen=True)
class Staging:
    """From what quality processes are made; or else the steps that stand ready."""

    template: str = ""
    number_prefix: str = ""
    assignee_group: str = ""
    steps: tuple[StandingStep, ...] = ()


@dataclass(frozen=True)
class Waiver:
    """A known failure that is accepted until a day."""

    rule: str
    scenario: str
    reason: str
    until: dt.date


@dataclass(frozen=True)
class Target:
    """A server under test. Immutable; validated when it is made by `load`."""

    base_url: str
    profile: str
    accounts: Mapping[str, Account]
    staging: Staging
    workspace_id: str | int | None = None
    workspace_name: str = ""
    writes_allowed: bool = False
    redact_emails: bool = False
    exclusive: bool = False
    headers: Mapping[str, Secret] = field(default_factory=dict)
    timeout_seconds: float = 30.0
    expired_session_id: Secret | None = None
    waivers: tuple[Waiver, ...] = ()

    @property
    def loopback(self) -> bool:
        """Whether the server is on this very machine."""
        return is_loopback(self.base_url)


def is_loopback(url: str) -> bool:
    """Tells whether the host of `url` is this machine: localhost, 127.0.0.0/8 or ::1."""
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:  # a bracket without an IPv6 address
        return False
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def read(path: Path, *, overrides: Mapping[str, Any], environ: Mapping[str, str]) -> Target:
    """Reads a target file; `overrides` (from flags) replace its top-level keys before anything is validated.

    Raises TargetError, with every problem found, its line and its fix.
    """
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise TargetError(f"{path}: can't be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise TargetError(f"{path}: is not UTF-8 (byte {error.start}); save it as UTF-8") from None
    try:
        root = yaml.compose(text, Loader=_Loader)
        lines = dict(_lines(root, ())) if root else {}
        document = yaml.load(text, Loader=_Loader)  # noqa: S506 - a safe loader
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        # what YAML quotes may be a password that begins with * or !
        problem = re.sub(r""" ['"](?!<)[^'"]{2,}.*""", "; put the value in quotes", str(error.problem))
        raise TargetError(f"{path}:{line}: is not YAML: {problem}") from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise TargetError(f"{path}: is not YAML: {str(error).splitlines()[0]}") from None
    if not isinstance(document, dict):
        raise TargetError(f"{path}: must be a YAML mapping with base_url, accounts and staging")
    where = _Where(str(path), lines, frozenset(overrides))
    return from_document({**document, **overrides}, environ=environ, where=where)


class _Loader(yaml.SafeLoader):
    """Leaves dates as the text that they are in the file."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML's own attribute
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }


@dataclass(frozen=True)
class _Where:
    """Names the place of a value: file and line, or the flag that gave it."""

    file: str
    lines: Mapping[_Place, int] = field(default_factory=dict)
    flags: frozenset[str] = frozenset()

    def __call__(self, place: _Place) -> str:
        if place and place[0] in self.flags:
            return f"--{str(place[0]).replace('_', '-')}"
        while place and place not in self.lines:
            place = place[:-1]
        return f"{self.file}:{self.lines.get(place, 1)}"


def from_document(document: Mapping[str, Any], *, environ: Mapping[str, str], where: _Where | None = None) -> Target:
    """Makes a Target of a parsed target file. Raises TargetError."""
    where = where or _Where("target file")
    problems: list[str] = []
    literals = _plain(document)
    expanded = _expand(literals, (), environ, where, problems)
    problems += [text for error in _leaves(schemas.read(_SCHEMA).errors(expanded)) for text in _explain(error, where)]
    if not problems:
        problems += _literal_secrets(literals, where)
        problems += _unusable(expanded, where)
    if problems:
        raise TargetError("\n".join(dict.fromkeys(problems)))
    return _target(expanded)


def _target(document: Mapping[str, Any]) -> Target:
    def secret(value: str | None) -> Secret | None:
        return None if value is None else Secret(value)

    # In the schema's order: no file's order steers what is sent.
    roles = schemas.read(_SCHEMA).document["properties"]["accounts"]["properties"]
    accounts = {
        role: Account(
            role=role,
            email=entry.get("email", ""),
            password=secret(entry.get("password")),
            session_id=secret(entry.get("session_id")),
            guid=entry.get("guid", ""),
            workspace_id=entry.get("workspace_id"),
        )
        for role in roles
        if (entry := document["accounts"].get(role)) is not None
    }
    staging = document["staging"]
    return Target(
        base_url=document["base_url"].rstrip("/"),
        profile=document.get("profile", "documented"),
        accounts=accounts,
        staging=Staging(
            staging.get("template", ""),
            staging.get("number_prefix", ""),
            staging.get("assignee_group", ""),
            tuple(StandingStep(**step) for step in staging.get("steps", ())),
        ),
        workspace_id=document.get("workspace_id"),
        workspace_name=document.get("workspace_name", ""),
        writes_allowed=document.get("writes", "forbidden") != "forbidden",
        redact_emails="emails" in document.get("redact", []),
        exclusive=document.get("exclusive", False),
        headers={name: Secret(value) for name, value in document.get("headers", {}).items()},
        timeout_seconds=float(document.get("timeout_seconds", 30)),
        expired_session_id=secret(document.get("expired_session_id")),
        waivers=tuple(
            Waiver(entry["rule"], entry.get("scenario", ""), entry["reason"], dt.date.fromisoformat(entry["until"]))
            for entry in document.get("waivers", [])
        ),
    )


def _lines(node: yaml.Node, place: _Place) -> Iterator[tuple[_Place, int]]:
    """Yields the line of every value, and refuses a key that stands twice (YAML would keep the last)."""
    yield place, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(problem="a key must be a text", problem_mark=key.start_mark)
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"{key.value} stands twice", problem_mark=key.start_mark)
            seen.add(key.value)
            yield (*place, key.value), key.start_mark.line + 1
            yield from list(_lines(value, (*place, key.value)))[1:]
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _lines(value, (*place, index))


def _plain(value: Any) -> Any:
    """Turns the dates that YAML makes into text, and keys that are no strings into strings."""
    match value:
        case dict() | Mapping():
            return {str(key): _plain(member) for key, member in value.items()}
        case list():
            return [_plain(member) for member in value]
        case dt.date():
            return value.isoformat()
    return value


def _expand(value: Any, place: _Place, environ: Mapping[str, str], where: _Where, problems: list[str]) -> Any:
    """Replaces `${NAME}` by the environment's value."""

    def variable(match: re.Match[str]) -> str:
        name = match.group(1)
        if not environ.get(name):
            state = "is empty" if name in environ else "is not set"
            problems.append(f"{where(place)}: the environment variable {name} {state}; export {name}=…")
            return "unset"
        return environ[name]

    match value:
        case str():
            return _VARIABLE.sub(variable, value)
        case dict():
            return {key: _expand(member, (*place, key), environ, where, problems) for key, member in value.items()}
        case list():
            return [_expand(member, (*place, index), environ, where, problems) for index, member in enumerate(value)]
    return value


def _leaves(errors: Iterable[ValidationError]) -> list[ValidationError]:
    return sorted(errors, key=lambda error: [str(part) for part in error.absolute_path])


def _explain(error: ValidationError, where: _Where) -> list[str]:
    """Says what is wrong and what to write instead. Never shows the value: it may be a secret."""
    if error.validator != "additionalProperties":
        return [_explain_one(error, where)]
    place: _Place = tuple(error.absolute_path)
    name = ".".join(str(part) for part in place) or "the file"
    schema: Any = error.schema
    instance: Any = error.instance
    known = sorted(schema["properties"])
    problems = []
    for unknown in sorted(set(instance) - set(known)):
        near = difflib.get_close_matches(unknown, known, 1)
        hint = f"; did you mean {near[0]}?" if near else f"; known here: {', '.join(known)}"
        problems.append(f"{where((*place, unknown))}: {unknown} is not known in {name}{hint}")
    return problems


def _explain_one(error: ValidationError, where: _Where) -> str:
    place: _Place = tuple(error.absolute_path)
    instance: Any = error.instance
    wanted: Any = error.validator_value
    name = ".".join(str(part) for part in place) or "the file"
    match error.validator:
        case "required":
            missing = [key for key in wanted if key not in instance]
            return f"{where(place)}: {name} lacks {', '.join(missing)}; add it"
        case "enum":
            allowed = ", ".join(str(value) for value in wanted)
            return f"{where(place)}: {name} must be one of: {allowed}"
        case "const":
            return f"{where(place)}: {name} must be {wanted}"
        case "type":
            wanted = " or ".join(wanted) if isinstance(wanted, list) else wanted
            quoted = "; put the value in quotes" if wanted == "string" and not isinstance(error.instance, dict) else ""
            return f"{where(place)}: {name} must be of type {wanted}{quoted}"
        case "oneOf":
            return f"{where(place)}: {name} needs either email and password, or session_id"
        case "pattern" if place == ("base_url",):
            return f"{where(place)}: base_url must look like https://host/v1, without user, query or fragment"
        case "minItems":
            return f"{where(place)}: {name} is empty; name at least one"
        case "uniqueItems":
            return f"{where(place)}: {name} names one of them twice"
        case "pattern" | "minLength" | "minProperties" | "exclusiveMinimum" | "maximum" | "propertyNames":
            return f"{where(place)}: {name} is not usable: {error.validator} {wanted}"
    return f"{where(place)}: {name} is not usable ({error.validator})"


def _literal_secrets(document: Mapping[str, Any], where: _Where) -> list[str]:
    """Refuses secrets that stand in the file, unless they are good for this machine only."""
    if is_loopback(document["base_url"]):
        return []
    places: list[_Place] = [
        ("accounts", role, key) for role in document["accounts"] for key in ("password", "session_id")
    ]
    places += [("headers", name) for name in document.get("headers", {}) if _SECRET_HEADER.search(name)]
    places.append(("expired_session_id",))
    problems = []
    for place in places:
        value: Any = document
        for part in place:
            value = value.get(part) if isinstance(value, dict) else None
        if isinstance(value, str) and not _VARIABLE.fullmatch(value):
            name = re.sub(r"\W", "_", "_".join(["ARENA", *map(str, place[1:] or place)])).upper()
            problems.append(
                f"{where(place)}: {'.'.join(map(str, place))} stands in the file; "
                f"write ${{{name}}} and export {name} instead"
            )
    return problems


def _unsafe_writes(document: Mapping[str, Any], where: _Where) -> list[str]:
    """Refuses writes to a workspace that nobody named: login's answer shows which it is, a given session does not."""
    writes, accounts = document.get("writes", "forbidden"), document["accounts"]
    named = writes["allowed"] if isinstance(writes, dict) else []
    problems = [
        f"{where(('writes', 'allowed', index))}: there is no account {role}; there are {', '.join(accounts)}"
        for index, role in enumerate(named)
        if role not in accounts
    ]
    if writes == "forbidden" or is_loopback(document["base_url"]):
        return problems
    given = [role for role, account in accounts.items() if account.get("session_id")]
    if len(given) < len(accounts) and not document.get("workspace_name"):
        problems.append(
            f"{where(('writes',))}: writes are allowed on a host that is not this machine, so workspace_name must say "
            "which workspace is meant; add it as login's answer shows it"
        )
    if unnamed := [role for role in given if role not in named]:
        sessions = f"the sessions given for {', '.join(unnamed)}"
        problems.append(
            f"{where(('writes',))}: nothing shows in which workspace {sessions} write; if they may, say so: "
            f"`writes: {{allowed: [{', '.join([*named, *unnamed])}]}}`"
        )
    return problems


def _unusable(document: Mapping[str, Any], where: _Where) -> list[str]:
    problems = []
    try:
        split = urlsplit(document["base_url"])
        usable = bool(split.hostname) and split.port != 0
    except ValueError:
        usable = False
    if not usable:
        problems.append(f"{where(('base_url',))}: base_url has no usable host or port")
    problems += _unsafe_writes(document, where)
    known = {rule.id for rule in contract.rules()}
    for index, waiver in enumerate(document.get("waivers", [])):
        if waiver["rule"] not in known:
            near = difflib.get_close_matches(waiver["rule"], sorted(known), 1)
            hint = f"; did you mean {near[0]}?" if near else "; `arena-conformance rules` lists them"
            problems.append(f"{where(('waivers', index, 'rule'))}: there is no rule {waiver['rule']}{hint}")
        try:
            dt.date.fromisoformat(waiver["until"])
        except ValueError:
            problems.append(f"{where(('waivers', index, 'until'))}: until is no day of the calendar")
    problems += [
        f"{where(('headers', name))}: {name} is set by the suite itself; leave it out"
        for name in document.get("headers", {})
        if name.lower() in _OWN_HEADERS
    ]
    shared: dict[tuple[str, str], list[str]] = {}
    for role, account in document["accounts"].items():
        if account.get("session_id"):
            shared.setdefault(("", account["session_id"]), []).append(role)
        if account.get("email"):
            workspace = str(account.get("workspace_id", document.get("workspace_id")))
            shared.setdefault((account["email"].lower(), workspace), []).append(role)
    if document.get("timeout_seconds") != document.get("timeout_seconds"):
        problems.append(f"{where(('timeout_seconds',))}: timeout_seconds is not usable: it is no number")
    problems += [
        f"{where(('accounts', roles[1]))}: {' and '.join(roles)} are the same account; give each its own, or omit one"
        for roles in shared.values()
        if len(roles) > 1
    ]
    return problems
