"""Random walks: the pure model, how a failing walk is shortened, and walks over real servers."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import jsonschema
import pytest

from conformance import contract, gate
from conformance.arena.faults import CATALOGUE
from conformance.arena.server import Server
from conformance.arena.service import Arena
from conformance.arena.variants import CATALOGUE as VARIANTS
from conformance.arena.world import World
from conformance.judge import Settings
from conformance.resources import resource
from conformance.target import from_document
from conformance.walks.model import Action, Answer, Kind, Model, Process, new_steps
from conformance.walks.shorten import shorten
from conformance.walks.walk import SLUG, Deed

RULES = frozenset(rule.id for rule in contract.rules())
SIGNOFF = 2
SOME = 106  # actions: one whole walk, after the short first one


# The model.


def model(
    *, holders: Sequence[str] = (), complete: bool = True, completed: bool = False, owner: str = "owner"
) -> Model:
    """Returns a process whose first step is in the given state."""
    process = Process(owner, "colleague", "colleague", new_steps(), completed=completed)
    process.steps[0].complete, process.steps[0].holders = complete, tuple(holders)
    return Model([process])


def reopening(who: str, step: int = 0) -> Action:
    return Action(Kind.REOPEN, who, 0, step)


@pytest.mark.parametrize(
    ("who", "state", "rule"),
    [
        ("assignee", {"holders": ["assignee"]}, "assignee-may-reopen"),
        ("second_group_member", {"holders": ["group"]}, "assignee-may-reopen"),
        ("administrator", {"holders": ["administrator"]}, "assignee-may-reopen"),
        ("owner", {"holders": ["assignee"]}, "owner-may-reopen"),
        ("assignee", {"holders": ["group"], "owner": "assignee"}, "owner-may-reopen"),
        ("colleague", {}, "unassigned-open-to-permitted"),
        ("owner", {}, "unassigned-open-to-permitted"),
    ],
)
def test_who_may_reopen(who: str, state: dict[str, Any], rule: str) -> None:
    expected = model(**state).expects(reopening(who))
    assert (expected.answer, expected.rule) == (Answer.ACCEPTED, rule)


@pytest.mark.parametrize(
    ("who", "state", "rule", "situation"),
    [
        ("colleague", {"holders": ["assignee"]}, "others-may-not-reopen", "not-permitted"),
        ("other_group_member", {"holders": ["group"]}, "others-may-not-reopen", "not-permitted"),
        ("foreigner", {"holders": ["assignee"]}, "others-may-not-reopen", "foreign-guid"),
        ("foreigner", {}, "unassigned-open-to-permitted", "foreign-guid"),
        ("restricted", {}, "unassigned-open-to-permitted", "not-permitted"),
        ("restricted_assignee", {"holders": ["restricted_assignee"]}, "edit-details-required", "not-permitted"),
        ("restricted_owner", {"owner": "restricted_owner"}, "edit-details-required", "not-permitted"),
        ("owner", {"completed": True}, "completed-process-locks-steps", "process-completed"),
        ("administrator", {"completed": True}, "completed-process-locks-steps", "other"),
        ("owner", {"complete": False}, "already-open-is-3089", "already-open"),
        ("administrator", {"complete": False, "holders": ["assignee"]}, "already-open-is-3089", "other"),
        # where two things stand against it, any code is right
        ("colleague", {"complete": False, "holders": ["assignee"]}, "others-may-not-reopen", "other"),
        ("owner", {"complete": False, "completed": True}, "completed-process-locks-steps", "other"),
        ("foreigner", {"complete": False}, "unassigned-open-to-permitted", "other"),
    ],
)
def test_who_may_not_reopen(who: str, state: dict[str, Any], rule: str, situation: str) -> None:
    expected = model(**state).expects(reopening(who))
    assert (expected.answer, expected.rule, expected.situation) == (Answer.REFUSED, rule, situation)


def test_an_administrator_may_be_told_either() -> None:
    assert model(holders=["assignee"]).expects(reopening("administrator")).answer is Answer.EITHER
    assert model().expects(reopening("administrator")).answer is Answer.EITHER


@pytest.mark.parametrize(("who", "situation"), [("owner", "approved-signoff"), ("assignee", "other")])
def test_an_approved_signoff_is_final(who: str, situation: str) -> None:
    world = model()
    assert world.expects(reopening(who, SIGNOFF)).answer is Answer.EITHER
    world.processes[0].steps[SIGNOFF].complete = True
    expected = world.expects(reopening(who, SIGNOFF))
    assert (expected.answer, expected.situation) == (Answer.REFUSED, situation)


def test_a_logged_out_session_is_refused_whoever_it_was() -> None:
    world = model()
    world.done(Action(Kind.LOG_OUT, "owner"), accepted=True)
    assert world.expects(reopening("owner")).rule == "session-required"
    world.done(Action(Kind.LOG_IN, "owner"), accepted=True)
    assert world.expects(reopening("owner")).answer is Answer.ACCEPTED


def test_what_is_accepted_is_done_and_what_is_refused_is_not() -> None:
    world = model(complete=False)
    world.done(Action(Kind.ASSIGN, "owner", to=("assignee",)), accepted=True)
    world.done(Action(Kind.COMPLETE, "assignee"), accepted=True)
    assert world.expects(reopening("colleague")).answer is Answer.REFUSED
    world.done(reopening("colleague"), accepted=False)
    assert world.expects(reopening("assignee")).answer is Answer.ACCEPTED
    world.done(reopening("assignee"), accepted=True)
    assert world.expects(reopening("owner")).rule == "already-open-is-3089"


def test_a_process_is_as_it_was_found() -> None:
    world = model()
    world.found(0, completed=True)
    assert world.expects(reopening("owner")).rule == "completed-process-locks-steps"
    world.done(Action(Kind.REOPEN_PROCESS, "owner"), accepted=True)
    assert world.expects(reopening("owner")).answer is Answer.ACCEPTED


def test_an_action_reads_as_a_sentence() -> None:
    assert str(Action(Kind.ASSIGN, "owner", 1, 0, ("assignee", "owner"))) == (
        "assigns step 1 of process 2 to assignee and owner"
    )
    assert str(Action(Kind.ASSIGN, "owner")) == "assigns step 1 of process 1 to nobody"
    assert str(Action(Kind.COMPLETE_PROCESS, "owner", 1, 2)) == "completes the process 2"
    assert str(Action(Kind.LOG_OUT, "owner", 1, 2)) == "logs out"


# Shortening.


def deed(account: str, *, step: int = 0, accepted: bool = True) -> Deed:
    return Deed(Action(Kind.REOPEN, account, 0, step), "", "", accepted, 1)


def test_a_walk_is_cut_to_what_it_fails_for() -> None:
    tried = []

    def again(actions: Sequence[Action]) -> Sequence[Deed]:
        tried.append(actions)
        names = [action.account for action in actions]
        return [deed(name) for name in names] if {"b", "f", "z"} <= {*names} else []

    long = [deed(name) for name in "abcdefghijklmnopqrstuvwxyz"]
    long[1:1] = [deed("x", step=1), deed("y", accepted=False)]
    assert "".join(one.action.account for one in shorten(long, again)) == "bfz"
    assert len(tried) < 30


def test_a_walk_that_does_not_fail_again_stays_as_it_is() -> None:
    long = [deed(name) for name in "abc"]
    assert shorten(long, lambda _: []) == long


# Walks over servers.


def walks(
    arena: type[Arena] = Arena,
    *,
    profile: str = "documented",
    seed: int = 1,
    most: int = 120,
    phases: frozenset[str] = frozenset({"walks"}),
    rules: frozenset[str] = RULES,
    budget: int | None = None,
    server_class: type[Server] = Server,
    **changes: Any,
) -> dict[str, Any]:
    served = arena(World.load(), profile)
    with server_class(served) as server:
        document = {**served.target(server.url), **changes}
        settings = Settings(rules, phases, seed=seed, max_examples=most, budget=budget)
        return gate.run(from_document(document, environ={}), settings, lambda *_: None)


def scenarios(report: dict[str, Any], verdict: str) -> dict[str, dict[str, Any]]:
    return {
        rule["id"]: one
        for rule in report["rules"]
        for one in rule["scenarios"]
        if one["id"] == f"{rule['id']}/{SLUG}" and one["verdict"] == verdict
    }


@pytest.fixture(scope="module")
def clean() -> dict[str, Any]:
    return walks(most=SOME)


def test_nothing_is_wrong_with_a_correct_arena(clean: dict[str, Any]) -> None:
    assert clean["run"]["exit_code"] == 0, clean["run"]["reason"]
    assert clean["walks"]["actions"] == SOME
    assert clean["walks"]["stories"] == []
    assert {"reopen-step", "assignee-may-reopen", "others-may-not-reopen"} <= {*scenarios(clean, "pass")}
    assert all(one["deciding"] for one in scenarios(clean, "pass").values())
    jsonschema.validate(clean, json.loads(resource("report/report.schema.json").read_text("utf-8")))


def test_what_walks_made_is_deleted(clean: dict[str, Any]) -> None:
    accepted = [one["operation"] for one in clean["exchanges"] if (one["response"] or {})["status"] in (201, 204)]
    assert accepted.count("create-quality-process") == accepted.count("delete-quality-process") > 0
    assert clean["left_behind"] == []


def test_what_the_page_is_silent_about_is_observed(clean: dict[str, Any]) -> None:
    observed = {one["scenario"]: one["observed"] for one in clean["observations"]}
    assert "the page is silent" in observed[f"approved-signoff-is-final/{SLUG}-observed"]


def sent(report: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """Returns what was sent, each guid by the place where it came up first, without the run's id."""
    seen: dict[str, str] = {}

    def numbered(match: re.Match[str]) -> str:
        return seen.setdefault(match[0], f"guid-{len(seen)}")

    def plain(text: str) -> str:
        return re.sub(r"\b[A-Z0-9]{20}\b", numbered, re.sub(r"\d{8}T\d{6}Z-\w{6}", "run", text))

    return [
        (one["account"], one["request"]["method"], plain(one["request"]["url"].partition("/v1")[2]), body)
        for one in report["exchanges"]
        for body in [plain(one["request"].get("body", ""))]
    ]


