"""Tells how a target behaves otherwise than before: what changed, whether it breaks a client, in plain words."""

from conformance.drift.baseline import Baseline
from conformance.drift.compare import compare
from conformance.drift.difference import Difference, Kind, Level, Side
from conformance.drift.document import attach

__all__ = ["Baseline", "Difference", "Kind", "Level", "Side", "attach", "compare"]
