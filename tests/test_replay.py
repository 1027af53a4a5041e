"""replay.json: what failed is sent again, whichever part of a run had found it; and no file can do any harm."""

import json

import pytest
from make import serve

from conformance import gate, saved
from conformance.arena.faults import CATALOGUE
from conformance.arena.server import Server
from conformance.arena.service import Arena
from conformance.arena.variants import CATALOGUE as VARIANTS
from conformance.arena.world import World
from conformance.fuzzing.bodies import bodies, process_bodies
from conformance.fuzzing.races import RACES
from conformance.fuzzing.saved import to_saved as request_to_saved
from conformance.fuzzing.ways import ways
from conformance.judge import Settings
from conformance.resources import resource
from conformance.target import from_document
from conformance.verdict import Finding
from conformance.walks import RULES
from conformance.walks.model import Action, Kind
from conformance.walks.saved import from_saved, to_saved

PARTS = (("owner", "colleague"), ("restricted_owner", ""))


def walk(*actions, rule="others-may-not-reopen"):
    return to_saved(Finding(rule, "a refusal", "201", ()), PARTS, actions)


STRANGER = walk(
    Action(Kind.ASSIGN, "owner", to=("assignee",)),
    Action(Kind.COMPLETE, "assignee"),
    Action(Kind.REOPEN, "administrator", 1),
    Action(Kind.REOPEN, "colleague"),
)
RACE = {"kind": "race", "rule": "reopen-step", "race": "race-with-complete"}


def replay(*cases, arena=Arena, accounts=None):
    """Sends saved cases again, in this process."""
    served = arena(World.load())
    with Server(served) as server:
        document = served.target(server.url)
        document["accounts"] = {role: document["accounts"][role] for role in accounts or document["accounts"]}
        rules = frozenset(case["rule"] for case in cases)
        settings = Settings(rules, frozenset({"replay"}), replayed=tuple(json.loads(json.dumps(cases))))
        return gate.run(from_document(document, environ={}), settings, lambda *_: None)


def verdicts(report):
    return {one["id"]: (one["verdict"], one["reason"]) for rule in report["rules"] for one in rule["scenarios"]}


# Walks.


def test_a_failing_walk_is_saved_and_gone_again(command, tmp_path):
    with serve("creator-may", tmp_path):
        command("run", "--target", "target.yaml", "--only", "walks", "--max-examples", "60")
        first = json.loads((tmp_path / "reports" / "report.json").read_text("utf-8"))
        (case,) = saved.read(tmp_path / "reports" / "replay.json")
        (tmp_path / "reports" / "replay.json").rename(tmp_path / "replay.json")
        again = command("run", "--target", "target.yaml", "--replay", "replay.json")
    assert (case["kind"], case["rule"]) == ("walk", "others-may-not-reopen")
    assert again.returncode == 1, again.stdout + again.stderr
    assert "  the shortest walk that shows it" in again.stdout.splitlines()
    told = [[one["action"] for one in report["walks"]["stories"][0]["actions"]] for report in (first, read(tmp_path))]
    assert told[0] == told[1]
    assert saved.read(tmp_path / "reports" / "replay.json")[0]["actions"] == case["actions"]
    with serve("", tmp_path):
        mended = command("run", "--target", "target.yaml", "--replay", "replay.json")
    assert mended.returncode == 0, mended.stdout + mended.stderr
    assert not (tmp_path / "reports" / "replay.json").exists()


def read(folder):
    return json.loads((folder / "reports" / "report.json").read_text("utf-8"))


def test_a_saved_walk_is_the_walk():
    actions = (Action(Kind.ASSIGN, "colleague", 1, 0, ("group",)), Action(Kind.LOG_OUT, "owner"))
    again = from_saved(json.loads(json.dumps(walk(*actions))))
    assert (again.rule, again.parts, again.actions) == ("others-may-not-reopen", PARTS, actions)


