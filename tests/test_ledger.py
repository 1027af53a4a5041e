"""What calls should have changed, against what the target shows: the ledger finds every difference and who did it."""

import copy
import json

import pytest
from make import (
    ALREADY_OPEN,
    NEIGHBOUR,
    PERSON,
    STEP,
    envelope,
    exchange,
    neighbour,
    no_answer,
    process,
    refusal,
    step,
    without,
)

from conformance.evidence import UNREADABLE, Recorder, Redactor, Subject
from conformance.session import encode, reopen_body
from conformance.stage import StagingBroke, Unstaged
from conformance.stage.ledger import DECISIONS, PROCESS, STEPS, Ledger

SIGNOFF = Subject(STEP.process, "SIGNOFF")
ELSEWHERE = Subject("OTHER", "FAR")
REOPENED = step(status="OPEN", completeDateTime=None, completeUser=None)
NOBODY = {"status": "OPEN", "completeDateTime": None, "completeUser": None, "assignees": None}


def signoff(**fields):
    return step("SIGNOFF", **{"type": "SIGNOFF", "order": 3, **NOBODY, **fields})


class World:
    """A target of two processes that shows what a test tells it to, and the ledger that follows it."""

    def __init__(self):
        self.steps = {STEP.process: [step(), neighbour(), signoff()], ELSEWHERE.process: [step("FAR")]}
        self.processes = {guid: process(guid=guid) for guid in self.steps}
        self.decisions = [{"guid": "D", "decision": None}]
        self.broken = {}  # how reads are answered that fail, by operation
        self.recorder = Recorder(Redactor())
        self.ledger = Ledger(self.recorder, lambda _: self)

    def call(self, method, path, *, operation):
        """Answers a read."""
        _, _, guid, *rest = path.partition("?")[0].split("/")
        shown = {
            "list-steps": lambda: {"results": self.steps[guid]},
            "read-step": lambda: next(one for one in self.steps[guid] if one["guid"] == rest[1]),
            "read-quality-process": lambda: self.processes[guid],
            "list-decisions": lambda: {"results": self.decisions},
        }[operation]()
        read = {"operation": operation, "method": method, "purpose": "staging", "status": 200, "request_body": None}
        return self.did(exchange, **{**read, "json_body": copy.deepcopy(shown), **self.broken.get(operation, {})})

    def did(self, answer=exchange, scenario="reopen-step/example", **fields):
        """Makes a call known to the ledger; a reopen of the step unless told otherwise."""
        subject = fields.get("subject", STEP)
        body = encode(reopen_body(subject)) if subject else b""
        fields = {"subject": subject if "method" not in fields else None, "request_body": body, **fields}
        return self.recorder.record(lambda number: answer(id=number, scenario=scenario, **fields))

    def staged(self, operation, answer=exchange, **fields):
        """Makes a call known that staging made."""
        return self.did(answer, purpose="staging", comment=UNREADABLE, operation=operation, **fields)

    def look(self, guid=STEP.process):
        """Reads everything of a process, and returns what is otherwise than it should be, in words."""
        self.ledger.read(guid, *self.ledger.views_of(guid))
        return [str(change) for surprise in self.ledger.surprises for change in surprise.changes]

    def shows(self, *steps, decision=None, **fields):
        """Lets the process look otherwise; it has the steps that are given, and the sign-off step."""
        self.steps[STEP.process] = [*steps, *([] if "SIGNOFF" in [one["guid"] for one in steps] else [signoff()])]
        self.processes[STEP.process] = process(guid=STEP.process, **fields)
        self.decisions = [{"guid": "D", "decision": decision}]


@pytest.fixture
def world():
    """A target everything of which was read."""
    made = World()
    made.ledger.follow_decisions(SIGNOFF)
    made.look()
    made.look(ELSEWHERE.process)
    return made


def broken_body(**fields):
    return {"comment": UNREADABLE, **fields}


CALLS = {
    "accepted": (exchange, {}),
    "refused": (refusal, {}),
    "server-error": (exchange, {"status": 500, "body": "down"}),
    "no-answer": (no_answer, {}),
    "odd-body-accepted": (exchange, broken_body()),
    "odd-body-refused": (refusal, broken_body()),
    "odd-body-server-error": (exchange, broken_body(status=500, body="down")),
}

