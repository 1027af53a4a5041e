"""replay.json: failing cases that can be sent again.

A case says by its `kind` which phase made it; what else is in it is that phase's business.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from conformance import contract, schemas

NAME: Final = "replay.json"
VERSION: Final = 1
_SCHEMA: Final = Path(__file__).with_name("saved.schema.json")


class SavedError(Exception):
    """The file can't be used. The message says why."""


def write(cases: Sequence[Mapping[str, Any]], path: Path, *, seed: int) -> None:
    """Writes the failing cases of a run; where there are none, a file of an earlier run is removed."""
    if not cases:
        path.unlink(missing_ok=True)
        return
    document = {"version": VERSION, "seed": seed, "cases": list(cases)}
    path.write_text(json.dumps(document, indent=1, ensure_ascii=True) + "\n", "utf-8")


def read(path: Path) -> list[dict[str, Any]]:
    """Returns the cases of a file. Raises SavedError."""
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise SavedError(f"can't be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise SavedError("is not JSON") from None
    for problem in schemas.read(_SCHEMA).errors(document):
        place = ".".join(str(part) for part in problem.absolute_path) or "the file"
        raise SavedError(f"{place} is not as `arena-conformance run` writes it ({problem.validator})")
    from conformance.fuzzing.ways import WAYS  # who replays nothing does without

    cases: list[dict[str, Any]] = document["cases"]
    rules = {rule.id for rule in contract.rules()}
    for case in cases:
        named = {case["rule"], case["about"]} if case["kind"] == "fuzz" else {case["rule"]}
        if unknown := named - rules:
            raise SavedError(f"there is no rule {min(unknown)}")
        if case["kind"] == "fuzz" and case["way"] not in ("", *WAYS):
            raise SavedError(f"there is no way {case['way']} to send a request")
    return cases
