"""A run finds nothing wrong with an Arena that differs only where a conforming server may, and tests all of it."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from typing import Any

import pytest

from conformance import contract, gate
from conformance.arena.service import Arena
from conformance.arena.variants import CATALOGUE
from conformance.arena.world import World
from conformance.judge import Settings
from conformance.target import from_document

CASES = [
    pytest.param(name, profile, id=f"{name}-{profile}") for name in CATALOGUE for profile in CATALOGUE[name].profiles
]


def run(name: str, profile: str) -> dict[str, Any]:
    """Runs the gate against a variant; in a process of its own, so that they share the cores."""
    arena = CATALOGUE[name](World.load(), profile)
    with arena.server_class(arena) as server:
        target = from_document(arena.target(server.url), environ={})
        rules = frozenset(rule.id for rule in contract.rules())
        report = gate.run(target, Settings(rules, frozenset({"rules", "variations"})), lambda *_: None)
    return {key: report[key] for key in ("run", "rules")}


@pytest.fixture(scope="module")
def reports(request: pytest.FixtureRequest) -> Iterator[dict[tuple[str, str], Future[dict[str, Any]]]]:
    chosen = [item.callspec.params for item in request.session.items if item.name.startswith("test_conforms[")]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(max_workers=os.cpu_count(), mp_context=context) as pool:
        yield {(one["name"], one["profile"]): pool.submit(run, one["name"], one["profile"]) for one in chosen}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize(("name", "profile"), CASES)
def test_conforms(name: str, profile: str, reports: dict[tuple[str, str], Future[dict[str, Any]]]) -> None:
    report = reports[name, profile].result()
    unhappy = {
        scenario["id"]: f"{scenario['verdict']}: {scenario['reason']}"
        for rule in report["rules"]
        for scenario in rule["scenarios"]
        if scenario["verdict"] not in ("pass", "observed")
        and not (scenario["verdict"] == "untested" and (CATALOGUE[name].untested or not scenario["deciding"]))
    }
    assert not unhappy
    assert report["run"]["exit_code"] == 0, report["run"]["reason"]
    verdicts = {rule["id"]: rule["verdict"] for rule in report["rules"]}
    assert {rule for rule, verdict in verdicts.items() if verdict == "untested"} == CATALOGUE[name].untested
    assert set(verdicts.values()) <= {"pass", "untested"}


def test_there_are_enough() -> None:
    assert len(CATALOGUE) >= 30


@pytest.mark.parametrize("name", CATALOGUE)
def test_says_in_a_sentence_what_is_different(name: str) -> None:
    sentence = CATALOGUE[name].__doc__ or ""
    assert sentence.endswith(".")
    assert len(sentence.splitlines()) == 1
    assert issubclass(CATALOGUE[name], Arena)