# What the target may show after a reopen that it says it did.
RIGHT = {
    "nothing-else-changed": ((REOPENED, neighbour()), {}),
    "keeps-who-completed-it": ((step(status="OPEN"), neighbour()), {}),
    "another-completer": ((step(status="OPEN", completeUser={"guid": "X"}), neighbour()), {}),
    "current-step-moved": ((REOPENED, neighbour()), {"currentStep": {"guid": STEP.step}}),
    "no-current-step": ((REOPENED, neighbour()), {"currentStep": None}),
    "completed-date": ((REOPENED, neighbour()), {"completedDateTime": "2026-03-04T12:00:00Z"}),
    "listed-in-another-order": ((signoff(), neighbour(), REOPENED), {}),
    "shows-more": (({**REOPENED, "extra": 1}, neighbour()), {"extra": 1}),
}
# What it may never show, whatever was asked and answered.
WRONG = {
    "step-gone": ((neighbour(),), {}, f"step {STEP.step}: (all) was"),
    "neighbour-reopened": ((REOPENED, neighbour(status="OPEN")), {}, f"step {NEIGHBOUR}: status was"),
    "neighbour-lost-its-date": ((REOPENED, neighbour(completeDateTime=None)), {}, "completeDateTime was"),
    "neighbour-lost-its-completer": ((REOPENED, neighbour(completeUser=None)), {}, "completeUser was"),
    "neighbour-gone": ((REOPENED,), {}, 'was "there", is "gone"'),
    "step-added": ((REOPENED, neighbour(), step("NEW")), {}, 'step NEW: (all) was "absent", is "there"'),
    "signoff-complete": ((REOPENED, neighbour(), signoff(status="COMPLETE")), {}, "step SIGNOFF: status was"),
    "assignees-dropped": (({**REOPENED, "assignees": None}, neighbour()), {}, "assignees was"),
    "assignees-replaced": (({**REOPENED, "assignees": {"users": [{"guid": "X"}]}}, neighbour()), {}, "assignees was"),
    "due-date-set": (({**REOPENED, "dueDateTime": "2026-04-01T00:00:00Z"}, neighbour()), {}, "dueDateTime was"),
    "attributes-changed": (({**REOPENED, "attributes": [{"guid": "A"}]}, neighbour()), {}, "attributes was"),
    "approvals-changed": (({**REOPENED, "approvals": [{"guid": "A"}]}, neighbour()), {}, "approvals was"),
    "renamed": (({**REOPENED, "name": "Other"}, neighbour()), {}, "name was"),
    "order-changed": (({**REOPENED, "order": 9}, neighbour()), {}, "order was 1, is 9"),
    "type-changed": (({**REOPENED, "type": "SIGNOFF"}, neighbour()), {}, "type was"),
    "process-completed": ((REOPENED, neighbour()), {"status": "COMPLETED"}, "status was"),
    "owner-changed": ((REOPENED, neighbour()), {"owner": {"guid": "X", "fullName": "X"}}, "owner was"),
    "process-renamed": ((REOPENED, neighbour()), {"name": "Other"}, "name was"),
    "description-changed": ((REOPENED, neighbour()), {"description": ""}, "description was"),
    "number-changed": ((REOPENED, neighbour()), {"number": "CAR-000004"}, "number was"),
    "decision-made": ((REOPENED, neighbour()), {"decision": "APPROVED"}, "decision D: decision was"),
}
DONE_OR_UNCLEAR = [name for name in CALLS if "refused" not in name]


# What a call should have changed.


@pytest.mark.parametrize(("steps", "fields"), RIGHT.values(), ids=RIGHT)
@pytest.mark.parametrize("call", DONE_OR_UNCLEAR)
def test_a_reopened_step_surprises_nobody(world, call, steps, fields):
    answer, named = CALLS[call]
    world.did(answer, **named)
    world.shows(*steps, **fields)
    assert world.look() == []


