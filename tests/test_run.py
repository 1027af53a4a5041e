"""`arena-conformance run`, through the real command: output, exit code, artefacts."""

import contextlib
import copy
import dataclasses
import http.server
import json
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml
from command import Command
from jsonschema import Draft202012Validator

from conformance import contract
from conformance.arena.server import Server
from conformance.arena.service import Arena
from conformance.arena.world import World

SCHEMA = Path(contract.__file__).parent / "report" / "report.schema.json"
RULES = [rule.id for rule in contract.rules()]
# the rules whose refusals carry a code of their own in winter-2023
CODED = {
    "others-may-not-reopen",
    "unassigned-open-to-permitted",
    "completed-process-locks-steps",
    "approved-signoff-is-final",
    "edit-details-required",
    "session-required",
    "request-shape",
    "already-open-is-3089",
}


def report_in(folder: Path) -> dict[str, Any]:
    report = json.loads((folder / "report.json").read_text())
    Draft202012Validator(json.loads(SCHEMA.read_text())).validate(report)
    return report


def verdicts(report: dict[str, Any]) -> dict[str, str]:
    return {rule["id"]: rule["verdict"] for rule in report["rules"]}


def write_target(path: Path, server: Server, arena: Arena, **changes: Any) -> Path:
    path.write_text(yaml.safe_dump({**arena.target(server.url), **changes}))
    return path


@pytest.mark.parametrize("profile", ["documented", "winter-2023"])
def test_embedded_arena_conforms(command, tmp_path, profile):
    done = command("run", "--profile", profile)
    assert done.returncode == 0, done.stdout + done.stderr
    report = report_in(tmp_path / "reports")
    assert verdicts(report) == dict.fromkeys(RULES, "pass")
    assert [rule["id"] for rule in report["rules"]] == RULES
    assert report["run"]["profile"] == profile
    assert report["left_behind"] == []
    lines = done.stdout.splitlines()
    assert lines[-1].startswith(f"CONFORMS: {report['run']['calls']} calls, ")
    assert all(any(line.startswith(rule) and " pass " in line for line in lines) for rule in RULES)
    assert all(len(line) <= 80 for line in lines)


def test_nothing_is_untested_on_the_embedded_arena(command, tmp_path):
    assert command("run", "--only", "rules", "--strict").returncode == 0
    report = report_in(tmp_path / "reports")
    scenarios = [scenario for rule in report["rules"] for scenario in rule["scenarios"]]
    assert [one["id"] for one in scenarios if one["verdict"] not in ("pass", "observed")] == []


def test_three_runs_say_the_same(command, tmp_path):
    reports = []
    for number in range(3):
        assert command("run", "--only", "rules", "--report-dir", f"r{number}").returncode == 0
        reports.append(report_in(tmp_path / f"r{number}"))
    first, *others = [
        (verdicts(report), report["run"]["calls"], report["behaviours"], [r["calls"] for r in report["rules"]])
        for report in reports
    ]
    assert others == [first, first]


def test_junit_has_a_case_for_each_scenario(command, tmp_path):
    command("run", "--only", "rules")
    report = report_in(tmp_path / "reports")
    suite = ET.parse(tmp_path / "reports" / "junit.xml").getroot()[0]
    cases = {f"{case.get('classname')}/{case.get('name')}" for case in suite.iter("testcase")}
    assert cases == {scenario["id"] for rule in report["rules"] for scenario in rule["scenarios"]}
    assert (suite.get("failures"), suite.get("errors"), suite.get("skipped")) == ("0", "0", "0")
    for case in suite.iter("testcase"):
        assert case.find("properties/property[@name='rule']").get("value") == case.get("classname")


@pytest.mark.parametrize(
    ("served", "tested", "failing"),
    [("winter-2023", "documented", {"already-open-is-3089"}), ("documented", "winter-2023", CODED)],
)
def test_codes_of_the_other_profile(command, tmp_path, served, tested, failing):
    arena = Arena(World.load(), profile=served)
    with Server(arena) as server:
        file = write_target(tmp_path / "target.yaml", server, arena)
        done = command("run", "--only", "rules", "--target", file, "--profile", tested)
    assert done.returncode == 1
    assert {rule for rule, verdict in verdicts(report_in(tmp_path / "reports")).items() if verdict == "fail"} == failing
    assert done.stdout.splitlines()[-1].startswith("FAILS (")