def test_a_refusal_that_is_right_now_passes_beside_a_reopening():
    report = replay(STRANGER)
    assert report["run"]["exit_code"] == 0, report["run"]["reason"]
    assert report["walks"]["walks"] == 2  # in the walk itself nothing is reopened, so that it would prove nothing
    assert report["left_behind"] == []


def test_where_nobody_can_reopen_a_refusal_proves_nothing():
    report = replay(STRANGER, arena=CATALOGUE["nothing-happens"])
    assert report["run"]["exit_code"] == 3
    assert verdicts(report)["others-may-not-reopen/walk-of-several-actors"][0] == "untested"


def test_a_walk_that_breaks_another_rule_first_says_nothing_of_its_own():
    again = walk(Action(Kind.COMPLETE, "owner"), Action(Kind.REOPEN, "owner"), Action(Kind.REOPEN, "colleague"))
    report = replay(again, arena=CATALOGUE["nothing-happens"])
    verdict, reason = verdicts(report)["others-may-not-reopen/walk-of-several-actors"]
    assert verdict == "untested"
    assert reason.startswith("the walk breaks reopen-step before: expected ")


def test_a_walk_that_does_not_touch_its_rule_says_nothing():
    again = walk(Action(Kind.COMPLETE, "owner"), Action(Kind.REOPEN, "owner"))
    verdict, reason = verdicts(replay(again))["others-may-not-reopen/walk-of-several-actors"]
    assert (verdict, reason) == ("untested", "the walk comes to no call that the rule decides")


def test_a_walk_whose_accounts_are_missing_is_untested():
    report = replay(STRANGER, accounts=("owner", "assignee"))
    assert report["run"]["exit_code"] == 3
    assert "the target file has no account" in report["run"]["reason"]


def test_a_session_that_was_given_is_not_logged_out_by_a_file():
    again = walk(Action(Kind.LOG_OUT, "owner"), Action(Kind.REOPEN, "owner"), rule="session-required")
    report = replay(again, arena=VARIANTS["sessions-given"])
    verdict, reason = verdicts(report)["session-required/walk-of-several-actors"]
    assert verdict == "untested"
    assert "owner may not log out" in reason
    assert "logout" not in {one["operation"] for one in report["exchanges"]}


# Requests that must be refused, and races.


def test_a_refused_request_passes_once_it_is_refused():
    case = next(one for one in bodies() if one.input_class == "step-list")
    again = request_to_saved(case, Finding(case.rule, "a refusal", "201", ()))
    assert replay(again, arena=CATALOGUE["guid-list-taken"])["run"]["exit_code"] == 1
    report = replay(again)
    assert (report["run"]["exit_code"], report["run"]["reason"]) == (0, "")


def test_a_failing_race_is_saved_and_run_again():
    served = CATALOGUE["nothing-happens"](World.load())
    with Server(served) as server:
        settings = Settings(frozenset({"reopen-step"}), frozenset({"fuzz"}), max_examples=1)
        report = gate.run(from_document(served.target(server.url), environ={}), settings, lambda *_: None)
    cases = [case for case in report["replay"] if case["kind"] == "race"]
    assert "race-with-complete" in {case["race"] for case in cases}
    again = replay(*cases, arena=CATALOGUE["nothing-happens"])
    assert verdicts(again)["reopen-step/fuzz-race-with-complete"][0] == "fail"
    assert {case["race"] for case in again["replay"]} <= {case["race"] for case in cases}


def test_a_race_passes_once_it_is_explained():
    report = replay(RACE)
    assert report["run"]["exit_code"] == 0, report["run"]["reason"]
    assert {*verdicts(report)} >= {"reopen-step/fuzz-race-with-complete"}
    assert "reopen-step/fuzz-race-with-logout" not in verdicts(report)


def test_cases_of_all_kinds_are_replayed_together():
    case = next(one for one in bodies() if one.input_class == "step-list")
    report = replay(request_to_saved(case, None), RACE, STRANGER)
    assert report["run"]["exit_code"] == 0, report["run"]["reason"]
    assert {name for name in verdicts(report) if "every-answer" not in name} == {
        "request-shape/fuzz-step-list",
        "reopen-step/fuzz-race-with-complete",
        "others-may-not-reopen/walk-of-several-actors",
    }


