"""Templates that a run before has compiled: that takes longer than to render a page."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

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
    """Returns where the templates of a module are kept, anew for each version of its file; None where nowhere is safe.

    Code is only taken from a folder that nobody else may write to.
    """
    try:
        return _Compiled(str(own_folder()), f"{Path(module).stem}-{Path(module).stat().st_mtime_ns}-%s.cache")
    except OSError:
        return None
