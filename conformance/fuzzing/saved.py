"""Cases as they are saved in replay.json, and read from there.

Guids stand for others in a saved case: the world is a new one when it is sent again.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from conformance.evidence import UNREADABLE
from conformance.fuzzing.case import Case
from conformance.fuzzing.kinds import KINDS, Kind
from conformance.verdict import Finding


def to_saved(case: Case, finding: Finding | None) -> dict[str, Any]:
    """Returns all that is needed to send the case again."""
    saved: dict[str, Any] = {
        "kind": "fuzz",
        "rule": finding.rule if finding else case.rule,
        "about": case.rule,
        "input_class": case.input_class,
        "expected": finding.expected if finding else "a refusal changes nothing",
        "wanted": case.wanted,
        "sender": case.sender,
        "way": case.way,
        "content_type": case.content_type,
        "about_process": case.about_process,
        "harmless": case.harmless,
        "valid": case.valid,
        **_body(case.body),
    }
    if case.kind is not None:
        saved["step"] = {"owner": case.kind.owner, "assigned_to": case.kind.assigned_to}
    if case.comment is not UNREADABLE:
        saved["comment"] = case.comment
    return saved


def from_saved(saved: Mapping[str, Any]) -> Case:
    """Returns the case again."""
    body = saved["body"].encode() if "body" in saved else base64.b64decode(saved["body_base64"])
    return Case(
        input_class=saved["input_class"],
        body=body,
        wanted=saved["wanted"],
        rule=saved["about"],
        comment=saved.get("comment", UNREADABLE),
        content_type=saved["content_type"],
        way=saved["way"],
        sender=saved["sender"],
        kind=_kind(saved),
        about_process=saved["about_process"],
        harmless=saved["harmless"],
        valid=saved["valid"],
    )


def _kind(saved: Mapping[str, Any]) -> Kind | None:
    step = saved.get("step", {})
    wanted = (step.get("owner"), step.get("assigned_to"), saved["sender"])
    return next((one for one in KINDS if (one.owner, one.assigned_to, one.sender) == wanted), None)


def _body(body: bytes) -> dict[str, str]:
    try:
        return {"body": body.decode()}
    except UnicodeDecodeError:
        return {"body_base64": base64.b64encode(body).decode()}
