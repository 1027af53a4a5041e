"""The embedded Arena, over real HTTP: the page's rules in both directions, and all that stands around them."""

import copy
import gc
import json
import re
import select
import socket
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
import requests

from conformance.arena.clock import Clock, next_midnight_pacific
from conformance.arena.codes import PROFILES, Situation
from conformance.arena.message import Call, Reply
from conformance.arena.policy import Policy
from conformance.arena.server import Server
from conformance.arena.service import Arena
from conformance.arena.store import ProcessStatus, QualityProcess, Step, StepStatus, User
from conformance.arena.world import ROLES, World

WORLD = World.load()
CHANGES = "/qualityprocesses/statuschanges"
NEIGHBOUR = "I13SKTOLBKP06R1P9Q5I"
COMPLETED = "OML8R1ABVQWQBG54FUSO"
FOREIGN = "WZPVY2KQH11LYDUMR0SR"
SIX_HEADERS = {
    "Content-Length",
    "Content-Type",
    "Date",
    "Server",
    "X-Arena-Next-Request-Limit-Reset",
    "X-Arena-Requests-Remaining",
}


class People:
    """Everybody's calls: `people("owner").reopen(process, step)`."""

    def __init__(self, arena: Arena, url: str) -> None:
        self.arena, self.url = arena, url
        self._sessions: dict[str, Person] = {}

    def __call__(self, role: str) -> "Person":
        if role not in self._sessions:
            self._sessions[role] = Person(self.url, role).login()
        return self._sessions[role]

    def close(self) -> None:
        for person in self._sessions.values():
            person.http.close()

    def stage(self, *, owner="owner", creator="colleague", template=None, users=(), groups=(), complete=True):
        """Returns a quality process and its first step, assigned and completed as said."""
        body = {"name": "Staged", "template": {"guid": template or WORLD.staging["template"]}}
        body["owner"] = {"guid": WORLD.accounts[owner].guid}
        process = self(creator).call("POST", "/qualityprocesses", body).json()["guid"]
        steps = [s["guid"] for s in self(creator).call("GET", f"/qualityprocesses/{process}/steps").json()["results"]]
        if complete:
            assert self(creator).complete(process, steps[0]).status_code == 201
        # A completed step takes no assignee, so the assignment is made in the store.
        stored = self.arena.store.processes[process].steps[0]
        stored.users = tuple(self.arena.store.users[WORLD.accounts[role].guid] for role in users)
        stored.groups = tuple(self.arena.store.groups[guid] for guid in groups)
        return process, steps


class Person:
    def __init__(self, url: str, role: str) -> None:
        self.url, self.role = url, role
        self.account = WORLD.accounts[role]
        self.http = requests.Session()
        self.http.trust_env = False

    def login(self) -> "Person":
        body = {"email": self.account.email, "password": self.account.password}
        answer = self.http.post(f"{self.url}/login", json=body)
        assert answer.status_code == 200, answer.text
        self.http.headers["arena_session_id"] = answer.json()["arena_session_id"]
        return self

    def call(self, method, path, body=None, **more):
        return self.http.request(method, self.url + path, json=body, **more)

    def raw(self, content: bytes, content_type="application/json"):
        return self.http.post(self.url + CHANGES, data=content, headers={"Content-Type": content_type})

    def change(self, complete, process, step=None, **more):
        body = {"qualityProcess": {"guid": process}, "complete": complete, "comment": "Because.", **more}
        if step is not None:
            body["qualityProcess"]["step"] = {"guid": step}
        return self.call("POST", CHANGES, body)

    def reopen(self, process, step=None, **more):
        return self.change(False, process, step, **more)

    def complete(self, process, step=None):
        return self.change(True, process, step)

    def step(self, process, step):
        return self.call("GET", f"/qualityprocesses/{process}/steps/{step}").json()

    def sign(self, process, step, verdict, makers=None, kind="ALL_REQUIRED"):
        path = f"/qualityprocesses/{process}/steps/{step}/decisions"
        makers = makers or {"users": [{"guid": self.account.guid}]}
        made = self.call("POST", path, {"decisionType": kind, "decisionMakers": makers})
        assert made.status_code == 201, made.text
        guid = next(d["guid"] for d in made.json()["results"] if d["user"]["guid"] == self.account.guid)
        return self.call("PUT", f"{path}/{guid}", {"decision": verdict, "comments": "Seen."})


@pytest.fixture(params=PROFILES)
def profile(request):
    return request.param


@pytest.fixture
def arena() -> Arena:
    return Arena(WORLD)


@pytest.fixture
def people(arena: Arena) -> Iterator[People]:
    with Server(arena) as server:
        everybody = People(arena, server.url)
        yield everybody
        everybody.close()


@pytest.fixture
def people_of(profile) -> Iterator[People]:
    arena = Arena(WORLD, profile)
    with Server(arena) as server:
        everybody = People(arena, server.url)
        yield everybody
        everybody.close()


def refused(answer: requests.Response, situation: Situation, profile="documented", status=None) -> None:
    code = PROFILES[profile][situation]
    body = answer.json()
    assert (answer.status_code, body["errors"][0]["code"]) == (status or code.status, code.code), answer.text
    assert body.keys() == {"status", "errors"}
    assert body["status"] == answer.status_code
    assert len(body["errors"]) == 1
    assert body["errors"][0].keys() == {"code", "message"}
    assert body["errors"][0]["message"]


# The page's rules.


@pytest.mark.parametrize("role", ["owner", "assignee"])
def test_assignee_and_owner_reopen_an_assigned_step(people, role):
    process, steps = people.stage(users=["assignee"])
    answer = people(role).reopen(process, steps[0])
    assert answer.status_code == 201
    assert people(role).step(process, steps[0])["status"] == "OPEN"


@pytest.mark.parametrize("role", ["owner", "group_member", "second_group_member"])
def test_every_member_of_the_assigned_group_reopens(people, role):
    process, steps = people.stage(groups=[WORLD.staging["assignee_group"]])
    assert people(role).reopen(process, steps[0]).status_code == 201


NOBODY_ELSE = sorted(set(ROLES) - {"owner", "assignee", "foreigner"})