# Files.


def as_file(folder, *cases):
    saved.write(cases, folder / "replay.json", seed=1)
    return folder / "replay.json"


def test_whatever_a_run_may_save_can_be_read(tmp_path):
    requests = [request_to_saved(case, None) for case in (*bodies(), *process_bodies(), *ways())]
    races = [{**RACE, "race": name} for name in RACES]
    walks = [walk(Action(kind, "owner"), rule=rule) for kind in Kind for rule in RULES]
    read_again = saved.read(as_file(tmp_path, *requests, *races, *walks))
    assert len(read_again) == len(requests) + len(races) + len(walks)


def test_the_schema_knows_the_accounts_of_a_target_file():
    schema = json.loads(resource("saved.schema.json").read_text("utf-8"))
    accounts = json.loads(resource("target.schema.json").read_text("utf-8"))["properties"]["accounts"]
    assert {*schema["$defs"]["account"]["enum"]} == {*accounts["properties"]}


def changed(case, **changes):
    return {**case, **changes}


def action(**changes):
    return changed(STRANGER, actions=[changed(STRANGER["actions"][0], **changes)])


REQUEST = request_to_saved(next(iter(bodies())), None)


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (action(does="deletes"), "cases.0.actions.0.does is not as"),
        (action(account="root"), "cases.0.actions.0.account is not as"),
        (action(process=3), "cases.0.actions.0.process is not as"),
        (action(process="1"), "cases.0.actions.0.process is not as"),
        (action(step=True), "cases.0.actions.0.step is not as"),
        (action(to=["group", "owner"]), "cases.0.actions.0.to is not as"),
        (action(to="owner"), "cases.0.actions.0.to is not as"),
        (action(url="http://example.com"), "cases.0.actions.0 is not as"),
        (changed(STRANGER, actions=[]), "cases.0.actions is not as"),
        (changed(STRANGER, actions=STRANGER["actions"] * 26), "cases.0.actions is not as"),
        (changed(STRANGER, processes=STRANGER["processes"][:1]), "cases.0.processes is not as"),
        (changed(STRANGER, rule="json-required"), "cases.0.rule is not as"),
        (changed(STRANGER, kind="stroll"), "cases.0.kind is not as"),
        (changed(RACE, race="race-with-time"), "cases.0.race is not as"),
        (changed(RACE, rule="owner-may-reopen"), "cases.0.rule is not as"),
        (changed(REQUEST, sender="root"), "cases.0.sender is not as"),
        (changed(REQUEST, body="\ud800"), "cases.0.body is not as"),
        (changed(REQUEST, content_type="text/plain\r\nX: y"), "cases.0.content_type is not as"),
        (changed(REQUEST, way="by-pigeon"), "there is no way by-pigeon to send a request"),
        (changed(REQUEST, rule="owner-may-fly"), "there is no rule owner-may-fly"),
        (changed(REQUEST, about="owner-may-fly"), "there is no rule owner-may-fly"),
        ({"kind": "walk", "rule": "reopen-step"}, "cases.0 is not as"),
        ({"kind": ["walk"], "rule": {}}, "cases.0."),
        (7, "cases.0 is not as"),
    ],
    ids=lambda value: None if isinstance(value, str) else "case",
)
def test_a_file_that_nobody_wrote_is_refused(tmp_path, case, said):
    with pytest.raises(saved.SavedError) as refused:
        saved.read(as_file(tmp_path, case))
    assert said in str(refused.value)


def test_a_hostile_walk_ends_the_command_before_anything_is_sent(command, tmp_path):
    as_file(tmp_path, action(does="deletes"))
    done = command("run", "--replay", "replay.json")
    assert done.returncode == 2
    assert "cases.0.actions.0.does is not as `arena-conformance run` writes it" in done.stderr
    assert not (tmp_path / "reports").exists()