@pytest.mark.parametrize(("steps", "fields", "change"), WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("call", ["accepted", "refused", "no-answer", "odd-body-accepted"])
def test_whatever_else_changes_is_a_surprise(world, call, steps, fields, change):
    answer, named = CALLS[call]
    made = world.did(answer, **named)
    world.shows(*steps, **fields)
    assert change in " ".join(world.look())
    assert {one.exchanges for one in world.ledger.surprises} == {(made,)}
    assert not any(one.staged for one in world.ledger.surprises)


@pytest.mark.parametrize("shown", ["COMPLETE", "COMPLETED", None, "open", "REOPENED"])
def test_a_reopen_that_was_done_has_to_read_open(world, shown):
    world.did()
    world.shows(step(status=shown), neighbour())
    (change,) = world.look()
    assert change.startswith(f'step {STEP.step}: status was "OPEN", is ')


@pytest.mark.parametrize("call", [name for name in DONE_OR_UNCLEAR if name != "accepted"])
def test_where_nobody_knows_whether_it_was_done_the_step_may_read_either_way(world, call):
    answer, named = CALLS[call]
    world.did(answer, **named)
    world.shows(step(), neighbour())
    assert world.look() == []


@pytest.mark.parametrize("call", ["refused", "odd-body-refused"])
@pytest.mark.parametrize(
    ("shown", "field"),
    [
        pytest.param(step(status="OPEN"), "status", id="reopened"),
        pytest.param(step(completeDateTime=None), "completeDateTime", id="lost-its-date"),
        pytest.param(step(completeUser={"guid": "X"}), "completeUser", id="another-completer"),
    ],
)
def test_a_refusal_changes_nothing_of_the_step_either(world, call, shown, field):
    answer, named = CALLS[call]
    world.did(answer, **named)
    world.shows(shown, neighbour())
    (change,) = world.look()
    assert change.startswith(f"step {STEP.step}: {field} was")


@pytest.mark.parametrize("call", ["refused", "odd-body-refused"])
def test_a_refusal_surprises_nobody_where_nothing_changed(world, call):
    answer, named = CALLS[call]
    world.did(answer, **named)
    assert world.look() == []


def test_a_step_that_was_open_before_stays_open(world):
    world.shows(REOPENED, neighbour())
    world.look()
    world.did()
    world.did(refusal)
    assert world.look() == []


def test_what_an_unclear_call_left_open_is_certain_after_the_next_success(world):
    world.did(no_answer)
    world.did()
    assert world.look() == [f'step {STEP.step}: status was "OPEN", is "COMPLETE"']


def test_a_surprise_is_told_once(world):
    world.did(refusal)
    world.shows(REOPENED, neighbour())
    world.look()
    world.did(refusal)
    world.look()
    assert len(world.ledger.surprises) == 1


def test_what_is_read_for_the_first_time_surprises_nobody():
    world = World()
    world.did()
    assert world.look() == []


BODY = {"qualityProcess": {"guid": STEP.process}, "complete": False}


@pytest.mark.parametrize(
    ("steps", "fields", "surprises"),
    [
        pytest.param((step(), neighbour()), {"status": "COMPLETE"}, 0, id="the-process-may-change"),
        pytest.param((REOPENED, neighbour()), {}, 1, id="no-step-may"),
        pytest.param((step(), neighbour(), signoff(status="COMPLETE")), {}, 1, id="nor-the-sign-off-step"),
        pytest.param((step(), neighbour()), {"name": "Other"}, 1, id="nor-anything-else-of-the-process"),
    ],
)
def test_without_a_step_the_call_is_about_the_process(world, steps, fields, surprises):
    world.did(subject=Subject(STEP.process, ""), comment=UNREADABLE, request_body=encode(BODY))
    world.shows(*steps, **fields)
    world.look()
    assert len(world.ledger.surprises) == surprises


# What staging should have changed.

COMPLETED = step(completeDateTime="2026-03-04T13:00:00Z", completeUser={"guid": "Y"})


@pytest.mark.parametrize(
    ("answer", "shown", "surprising"),
    [
        pytest.param({}, COMPLETED, False, id="done-and-complete"),
        pytest.param({}, REOPENED, True, id="done-but-open"),
        pytest.param({"status": 500, "body": ""}, COMPLETED, False, id="unclear-and-complete"),
        pytest.param({"status": 500, "body": ""}, REOPENED, False, id="unclear-and-open"),
        pytest.param({"status": 400, "json_body": envelope()}, REOPENED, False, id="refused-and-open"),
        pytest.param({"status": 400, "json_body": envelope()}, COMPLETED, True, id="refused-but-complete"),
    ],
)
def test_completing_a_step(world, answer, shown, surprising):
    world.shows(REOPENED, neighbour())
    world.look()
    world.did(refusal)
    world.staged("complete-step", **answer)
    world.shows(shown, neighbour())
    assert bool(world.look()) is surprising


@pytest.mark.parametrize(
    ("operation", "status", "surprising"),
    [
        pytest.param("complete-step", "COMPLETED", False, id="the-last-step-may-complete-it"),
        pytest.param("complete-step", "OPEN", False, id="the-last-step-need-not"),
        pytest.param("complete-process", "COMPLETED", False, id="the-call-may"),
        pytest.param("assign-step", "COMPLETED", True, id="assigning-may-not"),
    ],
)
def test_the_status_of_the_process(world, operation, status, surprising):
    world.shows(REOPENED, neighbour(), signoff(status="COMPLETE"))
    world.look()
    world.did(refusal)
    world.staged(operation, request_body=encode({"assignees": {"users": [PERSON]}}))
    now = step() if operation == "complete-step" else REOPENED
    world.shows(now, neighbour(), signoff(status="COMPLETE"), status=status)
    assert bool(world.look()) is surprising


def test_a_step_that_is_not_the_last_one_does_not_complete_the_process(world):
    world.shows(REOPENED, neighbour())
    world.look()
    world.did(refusal)
    world.staged("complete-step")
    world.shows(step(), neighbour(), status="COMPLETE")
    assert world.look() == [f'process {STEP.process}: status was "OPEN", is "COMPLETE"']


@pytest.mark.parametrize("reopen", [True, False], ids=["by-reopening-it", "by-completing-it"])
def test_completing_a_process_may_take_its_signoff_step_along_and_no_other(world, reopen):
    world.did(refusal)
    world.staged("complete-process", subject=Subject(STEP.process, ""))
    world.shows(REOPENED if reopen else step(), neighbour(), signoff(status="COMPLETE"), status="COMPLETED")
    assert bool(world.look()) is reopen


HEIDI, GROUP, TWO = {"users": [PERSON]}, {"userGroups": [{"guid": "G"}]}, {"users": [{"guid": "A"}, {"guid": "B"}]}


@pytest.mark.parametrize(
    ("asked", "answer", "shown", "surprising"),
    [
        pytest.param(GROUP, {}, GROUP, False, id="done"),
        pytest.param(TWO, {}, {"users": TWO["users"][::-1]}, False, id="done-in-another-order"),
        pytest.param(None, {}, None, False, id="done-nobody"),
        pytest.param(None, {}, {"users": []}, False, id="done-nobody-as-an-empty-list"),
        pytest.param(GROUP, {}, HEIDI, True, id="done-but-as-before"),
        pytest.param(GROUP, {}, None, True, id="done-but-lost-since"),
        pytest.param(GROUP, {"status": 500, "body": ""}, GROUP, False, id="unclear-and-done"),
        pytest.param(GROUP, {"status": 500, "body": ""}, HEIDI, False, id="unclear-and-not-done"),
        pytest.param(GROUP, {"status": 400, "json_body": envelope()}, HEIDI, False, id="refused"),
        pytest.param(GROUP, {"status": 400, "json_body": envelope()}, GROUP, True, id="refused-but-done"),
    ],
)
def test_assigning_a_step(world, asked, answer, shown, surprising):
    world.staged("assign-step", request_body=encode({"assignees": asked}), **answer)
    world.did(refusal)
    world.shows(step(assignees=shown), neighbour())
    assert bool(world.look()) is surprising


@pytest.mark.parametrize(("steps", "fields", "change"), WRONG.values(), ids=WRONG)
def test_assigning_a_step_hides_nothing_that_a_reopen_changes(world, steps, fields, change):
    world.staged("assign-step", request_body=encode({"assignees": HEIDI}))
    world.did()
    world.shows(*steps, **fields)
    assert change in " ".join(world.look())


@pytest.mark.parametrize(
    ("steps", "fields", "surprising"),
    [
        pytest.param((step(), neighbour(), signoff(status="COMPLETE")), {"decision": "APPROVED"}, False, id="decided"),
        pytest.param(
            (step(), neighbour(), signoff(status="COMPLETE")),
            {"decision": "APPROVED", "status": "COMPLETE"},
            False,
            id="the-last-decision-completes-the-process",
        ),
        pytest.param((REOPENED, neighbour()), {"decision": "APPROVED"}, True, id="no-regular-step-changes"),
    ],
)
@pytest.mark.parametrize("operation", ["decide", "add-decisions"])
def test_deciding_changes_the_signoff_step_alone(world, operation, steps, fields, surprising):
    world.did(refusal)
    world.staged(operation, subject=SIGNOFF)
    world.shows(*steps, **fields)
    assert bool(world.look()) is surprising


def test_what_an_accepted_reopen_does_to_the_signoff_step_itself_is_open(world):
    world.did(subject=SIGNOFF)
    world.shows(step(), neighbour(), signoff(approvals=[{"guid": "D"}]), decision="REJECTED")
    assert world.look() == []


def test_decisions_are_followed_from_the_first_reading_on():
    world = World()
    world.look()
    assert world.ledger.views_of(STEP.process) == (STEPS, PROCESS)
    world.ledger.follow_decisions(SIGNOFF)
    assert world.ledger.views_of(STEP.process) == (STEPS, PROCESS, DECISIONS)
    world.did(subject=SIGNOFF, answer=refusal)
    world.shows(step(), neighbour(), decision="REJECTED")
    assert world.look() == ['decision D: decision was null, is "REJECTED"']


@pytest.mark.parametrize("answer", [{"status": 404, "json_body": envelope()}, {"status": 500, "body": "down"}])
def test_a_target_may_lack_decisions(answer):
    world = World()
    world.broken["list-decisions"] = answer
    world.ledger.follow_decisions(SIGNOFF)
    assert world.ledger.views_of(STEP.process) == (STEPS, PROCESS)


# What creating shows.


@pytest.mark.parametrize(
    ("created", "surprising"),
    [
        pytest.param({"guid": STEP.process}, False, id="the-guid-alone"),
        pytest.param(without(process(guid=STEP.process), "description"), False, id="one-field-fewer"),
        pytest.param(process(guid=STEP.process), True, id="everything"),
    ],
)
def test_what_creating_does_not_show_is_not_known(created, surprising):
    world = World()
    world.ledger.created(created)
    world.did()
    world.shows(REOPENED, neighbour(), description="Other")
    assert bool(world.look()) is surprising
    assert world.ledger.shown[STEP.process]["description"] == "Other"


def test_after_the_first_reading_everything_is_known():
    world = World()
    world.ledger.created({"guid": STEP.process})
    world.look()
    world.did()
    world.shows(REOPENED, neighbour(), description="Other")
    assert len(world.look()) == 1


def test_the_steps_as_first_listed_are_known():
    world = World()
    world.ledger.listed(STEP.process, [step(), neighbour(), signoff()])
    world.did(refusal)
    world.shows(REOPENED, neighbour())
    assert len(world.look()) == 3


# Who did it.


def naming(guid):
    """Returns a body that names a process beside the one that the call aims at."""
    return json.dumps({"qualityProcess": [{"guid": guid}]}).encode()


@pytest.mark.parametrize(
    ("call", "suspected"),
    [
        pytest.param({}, True, id="aims-at-it"),
        pytest.param({"subject": Subject(STEP.process, NEIGHBOUR)}, True, id="aims-at-another-step"),
        pytest.param({"subject": Subject(STEP.process, "")}, True, id="aims-at-the-process"),
        pytest.param({"purpose": "control"}, True, id="control"),
        pytest.param({"subject": ELSEWHERE, "request_body": naming(STEP.process)}, True, id="names-it-in-the-body"),
        pytest.param({"subject": ELSEWHERE, "request_body": naming(STEP.step)}, True, id="names-its-step-in-the-body"),
        pytest.param({"subject": ELSEWHERE}, False, id="aims-elsewhere"),
        pytest.param({"subject": ELSEWHERE, "request_body": None}, False, id="aims-elsewhere-without-body"),
        pytest.param({"subject": None}, False, id="aims-at-nothing"),
        pytest.param({"purpose": "staging"}, False, id="staging"),
        pytest.param({"operation": "logout"}, False, id="another-operation"),
    ],
)
def test_suspects_are_the_calls_that_name_the_process(world, call, suspected):
    known = world.did(refusal)
    other = world.did(refusal, **call)
    world.shows(REOPENED, neighbour())
    world.look()
    (surprise,) = world.ledger.surprises
    assert surprise.exchanges == ((known, other) if suspected else (known,))


def test_calls_before_the_last_reading_are_no_suspects(world):
    world.did(refusal, scenario="rule/first")
    world.look()
    world.did(refusal, scenario="rule/second")
    world.shows(REOPENED, neighbour())
    world.look()
    assert [surprise.scenarios for surprise in world.ledger.surprises] == [("rule/second",)]


def test_where_no_call_names_the_process_those_on_others_are_suspects(world):
    far = world.did(subject=ELSEWHERE)
    world.shows(REOPENED, neighbour())
    world.look()
    (surprise,) = world.ledger.surprises
    assert surprise.exchanges == (far,)


def test_what_no_call_can_have_done_is_no_surprise(world):
    world.shows(REOPENED, neighbour())
    assert world.look() == []


@pytest.mark.parametrize(
    ("calls", "scenarios"),
    [
        pytest.param([("scenario", "rule/one")], ("rule/one",), id="one"),
        pytest.param([("scenario", "rule/one")] * 2, ("rule/one",), id="one-twice"),
        pytest.param([("scenario", "rule/two"), ("scenario", "rule/one")], ("rule/two", "rule/one"), id="two"),
        pytest.param([("scenario", "rule/one"), ("control", "rule/two")], ("rule/one",), id="beside-a-control"),
        pytest.param([("control", "rule/two")], ("",), id="a-control-alone"),
    ],
)
def test_the_scenarios_under_suspicion(world, calls, scenarios):
    for purpose, name in calls:
        world.did(refusal, purpose=purpose, scenario=name)
    world.shows(REOPENED, neighbour())
    world.look()
    (surprise,) = world.ledger.surprises
    assert surprise.scenarios == scenarios


@pytest.mark.parametrize(
    ("shown", "staged"),
    [
        pytest.param(neighbour(dueDateTime="2026-04-01T00:00:00Z"), True, id="due-date"),
        pytest.param(neighbour(approvals=[{"guid": "A"}]), True, id="approvals"),
        pytest.param(neighbour(completeUser=None), True, id="who-completed-it"),
        pytest.param(neighbour(status="OPEN"), False, id="status"),
        pytest.param(neighbour(assignees=None), False, id="assignees"),
        pytest.param(neighbour(name="Other"), False, id="name"),
        pytest.param(neighbour(dueDateTime="2026-04-01T00:00:00Z", name="Other"), False, id="one-of-two"),
    ],
)
@pytest.mark.parametrize("by", ["complete-step", "assign-step", "reopening"])
def test_staging_may_explain_what_the_next_steps_turn_brings_along(world, by, shown, staged):
    world.shows(REOPENED, neighbour())
    world.look()
    world.did(refusal)
    if by == "reopening":
        world.did(purpose="staging")
    else:
        world.staged(by, request_body=encode({"assignees": HEIDI}))
    world.shows(step() if by == "complete-step" else REOPENED, shown)
    world.look()
    assert [surprise.staged for surprise in world.ledger.surprises] == [staged]


def test_staging_that_was_refused_explains_nothing(world):
    world.did(refusal)
    world.staged("complete-step", refusal)
    world.shows(step(), neighbour(dueDateTime="2026-04-01T00:00:00Z"))
    world.look()
    assert [surprise.staged for surprise in world.ledger.surprises] == [False]


def test_staging_explains_nothing_that_happens_after_the_next_reading(world):
    world.staged("complete-step")
    world.look()
    world.did(refusal)
    world.shows(step(), neighbour(dueDateTime="2026-04-01T00:00:00Z"))
    world.look()
    assert [surprise.staged for surprise in world.ledger.surprises] == [False]


# What can't be read.


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        pytest.param({"status": 403, "json_body": envelope()}, Unstaged, id="refused"),
        pytest.param({"status": 200, "json_body": {}}, Unstaged, id="no-results"),
        pytest.param({"status": 500, "body": "down"}, StagingBroke, id="server-error"),
        pytest.param({"status": 200, "body": "<html>"}, StagingBroke, id="no-json"),
    ],
)
def test_a_reading_that_fails_leaves_unread_what_was_called_since(world, broken, error):
    world.did(refusal, scenario="rule/before")
    world.look()
    world.did(refusal, scenario="rule/one")
    world.did(refusal, scenario="rule/elsewhere", subject=ELSEWHERE)
    world.broken["list-steps"] = broken
    with pytest.raises(error):
        world.ledger.read(STEP.process, STEPS)
    assert world.ledger.unread == {}
    world.ledger.flush(STEP.process, STEPS)
    assert list(world.ledger.unread) == ["rule/one"]
    assert "list" in world.ledger.unread["rule/one"]


