"""One request that fuzzing sends, before it is known for which step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from conformance.evidence import UNREADABLE, Subject, Unreadable
from conformance.fuzzing.kinds import Kind
from conformance.session import JSON, encode, reopen_body

# Stand for guids in a case. They are texts that no server gives out and that no body holds by chance.
PROCESS: Final = "@process@"
STEP: Final = "@step@"
OTHER_PROCESS: Final = "@other-process@"
OTHER_STEP: Final = "@other-step@"
UNKNOWN_PROCESS: Final = "@unknown-process@"
UNKNOWN_STEP: Final = "@unknown-step@"
CUT_PROCESS: Final = "@cut-process@"
CUT_STEP: Final = "@cut-step@"
LOWER_PROCESS: Final = "@lower-process@"
LOWER_STEP: Final = "@lower-step@"
# Stand for five megabytes, which take memory only while they are sent.
LETTERS: Final = "@letters@"
SPACES: Final = "@spaces@"
_FIVE_MEGABYTES: Final = 5_000_000
_LONGEST_TAIL: Final = 100  # characters of a guid that are looked at to make another like it

SAMPLE: Final = Subject(PROCESS, STEP)

ACCEPTED: Final = "accepted"  # the step is reopened
OBSERVED: Final = "observed"  # the page leaves it open
SHAPE: Final = "request-shape"

_ENCODINGS: Final = ("utf-8", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")


@dataclass(frozen=True)
class Case:
    """A request: what class of input it is of, which rule decides what must come, and what must come.

    `wanted` is ACCEPTED, OBSERVED or the situation for which the request must be refused. `comment` is what the
    answer to an ordinary reopen must show. `way` names how it is sent where that is not the usual way: a session id,
    a method, an address, a framing; see `conformance.fuzzing.ways`. What is not `harmless` is sent to this machine
    only.
    """

    input_class: str
    body: bytes
    wanted: str
    rule: str = SHAPE
    comment: str | Unreadable | None = UNREADABLE
    content_type: str | None = JSON
    way: str = ""
    sender: str = "owner"
    harmless: bool = True
    kind: Kind | None = None  # of the step; else the next one in turn
    about_process: bool = False  # without a step, so that it is about the process itself
    valid: bool = False  # by the schema of the page's body

    @property
    def scenario(self) -> str:
        """The id under which the class stands in the report."""
        return f"{self.rule}/fuzz-{self.input_class}"


def body(step: Any = STEP, process: Any = PROCESS, **members: Any) -> dict[str, Any]:
    """Returns the page's body for these guids, with other or further members."""
    return {**reopen_body(SAMPLE), "qualityProcess": {"guid": process, "step": {"guid": step}}, **members}


def raw(step: Any = STEP, process: Any = PROCESS, **members: Any) -> bytes:
    """Returns the page's body as bytes, with other or further members."""
    return encode(body(step, process, **members))


def filled(template: bytes, step: Subject, elsewhere: Subject) -> bytes:
    """Returns the body for a step; `elsewhere` is a completed step of another process."""
    if b"@" not in template:
        return template
    encodings = _ENCODINGS if b"\0" in template else _ENCODINGS[:1]
    for stand_in, guid in _spellings(step, elsewhere).items():
        for encoding in encodings:
            if (standing := stand_in.encode(encoding)) in template:
                template = template.replace(standing, encode(guid)[1:-1].decode().encode(encoding))
    for stand_in, one in ((LETTERS, b"x"), (SPACES, b" ")):
        if stand_in.encode() in template:
            template = template.replace(stand_in.encode(), one * _FIVE_MEGABYTES)
    return template


def _spellings(step: Subject, elsewhere: Subject) -> Mapping[str, str]:
    return {
        PROCESS: step.process,
        STEP: step.step,
        OTHER_PROCESS: elsewhere.process,
        OTHER_STEP: elsewhere.step,
        UNKNOWN_PROCESS: unknown(step.process),
        UNKNOWN_STEP: unknown(step.step),
        CUT_PROCESS: step.process[:-1],
        CUT_STEP: step.step[:-1],
        LOWER_PROCESS: step.process.lower(),
        LOWER_STEP: step.step.lower(),
    }


@lru_cache(maxsize=64)
def unknown(guid: str) -> str:
    """Returns a guid of the same form that nothing has: its last two unlike characters of one kind swapped."""
    if guid.isdigit():  # numbers may be given out in turn; the largest is the last to come
        return "9" * (len(guid) + 1)
    kinds = (str.isdigit, str.isupper, str.islower)
    earliest = max(0, len(guid) - _LONGEST_TAIL)
    for last in range(len(guid) - 1, earliest, -1):
        for first in range(last - 1, earliest - 1, -1):
            if guid[first] != guid[last] and any(kind(guid[first]) and kind(guid[last]) for kind in kinds):
                return guid[:first] + guid[last] + guid[first + 1 : last] + guid[first] + guid[last + 1 :]
    return guid + guid
