"""At least one deliberately faulty Arena for each rule, tested through the real command."""

import json
from pathlib import Path

import pytest
import yaml

from conformance import contract
from conformance.arena.faults import CATALOGUE
from conformance.arena.server import Server
from conformance.arena.world import World

RULES = [rule.id for rule in contract.rules()]
ONE_EACH = {
    rule: next(
        name
        for name in sorted(CATALOGUE)
        if CATALOGUE[name].rule == rule and CATALOGUE[name].in_profile == "documented"
    )
    for rule in RULES
} | {"approved-signoff-is-final": "approved-signoff-reopens"}


@pytest.mark.parametrize("rule", RULES)
def test_its_rule_fails_on_it(command, tmp_path, rule):
    arena = CATALOGUE[ONE_EACH[rule]](World.load())
    with Server(arena) as server:
        Path(tmp_path / "t.yaml").write_text(yaml.safe_dump(arena.target(server.url)))
        done = command("run", "--only", "rules", "--target", "t.yaml")
    report = json.loads((tmp_path / "reports" / "report.json").read_text())
    verdicts = {one["id"]: one["verdict"] for one in report["rules"]}
    assert (done.returncode, verdicts[rule]) == (1, "fail"), done.stdout
    assert f"FAIL {rule}" in done.stdout.splitlines()