@pytest.mark.parametrize("role", NOBODY_ELSE)
def test_nobody_else_reopens_an_assigned_step(people, role):
    process, steps = people.stage(users=["assignee"], creator="colleague")
    before = copy.deepcopy(people.arena.store.processes)
    refused(people(role).reopen(process, steps[0]), Situation.NOT_PERMITTED)
    assert people.arena.store.processes == before


@pytest.mark.parametrize("role", ["other_group_member", "assignee", "colleague", "administrator"])
def test_nobody_else_reopens_the_step_of_a_group(people, role):
    process, steps = people.stage(groups=[WORLD.staging["assignee_group"]])
    refused(people(role).reopen(process, steps[0]), Situation.NOT_PERMITTED)


def test_a_foreigner_does_not_even_see_the_process(people):
    process, steps = people.stage(users=["assignee"])
    refused(people("foreigner").reopen(process, steps[0]), Situation.GUID_UNKNOWN)
    refused(people("foreigner").call("GET", f"/qualityprocesses/{process}"), Situation.GUID_UNKNOWN, status=404)


@pytest.mark.parametrize("role", sorted(set(ROLES) - {"foreigner", "restricted", "restricted_owner"}))
def test_whoever_has_permissions_reopens_an_unassigned_step(people, role):
    process, steps = people.stage()
    answer = people(role).reopen(process, steps[0])
    if role.startswith("restricted"):
        refused(answer, Situation.NOT_PERMITTED)
    else:
        assert answer.status_code == 201


@pytest.mark.parametrize("role", ["restricted", "restricted_owner", "restricted_assignee"])
def test_without_quality_edit_details_nobody_reopens(people, role):
    process, steps = people.stage(owner="restricted_owner", users=["restricted_assignee", "assignee"])
    refused(people(role).reopen(process, steps[0]), Situation.NOT_PERMITTED)
    assert people("assignee").reopen(process, steps[0]).status_code == 201


def test_a_completed_process_locks_its_steps(people_of, profile):
    process, steps = people_of.stage(users=["assignee"])
    assert people_of("owner").complete(process).status_code == 201
    for role in ("owner", "assignee"):
        refused(people_of(role).reopen(process, steps[0]), Situation.PROCESS_COMPLETED, profile)
    refused(people_of("owner").reopen(process, steps[1]), Situation.PROCESS_COMPLETED, profile)
    assert people_of("administrator").reopen(process).status_code == 201
    assert people_of("assignee").reopen(process, steps[0]).status_code == 201


def test_an_approved_signoff_is_final(people_of, profile):
    process, steps = people_of.stage()
    assert people_of("owner").sign(process, steps[3], "APPROVED").status_code == 201
    assert people_of("owner").step(process, steps[3])["status"] == "COMPLETE"
    for role in ("owner", "colleague", "administrator"):
        refused(people_of(role).reopen(process, steps[3]), Situation.SIGNOFF_APPROVED, profile)
    assert people_of("owner").step(process, steps[3])["status"] == "COMPLETE"


def test_a_signoff_that_is_not_approved_is_open_already(people_of, profile):
    process, steps = people_of.stage()
    refused(people_of("owner").reopen(process, steps[3]), Situation.STEP_ALREADY_OPEN, profile)
    assert people_of("owner").sign(process, steps[3], "REJECTED").status_code == 201
    refused(people_of("owner").reopen(process, steps[3]), Situation.STEP_ALREADY_OPEN, profile)


def test_an_open_step_is_already_open(people_of, profile):
    process, steps = people_of.stage(complete=False)
    answer = people_of("owner").reopen(process, steps[0])
    expected = {
        "documented": {"code": 3089, "message": "The quality process is already open."},
        "winter-2023": {"code": 3169, "message": "The quality process step is already open."},
    }
    assert answer.json() == {"status": 400, "errors": [expected[profile]]}


def test_reopening_changes_that_step_and_nothing_else(people):
    process, steps = people.stage(users=["assignee"])
    people("colleague").complete(process, steps[1])
    before = copy.deepcopy(people.arena.store.processes)
    assert people("owner").reopen(process, steps[0]).status_code == 201
    step = before[process].steps[0]
    step.status, step.complete_date_time, step.complete_user = StepStatus.OPEN, None, None
    assert people.arena.store.processes == before


def test_success_looks_like_the_repaired_sample(people):
    process, steps = people.stage(users=["assignee"])
    answer = people("assignee").reopen(process, steps[0], comment="für 千代 🙂")
    body = answer.json()
    assert answer.status_code == 201
    assert list(body) == ["qualityProcess", "complete", "comment"]
    assert (body["complete"], body["comment"]) == (False, "für 千代 🙂")
    shown = body["qualityProcess"]
    assert ", ".join(shown) == (
        "completedDateTime, creationDateTime, creator, currentStep, description, guid, name, number, owner, status, "
        "statusMode, targetCompletionDateTime, template, type"
    )
    assert list(shown["owner"]) == ["email", "fullName", "guid"]
    assert shown["owner"]["guid"] == WORLD.accounts["owner"].guid
    assert shown["creator"]["guid"] == WORLD.accounts["colleague"].guid
    assert shown["currentStep"] == {"approvals": None, "attributes": None, "guid": steps[0]}
    assert shown["template"] == {"active": None, "guid": WORLD.staging["template"]}
    assert (shown["guid"], shown["number"], shown["status"], shown["type"]) == (process, "CAR-000003", "OPEN", None)


def test_of_eight_simultaneous_reopens_one_succeeds(people):
    process, steps = people.stage()
    owner = people("owner")
    body = json.dumps({"qualityProcess": {"guid": process, "step": {"guid": steps[0]}}, "complete": False})
    headers = {"arena_session_id": owner.http.headers["arena_session_id"], "Content-Type": "application/json"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: requests.post(owner.url + CHANGES, body, headers=headers), range(8)))
    assert sorted(answer.status_code for answer in answers) == [201] + [400] * 7


# The other status changes.


