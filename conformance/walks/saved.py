"""Failing walks as they are saved in replay.json, and read from there.

They name accounts and places only, counted from 1 as in the story of a walk: the world is a new one the next time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.verdict import Finding
from conformance.walks.model import Action, Kind

Parts = tuple[tuple[str, str], ...]  # for each process who owns it, and who approves its sign-off


@dataclass(frozen=True)
class Saved:
    """A walk to be gone again, and the rule that it broke."""

    rule: str
    parts: Parts
    actions: tuple[Action, ...]


def to_saved(finding: Finding, parts: Parts, actions: Sequence[Action]) -> dict[str, Any]:
    """Returns all that is needed to go the walk again."""
    return {
        "kind": "walk",
        "rule": finding.rule,
        "expected": finding.expected,
        "processes": [{"owner": owner, "approver": approver} for owner, approver in parts],
        "actions": [
            {
                "account": one.account,
                "does": one.kind.value,
                "process": one.process + 1,
                "step": one.step + 1,
                "to": list(one.to),
            }
            for one in actions
        ],
    }


def from_saved(saved: Mapping[str, Any]) -> Saved:
    """Returns the walk again."""
    parts = tuple((one["owner"], one["approver"]) for one in saved["processes"])
    actions = [
        Action(Kind(one["does"]), one["account"], int(one["process"]) - 1, int(one["step"]) - 1, tuple(one["to"]))
        for one in saved["actions"]
    ]
    return Saved(saved["rule"], parts, tuple(actions))
