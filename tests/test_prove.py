"""The proof: the catalogue of faulty Arenas, and the command that runs the suite against it."""

import json

import pytest
from command import Command

from conformance import contract, prove
from conformance.arena.faults import CATALOGUE, MODULES, combined, contradict
from conformance.arena.faults.fault import Fault
from conformance.arena.variants import CATALOGUE as VARIANTS

RULES = {rule.id for rule in contract.rules()}


def run(*arguments, folder):
    return Command(folder)("prove", "--report-dir", ".", *arguments)


def matrix(folder):
    return json.loads((folder / "kill-matrix.json").read_text("utf-8"))


# The catalogue.


def test_there_are_enough_faults_and_variants():
    assert len(CATALOGUE) >= 150
    assert len(VARIANTS) >= 25


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_fault_says_in_one_sentence_what_is_wrong(name):
    sentence = " ".join(vars(CATALOGUE[name]).get("__doc__").split())
    assert sentence.endswith(".")
    assert ". " not in sentence


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_fault_names_the_rule_that_must_catch_it(name):
    assert CATALOGUE[name].rule in {*RULES, None}
    assert CATALOGUE[name].in_profile in contract.profiles()


def test_no_two_faults_have_one_name():
    classes = [
        one
        for module in MODULES
        for name, one in vars(module).items()
        if isinstance(one, type) and issubclass(one, Fault) and one.__module__ == module.__name__ and name[0] != "_"
    ]
    assert len(classes) == len(CATALOGUE)
    assert {*classes} == {*CATALOGUE.values()}


def test_no_two_faults_say_the_same():
    sentences = [fault.__doc__ for fault in CATALOGUE.values()]
    assert len({*sentences}) == len(sentences)


def test_every_rule_has_faults():
    assert {fault.rule for fault in CATALOGUE.values()} == {*RULES, None}


# Pairs.


def test_pairs_are_of_different_rules_and_do_not_contradict():
    pairs = prove.sample_pairs(1)
    assert len({*pairs}) == 50
    for one, other in pairs:
        assert CATALOGUE[one].rule != CATALOGUE[other].rule
        assert not contradict(CATALOGUE[one], CATALOGUE[other])


def test_the_seed_fixes_the_pairs():
    assert prove.sample_pairs(7) == prove.sample_pairs(7) != prove.sample_pairs(8)


def test_what_overrides_the_same_method_contradicts():
    assert contradict(CATALOGUE["no-call-counts"], CATALOGUE["calls-count-twice"])
    assert contradict(CATALOGUE["groups-forgotten"], CATALOGUE["users-forgotten"])
    assert contradict(CATALOGUE["creator-may"], CATALOGUE["neighbour-may"])
    assert not contradict(CATALOGUE["groups-forgotten"], CATALOGUE["no-call-counts"])


def test_two_policies_are_combined():
    both = combined(CATALOGUE["groups-forgotten"], CATALOGUE["edit-details-not-asked"])
    assert {"is_assignee", "may_edit"} <= {name for policy in both.Rules.__mro__ for name in vars(policy)}
    assert isinstance(both.policy, both.Rules)


# The command.


@pytest.fixture(scope="module")
def smoke(tmp_path_factory):
    folder = tmp_path_factory.mktemp("prove")
    names = ("creator-may", "server-is-another", "byte-order-mark-taken")
    return run(*(word for name in names for word in ("--only", name)), folder=folder), folder


def test_faults_are_caught(smoke):
    done, folder = smoke
    assert done.returncode == 0, done.stdout + done.stderr
    assert [(one["name"], one["caught"]) for one in matrix(folder)["faults"]] == [
        ("creator-may", "rule"),
        ("server-is-another", "rule"),
        ("byte-order-mark-taken", "drift"),
    ]


def test_the_matrix_says_what_failed(smoke):
    _, folder = smoke
    written = matrix(folder)
    assert written["proven"] is True
    assert written["caught_by_rule"]["others-may-not-reopen"] == 1
    assert written["faults"][1]["failed"] == ["response-headers"]
    assert written["faults"][2]["differs"] == [
        "A call with a body of another shape (left-open-bom) is now accepted (201); "
        "it was refused (400 with code 1004)."
    ]