def test_automatic_completes_with_the_last_step_and_manual_does_not(people):
    for template, status in ((WORLD.staging["template"], "COMPLETED"), ("LNYH4FFYR3RFT8O5ZY92", "OPEN")):
        process, steps = people.stage(template=template)
        for step in steps[1:-1]:
            assert people("owner").complete(process, step).json()["qualityProcess"]["status"] == "OPEN"
        people("owner").sign(process, steps[-1], "APPROVED")
        shown = people("owner").call("GET", f"/qualityprocesses/{process}").json()
        assert shown["status"] == status
        assert shown["currentStep"] is None
        assert (shown["completedDateTime"] is not None) == (status == "COMPLETED")


def test_completing_a_step_follows_the_rules_of_reopening(people_of, profile):
    process, steps = people_of.stage(users=["assignee"], complete=False)
    refused(people_of("colleague").complete(process, steps[0]), Situation.NOT_PERMITTED, profile)
    refused(people_of("owner").complete(process, steps[3]), Situation.SIGNOFF_TAKES_DECISIONS, profile)
    assert people_of("assignee").complete(process, steps[0]).status_code == 201
    refused(people_of("assignee").complete(process, steps[0]), Situation.STEP_ALREADY_COMPLETE, profile)
    people_of("owner").complete(process)
    refused(people_of("owner").complete(process, steps[1]), Situation.PROCESS_COMPLETED, profile)


def test_only_owner_and_administrator_complete_and_reopen_the_process(people):
    process, steps = people.stage(users=["assignee"])
    for role in ("colleague", "assignee", "restricted"):
        refused(people(role).complete(process), Situation.NOT_PERMITTED)
        refused(people(role).reopen(process), Situation.NOT_PERMITTED)
    refused(people("owner").reopen(process), Situation.PROCESS_ALREADY_OPEN)
    for role in ("owner", "administrator"):
        assert people(role).complete(process).json()["complete"] is True
        refused(people(role).complete(process), Situation.PROCESS_COMPLETED)
        assert people(role).reopen(process).json()["qualityProcess"]["completedDateTime"] is None
    assert people("owner").step(process, steps[0])["status"] == "COMPLETE"


# Quality processes, steps, decisions, settings.


def test_a_process_is_created_listed_read_and_deleted(people):
    body = {
        "name": "Überhitzung",
        "template": {"guid": WORLD.staging["template"], "numberFormat": {"prefix": {"guid": "QTYHWIGAUP3MT177B0QA"}}},
        "owner": {"guid": WORLD.accounts["restricted_owner"].guid},
        "description": "Hot.",
        "targetCompletionDateTime": "2031-02-04T07:59:59Z",
    }
    made = people("colleague").call("POST", "/qualityprocesses", body)
    assert made.status_code == 201
    assert made.json()["number"] == "NCR-000001"
    assert made.json()["targetCompletionDateTime"] == "2031-02-04T07:59:59Z"
    path = f"/qualityprocesses/{made.json()['guid']}"
    for name in ("Überhitzung", "über*", "*"):
        listed = people("owner").call("GET", "/qualityprocesses", params={"name": name}).json()
        assert listed["count"] == len(listed["results"]) == (3 if name == "*" else 1)
        assert made.json() in listed["results"]
    assert people("restricted").call("GET", path).json() == made.json()
    refused(people("assignee").call("DELETE", path), Situation.NOT_PERMITTED)
    gone = people("colleague").call("DELETE", path)
    assert (gone.status_code, gone.content) == (204, b"")
    refused(people("colleague").call("GET", path), Situation.GUID_UNKNOWN, status=404)


@pytest.mark.parametrize("role", ["owner", "colleague", "administrator"])
def test_owner_creator_and_administrator_delete(people, role):
    process, _ = people.stage()
    assert people(role).call("DELETE", f"/qualityprocesses/{process}").status_code == 204


@pytest.mark.parametrize(
    ("change", "situation"),
    [
        ({"name": None}, Situation.WRONG_SHAPE),
        ({"name": " "}, Situation.WRONG_SHAPE),
        ({"name": 7}, Situation.WRONG_SHAPE),
        ({"template": None}, Situation.WRONG_SHAPE),
        ({"template": {"guid": "49TP90XUU35MJQGR530V"}}, Situation.TEMPLATE_INACTIVE),
        ({"template": {"guid": "Y4U20FW4XPYD9ACJ7F59"}}, Situation.GUID_UNKNOWN),
        ({"template": {"guid": "LXGOI2UO54KFM6AXTMH5", "numberFormat": 1}}, Situation.WRONG_SHAPE),
        (
            {"template": {"guid": "LXGOI2UO54KFM6AXTMH5", "numberFormat": {"prefix": {"guid": "A" * 20}}}},
            Situation.GUID_UNKNOWN,
        ),
        ({"owner": {"guid": WORLD.accounts["foreigner"].guid}}, Situation.GUID_UNKNOWN),
        ({"description": []}, Situation.WRONG_SHAPE),
        ({"targetCompletionDateTime": "tomorrow"}, Situation.WRONG_SHAPE),
    ],
)
def test_a_process_that_cannot_be_is_not_created(people, change, situation):
    before = copy.deepcopy((people.arena.store.processes, people.arena.store.prefixes))
    body = {"name": "x", "template": {"guid": WORLD.staging["template"]}, **change}
    refused(people("owner").call("POST", "/qualityprocesses", body), situation)
    valid = {"name": "x", "template": {"guid": WORLD.staging["template"]}}
    refused(people("restricted").call("POST", "/qualityprocesses", valid), Situation.NOT_PERMITTED)
    assert (people.arena.store.processes, people.arena.store.prefixes) == before


def test_steps_are_assigned_to_users_to_groups_and_to_nobody(people):
    process, steps = people.stage(complete=False)
    path = f"/qualityprocesses/{process}/steps/{steps[0]}"
    account, group = WORLD.accounts["assignee"], WORLD.staging["assignee_group"]
    answer = people("colleague").call("PUT", path, {"assignees": {"users": [{"guid": account.guid}]}})
    assert answer.status_code == 201
    assert answer.json()["assignees"] == {"users": [{"guid": account.guid, "fullName": "Åsa Björk"}]}
    answer = people("colleague").call("PUT", path, {"assignees": {"userGroups": [{"guid": group}]}})
    assert [user["fullName"] for user in answer.json()["assignees"]["userGroups"][0]["users"]] == [
        "Gustavo Núñez",
        "Grace Okafor",
    ]
    answer = people("colleague").call("PUT", path, {"assignees": None, "dueDateTime": "2031-08-08T15:00:00Z"})
    assert (answer.json()["assignees"], answer.json()["dueDateTime"]) == (None, "2031-08-08T15:00:00Z")
    assert people("restricted").step(process, steps[0]) == answer.json()


