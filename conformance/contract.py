"""Loads `openapi/`: the rules, the profiles' codes and the message schemas."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from conformance.resources import from_yaml, resource
from conformance.schemas import Schema


@dataclass(frozen=True)
class Rule:
    """One promise of the vendor's page."""

    id: str
    statement: str
    quote: str
    lines: str
    converse: str


@dataclass(frozen=True)
class Situation:
    """How a refusal must look: HTTP statuses, codes (None: any) and the message where the page fixes it."""

    name: str
    statuses: tuple[int, ...]
    codes: tuple[int, ...] | None
    message: str | None


Profile = Mapping[str, Situation]


@cache
def rules() -> tuple[Rule, ...]:
    """Returns the rules in the page's order."""
    document = from_yaml(resource("openapi/rules.yaml").read_text("utf-8"))
    return tuple(
        Rule(entry["id"], entry["statement"], entry["quote"], str(entry["lines"]), entry["converse"])
        for entry in document["rules"]
    )


@cache
def profiles() -> Mapping[str, Profile]:
    """Returns, by the profile's name, what each refusal must look like."""
    document = from_yaml(resource("openapi/profiles.yaml").read_text("utf-8"))
    return {
        name: {
            situation: Situation(
                situation,
                tuple(entry["statuses"]),
                None if entry["codes"] == "any" else tuple(entry["codes"]),
                entry.get("message"),
            )
            for situation, entry in profile["situations"].items()
        }
        for name, profile in document["profiles"].items()
    }


@cache
def _file(file: str) -> Any:
    return json.loads(resource(f"openapi/schemas/{file}").read_text("utf-8"))


def _whole(part: Any, file: str) -> Any:
    """Returns a part of a schema with what it refers to in its place.

    Where each reference had to be looked up, judging an answer took three times as long.
    """
    if isinstance(part, list):
        return [_whole(one, file) for one in part]
    if not isinstance(part, dict):
        return part
    beside = {name: _whole(one, file) for name, one in part.items() if name != "$ref"}
    if "$ref" not in part:
        return beside
    there, _, pointer = part["$ref"].partition("#")
    meant = _file(there or file)
    for name in pointer.split("/")[1:]:
        meant = meant[name]
    meant = _whole(meant, there or file)
    return {**beside, "allOf": [meant]} if beside.keys() - {"description"} else meant


@cache
def schema(name: str) -> Schema:
    """Returns the schema of `openapi/schemas/<name>.json`."""
    return Schema(_whole(_file(f"{name}.json"), f"{name}.json"))


def mismatch(name: str, instance: Any) -> str:
    """Returns where and how `instance` departs from the schema `name`; empty where it does not.

    Of several departures the first by place is named, and how many there are.
    """
    errors = sorted(schema(name).errors(instance), key=lambda error: ([str(p) for p in error.absolute_path]))
    if not errors:
        return ""
    first = errors[0]
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first.absolute_path).lstrip(".")
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{place or 'the body'}: {first.message[:300]}{more}"
