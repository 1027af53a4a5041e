"""The workflows of the README: valid by their public schemas, and made of options that there are."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from conformance.cli.run import run

README = (Path(__file__).parent.parent / "README.md").read_text("utf-8")
FILES = {
    path: text
    for block in re.findall(r"^```yaml\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    for path, text in re.findall(r"\A# (\.\S+)\n(.*)\Z", block, re.DOTALL)
}
SCHEMAS = {
    ".github/workflows/arena.yml": ("--builtin-schema", "vendor.github-workflows"),
    ".gitlab-ci.yml": ("--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"),
}


def check(path, text, folder):
    (folder / "workflow.yml").write_text(text, "utf-8")
    command = [sys.executable, "-m", "check_jsonschema", *SCHEMAS[path], "workflow.yml"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=False)


def test_the_readme_has_both():
    assert {*FILES} == {*SCHEMAS}


@pytest.mark.parametrize("path", SCHEMAS)
def test_a_workflow_is_valid_by_its_public_schema(path, tmp_path):
    done = check(path, FILES[path], tmp_path)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", SCHEMAS)
def test_the_schema_would_see_a_mistake(path, tmp_path):
    broken = FILES[path].replace("runs-on:", "runs-at:").replace("when: always", "when: sometimes")
    assert check(path, broken, tmp_path).returncode == 1


@pytest.mark.parametrize("path", SCHEMAS)
def test_a_workflow_runs_what_there_is(path):
    commands = re.findall(r"arena-conformance run (.*)", FILES[path])
    assert len(commands) == 2
    known = {name for option in run.params for name in option.opts}
    assert {word for command in commands for word in command.split() if word.startswith("--")} <= known


def test_artefacts_are_kept_also_when_a_run_fails():
    github, gitlab = (yaml.safe_load(FILES[path]) for path in SCHEMAS)
    for job in github["jobs"].values():
        kept = job["steps"][-1]
        assert (kept["if"], kept["with"]["path"]) == ("always()", "reports/")
    assert gitlab["default"]["artifacts"]["when"] == "always"
    assert gitlab["default"]["artifacts"]["reports"] == {"junit": "reports/junit.xml"}


def test_no_secret_is_written_into_a_workflow():
    assert set(re.findall(r"PASSWORD: (.*?)(?:  #.*)?\n", FILES[".github/workflows/arena.yml"])) == {
        "${{ secrets.ARENA_OWNER_PASSWORD }}",
        "${{ secrets.ARENA_ASSIGNEE_PASSWORD }}",
    }
