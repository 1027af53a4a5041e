"""The plugin for other people's tests: its example, a fresh world for each test, and nothing until it is used."""

import datetime as dt
import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from conformance.arena.lent import STATES, Lender
from conformance.arena.world import World

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")


@pytest.fixture(scope="module")
def lender():
    with Lender(World.load()) as lender:
        yield lender


@pytest.fixture
def lent(lender):
    return lender.lend("documented")


def log_in(lent, role):
    account = lent.accounts[role]
    answer = requests.post(f"{lent.url}/login", json={"email": account.email, "password": account.password})
    return answer.json()["arena_session_id"]


def reopen(lent, role, step, session=None):
    body = {"qualityProcess": {"guid": step.process, "step": {"guid": step.guid}}, "complete": False, "comment": "x"}
    headers = {"arena_session_id": session or log_in(lent, role)}
    return requests.post(f"{lent.url}/qualityprocesses/statuschanges", headers=headers, json=body)


def run_pytest(folder, *arguments):
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-W", "error", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_the_wheel_announces_the_plugin():
    entries = importlib.metadata.entry_points(group="pytest11")
    assert [one.value for one in entries if one.name == "arena_conformance"] == ["conformance.pytest_plugin"]


def test_the_example_of_the_readme_passes(tmp_path):
    (example,) = re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    (tmp_path / "test_connector.py").write_text(example, "utf-8")
    done = run_pytest(tmp_path)
    assert done.returncode == 0, done.stdout
    assert f"{example.count('def test_')} passed" in done.stdout


def test_the_plugin_imports_nothing_until_it_is_used(tmp_path):
    (tmp_path / "test_other.py").write_text(
        "import sys\n\n\ndef test_other():\n"
        "    loaded = {name.partition('.')[0] for name in sys.modules}\n"
        "    assert not loaded & {'starlette', 'uvicorn', 'yaml', 'requests', 'jinja2', 'jsonschema', 'click'}\n"
        "    assert [n for n in sys.modules if n.startswith('conformance.')] == ['conformance.pytest_plugin']\n"
    )
    # without the other plugins, which import all of these
    done = run_pytest(tmp_path, "--disable-plugin-autoload", "-p", "conformance.pytest_plugin")
    assert done.returncode == 0, done.stdout


def test_another_profile_is_one_fixture_away(tmp_path):
    (tmp_path / "conftest.py").write_text(
        "import pytest\n\n\n@pytest.fixture(scope='session')\ndef arena_profile():\n    return 'winter-2023'\n"
    )
    (tmp_path / "test_other.py").write_text(
        "import requests\n\n\ndef test_other(arena):\n"
        "    requests.post(f'{arena.url}/qualityprocesses/statuschanges', json={})\n"
        "    assert [(call.status, call.codes) for call in arena.calls] == [(401, (401,))]\n"
    )
    done = run_pytest(tmp_path)
    assert done.returncode == 0, done.stdout


def test_each_test_has_a_world_of_its_own(lender):
    first = lender.lend("documented")
    step = first.step()
    session = log_in(first, "owner")
    first.clock.advance(dt.timedelta(days=1))
    second = lender.lend("documented")
    assert second.url == first.url
    assert second.calls == []
    assert abs(second.clock.now() - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)
    refused = reopen(second, "owner", step)
    assert refused.status_code == 400
    assert requests.get(f"{second.url}/qualityprocesses", headers={"arena_session_id": session}).status_code == 401
    assert len(first.calls) == 1


def test_what_was_called(lent):
    step = lent.step()
    reopen(lent, "assignee", step)
    reopen(lent, "assignee", step)
    login, first, _, second = lent.calls
    assert (login.method, login.path, login.account, login.status) == ("POST", "/v1/login", "", 200)
    assert (first.account, first.status, first.codes) == ("assignee", 201, ())
    assert first.json["qualityProcess"]["step"]["guid"] == step.guid
    assert first.headers["content-type"] == "application/json"
    assert (second.status, second.codes) == (400, (3089,))
    assert lent.accounts["assignee"].password not in repr(lent.calls)


# The page's own answers, for each state of a step.
@pytest.mark.parametrize(
    ("state", "assigned_to", "who", "status"),
    [
        ("completed", "assignee", "assignee", 201),
        ("completed", "assignee", "owner", 201),
        ("completed", "assignee", "colleague", 400),
        ("completed", "group", "second_group_member", 201),
        ("completed", "group", "other_group_member", 400),
        ("completed", None, "colleague", 201),
        ("completed", None, "restricted", 400),
        ("open", "assignee", "assignee", 400),
        ("in-completed-process", "assignee", "owner", 400),
        ("signoff-approved", "assignee", "owner", 400),
    ],
)
def test_steps_stand_ready_in_each_state(lent, state, assigned_to, who, status):
    step = lent.step(state, assigned_to=assigned_to)
    before = step.status
    assert before == ("OPEN" if state == "open" else "COMPLETE")
    assert reopen(lent, who, step).status_code == status
    assert step.status == ("OPEN" if status == 201 else before)


@pytest.mark.parametrize("state", STATES)
def test_a_step_looks_as_its_state_says_over_http(lent, state):
    step = lent.step(state)
    address = f"{lent.url}/qualityprocesses/{step.process}"
    headers = {"arena_session_id": log_in(lent, "owner")}
    shown = requests.get(f"{address}/steps/{step.guid}", headers=headers).json()
    whole = requests.get(address, headers=headers).json()
    assert shown["status"] == step.status
    assert shown["type"] == ("SIGNOFF" if state.startswith("signoff") else "REGULAR")
    assert (whole["status"] == "COMPLETED") == (state == "in-completed-process")
    if state.startswith("signoff"):
        decided = [one["decision"] for one in shown["approvals"]]
        assert decided == [{"signoff-approved": "APPROVED", "signoff-rejected": "REJECTED"}.get(state)]


def test_a_fault_lasts_until_its_block_ends(lent):
    step = lent.step()
    with lent.fault("creator-may"):
        pass
    with lent.fault("nothing-happens"):
        assert reopen(lent, "owner", step).status_code == 201
        assert step.status == "COMPLETE"
    assert reopen(lent, "owner", step).status_code == 201
    assert step.status == "OPEN"


def test_a_fault_ends_with_the_test(lender):
    lender.lend("documented").fault("nothing-happens")
    lent = lender.lend("documented")
    step = lent.step()
    reopen(lent, "owner", step)
    assert step.status == "OPEN"


@pytest.mark.parametrize(
    ("call", "hint"),
    [
        pytest.param(lambda lent: lent.fault("nothing-hapens"), "did you mean nothing-happens?", id="fault"),
        pytest.param(lambda lent: lent.step("complete"), "choose one of completed, open,", id="state"),
        pytest.param(lambda lent: lent.step(owner="me"), "choose one of owner, assignee,", id="owner"),
        pytest.param(lambda lent: lent.step(assigned_to="me"), "choose one of owner, assignee,", id="assignee"),
    ],
)
def test_a_wrong_name_says_which_are_right(lent, call, hint):
    with pytest.raises(ValueError, match=re.escape(hint)):
        call(lent)
