"""No secret is in anything that a run leaves behind or shows, whatever the target does with it."""

from __future__ import annotations

import base64
import html
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from command import Command
from killed import kind_of

from conformance import expect, gate
from conformance.arena.message import Call, Reply
from conformance.arena.server import Server
from conformance.arena.service import Arena
from conformance.arena.store import User
from conformance.arena.world import World
from conformance.judge import Settings
from conformance.report import junit
from conformance.target import from_document

TOKEN = 'Bearer canary"token</&>+%\\/of-the-gateway'
EXPIRED = "canary-expired-session-0123456789"


def escaped(text: str) -> str:
    return "".join(f"\\u{ord(character):04x}" for character in text)


ENCODINGS: dict[str, Callable[[str], str]] = {
    "plain": str,
    "json": lambda text: json.dumps(text)[1:-1],
    "json-every-character": escaped,
    "json-capitals": lambda text: escaped(text).upper().replace("\\U", "\\u"),
    "percent": lambda text: quote(text, safe=""),
    "percent-every-byte": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "html": html.escape,
    "html-decimal": lambda text: "".join(f"&#{ord(character)};" for character in text),
    "html-hexadecimal": lambda text: "".join(f"&#x{ord(character):X};" for character in text),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64-of-user-and-secret": lambda text: base64.b64encode(f"user:{text}".encode()).decode(),
    "base64-url-safe": lambda text: base64.urlsafe_b64encode(f"u:{text}?>".encode()).decode(),
}


class Echo(Arena):
    """Sends every secret that it has seen back, in every encoding: in headers, in bodies, in messages and comments."""

    def __init__(self) -> None:
        super().__init__(World.load())
        self.passwords = {one.email: f'canary "{role}" pass<word>&/+é' for role, one in self.world.accounts.items()}
        self.known: list[str] = []  # what the last call carried

    def check_login(self, email: Any, password: Any, workspace_id: Any) -> User:
        real = next(one.password for one in self.world.accounts.values() if one.email == email)
        assert password == self.passwords[email]
        return super().check_login(email, real, workspace_id)

    def new_session_id(self) -> str:
        session_id = f"canary-session/{super().new_session_id()}"
        vars(self).setdefault("sessions_ever", set()).add(session_id)
        return session_id

    def handle(self, operation: str, call: Call) -> Reply:
        self.known = [*dict.fromkeys([call.headers.get("arena_session_id", ""), call.headers["authorization"]])]
        if operation == "login":
            self.known.append(json.loads(call.body)["password"])
        self.known += [email for email in self.passwords if operation == "login" and email.encode() in call.body]
        reply = super().handle(operation, call)
        spelt = [encode(secret) for secret in self.known for encode in ENCODINGS.values()]
        headers = [
            (f"X-Echo-{number}", quote(text, safe="".join(map(chr, range(33, 127)))))
            for number, text in enumerate(spelt)
        ]
        if not reply.body.endswith(b"}"):
            return Reply(reply.status, [*reply.headers, *headers], reply.body)
        echo = ", ".join(f'"echo{number}": {raw(text)}' for number, text in enumerate(spelt))
        body = reply.body[:-1] + (b", " if len(reply.body) > 2 else b"") + echo.encode() + b"}"
        plain = [one for one in reply.headers if one[0] != "Content-Length"]
        return Reply(reply.status, [*plain, *headers, ("Content-Length", str(len(body)))], body)

    def render_error(self, status: int, code: int, message: str) -> dict[str, Any]:
        return super().render_error(status, code, f"{message} {' '.join(self.known)}")

    def all_secrets(self) -> list[str]:
        return [*self.passwords.values(), *self.store.sessions, TOKEN, EXPIRED]


def raw(text: str) -> str:
    """Returns a JSON text whose inside is `text` as it stands, where that is possible."""
    try:
        json.loads(f'"{text}"')
    except ValueError:
        return json.dumps(text)
    return f'"{text}"'


def forms(secret: str) -> Iterator[tuple[str, bytes]]:
    for name, encode in ENCODINGS.items():
        core = encode(secret)
        yield name, (core[8:-6] if name.startswith("base64") else core).encode()
    yield "in-a-report", json.dumps(json.dumps(secret)[1:-1])[1:-1].encode()


def target_of(arena: Echo, url: str) -> dict[str, Any]:
    document = arena.target(url)
    for account in document["accounts"].values():
        account["password"] = arena.passwords[account["email"]]
    return {**document, "headers": {"Authorization": TOKEN}, "expired_session_id": EXPIRED, "exclusive": False}


class Watch:
    """Looks, for as long as it runs, at what every process of this machine shows of itself."""

    def __init__(self, parent: int) -> None:
        self.command_lines: set[bytes] = set()
        self.children: set[bytes] = set()
        self._parent = parent
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.02):
            for process in Path("/proc").glob("[0-9]*"):
                try:
                    self.command_lines.add((process / "cmdline").read_bytes())
                    if f"\nPPid:\t{self._parent}\n" in (process / "status").read_text():
                        self.children.add((process / "environ").read_bytes())
                except OSError:
                    continue


