"""The structure of the suite: who may import whom, one rule one file, scenarios that read like sentences."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import conformance
from conformance import contract
from conformance.judge import ORDER, rule_of

PACKAGE = Path(conformance.__file__).parent
RULES = [rule.id for rule in contract.rules()]

# A module may import what stands before it. What is not named here is free.
LAYERS = [
    "resources",
    "schemas",
    "contract",
    "page",
    "target",
    "evidence",
    "locks",
    "journal",
    "wire",
    "session",
    "stage",
    "verdict",
    "invariants",
    "expect",
    "behaviour",
    "drift",
    "judge",
    "seeded",
    "fuzzing",
    "rules",
    "walks",
    "report",
    "saved",
    "gate",
    "plan",
    "prove",
    "cli",
]
CODES = {
    code
    for profile in contract.profiles().values()
    for situation in profile.values()
    for code in situation.codes or ()
    if code not in (400, 401)  # these are HTTP's too
}
# conformance.judge hands the run to the report, which names its type only
TYPES_ONLY = {("report", "judge")}


def modules(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Returns the parts of the package that a module imports: `stage` for conformance.stage.pool."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        found |= {name.split(".")[1] for name in names if name.startswith("conformance.") and "." in name}
    return found - {"__version__"}


def layer(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize(
    "path",
    [path for path in modules(PACKAGE) if layer(path) in LAYERS],
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_imports_point_one_way(path):
    own = layer(path)
    known = imported(path) & {*LAYERS}
    later = {name for name in known if LAYERS.index(name) > LAYERS.index(own)}
    assert later <= {to for start, to in TYPES_ONLY if start == own}


@pytest.mark.parametrize("path", modules(PACKAGE / "arena"), ids=lambda path: path.stem)
def test_the_arena_imports_nothing_of_the_suite(path):
    assert imported(path) <= {"arena", "resources"}


@pytest.mark.parametrize(
    "path",
    [path for path in modules(PACKAGE) if layer(path) in LAYERS[: LAYERS.index("plan")]],
    ids=lambda path: path.stem,
)
def test_the_suite_imports_nothing_of_the_arena(path):
    assert "arena" not in imported(path)


def test_one_module_knows_the_http_client():
    users = {
        path.stem
        for path in modules(PACKAGE)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
        if name.split(".")[0] in {"requests", "urllib3"}
    }
    assert users == {"wire", "tape"}  # and what the suite is measured against


def test_secrets_are_revealed_in_the_session_only():
    users = {path.stem for path in modules(PACKAGE) if ".reveal()" in path.read_text("utf-8")}
    assert users == {"session"}


def test_one_rule_one_file_one_name():
    files = {rule_of(path.name) for path in (PACKAGE / "rules").glob("test_*.py")}
    assert files == {*RULES}
    assert sorted(place for place in ORDER if "/" not in place) == sorted(RULES)


def test_every_rule_has_a_deciding_scenario_and_every_scenario_a_rule():
    # in a process of its own: pytest inside pytest shares its plugins
    script = (
        "import json; from conformance.gate import RULES_FOLDER; from conformance.judge import list_scenarios; "
        "print(json.dumps(list_scenarios(str(RULES_FOLDER))))"
    )
    listed = json.loads(subprocess.run([sys.executable, "-c", script], capture_output=True, check=True).stdout)
    assert {*listed} == {*RULES}
    assert [rule for rule, scenarios in listed.items() if not any(deciding for _, deciding in scenarios)] == []
    names = [f"{rule}/{name}" for rule, scenarios in listed.items() for name, _ in scenarios]
    assert len(names) == len({*names})


def scenarios() -> list[tuple[str, ast.FunctionDef]]:
    return [
        (f"{path.stem}.{node.name}", node)
        for path in sorted((PACKAGE / "rules").glob("test_*.py"))
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    ]


@pytest.mark.parametrize(("name", "node"), scenarios(), ids=[name for name, _ in scenarios()])
def test_a_scenario_reads_like_a_sentence(name, node):
    assert not any(isinstance(part, ast.For | ast.While | ast.If | ast.Try) for part in ast.walk(node)), name
    assert len(node.body) <= 8, name
    calls = [ast.unparse(part.func) for part in ast.walk(node) if isinstance(part, ast.Call)]
    assert any(call.startswith("expect.") or call == "observe" for call in calls), f"{name} expects nothing"
    numbers = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant) and type(part.value) is int]
    assert [number for number in numbers if number in CODES] == [], f"{name} holds an error code"