def test_a_view_that_can_be_read_is_compared_though_another_fails(world):
    world.did(refusal)
    world.shows(step(), neighbour(), name="Other")
    world.broken["list-steps"] = {"status": 500, "body": "down"}
    world.ledger.flush(STEP.process, STEPS, PROCESS)
    assert [one.place.field for surprise in world.ledger.surprises for one in surprise.changes] == ["name"]
    assert list(world.ledger.unread) == ["reopen-step/example"]


def test_after_a_reading_that_failed_the_next_one_begins_anew(world):
    world.did(refusal)
    world.broken["list-steps"] = {"status": 500, "body": "down"}
    world.ledger.flush(STEP.process, STEPS)
    world.broken.clear()
    world.shows(REOPENED, neighbour())
    assert world.look() == []
    world.did(refusal)
    world.shows(step(), neighbour())
    assert len(world.look()) == 3


def test_who_gives_up_reading_leaves_everything_unread(world):
    world.did(refusal, scenario="rule/one")
    world.did(refusal, scenario="rule/two", subject=ELSEWHERE)
    world.ledger.forgo("interrupted")
    assert world.ledger.unread == {"rule/one": "interrupted", "rule/two": "interrupted"}


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        pytest.param({}, "", id="it-can-be-read"),
        pytest.param({"status": 403, "json_body": envelope()}, "the target refused to list steps", id="it-refuses"),
    ],
)
def test_whether_a_target_can_be_read_at_all(broken, error):
    world = World()
    world.broken["list-steps"] = broken
    world.ledger.know(STEP.process)
    world.ledger.know(STEP.process)
    assert error in world.ledger.blind
    assert len(world.recorder.exchanges) == 1


