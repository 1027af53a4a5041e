"""Leases steps in a wanted state, shows what changed, and leaves nothing behind."""

from conformance.stage.api import StagingBroke, Unstaged
from conformance.stage.ground import Ground
from conformance.stage.pool import Stage
from conformance.stage.snapshot import Change, Snapshot, changes

__all__ = ["Change", "Ground", "Snapshot", "Stage", "StagingBroke", "Unstaged", "changes"]