def test_an_assignment_that_cannot_be_is_refused(people_of, profile):
    process, steps = people_of.stage()
    good = {"assignees": {"users": [{"guid": WORLD.accounts["assignee"].guid}]}}
    both = {"assignees": {"users": [], "userGroups": []}}
    done, undone = (f"/qualityprocesses/{process}/steps/{step}" for step in steps[:2])
    before = copy.deepcopy(people_of.arena.store.processes)
    refused(people_of("owner").call("PUT", done, good), Situation.COMPLETED_STEP_IS_FIXED, profile)
    refused(people_of("restricted").call("PUT", undone, good), Situation.NOT_PERMITTED, profile)
    for bad in (both, {"assignees": []}, {"assignees": {"users": [1]}}, {"assignees": {}}, {"dueDateTime": 1}):
        refused(people_of("owner").call("PUT", undone, bad), Situation.WRONG_SHAPE, profile)
    foreign = {"assignees": {"users": [{"guid": WORLD.accounts["foreigner"].guid}]}}
    refused(people_of("owner").call("PUT", undone, foreign), Situation.GUID_UNKNOWN, profile)
    assert people_of.arena.store.processes == before
    assert 3173 in {code.code for code in PROFILES[profile].values()}


@pytest.mark.parametrize(("kind", "after_one"), [("ALL_REQUIRED", "OPEN"), ("ONE_REQUIRED", "COMPLETE")])
def test_a_signoff_needs_all_decisions_or_one(people, kind, after_one):
    process, steps = people.stage()
    makers = {"userGroups": [{"guid": WORLD.staging["assignee_group"]}]}
    first = people("group_member").sign(process, steps[3], "APPROVED", makers, kind)
    assert first.json()["decision"] == "APPROVED"
    assert people("owner").step(process, steps[3])["status"] == after_one
    path = f"/qualityprocesses/{process}/steps/{steps[3]}/decisions"
    pending = [d for d in people("owner").call("GET", path).json()["results"] if d["decision"] is None]
    assert [d["user"]["fullName"] for d in pending] == ["Grace Okafor"]
    second = people("second_group_member").call("PUT", f"{path}/{pending[0]['guid']}", {"decision": "APPROVED"})
    assert second.status_code == (201 if after_one == "OPEN" else 400)
    assert people("owner").step(process, steps[3])["status"] == "COMPLETE"


def test_a_rejection_leaves_the_step_open_and_can_be_taken_back(people):
    process, steps = people.stage()
    rejected = people("owner").sign(process, steps[3], "REJECTED").json()
    assert (rejected["decision"], rejected["comments"]) == ("REJECTED", "Seen.")
    assert people("owner").step(process, steps[3])["status"] == "OPEN"
    path = f"/qualityprocesses/{process}/steps/{steps[3]}/decisions/{rejected['guid']}"
    refused(people("colleague").call("PUT", path, {"decision": "APPROVED"}), Situation.NOT_PERMITTED)
    refused(people("owner").call("PUT", path, {"decision": "MAYBE"}), Situation.WRONG_SHAPE)
    assert people("owner").call("PUT", path, {"decision": "APPROVED"}).status_code == 201
    refused(people("owner").call("PUT", path, {"decision": "REJECTED"}), Situation.SIGNOFF_APPROVED)


def test_decisions_are_for_signoffs_and_by_permission(people):
    process, steps = people.stage()
    path = "/qualityprocesses/{}/steps/{}/decisions"
    ask = {"decisionType": "ONE_REQUIRED", "decisionMakers": {"users": [{"guid": WORLD.accounts["owner"].guid}]}}
    signoff = path.format(process, steps[3])
    refused(people("owner").call("POST", path.format(process, steps[1]), ask), Situation.NOT_A_SIGNOFF)
    refused(people("restricted").call("POST", signoff, ask), Situation.NOT_PERMITTED)
    nobody = {**ask, "decisionMakers": {"users": []}}
    refused(people("owner").call("POST", signoff, nobody), Situation.WRONG_SHAPE)
    refused(people("owner").call("POST", signoff, {**ask, "decisionType": ["x"]}), Situation.WRONG_SHAPE)
    refused(people("owner").call("PUT", f"{signoff}/{'A' * 20}", {}), Situation.GUID_UNKNOWN, status=404)


def test_users_are_found_by_email_and_paged(people):
    owner = people("owner")
    found = owner.call("GET", "/settings/users", params={"email": owner.account.email.upper()}).json()
    assert found["count"] == 1
    assert found["results"][0] == {
        "email": owner.account.email,
        "fullName": "Olga Lindqvist",
        "guid": owner.account.guid,
    }
    everybody = owner.call("GET", "/settings/users", params={"limit": 9999}).json()["results"]
    assert len(everybody) == 11
    part = owner.call("GET", "/settings/users", params={"limit": 2, "offset": 10}).json()["results"]
    assert part == everybody[10:]
    foreign = {"email": WORLD.accounts["foreigner"].email}
    assert owner.call("GET", "/settings/users", params=foreign).json() == {"count": 0, "results": []}
    for bad in ({"limit": "many"}, {"offset": "-1"}):
        refused(owner.call("GET", "/settings/users", params=bad), Situation.WRONG_SHAPE)


def test_twenty_users_are_shown_unless_more_are_asked_for(people):
    store = people.arena.store
    for number in range(30):
        user = User(f"{number:020}", f"{number}@example.com", "x", "Somebody", store.main_workspace.id)
        store.users[user.guid] = user
    assert people("owner").call("GET", "/settings/users").json()["count"] == 20
    assert people("owner").call("GET", "/settings/users", params={"limit": 400}).json()["count"] == 41


