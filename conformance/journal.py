"""The journal of a run: what it changes on the target, on disk before the change is sent.

One line of JSON for each entry, none with a secret. What a killed run left behind is undone from it; a line before the
first change of each thing is enough for that. The entries, in the order in which a run writes them:

    begin      the target, its workspace, the run
    resumed    a process undoes what the run left behind
    creating   the name of a quality process that is about to be made
    created    its guid, as the answer says
    changing   a step that the target file lists, as it stood before its first change
    restored   it stands so again
    deleted    a quality process is gone
    clean      nothing is left
"""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
import re
import socket
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from conformance import __version__, locks
from conformance.evidence import UNREADABLE, Exchange, Redactor, Subject
from conformance.target import Target

VERSION: Final = 1
CREATE: Final = "create-quality-process"
DELETE: Final = "delete-quality-process"
_BEGIN: Final = b'{"event": "begin"'
_NONE: Final = "{}: this is no journal of arena-conformance; it was not touched"
_HARMLESS: Final = frozenset({"login", "logout"})


class JournalError(Exception):
    """A journal can't be used. The message says why, and what to do."""


class Untouchable(Exception):
    """A call aims at what neither the run made nor the target file lists. It was not sent."""


@dataclass(frozen=True)
class Standing:
    """How a step that the target file lists stands: OPEN or COMPLETE, and which accounts may bring it back to that.

    `assignees` as the step's own view shows them, None for nobody; UNREADABLE where they are not known.
    """

    subject: Subject
    status: str
    roles: tuple[str, ...]
    assignees: Any = UNREADABLE


@dataclass
class Past:
    """What a journal tells: what was done and is not undone."""

    run: str = ""
    base_url: str = ""
    workspace_id: str | int | None = None
    workspace_name: str = ""
    started: str = ""
    pid: int = 0
    made: dict[str, str] = field(default_factory=dict)  # quality processes by guid: the name of each
    creators: dict[str, str] = field(default_factory=dict)  # by name: the account that made it
    unanswered: Counter[str] = field(default_factory=Counter)  # creations by name, of which no answer told the guid
    changed: dict[Subject, Standing] = field(default_factory=dict)

    @property
    def undone(self) -> bool:
        """Whether nothing is left to undo."""
        return not self.made and not +self.unanswered and not self.changed

    def take(self, entry: Mapping[str, Any]) -> None:
        """Takes one entry in. Raises KeyError, TypeError, ValueError for one that no journal has."""
        match entry["event"]:
            case "begin":
                if entry["version"] != VERSION:
                    raise ValueError(f"version {entry['version']}")
                self.run, self.base_url, self.started = (str(entry[key]) for key in ("run", "target", "at"))
                self.workspace_id, self.workspace_name = entry["workspace_id"], str(entry["workspace_name"])
                self.pid = int(entry["pid"])
            case "resumed":
                self.pid = int(entry["pid"])
            case "creating":
                self.unanswered[_text(entry, "name")] += 1
                self.creators[entry["name"]] = _text(entry, "by")
            case "created":
                self.unanswered[_text(entry, "name")] -= 1
                self.made[_text(entry, "process")] = entry["name"]
            case "deleted":
                self.made.pop(_text(entry, "process"), None)
            case "changing":
                subject = Subject(_text(entry, "process"), _text(entry, "step"))
                roles = tuple(map(str, entry["roles"]))
                assignees = entry.get("assignees", UNREADABLE)
                self.changed[subject] = Standing(subject, _text(entry, "status"), roles, assignees)
            case "restored":
                self.changed.pop(Subject(_text(entry, "process"), _text(entry, "step")), None)
            case "clean":
                self.made.clear()
                self.unanswered.clear()
                self.changed.clear()
            case other:
                raise ValueError(f"event {other}")