def test_the_same_seed_sends_the_same_requests(clean: dict[str, Any]) -> None:
    assert sent(walks(most=SOME)) == sent(clean)


def test_another_seed_sends_others() -> None:
    assert sent(walks(most=20, seed=2)) != sent(walks(most=20))


def test_until_an_answer_differs_the_same_is_sent(clean: dict[str, Any]) -> None:
    faulty = sent(walks(CATALOGUE["second-completion-locks-nothing"], most=SOME))
    assert faulty[:100] == sent(clean)[:100]


@pytest.fixture(scope="module")
def failed() -> dict[str, Any]:
    return walks(CATALOGUE["undone-work-stays-yours"], most=SOME, seed=4)


def test_a_mistake_that_takes_four_actions_is_found_and_told(failed: dict[str, Any]) -> None:
    assert failed["run"]["exit_code"] == 1
    (story,) = failed["walks"]["stories"]
    assert story["rule"] == "others-may-not-reopen"
    assert len(story["actions"]) == 5
    accounts = [one["account"] for one in story["actions"]]
    completes, reopens, *_, again = [one["action"] for one in story["actions"]]
    assert completes.startswith("completes step")
    assert reopens == again
    assert reopens.startswith("reopens step")
    assert accounts[0] == accounts[-1] != accounts[1]
    last = story["actions"][-1]
    assert last["expected"].startswith("refused (")
    assert last["actual"].startswith("201")
    jsonschema.validate(failed, json.loads(resource("report/report.schema.json").read_text("utf-8")))


