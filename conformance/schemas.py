"""JSON schemas. Whether something fits, jsonschema-rs says at once; what is wrong with it, jsonschema says in words."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jsonschema_rs

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator, ValidationError


class Schema:
    """A schema of Draft 2020-12 that refers to nothing outside itself."""

    def __init__(self, document: Any) -> None:
        self.document = document

    def errors(self, instance: Any) -> Iterable[ValidationError]:
        """Returns how `instance` departs from the schema, in no order; nothing where it fits."""
        return () if self._fits(instance) else self.thorough.iter_errors(instance)

    @cached_property
    def thorough(self) -> Draft202012Validator:
        """The validator that explains. Hardly a run needs it, and importing it takes longer than all judging."""
        from jsonschema import Draft202012Validator

        return Draft202012Validator(self.document)

    @cached_property
    def _quick(self) -> jsonschema_rs.Validator:
        return jsonschema_rs.validator_for(self.document)

    def _fits(self, instance: Any) -> bool:
        """Whether the validator that Schemathesis uses sees nothing wrong: it takes a hundredth of the other's time."""
        try:
            return self._quick.is_valid(instance)
        except ValueError:  # of what it can't read, lone surrogates or deep nesting, the other one judges
            return False


@cache
def read(path: Path) -> Schema:
    """Returns the schema in a file that ships with the program."""
    return Schema(json.loads(path.read_text("utf-8")))