def test_a_target_that_cannot_be_read_is_not_asked_again():
    world = World()
    world.broken["list-steps"] = {"status": 403, "json_body": envelope()}
    world.ledger.know(STEP.process)
    world.ledger.flush(STEP.process, STEPS, PROCESS)
    for read in (world.look, lambda: world.ledger.compare_single(STEP), lambda: world.ledger.status(STEP)):
        with pytest.raises(Unstaged, match="nothing can be read back"):
            read()
    assert len(world.recorder.exchanges) == 1
    assert world.ledger.unread == {}


def test_a_second_reopen_that_is_done_tells_that_the_first_was_not(world):
    first = world.did()
    world.ledger.not_open(first, STEP)
    (surprise,) = world.ledger.surprises
    assert (surprise.exchanges, surprise.staged) == ((first,), False)
    assert str(surprise.changes[0]) == f'step {STEP.step}: status was "OPEN", is "COMPLETE"'


# What is known between two readings.


@pytest.mark.parametrize(
    ("call", "waits"),
    [
        pytest.param({}, True, id="on-it"),
        pytest.param({"answer": refusal}, True, id="on-it-refused"),
        pytest.param({"purpose": "control"}, True, id="control"),
        pytest.param({"subject": Subject(STEP.process, "")}, True, id="on-its-process"),
        pytest.param({"subject": ELSEWHERE, "request_body": naming(STEP.step)}, True, id="names-it-in-the-body"),
        pytest.param({"subject": Subject(STEP.process, NEIGHBOUR)}, False, id="on-its-neighbour"),
        pytest.param({"subject": ELSEWHERE}, False, id="elsewhere"),
        pytest.param({"purpose": "staging"}, False, id="staging"),
    ],
)
def test_calls_on_a_step_wait_for_the_next_reading(world, call, waits):
    assert not world.ledger.pending(STEP)
    world.did(**call)
    assert world.ledger.pending(STEP) is waits
    world.ledger.read(STEP.process, STEPS)
    assert not world.ledger.pending(STEP)