def test_templates_are_those_of_the_workspace(people):
    templates = people("owner").call("GET", "/settings/qualityprocesses/templates").json()
    assert templates["count"] == 3
    staged = next(t for t in templates["results"] if t["guid"] == WORLD.staging["template"])
    assert [step["type"] for step in staged["steps"]] == ["REGULAR", "REGULAR", "REGULAR", "SIGNOFF"]
    foreign = people("foreigner").call("GET", "/settings/qualityprocesses/templates").json()
    assert [t["name"] for t in foreign["results"]] == ["Field Report"]


# Bodies.

GOOD = {"qualityProcess": {"guid": NEIGHBOUR, "step": {"guid": "R98XQQ07874NDTGZIDHP"}}, "complete": False}


def body_with(**change) -> bytes:
    return json.dumps({**GOOD, **change}).encode()


def process_with(**change) -> bytes:
    return body_with(qualityProcess={**GOOD["qualityProcess"], **change})


BAD_BODIES = {
    "empty": (b"", Situation.MALFORMED_JSON),
    "not JSON": (b"reopen it", Situation.MALFORMED_JSON),
    "trailing comma": (body_with()[:-1] + b",}", Situation.MALFORMED_JSON),
    "cut short": (body_with()[:-1], Situation.MALFORMED_JSON),
    "byte order mark": (b"\xef\xbb\xbf" + body_with(), Situation.MALFORMED_JSON),
    "UTF-16": (body_with().decode().encode("utf-16"), Situation.MALFORMED_JSON),
    "invalid UTF-8": (body_with()[:-1] + b',"comment":"\xff"}', Situation.MALFORMED_JSON),
    "encoded surrogate": (body_with()[:-1] + b',"comment":"\xed\xa0\x80"}', Situation.MALFORMED_JSON),
    "raw NUL": (body_with()[:-1] + b',"comment":"\x00"}', Situation.MALFORMED_JSON),
    "NaN": (body_with()[:-1] + b',"more":NaN}', Situation.MALFORMED_JSON),
    "Infinity": (body_with()[:-1] + b',"more":-Infinity}', Situation.MALFORMED_JSON),
    "endless number": (body_with()[:-1] + b',"more":' + b"9" * 5000 + b"}", Situation.MALFORMED_JSON),
    "deep": (b"[" * 200_000, Situation.MALFORMED_JSON),
    "deep object": (b'{"a":' * 100_000 + b"1" + b"}" * 100_000, Situation.MALFORMED_JSON),
    "array": (b"[]", Situation.WRONG_SHAPE),
    "null": (b"null", Situation.WRONG_SHAPE),
    "number": (b"7", Situation.WRONG_SHAPE),
    "five megabytes": (json.dumps("x" * 5_000_000).encode(), Situation.WRONG_SHAPE),
    "no process": (b'{"complete":false}', Situation.WRONG_SHAPE),
    "null process": (body_with(qualityProcess=None), Situation.WRONG_SHAPE),
    "list process": (body_with(qualityProcess=[]), Situation.WRONG_SHAPE),
    "number as guid": (process_with(guid=7), Situation.WRONG_SHAPE),
    "list as step": (process_with(step=[]), Situation.WRONG_SHAPE),
    "text as step": (process_with(step="R98XQQ07874NDTGZIDHP"), Situation.WRONG_SHAPE),
    "number as step guid": (process_with(step={"guid": 7}), Situation.WRONG_SHAPE),
    "no complete": (json.dumps({"qualityProcess": GOOD["qualityProcess"]}).encode(), Situation.WRONG_SHAPE),
    "null complete": (body_with(complete=None), Situation.WRONG_SHAPE),
    "text complete": (body_with(complete="false"), Situation.WRONG_SHAPE),
    "zero complete": (body_with(complete=0), Situation.WRONG_SHAPE),
    "number comment": (body_with(comment=7), Situation.WRONG_SHAPE),
    "list comment": (body_with(comment=["x"]), Situation.WRONG_SHAPE),
    "no guid": (process_with(guid=None), Situation.GUID_EMPTY),
    "empty guid": (process_with(guid=""), Situation.GUID_EMPTY),
    "no step guid": (process_with(step={}), Situation.GUID_EMPTY),
    "empty step guid": (process_with(step={"guid": ""}), Situation.GUID_EMPTY),
    "strange guid": (process_with(guid="not-a-guid-at-all!!!"), Situation.GUID_MALFORMED),
    "non-ASCII guid": (process_with(guid="Ä" * 20), Situation.GUID_MALFORMED),
    "surrogate guid": (process_with(guid="\ud800" * 20), Situation.GUID_MALFORMED),
    "braces in guid": (process_with(guid="{0}{1}{x}{!r}{{{{{{{{"), Situation.GUID_MALFORMED),
    "long guid": (process_with(guid="A" * 41), Situation.GUID_MALFORMED),
    "strange step guid": (process_with(step={"guid": "../../../../etc/hosts"}), Situation.GUID_MALFORMED),
    "unknown guid": (process_with(guid="A" * 20), Situation.GUID_UNKNOWN),
    "guid in small letters": (process_with(guid=NEIGHBOUR.lower()), Situation.GUID_UNKNOWN),
    "unknown step": (process_with(step={"guid": "A" * 20}), Situation.GUID_UNKNOWN),
    "guid of the other workspace": (process_with(guid=FOREIGN), Situation.GUID_UNKNOWN),
    "step of the other workspace": (process_with(step={"guid": "VIWDEVLPV542FMHV89FJ"}), Situation.GUID_UNKNOWN),
    "step of another process": (process_with(guid=COMPLETED), Situation.STEP_OF_ANOTHER_PROCESS),
}


def test_bad_bodies_are_refused_and_change_nothing(people_of, profile):
    owner = people_of("owner")
    before = copy.deepcopy(people_of.arena.store.processes)
    for name, (content, situation) in BAD_BODIES.items():
        answer = owner.raw(content)
        assert answer.json()["errors"][0]["code"] == PROFILES[profile][situation].code, (name, answer.text[:200])
        refused(answer, situation, profile)
        assert answer.headers.keys() == SIX_HEADERS, name
    assert people_of.arena.store.processes == before