class Journal:
    """Told of every call that may change something, before it is sent, and of every answer. Thread-safe.

    Without a file nothing is kept, but what is untouchable stays so. A file is locked until `close`.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Raises JournalError where the file is another's, is in use, or can't be written."""
        self.path = path
        self.past = Past()
        self._file = None if path is None else _taken(path)
        self._lock = threading.Lock()
        self._redactor = Redactor()
        self._standing: dict[Subject, Standing] = {}
        self._allowed: set[Subject] = set()
        self._ours: set[str] = set()  # processes that were made, also those deleted since
        if self._file is not None and path is not None:
            try:
                self.past, whole = _read(locks.read(self._file), path)
                os.truncate(self._file, whole)  # a line that was not finished announces what was never sent
            except JournalError:
                self.close()
                raise
            self._ours |= {*self.past.made}
            self._standing |= self.past.changed

    def begin(self, run: str, target: Target, redactor: Redactor) -> None:
        """Starts anew: the journal is this run's from now on; nothing may be changed yet. Raises JournalError."""
        self._redactor = redactor
        self.past, self._ours, self._standing, self._allowed = Past(), set(), {}, set()
        if self._file is not None:
            os.truncate(self._file, 0)
        self._write(
            "begin",
            version=VERSION,
            run=run,
            target=target.base_url,
            workspace_id=target.workspace_id,
            workspace_name=target.workspace_name,
            at=_now(),
            pid=os.getpid(),
            host=socket.gethostname(),
            suite=__version__,
        )

    def resume(self, redactor: Redactor) -> None:
        """Goes on with what is there, to undo it. Raises JournalError."""
        self._redactor = redactor
        self._write("resumed", at=_now(), pid=os.getpid(), host=socket.gethostname())

    def set_aside(self) -> Path | None:
        """Makes room for another run; returns where the file is now."""
        if self.path is None or self._file is None:
            return None
        aside = self.path.with_name(f"{self.path.stem}-{_plain(self.past.run)}{self.path.suffix}")
        self.path.replace(aside)
        os.close(self._file)
        self._file, self.past = _taken(self.path), Past()
        return aside

    def lists(self, steps: Iterable[Standing]) -> None:
        """Takes in the steps that the target file lists, as they stand now. They may be changed; call after `begin`."""
        for one in steps:
            self._standing[one.subject] = one

    def allows(self, steps: Iterable[Subject]) -> None:
        """Takes in steps that calls may aim at, though none of them should change one."""
        self._allowed |= {*steps}

    def before(self, operation: str, account: str, subject: Subject | None, body: bytes | None) -> None:
        """Writes down what a call may change. Raises Untouchable, and JournalError where that can't be written.

        A call may change the steps that its body names, whatever it aims at.
        """
        if operation in _HARMLESS:
            return
        with self._lock:
            if operation == CREATE:
                self._write("creating", name=_name(body), by=account)
                return
            listed = [one for one in self._standing if one == subject or one.step.encode() in (body or b"")]
            if subject and not listed and subject not in self._allowed and subject.process not in self._ours:
                what = f"step {subject.step}" if subject.step else f"quality process {subject.process}"
                raise Untouchable(f"{what} is neither made by this run nor listed in the target file; nothing was sent")
            if operation != DELETE:
                for one in listed:
                    self._change(self._standing[one])

    def after(self, exchange: Exchange) -> None:
        """Writes down what an answer tells of a process that was made or deleted."""
        if not exchange.accepted or exchange.operation not in (CREATE, DELETE):
            return
        if exchange.operation == DELETE and exchange.subject is not None:
            self.deleted(exchange.subject.process)
        if exchange.operation == CREATE and isinstance(exchange.json, dict) and not exchange.trouble:
            guid, name = exchange.json.get("guid"), _name(exchange.request_body)
            # of another name it is somebody else's; without one that is read first
            if isinstance(guid, str) and guid and exchange.json.get("name") == name:
                self.made(guid, name)

    def made(self, guid: str, name: str) -> None:
        """Takes in that the process `name` is there."""
        with self._lock:
            self._ours.add(guid)
            if self._redactor.text(guid) == guid:  # one that is a secret is found again by its name
                self._mark("created", process=guid, name=name)

    def deleted(self, guid: str) -> None:
        """Takes in that a process is gone."""
        with self._lock:
            self._mark("deleted", process=guid)

    def restored(self, step: Subject) -> None:
        """Takes in that a listed step stands as it did before."""
        with self._lock:
            if step in self.past.changed:
                self._mark("restored", process=step.process, step=step.step)

    def clean(self) -> None:
        """Takes in that nothing is left to undo."""
        with self._lock:
            self._mark("clean")

    def close(self) -> None:
        """Lets the file go."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _change(self, step: Standing) -> None:
        if step.subject not in self.past.changed:
            known = {} if step.assignees is UNREADABLE else {"assignees": step.assignees}
            place = {"process": step.subject.process, "step": step.subject.step}
            self._write("changing", **place, status=step.status, roles=list(step.roles), **known)

    def _mark(self, event: str, **members: Any) -> None:
        """Writes what spares work when the run is undone. Where that fails it is only looked for in vain."""
        with suppress(JournalError):
            self._write(event, **members)

    def _write(self, event: str, **members: Any) -> None:
        entry = {"event": event, **members}
        self.past.take(entry)
        if self._file is None:
            return
        line = json.dumps(entry).encode() + b"\n"
        before = os.fstat(self._file).st_size
        try:
            if os.write(self._file, line) < len(line):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            os.fsync(self._file)
        except OSError as error:
            os.truncate(self._file, before)
            raise JournalError(f"the journal {self.path} can't be written: {error.strerror}") from None


def _taken(path: Path) -> int:
    try:
        return locks.take(path)
    except OSError as error:
        raise JournalError(f"the journal {path} can't be opened: {error.strerror}") from None
    except locks.Taken as other:
        pid = _read(other.content, path)[0].pid
        raise JournalError(f"the journal {path} is in use by process {pid or '(unknown)'}") from None


def _read(raw: bytes, path: Path) -> tuple[Past, int]:
    """Returns what a journal tells, and how long its finished lines are. Raises JournalError where it is none."""
    whole = raw.rfind(b"\n") + 1
    past = Past()
    for number, line in enumerate(raw[:whole].splitlines(), start=1):
        try:
            entry = json.loads(line)
            if (number == 1) != (entry["event"] == "begin"):
                raise ValueError(entry["event"])
            past.take(entry)
        except (ValueError, KeyError, TypeError, RecursionError):
            raise JournalError(
                f"{path}:{number}: this is no journal of arena-conformance; it was not touched"
            ) from None
    if not whole and not raw.startswith(_BEGIN[: len(raw)]):
        raise JournalError(f"{path}: this is no journal of arena-conformance; it was not touched")
    return past, whole


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _plain(run: str) -> str:
    """Returns a run's id as a part of a file name; a journal may have been tampered with."""
    return re.sub(r"[^0-9A-Za-z-]", "", run)[:60] or "unnamed"


def _name(body: bytes | None) -> str:
    """Returns the name of the process that the body of a creation asks for."""
    return str(json.loads(body or b"{}").get("name"))


def _text(entry: Mapping[str, Any], member: str) -> str:
    value = entry[member]
    if not isinstance(value, str):
        raise TypeError(member)
    return value