def test_the_failed_scenario_has_the_exchanges_and_a_command(failed: dict[str, Any]) -> None:
    (story,) = failed["walks"]["stories"]
    scenario = scenarios(failed, "fail")["others-may-not-reopen"]
    assert scenario["exchanges"][0] == story["exchanges"][-1]
    assert sorted(scenario["exchanges"]) == story["exchanges"]
    assert scenario["curl"].startswith("curl -i -X POST")


@pytest.mark.parametrize(
    ("name", "seed"), [("returning-assignee-is-forgotten", 3), ("second-completion-locks-nothing", 5)]
)
def test_the_other_mistakes_that_take_four_actions_are_found(name: str, seed: int) -> None:
    report = walks(CATALOGUE[name], most=SOME, seed=seed)
    assert CATALOGUE[name].rule in scenarios(report, "fail")


def test_a_walk_proves_nothing_where_no_step_was_reopened() -> None:
    report = walks(CATALOGUE["nothing-happens"], most=40)
    assert scenarios(report, "pass") == {}


def test_walks_are_extra_beside_the_scenarios() -> None:
    report = walks(most=30, phases=frozenset({"rules", "walks"}), rules=frozenset({"session-required", "reopen-step"}))
    assert not any(one["deciding"] for one in scenarios(report, "pass").values())


def test_rules_that_no_walk_can_break_need_no_walk() -> None:
    report = walks(rules=frozenset({"json-required"}))
    assert "walks" not in report


@pytest.mark.parametrize("name", ["no-signoff", "sessions-given", "owners-assign", "undecided-signoffs-reopen"])
def test_a_server_may_differ_where_it_is_free_to(name: str) -> None:
    variant = VARIANTS[name]
    report = walks(variant, profile=variant.profiles[0], most=60, server_class=variant.server_class)
    assert report["run"]["exit_code"] == 0, report["run"]["reason"]


def test_accounts_that_are_missing_take_no_part() -> None:
    whole = Arena(World.load()).target("http://127.0.0.1:1/v1")["accounts"]
    report = walks(most=60, accounts={role: whole[role] for role in ("owner", "assignee")})
    assert report["run"]["exit_code"] == 0, report["run"]["reason"]
    assert scenarios(report, "pass")


def test_the_command_tells_the_story(command: Any, tmp_path: Any) -> None:
    import yaml

    arena = CATALOGUE["creator-may"](World.load())
    with Server(arena) as server:
        (tmp_path / "t.yaml").write_text(yaml.safe_dump(arena.target(server.url)))
        done = command("run", "--only", "walks", "--target", "t.yaml", "--max-examples", "60")
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    assert "FAIL others-may-not-reopen" in lines
    assert "  the shortest walk that shows it" in lines
    told = [line for line in lines if re.match(r" {4}\d\. ", line)]
    assert re.search(r"colleague reopens step \d of process 1: 201, expected refused \(", told[-1])
    assert not (tmp_path / ".hypothesis").exists()


def test_a_budget_ends_the_walks_and_leaves_nothing_behind() -> None:
    report = walks(most=SOME, budget=120)
    assert report["run"]["calls"] <= 120
    assert report["run"]["exit_code"] == 3
    assert "budget" in report["run"]["reason"]
    assert report["left_behind"] == []