def test_the_table_fits_and_ends_with_the_verdict(smoke):
    done, _ = smoke
    lines = done.stdout.splitlines()
    assert lines[-1] == "PROVEN: 3 faults, 0 pairs, 0 variants"
    assert all(len(line) <= 80 for line in lines if "kill-matrix.json" not in line)


def test_full_shows_the_other_rules(tmp_path):
    done = run("--full", "--only", "every-refusal-is-ok", folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "also: " in done.stdout


def test_what_is_missed_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(CATALOGUE["no-call-counts"], "rule", "json-required")
    outcome = prove.examine(prove.Task("fault", ("no-call-counts",), "documented", full=False))
    assert (outcome.caught, outcome.proven) == ("other", False)
    assert outcome.failed == ("quota-counts-down",)
    assert outcome.complete
    assert prove.as_document([outcome])["proven"] is False


# With parts of a run alone.


@pytest.fixture(scope="module")
def by_walks(tmp_path_factory):
    folder = tmp_path_factory.mktemp("walks")
    names = ("walks", "no-call-counts", "every-refusal-is-ok", "byte-order-mark-taken", "no-signoff")
    return run(*(word for name in names for word in ("--only", name)), folder=folder), folder


def test_what_a_part_of_a_run_misses_is_a_figure_and_no_failure(by_walks):
    done, folder = by_walks
    assert done.returncode == 0, done.stdout + done.stderr
    written = matrix(folder)
    assert [(one["name"], one["caught"]) for one in written["faults"]] == [
        ("no-call-counts", "rule"),
        ("every-refusal-is-ok", "other"),
        ("byte-order-mark-taken", "missed"),
    ]
    assert written["phases"] == ["walks"]
    assert written["share"] == {
        "promised": {"faults": 2, "own_rule": 1, "another_rule": 1},
        "silent": {"faults": 1, "drift": 0},
        "caught": 1,
        "faults": 3,
    }


def test_the_share_is_printed_and_what_it_is_of(by_walks):
    done, _ = by_walks
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "walks alone faults caught share" in lines
    assert "against a promise: any rule fails 2 2 100.0 %" in lines
    assert "caught by its rule, or as drift 3 1 33.3 %" in lines
    assert lines[-1] == "NO FALSE ALARM: 3 faults, 0 pairs, 1 variants"
    assert "missed byte-order-mark-taken" not in lines


def test_a_false_alarm_fails_with_a_part_of_a_run_too(monkeypatch):
    monkeypatch.setattr(prove, "VARIANTS", {"wrong": WrongVariant})
    task = prove.Task("variant", ("wrong",), "documented", full=True, phases=frozenset({"walks"}))
    assert prove.examine(task).caught == "alarm"


class WrongVariant(CATALOGUE["creator-may"], VARIANTS["no-signoff"]):
    """An Arena that is taken for a correct one."""


def test_pairs_are_for_the_whole_run_only():
    whole, alone = prove.tasks(), prove.tasks(phases=frozenset({"fuzz"}))
    assert len({*whole}) == len(whole)
    for todo in (whole, alone):
        assert [task.names for task in todo if task.kind == "fault"] == [(name,) for name in CATALOGUE]
        assert [task.names for task in todo if task.kind == "variant"] == [(name,) for name in VARIANTS]
    assert sum(task.kind == "pair" for task in whole) == 50
    assert {task.kind for task in alone} == {"fault", "variant"}
    assert {task.phases for task in alone} == {frozenset({"fuzz"})}


def test_a_name_that_is_none_is_refused(tmp_path):
    done = run("--only", "creator-mey", folder=tmp_path)
    assert done.returncode == 2
    assert "did you mean creator-may?" in done.stderr
    assert not (tmp_path / "kill-matrix.json").exists()


def test_the_faults_are_listed(tmp_path):
    done = run("--list", folder=tmp_path)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 2 * len(CATALOGUE)