def test_the_newer_profile_says_what_the_newer_table_says():
    newer, older = PROFILES["winter-2023"], PROFILES["documented"]
    table = {
        Situation.STEP_ALREADY_OPEN: (400, 3169),
        Situation.PROCESS_COMPLETED: (400, 3168),
        Situation.SIGNOFF_APPROVED: (400, 3170),
        Situation.NOT_PERMITTED: (400, 3085),
        Situation.GUID_MALFORMED: (400, 3011),
        Situation.GUID_UNKNOWN: (400, 3012),
        Situation.GUID_EMPTY: (400, 3098),
        Situation.MALFORMED_JSON: (400, 400),
        Situation.NO_SESSION: (401, 401),
    }
    assert {situation: (newer[situation].status, newer[situation].code) for situation in table} == table
    assert not {code for _, code in table.values()} & {code.code for code in older.values()}
    assert {newer[s].status for s in (Situation.NOT_JSON_TYPE, Situation.QUOTA_USED_UP)} == {415, 429}


@pytest.mark.parametrize(
    "comment",
    ["", "a\nb", "x" * 100_000, "Grüße, 你好, مرحبا 🙂", "\x00\x1f\x7f", "\ud800", "\udc00 \ud83d", '"\\/{0}', None],
)
def test_a_comment_comes_back_unchanged(people, comment):
    process, steps = people.stage()
    answer = people("owner").reopen(process, steps[0], comment=comment)
    assert answer.status_code == 201
    assert json.loads(answer.content.decode("utf-8"))["comment"] == comment
    assert int(answer.headers["Content-Length"]) == len(answer.content)


def test_a_non_ascii_comment_goes_out_as_utf_8(people):
    process, steps = people.stage()
    assert "é".encode() in people("owner").reopen(process, steps[0], comment="é").content


def test_what_the_body_may_leave_out_add_or_repeat(people):
    process, steps = people.stage()
    owner = people("owner")
    body = {"qualityProcess": {"guid": process, "step": {"guid": steps[0], "x": 1}, "y": []}, "z": {}}
    answer = owner.raw(json.dumps(body)[:-1].encode() + b',"complete":true,"complete":false}')
    assert (answer.status_code, answer.json()["comment"]) == (201, None)
    assert owner.complete(process, steps[0]).status_code == 201
    answer = owner.raw(json.dumps({**body, "complete": False}).encode(), "Application/JSON; charset=utf-8")
    assert answer.status_code == 201


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/xml", "application/jsonp", "multipart/form"])
def test_another_content_type_is_refused(people, content_type):
    process, steps = people.stage()
    body = json.dumps({"qualityProcess": {"guid": process, "step": {"guid": steps[0]}}, "complete": False}).encode()
    refused(people("owner").raw(body, content_type), Situation.NOT_JSON_TYPE)
    assert people("owner").step(process, steps[0])["status"] == "COMPLETE"
    assert people("owner").raw(body).status_code == 201


# Sessions.


def test_without_a_session_nothing_is_done(people_of, profile):
    process, steps = people_of.stage()
    url, http = people_of.url + CHANGES, requests.Session()
    body = {"qualityProcess": {"guid": process, "step": {"guid": steps[0]}}, "complete": False}
    before = copy.deepcopy(people_of.arena.store.processes)
    dead = people_of.arena.expired_session_id
    live = people_of("owner").http.headers["arena_session_id"]
    for session in (None, "", "x", live.lower(), live + "x", dead, "\xff\xfe"):
        headers = {} if session is None else {"arena_session_id": session.encode("latin-1")}
        refused(http.post(url, json=body, headers=headers), Situation.NO_SESSION, profile)
    assert people_of.arena.store.processes == before
    http.close()


def test_a_second_login_ends_the_first_session(people):
    first, second = people("owner"), Person(people.url, "owner").login()
    refused(first.call("GET", "/settings/users"), Situation.NO_SESSION)
    assert second.call("GET", "/settings/users").status_code == 200
    assert people("assignee").call("GET", "/settings/users").status_code == 200
    second.http.close()


def test_logout_ends_the_session(people):
    owner = people("owner")
    answer = owner.call("PUT", "/logout")
    assert (answer.status_code, answer.json()) == (200, {})
    refused(owner.call("PUT", "/logout"), Situation.NO_SESSION)
    assert owner.login().call("PUT", "/logout").status_code == 200


def test_a_session_dies_ninety_minutes_after_its_last_call(people):
    owner = people("owner")
    for _ in range(2):
        people.arena.clock.advance(timedelta(minutes=89))
        assert owner.call("GET", "/settings/users").status_code == 200
    people.arena.clock.advance(timedelta(minutes=90))
    refused(owner.call("GET", "/settings/users"), Situation.NO_SESSION)


@pytest.mark.parametrize(
    "change",
    [{"password": "wrong"}, {"password": None}, {"email": "no@example.com"}, {"email": 7}, {"workspaceId": 801460977}],
)
def test_wrong_credentials_open_no_session(people, change):
    account = WORLD.accounts["owner"]
    good = {"email": account.email, "password": account.password, "workspaceId": account.workspace_id}
    refused(requests.post(f"{people.url}/login", json={**good, **change}), Situation.BAD_LOGIN)
    answer = requests.post(f"{people.url}/login", json=good)
    assert answer.json()["workspaceId"] == 801460213
    assert answer.json()["workspaceRequestLimit"] == 25000


# Quota.


def remaining(answer: requests.Response) -> int:
    return int(answer.headers["X-Arena-Requests-Remaining"])


def test_every_call_but_login_takes_one_off(people):
    owner = people("owner")
    count = remaining(owner.call("GET", "/settings/users"))
    for method, path in (("GET", "/settings/users"), ("POST", CHANGES), ("GET", "/nowhere"), ("PATCH", CHANGES)):
        count -= 1
        assert remaining(owner.call(method, path)) == count
    assert remaining(people("assignee").call("GET", "/settings/users")) == count - 1
    assert remaining(requests.get(f"{people.url}/nowhere")) == count - 1
    assert remaining(people("foreigner").call("GET", "/settings/users")) == 24999


