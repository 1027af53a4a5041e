"""Snapshots: what counts as a change, and what is only another way to show the same."""

import pytest
from make import PERSON, neighbour, process, snapshot, step, without

from conformance.stage import Snapshot, changes
from conformance.stage.snapshot import PROCESS_FIELDS, STEP_FIELDS, process_facts

USERS = {"users": [{"guid": "A", "fullName": "Ann"}, {"guid": "B", "fullName": "Bob"}]}
GROUPS = {"userGroups": [{"guid": "G", "name": "Quality", "users": [{"guid": "A"}]}]}
ATTRIBUTES = [{"guid": "1", "value": "x"}, {"guid": "2", "value": "y"}]


def differences(before, after):
    return [(one.place.kind, one.place.guid, one.place.field, one.was, one.now) for one in changes(before, after)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(step(), step(), id="the-same"),
        pytest.param(step(dueDateTime=None), without(step(), "dueDateTime"), id="null-and-absent"),
        pytest.param(without(step(), "approvals"), step(approvals=None), id="absent-and-null"),
        pytest.param(step(), step(unknown=1), id="fields-that-are-not-known"),
        pytest.param(step(assignees=USERS), step(assignees={"users": USERS["users"][::-1]}), id="users-in-other-order"),
        pytest.param(
            step(assignees=USERS), step(assignees={"users": [{"guid": "A"}, {"guid": "B"}]}), id="users-by-guid-alone"
        ),
        pytest.param(step(assignees=USERS), step(assignees={**USERS, "userGroups": []}), id="no-groups-beside"),
        pytest.param(step(assignees=USERS), step(assignees={**USERS, "userGroups": None}), id="null-groups-beside"),
        pytest.param(step(assignees=USERS), step(assignees={**USERS, "log": [{}]}), id="what-nobody-knows-beside"),
        pytest.param(step(assignees=None), step(assignees={}), id="assignees-null-and-empty"),
        pytest.param(step(assignees=None), step(assignees={"users": []}), id="assignees-null-and-no-users"),
        pytest.param(
            step(assignees=GROUPS), step(assignees={"userGroups": [{"guid": "G"}]}), id="group-without-its-members"
        ),
        pytest.param(step(attributes=ATTRIBUTES), step(attributes=ATTRIBUTES[::-1]), id="attributes-in-other-order"),
        pytest.param(
            step(attributes=[{"a": 1, "b": 2}]), step(attributes=[{"b": 2, "a": 1}]), id="members-in-other-order"
        ),
        pytest.param(step(attributes=None), step(attributes=[]), id="attributes-null-and-empty"),
        pytest.param(step(approvals=None), step(approvals=[]), id="approvals-null-and-empty"),
        pytest.param(
            step(completeUser=PERSON), step(completeUser={"guid": PERSON["guid"]}), id="completer-by-guid-alone"
        ),
    ],
)
def test_the_same_step(before, after):
    assert changes(snapshot(before), snapshot(after)) == []


@pytest.mark.parametrize(
    ("before", "after", "field", "was", "now"),
    [
        pytest.param(step(), step(status="OPEN"), "status", "COMPLETE", "OPEN", id="status"),
        pytest.param(step(), step(status=None), "status", "COMPLETE", None, id="status-null"),
        pytest.param(step(), without(step(), "status"), "status", "COMPLETE", None, id="status-absent"),
        pytest.param(step(), step(name=""), "name", "Describe the problem", "", id="name"),
        pytest.param(step(), step(order=2), "order", 1, 2, id="order"),
        pytest.param(step(), step(order="1"), "order", 1, "1", id="order-as-text"),
        pytest.param(step(), step(type="SIGNOFF"), "type", "REGULAR", "SIGNOFF", id="type"),
        pytest.param(step(), step(dueDateTime="x"), "dueDateTime", None, "x", id="due-date"),
        pytest.param(
            step(assignees=USERS),
            step(assignees={"users": USERS["users"][:1]}),
            "assignees",
            {"users": ["A", "B"]},
            {"users": ["A"]},
            id="one-assignee-fewer",
        ),
        pytest.param(
            step(assignees=USERS),
            step(assignees=GROUPS),
            "assignees",
            {"users": ["A", "B"]},
            {"userGroups": ["G"]},
            id="group-for-users",
        ),
        pytest.param(
            step(assignees=USERS), step(assignees=None), "assignees", {"users": ["A", "B"]}, None, id="nobody"
        ),
        pytest.param(
            step(attributes=ATTRIBUTES),
            step(attributes=ATTRIBUTES[:1]),
            "attributes",
            ATTRIBUTES,
            ATTRIBUTES[:1],
            id="one-attribute-fewer",
        ),
        pytest.param(
            step(attributes=[{"value": [1, 2]}]),
            step(attributes=[{"value": [2, 1]}]),
            "attributes",
            [{"value": [1, 2]}],
            [{"value": [2, 1]}],
            id="order-within-an-attribute",
        ),
        pytest.param(
            step(completeUser=PERSON), step(completeUser=None), "completeUser", PERSON["guid"], None, id="completer"
        ),
    ],
)
def test_a_changed_step(before, after, field, was, now):
    assert differences(snapshot(before), snapshot(after)) == [("step", before["guid"], field, was, now)]
    assert differences(snapshot(after), snapshot(before)) == [("step", before["guid"], field, now, was)]


@pytest.mark.parametrize("field", [field for field in STEP_FIELDS if field != "order"])
def test_every_known_field_of_a_step_is_watched(field):
    before, after = step(**{field: {"guid": "1", "users": [{"guid": "1"}]}}), step(**{field: "other"})
    assert [place for _, _, place, _, _ in differences(snapshot(before), snapshot(after))] == [field]