def test_each_view_waits_for_its_own_reading(world):
    world.did(refusal, subject=SIGNOFF)
    world.ledger.read(STEP.process, STEPS)
    assert not world.ledger.pending(SIGNOFF)
    assert world.ledger.pending(SIGNOFF, DECISIONS)


def test_nothing_waits_for_what_was_not_read_yet():
    world = World()
    world.did()
    assert not world.ledger.pending(STEP)
    assert not world.ledger.pending(SIGNOFF, DECISIONS)


def test_statuses_are_known_as_far_as_nothing_may_have_changed_them(world):
    known = {STEP.step: "COMPLETE", NEIGHBOUR: "COMPLETE", "SIGNOFF": "OPEN"}
    assert world.ledger.statuses(STEP.process) == known
    world.did()
    assert world.ledger.statuses(STEP.process) == {**known, STEP.step: "OPEN"}
    world.did(comment=UNREADABLE)
    assert world.ledger.statuses(STEP.process) == {NEIGHBOUR: "COMPLETE", "SIGNOFF": "OPEN"}
    assert world.ledger.statuses("UNHEARD") == {}


@pytest.mark.parametrize("shown", ["OPEN", "COMPLETE"])
def test_the_status_of_a_step_is_read(world, shown):
    world.shows(step(status=shown), neighbour())
    assert world.ledger.status(STEP) == shown


