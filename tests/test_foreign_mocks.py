"""A mock with nothing but the operation, and the sessions of its accounts in the target file."""

import json
import threading
from http.server import ThreadingHTTPServer

import pytest
import yaml
from minimal import MAY, ROLES, Minimal

FIXED = {
    "mode": "fixed",
    "steps": [
        {"state": "completed-assigned", "owner": "owner", "assignee": "assignee", "step": "STEPASSIGNED"},
        {"state": "completed-unassigned", "owner": "owner", "step": "STEPUNASSIGNED"},
    ],
}
API = {"mode": "api", "template": "TEMPLATE"}


class KeepsTheOwnerOut(Minimal):
    """Lets no owner reopen."""

    def change(self, body):
        refused = ROLES.get(self.headers.get("arena_session_id")) == "owner" and b'"complete": false' in body
        return (400, self.error(400, 1001)) if refused else super().change(body)


@pytest.fixture
def tested(command, tmp_path):
    """Runs the command against a mock, and returns how it ended and its report."""

    def run(mock, staging, *arguments):
        handler = type("Mock", (mock,), {"left": 9000, "complete": dict.fromkeys(MAY, True)})
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        steps = [{"process": "PROCESS", **step} for step in staging.get("steps", ())]
        document = {
            "base_url": f"http://127.0.0.1:{server.server_port}/v1",
            "writes": "allowed",
            "accounts": {role: {"session_id": session} for session, role in ROLES.items()},
            "staging": {**staging, "steps": steps} if steps else staging,
        }
        (tmp_path / "arena.yaml").write_text(yaml.safe_dump(document), "utf-8")
        try:
            done = command("run", "--target", "arena.yaml", *arguments)
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
        assert handler.complete == dict.fromkeys(MAY, True)
        report = json.loads((tmp_path / "reports" / "report.json").read_text("utf-8"))
        assert done.returncode == report["run"]["exit_code"]
        assert report["left_behind"] == []
        return done, report

    return run


def ids(report, verdict):
    return {rule["id"] for rule in report["rules"] if rule["verdict"] == verdict}


def reasons(report):
    """Returns why rules and scenarios are untested."""
    untested = [one for rule in report["rules"] for one in (rule, *rule["scenarios"]) if one["verdict"] == "untested"]
    return [one["reason"] for one in untested]


@pytest.mark.parametrize("arguments", [(), ("--only", "rules")], ids=["everything", "rules"])
def test_steps_that_stand_ready(tested, arguments):
    done, report = tested(Minimal, FIXED, *arguments)
    assert done.returncode == 0, done.stdout
    assert "CONFORMS AS FAR AS TESTED" in done.stdout
    assert ids(report, "fail") == ids(report, "error") == set()
    assert ids(report, "pass") == {
        "owner-may-reopen",
        "json-required",
        "success-is-201",
        "response-headers",
        "quota-counts-down",
        "response-shape",
        "already-open-is-3089",
    }
    for rule in report["rules"]:
        missing = ("the target file lists no ", "the target file has no account ", "the session of account ")
        assert rule["verdict"] == "pass" or rule["reason"].startswith(missing), rule["reason"]
    assert all(reasons(report))


def test_processes_that_cannot_be_made(tested):
    done, report = tested(Minimal, API)
    assert done.returncode == 3, done.stdout
    assert ids(report, "untested") == {rule["id"] for rule in report["rules"]}
    assert "the target refused to create a quality process as owner: 404" in report["run"]["reason"]
    assert all(reasons(report))


def test_what_is_wrong_fails_though_nothing_can_be_read(tested):
    done, report = tested(KeepsTheOwnerOut, FIXED, "--only", "rules")
    assert done.returncode == 1, done.stdout
    assert "owner-may-reopen" in ids(report, "fail")
    assert ids(report, "error") == set()