def test_at_zero_the_call_is_refused_until_midnight_pacific(people):
    process, steps = people.stage()
    owner, workspace = people("owner"), people.arena.store.main_workspace
    workspace.remaining = 1
    assert remaining(owner.call("GET", "/settings/users")) == 0
    for _ in range(2):
        answer = owner.reopen(process, steps[0])
        refused(answer, Situation.QUOTA_USED_UP)
        assert answer.headers.keys() == SIX_HEADERS
        assert remaining(answer) == 0
    assert people.arena.store.processes[process].steps[0].status is StepStatus.COMPLETE
    clock = people.arena.clock
    clock.advance(next_midnight_pacific(clock.now()) - clock.now() + timedelta(seconds=1))
    assert remaining(owner.login().reopen(process, steps[0])) == 24999


@pytest.mark.parametrize(
    ("moment", "midnight"),
    [
        (datetime(2024, 7, 1, 6, 59, 59, tzinfo=UTC), datetime(2024, 7, 1, 7, tzinfo=UTC)),
        (datetime(2024, 7, 1, 7, tzinfo=UTC), datetime(2024, 7, 2, 7, tzinfo=UTC)),
        (datetime(2024, 3, 10, 9, tzinfo=UTC), datetime(2024, 3, 11, 7, tzinfo=UTC)),
        (datetime(2024, 11, 3, 8, tzinfo=UTC), datetime(2024, 11, 4, 8, tzinfo=UTC)),
    ],
)
def test_midnight_pacific_knows_summer_time(moment, midnight):
    assert next_midnight_pacific(moment) == midnight


# Headers and the answers beside the operations.


def test_dates_are_in_the_vendor_s_forms(arena):
    moment = datetime(2014, 5, 2, 21, 22, 13, tzinfo=UTC)
    assert arena.render_reset(moment) == "Fri, 02-May-2014 14:22:13 GMT-0700 (PDT)"
    assert arena.render_http_date(moment) == "Fri, 02 May 2014 21:22:13 GMT"
    assert arena.render_date(moment) == "2014-05-02T21:22:13Z"


def test_six_headers_on_every_answer(people, monkeypatch):
    process, steps = people.stage()
    owner, nobody = people("owner"), requests.Session()
    monkeypatch.setattr(people.arena, "list_users", lambda _: 1 / 0)
    answers = {
        201: owner.reopen(process, steps[0]),
        400: owner.reopen(process, steps[0]),
        401: nobody.get(f"{people.url}/settings/users"),
        404: owner.call("GET", "/nowhere"),
        405: owner.call("PATCH", CHANGES),
        415: owner.raw(b"{}", "text/plain"),
        500: owner.call("GET", "/settings/users"),
        200: owner.call("GET", f"/qualityprocesses/{process}"),
    }
    for status, answer in answers.items():
        assert answer.status_code == status
        assert answer.headers.keys() == SIX_HEADERS
        assert int(answer.headers["Content-Length"]) == len(answer.content)
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Server"] == "ArenaSolutions"
        assert abs(parsedate_to_datetime(answer.headers["Date"]) - datetime.now(UTC)) < timedelta(seconds=10)
        form = r"\w{3}, \d\d-\w{3}-\d{4} 00:00:00 GMT-0[78]00 \(P[DS]T\)"
        assert re.fullmatch(form, answer.headers["X-Arena-Next-Request-Limit-Reset"])
        assert status < 400 or answer.json()["status"] == status
    gone = owner.call("DELETE", f"/qualityprocesses/{process}")
    assert (gone.status_code, gone.headers.keys()) == (204, SIX_HEADERS - {"Content-Length"})
    nobody.close()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/login/", 404),
        ("POST", CHANGES + "/", 404),
        ("GET", "/login", 405),
        ("HEAD", "/settings/users", 405),
        ("OPTIONS", CHANGES, 405),
        ("BREW", CHANGES, 405),
        ("GET", f"/qualityprocesses/{'A' * 20}", 404),
        ("GET", "/qualityprocesses/%00", 404),
        ("GET", f"/qualityprocesses/{NEIGHBOUR}/steps/{'A' * 20}", 404),
        ("GET", CHANGES, 404),
    ],
)
def test_no_address_and_no_method_falls_through(people, method, path, status):
    answer = people("owner").call(method, path, allow_redirects=False)
    assert answer.status_code == status
    if method != "HEAD":
        assert answer.json()["status"] == status


def test_a_strange_host_is_no_reason_to_fail(people):
    host, port = people.url.removeprefix("http://").removesuffix("/v1").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as wire:
        wire.sendall(b"GET /v1/settings/users HTTP/1.1\r\nHost: [\r\nConnection: close\r\n\r\n")
        assert wire.recv(12) == b"HTTP/1.1 401"


def test_a_long_header_is_taken_however_the_network_cuts_it(people):
    host, port = people.url.removeprefix("http://").removesuffix("/v1").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as wire:
        wire.sendall(b"GET /v1/settings/users HTTP/1.1\r\nHost: arena\r\nConnection: close\r\nX-Long: " + b"x" * 70_000)
        said_no, _, _ = select.select([wire], [], [], 0.3)
        assert not said_no
        wire.sendall(b"x" * 30_000 + b"\r\n\r\n")
        assert wire.recv(12) == b"HTTP/1.1 401"


# Policy, several Arenas, server, world.


def test_policy_answers_without_a_server(arena):
    store = arena.store
    process = store.processes[NEIGHBOUR]
    nils, colleague = process.owner, store.users[WORLD.accounts["colleague"].guid]
    otto = store.users[WORLD.accounts["other_group_member"].guid]
    described, cause, correction, approval = process.steps
    policy = Policy()
    assert policy.why_not_reopen_step(nils, process, described) is None
    assert policy.why_not_reopen_step(otto, process, described) is Situation.NOT_PERMITTED
    assert policy.why_not_reopen_step(otto, process, cause) is None
    assert policy.why_not_reopen_step(colleague, process, cause) is Situation.NOT_PERMITTED
    assert policy.why_not_reopen_step(colleague, process, correction) is Situation.STEP_ALREADY_OPEN
    assert policy.why_not_reopen_step(colleague, process, approval) is Situation.STEP_ALREADY_OPEN
    process.status = ProcessStatus.COMPLETED
    assert policy.why_not_reopen_step(nils, process, described) is Situation.PROCESS_COMPLETED
    done = store.processes[COMPLETED]
    assert policy.why_not_reopen_step(nils, done, done.steps[3]) is Situation.SIGNOFF_APPROVED