@pytest.mark.parametrize("shown", [None, "REOPENED", 1])
def test_a_status_that_is_neither_breaks_staging(world, shown):
    world.shows(step(status=shown), neighbour())
    with pytest.raises(StagingBroke, match="neither OPEN nor COMPLETE"):
        world.ledger.status(STEP)


@pytest.mark.parametrize(("shown", "status"), [("OPEN", "OPEN"), ("COMPLETED", "COMPLETE"), ("COMPLETE", "COMPLETE")])
def test_the_status_of_a_process_is_read(world, shown, status):
    world.shows(step(), neighbour(), status=shown)
    assert world.ledger.process_status(STEP.process) == status
    assert world.ledger.shown[STEP.process]["status"] == shown


# The step's own view.


@pytest.mark.parametrize(
    ("single", "changed"),
    [
        pytest.param(REOPENED, [], id="the-same"),
        pytest.param(
            without(
                REOPENED,
                "dueDateTime",
            ),
            [],
            id="a-field-fewer",
        ),
        pytest.param({**REOPENED, "name": "Other"}, [], id="another-name"),
        pytest.param({**REOPENED, "status": "COMPLETE"}, ["status"], id="another-status"),
        pytest.param({**REOPENED, "assignees": None}, ["assignees"], id="other-assignees"),
        pytest.param(without(REOPENED, "status"), ["status"], id="no-status"),
    ],
)
@pytest.mark.parametrize("listed_before", [True, False], ids=["after-listing", "before-listing"])
def test_a_steps_own_view_has_to_show_its_status_and_assignees(world, single, changed, listed_before):
    made = world.did()
    world.shows(REOPENED, neighbour())
    if listed_before:
        world.ledger.read(STEP.process, STEPS)
        made = world.did(refusal, **{"json_body": ALREADY_OPEN})
    world.shows(single, neighbour())
    world.ledger.compare_single(STEP)
    assert [change.place.field for one in world.ledger.surprises for change in one.changes] == changed
    assert all(one.exchanges == (made,) for one in world.ledger.surprises)
    assert world.ledger.pending(STEP)
