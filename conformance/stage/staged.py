"""What is known of the processes that a run made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from conformance.evidence import Exchange, Subject
from conformance.stage.plots import Plot

OPEN: Final = "OPEN"
COMPLETE: Final = "COMPLETE"
UNKNOWN: Final = "UNKNOWN"
DOUBTED: Final = "doubted"  # of a sign-off that was pending, approved or rejected


@dataclass
class Proof:
    """What shows that a refusal is for the right reason: a permitted account reopened that very step.

    `exchange` is that call; as long as there is none, `missing` may say why.
    """

    exchange: int | None = None
    missing: str = ""


@dataclass
class StagedStep:
    """One step of a staged process and what is known of it."""

    subject: Subject
    assigned_to: str
    state: str = OPEN
    completed_by: str = ""
    proven_by: int | None = None  # the exchange in which a permitted account reopened it last
    proven_role: str = ""  # that account
    unseen: Exchange | None = None  # the reopening of which nothing shows yet what it did, where nothing can be read
    waiting: list[Proof] = field(default_factory=list)  # of refusals that still lack their positive control


@dataclass
class StagedProcess:
    """One quality process that this run made."""

    plot: Plot
    guid: str
    creator: str
    regular: list[StagedStep] = field(default_factory=list)
    spare: list[Subject] = field(default_factory=list)  # regular steps that no scenario uses
    signoffs: list[Subject] = field(default_factory=list)
    signoff: str = "pending"
    completed: bool = False
    unusable: bool = False  # made, to be deleted, but not as the plot wants it

    @property
    def stays_open(self) -> bool:
        """Whether a step is open that no scenario completes: the last one would complete the process (AUTOMATIC)."""
        return len(self.spare) + len(self.signoffs) > (self.signoff == "approved")
