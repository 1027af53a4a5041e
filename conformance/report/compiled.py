"""Templates that a run before has compiled: that takes longer than to render a page."""

from __future__ import annotations

import os
import stat
import sys
from contextlib import suppress
from pathlib import Path

import jinja2
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket, FileSystemBytecodeCache

from conformance.locks import own_folder


class _Compiled(FileSystemBytecodeCache):
    """What can't be read is compiled, and what can't be written is not kept: no report waits for this."""

    def load_bytecode(self, bucket: Bucket) -> None:
        try:
            super().load_bytecode(bucket)
        except Exception:  # pickle raises what it likes for a file that is cut
            bucket.reset()

    def dump_bytecode(self, bucket: Bucket) -> None:
        with suppress(OSError):
            super().dump_bytecode(bucket)


def kept_for(module: str) -> BytecodeCache | None:
    """Returns where the templates of a module are kept, anew for each version of its file and of Jinja.

    None where nowhere is safe: code is only taken from a folder that nobody else may write to, or put another one in
    the place of.
    """
    try:
        folder = own_folder()
        if not _is_firm(folder.parent):
            return None
        made_by = "-".join(str(Path(file).stat().st_mtime_ns) for file in (module, jinja2.__file__))
    except OSError:
        return None
    return _Compiled(str(folder), f"{Path(module).stem}-{made_by}-%s.cache")


def _is_firm(parent: Path) -> bool:
    """Whether nobody else can rename what is ours in a folder."""
    if sys.platform == "win32":
        return True  # temporary files are in the user's own
    found = parent.stat()
    others_may = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not found.st_mode & stat.S_ISVTX
    return found.st_uid in (0, os.getuid()) and not others_may
