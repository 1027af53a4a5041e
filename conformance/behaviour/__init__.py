"""How a target behaved: the part of a run that two runs against the same server have in common."""

from conformance.behaviour.document import compact, expand
from conformance.behaviour.fingerprint import record

__all__ = ["compact", "expand", "record"]
