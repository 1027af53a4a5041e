"""Two runs at once on one server, each with accounts and a seed of its own, as the jobs of a CI are."""

import json

import yaml

from conformance.arena.server import Server
from conformance.arena.service import Arena
from conformance.arena.world import World
from conformance.resources import resource


def twin(entry, *, of):
    """Returns the same user or group once more, with another guid; its members are the twins of those."""
    made = {**entry, "guid": entry["guid"][::-1]}
    if "email" in entry:
        made["email"] = f"second.{entry['email']}"
    if "members" in entry:
        made["members"] = [of[member] for member in entry["members"]]
    return made


def two_teams(folder):
    """Returns the world with everybody in it twice."""
    document = yaml.safe_load(resource("fixtures/world.yaml").read_text("utf-8"))
    of = {user["guid"]: user["guid"][::-1] for user in document["users"]}
    for name in ("users", "groups"):
        document[name] += [twin(one, of=of) for one in document[name]]
    path = folder / "world.yaml"
    path.write_text(yaml.safe_dump(document), "utf-8")
    return World.load(path)


def of_second_team(target):
    """Returns the target file of those who are there a second time."""
    accounts = {role: twin(account, of={}) for role, account in target["accounts"].items()}
    group = target["staging"]["assignee_group"][::-1]
    return {**target, "accounts": accounts, "staging": {**target["staging"], "assignee_group": group}}


def test_two_jobs_with_accounts_of_their_own_do_not_disturb_each_other(command, tmp_path):
    arena = Arena(two_teams(tmp_path))
    before = {*arena.store.processes}
    with Server(arena) as server:
        first = {**arena.target(server.url), "exclusive": False}
        running = []
        for seed, document in enumerate((first, of_second_team(first)), start=1):
            path = tmp_path / f"team-{seed}.yaml"
            path.write_text(yaml.safe_dump(document), "utf-8")
            options = ("--max-examples", "500", "--seed", str(seed), "--report-dir", tmp_path / f"reports-{seed}")
            running.append(command.start("run", "--target", path, "--only", "fuzz", *options))
        ended = [one.communicate(timeout=120) for one in running]
    assert [one.returncode for one in running] == [0, 0], ended
    reports = [json.loads((tmp_path / f"reports-{seed}/report.json").read_text("utf-8")) for seed in (1, 2)]
    assert [report["fuzzing"]["depth"] for report in reports] == [1, 1]
    quotas = [report["run"]["quota"] for report in reports]
    others = [
        quota["before"] - quota["after"] - report["run"]["calls"] for quota, report in zip(quotas, reports, strict=True)
    ]
    assert max(others) > 0  # they were under way at the same time
    assert {*arena.store.processes} == before