def test_a_failure_shows_page_expected_actual_and_curl(command, tmp_path):
    arena = Arena(World.load(), profile="winter-2023")
    with Server(arena) as server:
        file = write_target(tmp_path / "target.yaml", server, arena)
        done = command(
            "run", "--only", "rules", "--target", file, "--profile", "documented", "--rule", "already-open-is-3089"
        )
    lines = done.stdout.splitlines()
    assert lines[0] == "FAIL already-open-is-3089"
    assert lines[1].startswith("  page, line ")
    assert "    expected  400 with code 3089" in lines
    assert any(line.startswith("    actual    the code is 3169: 400 {") for line in lines)
    assert "16 rules were not selected." in lines
    repeat = next(line for line in lines if line.startswith("    repeat    curl "))
    assert '-H "arena_session_id: $ARENA_SESSION_ID"' in repeat


def test_selected_rules_only(command, tmp_path):
    done = command("run", "--only", "rules", "--rule", "session-required", "--strict")
    assert done.returncode == 0, done.stdout
    by_verdict = verdicts(report_in(tmp_path / "reports"))
    assert by_verdict.pop("session-required") == "pass"
    assert set(by_verdict.values()) == {"untested"}


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_stands_on_its_own(command, tmp_path, rule):
    done = command("run", "--only", "rules", "--rule", rule, "--strict")
    assert (done.returncode, verdicts(report_in(tmp_path / "reports"))[rule]) == (0, "pass"), done.stdout


def test_served_arena_and_its_target_file(command, tmp_path):
    with serving(command, "--write-target", "target.yaml") as (url, lines):
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/v1", url)
        assert any(line.split()[:1] == ["restricted_owner"] for line in lines)
        served = command("run", "--only", "rules", "--target", "target.yaml")
    assert served.returncode == 0, served.stdout
    by_file = verdicts(report_in(tmp_path / "reports"))
    command("run", "--only", "rules")
    assert by_file == verdicts(report_in(tmp_path / "reports"))


