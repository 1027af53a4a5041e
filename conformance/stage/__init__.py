"""Leases steps in a wanted state, shows what changed, and leaves nothing behind."""

from conformance.stage.api import StagingBroke, Unstaged
from conformance.stage.ledger import Surprise
from conformance.stage.plots import DECISIVE, FEWEST, PLOTS, Plot
from conformance.stage.pool import Stage
from conformance.stage.snapshot import Change, Snapshot, changes

__all__ = [
    "DECISIVE",
    "FEWEST",
    "PLOTS",
    "Change",
    "Plot",
    "Snapshot",
    "Stage",
    "StagingBroke",
    "Surprise",
    "Unstaged",
    "changes",
]