def test_a_faulty_arena_is_a_subclass_of_a_few_lines():
    class CreatorIsOwner(Policy):
        def is_owner(self, user: User, process: QualityProcess) -> bool:
            return user.guid == process.creator.guid

    class CreatorMayReopen(Arena):
        policy = CreatorIsOwner()

        def apply_reopen_step(self, user: User, process: QualityProcess, step: Step) -> None:
            """Says so and does not do it."""

        async def answer(self, operation: str, call: Call) -> Reply:
            reply = await super().answer(operation, call)
            return Reply(reply.status, [h for h in reply.headers if h[0] != "Server"], reply.body)

    arena = CreatorMayReopen(WORLD)
    with Server(arena) as server:
        people = People(arena, server.url)
        process, steps = people.stage(users=["assignee"])
        answer = people("colleague").reopen(process, steps[0])
        assert answer.status_code == 201
        assert "Server" not in answer.headers
        assert people("colleague").step(process, steps[0])["status"] == "COMPLETE"
        people.close()


def test_two_arenas_share_nothing(people):
    other = Arena(WORLD)
    before = copy.deepcopy(other.store)
    people.stage()
    people("owner").reopen(NEIGHBOUR, "R98XQQ07874NDTGZIDHP")
    assert other.store == before
    assert other.expired_session_id != people.arena.expired_session_id


def test_the_target_names_what_a_run_needs(arena):
    target = arena.target("http://127.0.0.1:1/v1")
    assert target["accounts"].keys() == set(ROLES)
    assert target["accounts"]["foreigner"]["workspace_id"] == 801460977
    assert (target["writes"], target["exclusive"], target["profile"]) == ("allowed", True, "documented")
    assert target["staging"] == {"mode": "api", **WORLD.staging}
    assert target["expired_session_id"] in arena.store.sessions


def test_stopping_is_quick_in_spite_of_open_connections(arena):
    http = requests.Session()
    with Server(arena) as server:
        assert http.get(f"{server.url}/nowhere").status_code == 404
        begin = time.monotonic()
    assert time.monotonic() - begin < 0.3
    server.stop()
    http.close()


def test_a_server_that_was_never_started_stops(arena):
    server = Server(arena)
    server.stop()


def test_a_taken_port_is_an_error_that_says_so(arena):
    with Server(arena) as server:
        port = int(server.url.removesuffix("/v1").rpartition(":")[2])
        with pytest.raises(OSError, match=f"port {port}.*choose another"):
            Server(arena, port=port)


def test_an_unknown_profile_is_refused():
    with pytest.raises(ValueError, match="choose one of documented, winter-2023"):
        Arena(WORLD, "summer-2024")


def test_the_clock_does_not_go_back():
    with pytest.raises(ValueError, match="does not go back"):
        Clock().advance(timedelta(seconds=-1))


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("workspaces:", "workspaces: [", r"line \d+: .*; make it valid YAML"),
        ("name: Meridian Instruments", "name: 7", r"workspaces\[0\]\.name: is no text; give it a text"),
        ("request_limit: 25000}", "limit: 25000}", r"workspaces\[0\]\.limit: is not known; remove it"),
        ("&asa P8Z7M26ZQ997B0JS7B8B", "&asa FZVOCMY0G1U3FXHNP6FY", r"users\[1\]\.guid: .* is taken; write another"),
        ("&asa P8Z7M26ZQ997B0JS7B8B", "&asa P8Z7", r"users\[1\]\.guid: .* is no guid; write 20"),
        ("status_mode: AUTOMATIC", "status_mode: MAGIC", r"templates\[0\]\.status_mode: is 'MAGIC'; write one of"),
        ("members: [*otto]", "members: [NOBODY]", r"groups\[1\]\.members\[0\]: 'NOBODY' is not known; name one of"),
        ("quality_edit_details: false", "quality_edit_details: no way", r"is neither true nor false; write true"),
        ("quality_edit_details: false", "quality_edit_details: true", r"roles\.restricted_owner: .* is true; give it"),
        ("  assignee: *asa", "  assignee: *olga", r"roles: two roles are the same user; give each"),
        ("  colleague: *chiyo", "  colleague: *adel", r"roles: two roles"),
        ("  foreigner: *fiona", "  foreigner: *nils", r"roles\.foreigner: is in the wrong workspace; put"),
        ("assignee_group: *test_lab", "assignee_group: *goods_in", r"staging\.assignee_group: has the wrong members"),
        ("created: 2024-01-09T08:12:40Z", "created: long ago", r"quality_processes\[0\]\.created: is no date"),
        ("due_in_days: 7", "due_in_days: -7", r"templates\[0\]\.steps\[0\]\.due_in_days: is no number; give"),
    ],
)
def test_a_broken_world_is_refused_with_place_and_fix(tmp_path, old, new, complaint):
    from conformance.resources import resource

    text = resource("fixtures/world.yaml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "world.yaml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ValueError, match=complaint) as caught:
        World.load(path)
    assert str(caught.value).startswith(str(path))


def test_an_answer_reaches_a_client_that_has_said_all(server):
    request = f"POST /v1{CHANGES} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode()
    address = ("127.0.0.1", int(server.url.split(":")[2].partition("/")[0]))
    for _ in range(100):
        with socket.create_connection(address, 5) as connection, connection.makefile("rb") as answer:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            assert answer.read().endswith(b"}]}")


@pytest.mark.parametrize("sends", [b"", b"POST / HTTP/1.1\r\n"])
def test_what_connects_while_a_server_stops_is_closed(arena, sends, monkeypatch):
    gc.collect()
    unclosed = []
    monkeypatch.setattr(sys, "unraisablehook", unclosed.append)  # is told of a warning in a destructor
    for _ in range(40):
        with Server(arena) as server:
            address = ("127.0.0.1", int(server.url.split(":")[2].partition("/")[0]))
            connections = [socket.create_connection(address, 5) for _ in range(3)]
            connections[0].sendall(sends)
        for connection in connections:
            connection.close()
    gc.collect()
    assert unclosed == []