@contextlib.contextmanager
def serving(command: Command, *arguments: str) -> Iterator[tuple[str, list[str]]]:
    process = command.start("serve", *arguments, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    try:
        first = process.stdout.readline()
        assert first.startswith("arena: ")
        lines = [process.stdout.readline() for _ in range(11)]
        yield first.split()[1], lines
    finally:
        process.send_signal(signal.SIGTERM)
        process.stdout.close()
        assert process.wait(10) == 0


def test_the_world_is_left_as_it_was(arena, server, command, tmp_path):
    def world() -> dict[str, Any]:
        store = arena.store
        return copy.deepcopy({guid: dataclasses.asdict(process) for guid, process in store.processes.items()})

    before = world()
    assert (
        command("run", "--only", "rules", "--target", write_target(tmp_path / "t.yaml", server, arena)).returncode == 0
    )
    assert world() == before
    alive = [session for session in arena.store.sessions if session != arena.expired_session_id]
    assert alive == []


def test_nothing_listens(command, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    file = tmp_path / "t.yaml"
    file.write_text(yaml.safe_dump(Arena(World.load()).target(url)))
    done = command("run", "--only", "rules", "--target", file)
    assert done.returncode == 3
    assert done.stderr == ""
    assert "nothing listens there (connection refused)" in done.stdout.splitlines()[-1]
    assert "Traceback" not in done.stdout
    assert "pass" not in verdicts(report_in(tmp_path / "reports")).values()
    junit = ET.parse(tmp_path / "reports" / "junit.xml").getroot()
    assert junit.find(".//error") is not None


def test_without_writes_nothing_is_sent(arena, server, command, tmp_path):
    file = write_target(tmp_path / "t.yaml", server, arena, writes="forbidden")
    done = command("run", "--only", "rules", "--target", file)
    assert done.returncode == 3
    assert "writes: allowed" in done.stdout
    assert report_in(tmp_path / "reports")["run"]["calls"] == 0


def test_missing_accounts_leave_rules_untested(arena, server, command, tmp_path):
    accounts = arena.target(server.url)["accounts"]
    kept = {role: accounts[role] for role in ("owner", "assignee")}
    file = write_target(tmp_path / "t.yaml", server, arena, accounts=kept)
    done = command("run", "--only", "rules", "--target", file)
    report = report_in(tmp_path / "reports")
    by_verdict = verdicts(report)
    assert done.returncode == 0, done.stdout
    assert by_verdict["owner-may-reopen"] == "pass" or by_verdict["owner-may-reopen"] == "untested"
    assert by_verdict["others-may-not-reopen"] == "untested"
    reasons = {rule["id"]: rule["reason"] for rule in report["rules"]}
    assert "the target file has no account" in reasons["others-may-not-reopen"]
    assert command("run", "--only", "rules", "--target", file, "--strict").returncode == 3


TWO = {
    "owner-may-reopen",
    "completed-process-locks-steps",
    "session-required",
    "json-required",
    "request-shape",
    "success-is-201",
    "response-headers",
    "quota-counts-down",
    "response-shape",
    "already-open-is-3089",
}
THREE = {*TWO, "reopen-step", "approved-signoff-is-final"}
ACCOUNTS = {
    "two": ("owner assignee", TWO),
    "four": ("owner assignee colleague restricted_assignee", {*THREE, "edit-details-required"}),
    "other-four": ("owner assignee colleague restricted", {*THREE, "unassigned-open-to-permitted"}),
    "seven": (
        "owner assignee colleague restricted_assignee restricted group_member other_group_member",
        {*RULES},
    ),
}


@pytest.mark.parametrize(("roles", "decided"), ACCOUNTS.values(), ids=ACCOUNTS)
def test_which_rules_few_accounts_decide(arena, server, command, tmp_path, roles, decided):
    accounts = arena.target(server.url)["accounts"]
    few = {role: accounts[role] for role in roles.split()}
    done = command("run", "--only", "rules", "--target", write_target(tmp_path / "t.yaml", server, arena, accounts=few))
    assert done.returncode == 0, done.stdout
    found = verdicts(report_in(tmp_path / "reports"))
    assert {rule for rule, verdict in found.items() if verdict == "pass"} == decided


def test_no_secret_in_any_artefact(arena, server, command, tmp_path):
    target = arena.target(server.url)
    secrets = [account["password"] for account in target["accounts"].values()] + [target["expired_session_id"]]
    opened: list[str] = []
    open_session = arena.store.open_session

    def remember(session: Any) -> None:
        opened.append(session.id)
        open_session(session)

    arena.store.open_session = remember
    done = command("run", "--only", "rules", "--target", write_target(tmp_path / "t.yaml", server, arena))
    artefacts = [path.read_text() for path in (tmp_path / "reports").iterdir()]
    assert len(opened) >= len(target["accounts"])
    for secret in [*secrets, *opened]:
        assert not any(secret in text for text in [done.stdout, done.stderr, *artefacts])


def test_the_users_pytest_does_not_reach_a_run(command, tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (tmp_path / "conftest.py").write_text("raise SystemExit('the conftest of the user was loaded')\n")
    (tmp_path / "plug.py").write_text("raise SystemExit('a plugin of the user was loaded')\n")
    environment = {"PYTEST_ADDOPTS": "--no-such-option", "PYTEST_PLUGINS": "plug"}
    done = command("run", "--only", "rules", "--rule", "success-is-201", env=environment)
    assert done.returncode == 0, done.stdout + done.stderr


def test_nothing_but_the_report_is_left_in_the_folder(command, tmp_path):
    done = command("run", "--only", "fuzz", "--max-examples", "60", "--report-dir", "out")
    assert done.returncode == 0, done.stdout + done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_reports_and_cleans_up(arena, server, tmp_path, command, stop):
    target = arena.target(server.url)
    reached, go_on = threading.Event(), threading.Event()
    headers = arena.headers

    def pause(*arguments: Any, **named: Any) -> Any:
        if len(arena.store.processes) > 3 and not reached.is_set():
            reached.set()
            go_on.wait(20)
        return headers(*arguments, **named)

    arena.headers = pause
    file = tmp_path / "t.yaml"
    file.write_text(yaml.safe_dump(target))
    process = command.start("run", "--only", "rules", "--target", file)
    assert reached.wait(20)
    process.send_signal(stop)
    go_on.set()
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 3, out
    report = report_in(tmp_path / "reports")
    assert "interrupted" in report["run"]["reason"]
    assert len(arena.store.processes) == 3
    assert "interrupted" in out.splitlines()[-1]


class Everything(http.server.BaseHTTPRequestHandler):
    """Answers every call alike."""

    status, body, kind = 200, b"", "application/json"

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(self.status)
        self.send_header("Content-Type", self.kind)
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - the names that http.server calls

    def log_message(self, *_: Any) -> None:
        pass


ENVELOPE = b'{"status":%d,"errors":[{"code":1,"message":"no"}]}'
ALIKE = {
    "401": (401, ENVELOPE % 401, "application/json", "401"),
    "500": (500, ENVELOPE % 500, "application/json", "500"),
    "html": (200, b"<html><body>Maintenance</body></html>", "text/html", "200"),
    "empty-object": (201, b"{}", "application/json", "201"),
}


@pytest.mark.parametrize("sessions", ["given", "logged-in"])
@pytest.mark.parametrize(("status", "body", "kind", "cause"), ALIKE.values(), ids=ALIKE)
def test_a_server_that_answers_everything_alike(command, tmp_path, status, body, kind, cause, sessions):
    handler = type("Alike", (Everything,), {"status": status, "body": body, "kind": kind})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        target = Arena(World.load()).target(f"http://127.0.0.1:{server.server_port}/v1")
        if sessions == "given":
            target["accounts"] = {
                role: {"session_id": f"session-of-{role}", "guid": account["guid"]}
                for role, account in target["accounts"].items()
            }
        (tmp_path / "t.yaml").write_text(yaml.safe_dump(target))
        done = command("run", "--only", "rules", "--target", "t.yaml")
        server.shutdown()
    report = report_in(tmp_path / "reports")
    assert done.returncode == 3, done.stdout
    assert "pass" not in verdicts(report).values()
    assert "Traceback" not in done.stdout + done.stderr
    assert cause in report["run"]["reason"]


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["run", "--base-url", "http://127.0.0.1:1/v1"], "--write-target"),
        (["run", "--rule", "owner-may-repoen"], "did you mean owner-may-reopen?"),
        (["run", "--target", "none.yaml"], "none.yaml"),
        (["run", "--profile", "spring"], "winter-2023"),
        (["run", "--report-dir", "file"], "file"),
        (["serve", "--world", "none.yaml"], "none.yaml"),
        (["walk"], "No such command"),
    ],
)
def test_bad_usage_is_2_and_says_what_to_do(command, tmp_path, arguments, hint):
    (tmp_path / "file").write_text("kept")
    done = command(*arguments)
    assert done.returncode == 2
    assert hint in done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "file").read_text() == "kept"


def test_a_taken_port_is_bad_usage(command):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = command("serve", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_rules_lists_every_rule_with_its_scenarios(command):
    done = command("rules")
    assert done.returncode == 0
    assert [line.split(" ")[0] for line in done.stdout.splitlines() if "(page, line " in line] == RULES
    assert "  * assigned-user" in done.stdout.splitlines()


@pytest.mark.parametrize("name", ["run", "serve", "rules"])
def test_help_has_examples(command, name):
    done = command(name, "--help")
    assert done.returncode == 0
    assert f"arena-conformance {name}" in done.stdout
    assert "Examples:" in done.stdout
