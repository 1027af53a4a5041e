"""`arena-conformance plan`: what a run would do, told beforehand. And `--budget`: what a run may spend."""

import json

import pytest
import yaml

from conformance.arena.server import Server
from conformance.arena.variants import CATALOGUE as VARIANTS
from conformance.arena.world import World


def target_file(folder, document):
    path = folder / "arena.yaml"
    path.write_text(yaml.safe_dump(document), "utf-8")
    return path


def report(folder):
    return json.loads((folder / "report.json").read_text("utf-8"))


def test_a_plan_tells_the_exact_number_of_calls_on_the_embedded_arena(command, server, arena, tmp_path):
    path = target_file(tmp_path, arena.target(server.url))
    planned = command("plan", "--target", path, "--only", "rules")
    assert planned.returncode == 0, planned.stdout + planned.stderr
    command("run", "--target", path, "--only", "rules", "--report-dir", tmp_path)
    assert planned.stdout.splitlines()[-1].startswith(f"{report(tmp_path)['run']['calls']} calls; ")


def test_a_plan_counts_what_is_generated_and_walked(command, server, arena, tmp_path):
    path = target_file(tmp_path, arena.target(server.url))
    options = ("--only", "fuzz", "--only", "walks", "--max-examples", "40", "--seed", "3")
    planned = command("plan", "--target", path, *options)
    assert planned.returncode == 0, planned.stdout + planned.stderr
    assert " and 347 more: beyond --max-examples 40" in planned.stdout
    command("run", "--target", path, *options, "--report-dir", tmp_path)
    written = report(tmp_path)
    assert (written["fuzzing"]["cases"], written["walks"]["actions"]) == (40, 40)
    assert planned.stdout.splitlines()[-1].startswith(f"{written['run']['calls']} calls; ")


def test_a_plan_changes_nothing(command, server, arena, tmp_path):
    processes, sessions = {**arena.store.processes}, {*arena.store.sessions}
    command("plan", "--target", target_file(tmp_path, arena.target(server.url)), "--rule", "reopen-step")
    assert arena.store.processes == processes
    assert {*arena.store.sessions} == sessions


def test_a_plan_names_what_is_missing(command, server, arena, tmp_path):
    document = arena.target(server.url)
    del document["accounts"]["restricted"]
    del document["expired_session_id"]
    planned = command("plan", "--target", target_file(tmp_path, document), "--only", "rules")
    assert planned.returncode == 0
    assert "the target file has no account restricted" in planned.stdout
    assert "session-required/expired: the target file names no expired_session_id" in planned.stdout


def test_a_plan_names_accounts_that_are_not_distinct(command, server, arena, tmp_path):
    document = arena.target(server.url)
    document["accounts"]["colleague"]["guid"] = document["accounts"]["assignee"]["guid"]
    planned = command("plan", "--target", target_file(tmp_path, document), "--rule", "reopen-step")
    assert "accounts assignee and colleague are the same user" in planned.stdout


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda document: document["accounts"]["owner"].update(password="wrong"), "account owner can't log in"),
        (lambda document: document.pop("writes"), "does not allow writes"),
    ],
    ids=["wrong-password", "no-writes"],
)
def test_a_plan_names_what_prevents_the_run(command, server, arena, tmp_path, change, told):
    document = arena.target(server.url)
    change(document)
    planned = command("plan", "--target", target_file(tmp_path, document), "--rule", "reopen-step")
    assert planned.returncode == 3
    assert told in planned.stdout


def test_a_plan_sees_that_the_quota_is_too_small(command, server, arena, tmp_path):
    arena.store.main_workspace.remaining = 100
    planned = command("plan", "--target", target_file(tmp_path, arena.target(server.url)), "--only", "rules")
    assert planned.returncode == 3
    assert "only 99 of the quota are left" in planned.stdout


def test_a_plan_knows_steps_that_stand_ready(command, tmp_path):
    arena = VARIANTS["steps-stand-ready"](World.load())
    with Server(arena) as server:
        path = target_file(tmp_path, arena.target(server.url))
        planned = command("plan", "--target", path, "--only", "rules")
        done = command("run", "--target", path, "--only", "rules", "--report-dir", tmp_path)
    assert planned.returncode == done.returncode == 0, planned.stdout + done.stdout
    assert planned.stdout.splitlines()[-1].startswith(f"{report(tmp_path)['run']['calls']} calls; ")
    assert "the target file lists no step of owner that is assigned to several" in planned.stdout


def test_all_scenarios_of_the_rules_take_at_most_200_calls(command, tmp_path):
    done = command("run", "--only", "rules", "--budget", "200", "--strict", "--report-dir", tmp_path)
    assert done.returncode == 0, done.stdout
    assert report(tmp_path)["run"]["calls"] <= 200


def test_a_budget_that_does_not_do_for_all_goes_to_what_decides(command, tmp_path):
    done = command("run", "--only", "rules", "--budget", "120", "--report-dir", tmp_path)
    written = report(tmp_path)
    assert done.returncode == 3, done.stdout
    assert written["run"]["reason"] == "the budget of 120 calls is spent"
    assert {rule["verdict"] for rule in written["rules"]} == {"pass"}
    assert written["run"]["calls"] <= 120


def test_every_rule_is_decided_in_few_calls(command, tmp_path):
    """80 calls are the least that the README works out, and 15 % more are allowed."""
    done = command("run", "--only", "deciding", "--strict", "--report-dir", tmp_path)
    written = report(tmp_path)
    assert done.returncode == 0, done.stdout
    assert {rule["verdict"] for rule in written["rules"]} == {"pass"}
    assert all(scenario["deciding"] for rule in written["rules"] for scenario in rule["scenarios"])
    assert written["run"]["calls"] <= 92


def test_only_accounts_that_decide_log_in_where_nothing_else_is_asked(command, server, arena, tmp_path):
    document = arena.target(server.url)
    document["accounts"]["administrator"]["password"] = "a wrong one"
    path = target_file(tmp_path, document)
    assert command("run", "--target", path, "--only", "rules", "--report-dir", tmp_path).returncode == 3
    assert command("run", "--target", path, "--only", "deciding", "--report-dir", tmp_path).returncode == 0


def test_what_decides_is_tested_without_some_accounts_too(command, server, arena, tmp_path):
    document = arena.target(server.url)
    document["accounts"] = {role: document["accounts"][role] for role in ("owner", "assignee")}
    path = target_file(tmp_path, document)
    done = command("run", "--target", path, "--only", "deciding", "--report-dir", tmp_path)
    assert done.returncode == 0, done.stdout
    passed = {rule["id"] for rule in report(tmp_path)["rules"] if rule["verdict"] == "pass"}
    assert len(passed) == 10
    assert "request-shape" in passed


@pytest.mark.parametrize("budget", [1, 12, 23, 40, 77, 101])
def test_a_budget_is_never_exceeded_and_nothing_is_left_behind(command, server, arena, tmp_path, budget):
    before = {**arena.store.processes}
    path = target_file(tmp_path, arena.target(server.url))
    done = command("run", "--only", "rules", "--target", path, "--budget", str(budget), "--report-dir", tmp_path)
    written = report(tmp_path)
    assert done.returncode == 3, done.stdout
    assert written["run"]["calls"] <= budget
    assert written["left_behind"] == []
    assert arena.store.processes == before