@pytest.mark.parametrize("field", PROCESS_FIELDS)
def test_every_known_field_of_a_process_is_watched(field):
    before, after = process(**{field: {"guid": "1"}}), process(**{field: {"guid": "2"}})
    found = differences(snapshot(processes=[before]), snapshot(processes=[after]))
    assert [(kind, guid, place) for kind, guid, place, _, _ in found] == [("process", before["guid"], field)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(process(), process(owner=PERSON), id="owner-without-e-mail"),
        pytest.param(process(), process(owner={**process()["owner"], "fullName": "H. W."}), id="owner-by-another-name"),
        pytest.param(process(), process(template={"guid": process()["template"]["guid"]}), id="template-by-guid-alone"),
        pytest.param(process(type=None), without(process(), "type"), id="null-and-absent"),
        pytest.param(process(), process(unknown=[1]), id="fields-that-are-not-known"),
    ],
)
def test_the_same_process(before, after):
    assert changes(snapshot(processes=[before]), snapshot(processes=[after])) == []


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        pytest.param([step("A")], [], [("step", "A", "(all)", "there", "gone")], id="vanished"),
        pytest.param([], [step("A")], [("step", "A", "(all)", "absent", "there")], id="new"),
        pytest.param(
            [step("A")],
            [step("B")],
            [("step", "A", "(all)", "there", "gone"), ("step", "B", "(all)", "absent", "there")],
            id="one-for-another",
        ),
        pytest.param(
            [step("A"), step("B")],
            [step("B", status="OPEN")],
            [("step", "A", "(all)", "there", "gone"), ("step", "B", "status", "COMPLETE", "OPEN")],
            id="vanished-and-changed",
        ),
        pytest.param([step("A"), step("B")], [step("B"), step("A")], [], id="listed-in-another-order"),
        pytest.param(
            [step("A", **dict.fromkeys(STEP_FIELDS))],
            [],
            [("step", "A", "(all)", "there", "gone")],
            id="vanished-though-all-null",
        ),
    ],
)
def test_objects_that_come_and_go(before, after, found):
    assert differences(snapshot(*before), snapshot(*after)) == found


def test_a_process_that_vanished():
    assert differences(snapshot(processes=[process()]), snapshot()) == [
        ("process", process()["guid"], "(all)", "there", "gone")
    ]


@pytest.mark.parametrize(
    ("before", "after", "found"),
    [
        pytest.param([], [], [], id="none"),
        pytest.param(
            [{"guid": "D", "decision": None, "comments": "x"}],
            [{"comments": "x", "guid": "D"}],
            [],
            id="null-and-absent",
        ),
        pytest.param(
            [{"guid": "D", "decision": None}],
            [{"guid": "D", "decision": "APPROVED"}],
            [("decision", "D", "decision", None, "APPROVED")],
            id="decided",
        ),
        pytest.param(
            [{"guid": "D", "user": {"guid": "A", "fullName": "Ann"}}],
            [{"guid": "D", "user": {"fullName": "Ann", "guid": "A"}}],
            [],
            id="members-in-other-order",
        ),
        pytest.param(
            [{"guid": "D"}, {"guid": "E"}],
            [{"guid": "E"}],
            [("decision", "D", "(all)", "there", "gone")],
            id="withdrawn",
        ),
        pytest.param(
            [{"guid": "D", "unheard": 1}],
            [{"guid": "D", "unheard": 2}],
            [],
            id="what-nobody-knows-may-change",
        ),
    ],
)
def test_decisions(before, after, found):
    assert differences(snapshot(decisions=before), snapshot(decisions=after)) == found


def test_changes_come_in_one_order():
    before = snapshot(step("B"), step("A"), processes=[process()], decisions=[{"guid": "D", "decision": None}])
    after = snapshot(
        step("C"),
        step("A", status="OPEN", order=9),
        processes=[process(number="X", name="Y")],
        decisions=[{"guid": "D", "decision": "APPROVED"}],
    )
    guid = process()["guid"]
    assert [(kind, place, field) for kind, place, field, _, _ in differences(before, after)] == [
        ("decision", "D", "decision"),
        ("process", guid, "name"),
        ("process", guid, "number"),
        ("step", "A", "order"),
        ("step", "A", "status"),
        ("step", "B", "(all)"),
        ("step", "C", "(all)"),
    ]


@pytest.mark.parametrize(
    ("after", "text"),
    [
        pytest.param(step("A", status="OPEN"), 'step A: status was "COMPLETE", is "OPEN"', id="text"),
        pytest.param(step("A", dueDateTime="é"), 'step A: dueDateTime was null, is "é"', id="null"),
        pytest.param(
            step("A", dueDateTime="x" * 100),
            f'step A: dueDateTime was null, is "{"x" * 78}…',
            id="cut-after-80-characters",
        ),
    ],
)
def test_a_change_in_words(after, text):
    (change,) = changes(snapshot(step("A")), snapshot(after))
    assert str(change) == text


def test_a_snapshot_tells_what_it_knows():
    known = snapshot(step("A", status="OPEN", assignees=USERS), neighbour())
    assert known.of("step", "A", "status") == "OPEN"
    assert known.of("step", "A", "assignees") == {"users": ["A", "B"]}
    assert known.of("step", "A", "dueDateTime") is None
    assert known.of("step", "Z", "status") is None
    assert known.knows("step", "A")
    assert not known.knows("process", "A")
    assert not known.knows("step", "Z")
    assert not Snapshot({}).knows("step", "A")


def test_an_object_without_guid_is_not_lost():
    assert [place.guid for place in process_facts({"name": "x"})] == ["None"] * (1 + len(PROCESS_FIELDS))