def write_target(arena: Echo, url: str, folder: Path) -> dict[str, str]:
    """Writes a target file, and returns the environment that holds its secrets."""
    document = target_of(arena, url)
    environment = {"TOKEN": TOKEN, "EXPIRED": EXPIRED, "XDG_RUNTIME_DIR": str(folder)}
    for role, account in document["accounts"].items():
        environment[f"PASSWORD_{role}"] = account["password"]
        account["password"] = f"${{PASSWORD_{role}}}"
    document |= {"headers": {"Authorization": "${TOKEN}"}, "expired_session_id": "${EXPIRED}", "redact": ["emails"]}
    (folder / "target.yaml").write_text(yaml.safe_dump(document), "utf-8")
    return environment


def left_in(folder: Path) -> dict[str, bytes]:
    """Returns all that a command left in a folder, by name. The names themselves are of it."""
    files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    files.pop("target.yaml")
    return {**files, "names": "\n".join(files).encode()}


def found(arena: Echo, left: dict[str, bytes]) -> set[tuple[str, str, str]]:
    """Returns every secret that is in what was left: where, in which form, which."""
    return {
        (name, form, secret)
        for name, data in left.items()
        for secret in [*arena.all_secrets(), *arena.sessions_ever, *arena.passwords]
        for form, core in forms(secret)
        if core in data
    }


def test_no_secret_leaves_a_run(tmp_path: Path, command: Command) -> None:
    arena = Echo()
    with Server(arena) as server:
        environment = write_target(arena, server.url, tmp_path)
        run = command.start("run", "--only", "rules", "--target", "target.yaml", env=environment)
        with Watch(run.pid) as watch:
            out, err = run.communicate(timeout=100)
    assert run.returncode in (0, 1), (out, err)
    left = left_in(tmp_path) | {"stdout": out.encode(), "stderr": err.encode()}
    left |= {"cmdline": b"\n".join(watch.command_lines), "environ": b"\n".join(watch.children)}
    assert found(arena, left) == set()
    assert json.loads(left["reports/report.json"])["complete"] is True


class DeadlyEcho(Echo):
    """Kills its client once a process is completed."""

    client = 0

    def handle(self, operation: str, call: Call) -> Reply:
        reply = super().handle(operation, call)
        if self.client and kind_of(operation, call) == "complete_process":
            os.kill(self.client, signal.SIGKILL)
        return reply


def test_no_secret_leaves_a_plan_a_killed_run_or_its_restoration(tmp_path: Path, command: Command) -> None:
    arena = DeadlyEcho()
    with Server(arena) as server:
        environment = write_target(arena, server.url, tmp_path)
        planned = command("plan", "--only", "rules", "--target", "target.yaml", env=environment)
        left = {"plan": (planned.stdout + planned.stderr).encode()}
        run = command.start("run", "--only", "rules", "--target", "target.yaml", env=environment)
        arena.client = run.pid
        left["killed run"] = "".join(run.communicate(timeout=100)).encode()
        arena.client = 0
        left |= {f"{name}, killed": data for name, data in left_in(tmp_path).items()}
        restored = command("restore", "--target", "target.yaml", env=environment)
    left |= {"restore": (restored.stdout + restored.stderr).encode(), **left_in(tmp_path)}
    assert (planned.returncode, run.returncode, restored.returncode) == (0, -signal.SIGKILL, 0), left
    assert b'"created"' in left["reports/journal.jsonl, killed"]
    assert sum(name.endswith(".lock, killed") for name in left) == len(arena.passwords)
    assert found(arena, left) == set()


def test_no_secret_is_in_an_exception(monkeypatch: pytest.MonkeyPatch) -> None:
    arena = Echo()

    def broken(*_: object) -> None:
        raise RuntimeError(f"{arena.known} {[*arena.store.session_of.values()]}")

    monkeypatch.setattr(expect, "status", broken)
    with Server(arena) as server:
        report = gate.run(
            from_document(target_of(arena, server.url), environ={}),
            Settings(frozenset({"success-is-201"})),
            lambda *_: None,
        )
        sessions = arena.sessions_ever - {arena.expired_session_id}
    shown = json.dumps(report) + junit.render(report)
    assert "RuntimeError" in shown
    assert [secret for secret in [*sessions, TOKEN] if secret in shown or json.dumps(secret)[1:-1] in shown] == []


def test_e_mail_addresses_stay_unless_they_are_redacted() -> None:
    shown = {}
    for redact in ([], ["emails"]):
        arena = Arena(World.load())
        with Server(arena) as server:
            document = {**arena.target(server.url), "redact": redact}
            for account in document["accounts"].values():
                account.pop("guid")
            target = from_document(document, environ={})
            shown[len(redact)] = json.dumps(gate.run(target, Settings(frozenset({"success-is-201"})), lambda *_: None))
    emails = [user.email for user in arena.store.users.values()]
    assert [email for email in emails if email in shown[0]]
    assert [email for email in emails if email in shown[1] or quote(email) in shown[1]] == []
