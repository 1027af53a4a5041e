"""Schemas: both validators read them, and what one can't read the other one judges."""

from __future__ import annotations

from pathlib import Path

import jsonschema_rs
import pytest

import conformance
from conformance import schemas
from conformance.schemas import Schema

FILES = sorted(Path(conformance.__file__).parent.rglob("*.schema.json"))
HALF = "saved.schema.json"  # has a pattern with lone surrogates, which no Rust pattern can hold
COUNT = Schema({"type": "object", "properties": {"count": {"type": "integer"}}, "additionalProperties": False})


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


def test_schemas_are_shipped():
    assert {path.name for path in FILES} > {"target.schema.json", "report.schema.json", HALF}


@pytest.mark.parametrize("path", [path for path in FILES if path.name != HALF], ids=lambda path: path.name)
def test_both_validators_read_a_schema(path):
    document = schemas.read(path).document
    assert not jsonschema_rs.validator_for(document).is_valid(7)
    assert [*schemas.read(path).errors(7)]


def test_a_schema_that_one_of_them_cannot_read_is_judged_by_the_other():
    schema = schemas.read(next(path for path in FILES if path.name == HALF))
    with pytest.raises(ValueError, match="regex"):
        jsonschema_rs.validator_for(schema.document)
    assert [*schema.errors({})]


@pytest.mark.parametrize("instance", [{}, {"count": 1}, {"count": 10**400}])
def test_what_fits_has_no_errors(instance):
    assert [*COUNT.errors(instance)] == []


@pytest.mark.parametrize(
    "instance",
    [
        {"count": "1"},
        {"count": "\ud800"},
        {"\ud800": 1},
        {"count": float("nan")},
        {"count": float("inf")},
        {"count": b"1"},
        {1: 2},
        {"count": nested(400)},
        nested(400),
    ],
    ids=["text", "surrogate", "surrogate-name", "nan", "infinite", "bytes", "number-name", "deep", "deep-itself"],
)
def test_what_does_not_fit_has_errors_whatever_it_is(instance):
    assert [*COUNT.errors(instance)]
