"""Keeps two processes of this machine from using the same journal, or the same accounts, at once.

A lock ends with its process, however that ends. Other machines and other users are out of its sight.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from conformance.target import Target

if sys.platform != "win32":
    import fcntl


class Taken(Exception):
    """Another process holds the file. `content` is what stands in it."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.content = content


class Accounts:
    """The accounts of a target, for as long as this process uses them: a file for each, which names nobody."""

    def __init__(self, target: Target) -> None:
        self.taken: dict[str, str] = {}  # the accounts that another process uses, and its id
        self._held: list[tuple[Path, int]] = []
        folder = own_folder()
        for role, account in target.accounts.items():
            if account.email:
                key = hashlib.sha256(f"{target.base_url}\n{account.email.lower()}".encode()).hexdigest()
                self._take(role, folder / f"{key[:32]}.lock")

    def release(self) -> None:
        """Lets others use them."""
        for path, handle in self._held:
            path.unlink(missing_ok=True)
            os.close(handle)
        self._held.clear()

    def _take(self, role: str, path: Path) -> None:
        try:
            handle = take(path)
        except Taken as other:
            self.taken[role] = other.content.decode(errors="replace").strip()
            return
        self._held.append((path, handle))
        os.truncate(handle, 0)
        os.write(handle, f"{os.getpid()}\n".encode())


@contextmanager
def accounts_of(target: Target) -> Iterator[Accounts]:
    """Yields the accounts of a target; those that another process uses are in `taken`. Raises OSError."""
    accounts = Accounts(target)
    try:
        yield accounts
    finally:
        accounts.release()


def take(path: Path) -> int:
    """Opens a file, to read and to append, and locks it until it is closed. Raises Taken, OSError.

    Where the system has no such locks every file can be had.
    """
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0), 0o600)
        try:
            _lock(handle)
        except BlockingIOError:
            content = read(handle)
            os.close(handle)
            raise Taken(content) from None
        if _is_at(handle, path):
            return handle
        os.close(handle)  # whoever had it has taken it away meanwhile


def read(handle: int) -> bytes:
    """Returns what stands in an open file."""
    return os.pread(handle, os.fstat(handle).st_size, 0)


def _lock(handle: int) -> None:
    if sys.platform != "win32":
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_at(handle: int, path: Path) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(handle), path.stat())
    return False


def own_folder() -> Path:
    """Returns a folder that nobody else may write to. Raises OSError where there is none."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    user = os.getuid() if sys.platform != "win32" else 0
    parent = Path(runtime) if runtime and Path(runtime).is_dir() else Path(tempfile.gettempdir())
    folder = parent / f"arena-conformance-{user}"
    with suppress(FileExistsError):
        folder.mkdir(0o700)
    found = folder.lstat()
    if sys.platform != "win32" and (
        not stat.S_ISDIR(found.st_mode) or found.st_uid != user or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    ):
        raise PermissionError(f"{folder} belongs to somebody else")
    return folder
