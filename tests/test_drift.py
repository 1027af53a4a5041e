"""Behaviours and how they are compared: no noise, every change told once and in plain words."""

import copy
import datetime as dt
import json
import random
import re
from dataclasses import replace
from datetime import timedelta

import pytest
import yaml
from jsonschema import Draft202012Validator
from make import envelope, exchange, refusal, report, scenario, success

from conformance import contract, drift, gate, page, target
from conformance.arena.clock import Clock
from conformance.arena.server import Server
from conformance.arena.service import Arena
from conformance.arena.world import World
from conformance.behaviour import classes, compact, expand, record
from conformance.drift import Kind, Level, Side, baseline, document
from conformance.evidence import Redactor, Subject
from conformance.judge import Settings
from conformance.resources import resource
from conformance.verdict import Scenario, Verdict

RULES = [rule.id for rule in contract.rules()]
TODAY = dt.date(2026, 3, 4)
ACCEPTED = "owner-may-reopen/assigned"
REFUSED = "others-may-not-reopen/step-of-a-user-colleague"
RESET = "X-Arena-Next-Request-Limit-Reset"
COMPLETION = ("completeDateTime", "completeUser")
DRIFT_SCHEMA = Draft202012Validator(json.loads(resource("drift/drift.schema.json").read_text("utf-8")))


def recorded(*calls, clean=lambda text: text, verdicts=None, exclusive=True):
    """Returns the behaviours that these calls leave, compact; calls of one scenario belong together."""
    numbered = [replace(call, id=number) for number, call in enumerate(calls, start=1)]
    names = dict.fromkeys(call.scenario for call in numbered if call.purpose == "scenario")
    scenarios = [
        Scenario(
            name,
            True,
            (verdicts or {}).get(name, Verdict.PASS),
            "" if name not in (verdicts or {}) else "why",
            exchanges=tuple(call.id for call in numbered if call.scenario == name),
        )
        for name in names
    ]
    return record(scenarios, numbered, exclusive=exclusive, clean=clean)


def side(*calls, profile="documented", unstable=None, verdicts=None, reasons=None):
    return Side(expand(recorded(*calls, verdicts=verdicts)), profile, unstable or {}, reasons or {})


def accepted(**overrides):
    return exchange(**{"scenario": ACCEPTED, **overrides})


def refused(code=1010, message="This user may not do that.", status=400, **overrides):
    return refusal(status, code=code, message=message, **{"scenario": REFUSED, "account": "colleague", **overrides})


def kinds(differences):
    return [str(one.kind) for one in differences]


def usual(profile):
    text = resource(f"fixtures/baselines/embedded-{profile}.yaml").read_text("utf-8")
    return baseline.read(text)


# What is recorded.


def test_nothing_that_differs_from_run_to_run_is_recorded():
    one = accepted(json_body=success(name="Bezels melted", number="CAR-000003"))
    other = accepted(
        json_body=success(
            guid="ZZZZZZZZZZZZZZZZZZZ9",
            name="Display flickers",
            number="X-1",
            creationDateTime="2031-01-02T03:04:05Z",
            owner={"guid": "AAAAAAAAAAAAAAAAAAA1", "email": "b@example.com", "fullName": "Bo"},
        ),
        header={"X-Arena-Requests-Remaining": "17", "Date": "Thu, 02 Jan 2031 03:04:05 GMT"},
        account="owner",
        url="http://127.0.0.1:9/v1/qualityprocesses/statuschanges",
        started="2031-01-02T03:04:05.000Z",
        milliseconds=99.0,
    )
    assert recorded(one) == recorded(other)


def test_a_word_of_a_known_few_is_recorded():
    shown = expand(recorded(accepted()))[ACCEPTED]["answers"][0]["body"]
    assert shown["qualityProcess.status"] == "=OPEN"
    assert shown["complete"] == "=false"
    assert shown["qualityProcess.creator.guid"] == "guid"
    assert shown["qualityProcess.completedDateTime"] == "null"
    assert shown["comment"] == "as sent"


@pytest.mark.parametrize(
    ("message", "template"),
    [
        ("The quality process is already open.", "The quality process is already open."),
        ('The guid "K2M5O1MD03ML1K3MVZIC" is not valid.', 'The guid "{}" is not valid.'),
        ("No K2M5O1MD03ML1K3MVZIC here", "No {} here"),
        ("No 7f2c1a00-aaaa-bbbb-cccc-000000000001 here", "No {} here"),
        ("Heidi W may not, ask h@example.com.", "{} may not, ask {}"),
        ("Process CAR-000003 is number 17 of 20", "Process {} is number {} of {}"),
        ("Field qualityProcess.guid", "Field qualityProcess.guid"),
        (None, "(null)"),
    ],
)
def test_messages_lose_guids_names_and_numbers(message, template):
    known = classes.Known(
        frozenset({"K2M5O1MD03ML1K3MVZIC", "7f2c1a00-aaaa-bbbb-cccc-000000000001"}),
        frozenset({"Heidi W", "CAR-000003"}),
    )
    assert classes.template(message, known) == template


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("Content-Length", "94", "number"),
        ("Date", "Wed, 04 Mar 2026 12:00:00 GMT", "HTTP-date"),
        (
            "X-Arena-Next-Request-Limit-Reset",
            "Thu, 05-Mar-2026 00:00:00 GMT-0800 (PST)",
            "date as the vendor writes it",
        ),
        (
            "X-Arena-Next-Request-Limit-Reset",
            "Fri, 02-May-2014 14:22:13 GMT-0700 (PDT)",
            "date as the vendor writes it",
        ),
        (RESET, "2026-03-05T08:00:00.000Z", "date like 9999-99-99T99:99:99.999Z"),
        ("Server", "ArenaSolutions", "ArenaSolutions"),
        ("Set-Cookie", "JSESSIONID=9F2C; Path=/", "text"),
        ("X-Empty", "", "empty"),
    ],
)
def test_headers_have_a_class(name, value, shown):
    assert classes.header(name, [value]) == shown


def test_a_secret_that_the_target_sends_as_a_name_is_not_recorded():
    redactor = Redactor()
    redactor.add("s3cret-session")
    body = {**success(), "s3cret-session": 1, "status": "s3cret-session"}
    call = accepted(json_body=body, header={"X-s3cret-session": "1"})
    assert "s3cret-session" not in json.dumps(recorded(call, clean=redactor.text))


def test_what_is_sent_to_fill_the_report_does_not():
    deep = []
    for _ in range(500):
        deep = [deep, {"x" * 1000: deep}]
        deep = deep[:1]
    wide = {f"member-{number}": "x" for number in range(5000)}
    call = accepted(json_body={**success(), "deep": deep, **wide}, header={f"X-{n}": "1" for n in range(500)})
    assert len(json.dumps(recorded(call))) < 40_000


def test_a_reopened_step_is_told_by_the_next_reading():
    steps = {
        "guid": "8QAT748L1KFYH0JOGNB",
        "order": 1,
        "status": "OPEN",
        "completeDateTime": None,
        "completeUser": None,
    }
    before = {**steps, "status": "COMPLETE", "completeDateTime": "2026-03-04T11:00:00Z", "completeUser": {"guid": "A1"}}
    made = recorded(_steps(before), accepted(), _steps(steps))
    answer = expand(made)[ACCEPTED]["answers"][0]
    assert answer["step"] == "COMPLETE"
    assert answer["changes"] == {
        "step": {"status": "OPEN", "completeDateTime": "null", "completeUser": "null"},
        "neighbours": {},
    }


def test_nothing_is_told_of_a_step_that_a_later_call_touched():
    open_step = {"guid": "8QAT748L1KFYH0JOGNB", "order": 1, "status": "OPEN"}
    made = recorded(_steps(open_step), accepted(), _staging("complete-step"), _steps(open_step))
    assert "step" not in expand(made)[ACCEPTED]["answers"][0].get("changes", {})


def test_what_a_refusal_changes_beside_the_step_is_told():
    mine = {"guid": "8QAT748L1KFYH0JOGNB", "order": 1, "status": "COMPLETE"}
    other = {"guid": "Q6Q9S5QH47QMFO7QZ3MG", "order": 2, "status": "COMPLETE"}
    made = recorded(_steps(mine, other), refused(), _steps(mine, {**other, "status": "OPEN"}))
    assert expand(made)[REFUSED]["answers"][0]["changes"] == {
        "step": {},
        "neighbours": {"status": "COMPLETE -> OPEN"},
    }


def _steps(*shown):
    url = "http://127.0.0.1:8080/v1/qualityprocesses/K2M5O1MD03ML1K3MVZIC/steps?limit=400"
    return _staging("list-steps", method="GET", url=url, json_body={"results": list(shown)}, subject=None)


def _staging(operation, **overrides):
    return exchange(**{"operation": operation, "purpose": "staging", "scenario": "", "status": 200, **overrides})


@pytest.mark.parametrize(
    ("left", "cost"),
    [((9, 8), "one call"), ((9, 9), "nothing"), ((9, 5), "several calls"), ((9, 30), None), ((9, None), None)],
)
def test_what_a_call_costs_is_told_by_the_one_before(left, cost):
    calls = [
        accepted(header={"X-Arena-Requests-Remaining": None if number is None else str(number)}) for number in left
    ]
    answer = expand(recorded(*calls))[ACCEPTED]["answers"][1]
    assert answer.get("cost") == cost
    assert "cost" not in expand(recorded(*calls, exclusive=False))[ACCEPTED]["answers"][1]


def test_simultaneous_answers_have_no_order():
    one, other = accepted(simultaneous=True), accepted(status=400, json_body=envelope(), simultaneous=True)
    assert recorded(one, other) == recorded(other, one)


def test_how_many_examples_of_a_class_are_drawn_does_not_matter():
    call = refused(scenario="request-shape/fuzz-wrong-type")
    assert recorded(call) == recorded(call, call, call)


@pytest.mark.parametrize("name", ["walk-of-several-actors", "fuzz-drawn-valid", "fuzz-random-bytes"])
def test_what_is_drawn_at_random_leaves_only_that_it_failed(name):
    call = accepted(scenario=f"reopen-step/{name}")
    assert recorded(call) == {}
    failed = recorded(call, verdicts={call.scenario: Verdict.FAIL})
    assert failed == {call.scenario: {"verdict": "fail"}}


# How it is written.


@pytest.mark.parametrize("profile", ["documented", "winter-2023"])
def test_what_is_compact_can_be_expanded(profile):
    behaviours = usual(profile).behaviours
    assert expand(compact(behaviours)) == behaviours


def test_a_header_of_every_answer_is_one_line():
    calls = [refused(scenario=f"others-may-not-reopen/case-{number}") for number in range(20)]
    more = [refused(scenario=f"others-may-not-reopen/case-{number}", header={"X-New": "1"}) for number in range(20)]
    before, after = (baseline.write(accept(None, reported(*some))).splitlines() for some in (calls, more))
    assert [line for line in after if line not in before] == ["      X-New: number"]
    assert len(after) == len(before) + 1


@pytest.mark.parametrize("profile", ["documented", "winter-2023"])
def test_the_baselines_are_as_they_are_written(profile):
    text = resource(f"fixtures/baselines/embedded-{profile}.yaml").read_text("utf-8")
    assert baseline.write(baseline.read(text)) == text
    written = yaml.safe_load(text)["behaviours"]
    names = [name for name in written if "/" in name]
    assert names == sorted(names)
    assert re.findall(r"\b(?=[A-Z]*\d)[A-Z\d]{18,}\b|\d{4}-\d\d-\d\dT|127\.0\.0\.1", text) == []


# What differs.


def test_the_same_behaviour_is_no_difference():
    assert drift.compare(side(accepted(), refused()), side(accepted(), refused())) == []


def _body(**changes):
    return {"json_body": {**success(), **changes}}


@pytest.mark.parametrize(
    ("before", "after", "kind", "sentence"),
    [
        (
            refused(),
            refused(3168, "Completed."),
            Kind.BREAKING,
            "The refusal of a call from somebody else (step-of-a-user-colleague) now carries code 3168; it was 1010 "
            "(3168 is what profile winter-2023 has for process-completed).",
        ),
        (
            refused(),
            refused(message="No."),
            Kind.COSMETIC,
            "The refusal of a call from somebody else (step-of-a-user-colleague) now says “No.”; "
            "it said “This user may not do that.”.",
        ),
        (
            refused(status=401),
            refused(status=400),
            Kind.BREAKING,
            "The refusal of a call from somebody else (step-of-a-user-colleague) is now answered 400; it was 401.",
        ),
        (
            refused(),
            accepted(scenario=REFUSED, account="colleague"),
            Kind.BREAKING,
            "A call from somebody else (step-of-a-user-colleague) is now accepted (201); "
            "it was refused (400 with code 1010).",
        ),
        (
            refused(),
            refused(json_body={"status": 400, "errors": [*envelope(1010)["errors"], {"code": 7, "message": "x"}]}),
            Kind.COMPATIBLE,
            "The refusal of a call from somebody else (step-of-a-user-colleague) now lists one more error, code 7.",
        ),
        (
            accepted(),
            accepted(header={"X-New": "1"}),
            Kind.COMPATIBLE,
            "The success of a call from the owner (assigned) now has the header X-New.",
        ),
        (
            accepted(),
            accepted(header={"Server": None}),
            Kind.BREAKING,
            "The success of a call from the owner (assigned) no longer has the header Server.",
        ),
        (
            accepted(),
            accepted(lower_case=True),
            Kind.COSMETIC,
            "The success of a call from the owner (assigned) now spells 6 header names otherwise: "
            "content-length, content-type, date, server, x-arena-next-request-limit-reset, x-arena-requests-remaining.",
        ),
        (
            accepted(),
            accepted(header={"Content-Type": "application/json;charset=UTF-8"}),
            Kind.COMPATIBLE,
            "The success of a call from the owner (assigned) now shows header Content-Type as "
            "application/json;charset=UTF-8; it was application/json.",
        ),
        (
            accepted(),
            accepted(header={"Date": "today"}),
            Kind.BREAKING,
            "The success of a call from the owner (assigned) now shows header Date as text; it was HTTP-date.",
        ),
        (
            accepted(),
            accepted(header={"Connection": "close"}),
            Kind.COMPATIBLE,
            "The success of a call from the owner (assigned) now closes the connection; it was kept.",
        ),
        (
            accepted(),
            accepted(**_body(extra={"a": [1]})),
            Kind.COMPATIBLE,
            "The success of a call from the owner (assigned) now has the member extra.",
        ),
        (
            accepted(**_body(extra={"a": [1]})),
            accepted(),
            Kind.BREAKING,
            "The success of a call from the owner (assigned) no longer has the member extra.",
        ),
        (
            accepted(),
            accepted(json_body=success(status="COMPLETED")),
            Kind.BREAKING,
            "The success of a call from the owner (assigned) now shows qualityProcess.status as COMPLETED; "
            "it was OPEN.",
        ),
        (
            accepted(),
            accepted(json_body=success(currentStep=None)),
            Kind.BREAKING,
            "The success of a call from the owner (assigned) now shows qualityProcess.currentStep as null; "
            "it was object.",
        ),
        (
            accepted(),
            accepted(json_body=success(comment="Reopened")),
            Kind.BREAKING,
            "The success of a call from the owner (assigned) now shows comment as the beginning of what was sent; "
            "it was as sent.",
        ),
        (
            exchange(status=302, header={"Location": "/v2"}, scenario=ACCEPTED),
            exchange(status=302, header={"Location": "https://elsewhere.example/v1"}, scenario=ACCEPTED),
            Kind.BREAKING,
            "The answer of a call from the owner (assigned) now redirects to another host; it was the same host.",
        ),
    ],
)
def test_a_change_is_told_once_with_its_weight(before, after, kind, sentence):
    (found,) = drift.compare(side(before), side(after))
    assert (found.kind, found.sentence) == (kind, sentence)


def test_entries_of_a_list_that_is_empty_are_no_difference():
    full, empty = accepted(**_body(notes=[{"text": "x"}])), accepted(**_body(notes=[]))
    assert drift.compare(side(full), side(empty)) == []
    assert drift.compare(side(empty), side(full)) == []


def test_what_every_answer_has_otherwise_is_one_difference():
    calls = [accepted(), refused(), refused(scenario="edit-details-required/owner", account="restricted_owner")]
    more = [
        accepted(header={"X-New": "1"}),
        refused(header={"X-New": "1"}),
        refused(scenario="edit-details-required/owner", account="restricted_owner", header={"X-New": "1"}),
    ]
    (found,) = drift.compare(side(*calls), side(*more))
    assert found.sentence == "Every answer now has the header X-New."
    assert len(found.scenarios) == 3


def test_what_a_reading_does_not_show_is_not_compared():
    read = side(accepted())
    read.behaviours[ACCEPTED]["answers"][0]["changes"] = {"step": {"status": "OPEN", "completeUser": "null"}}
    unread, sparse = side(accepted()), copy.deepcopy(read)
    sparse.behaviours[ACCEPTED]["answers"][0]["changes"] = {"step": {"status": "OPEN", "completeUser": "(not shown)"}}
    kept = copy.deepcopy(read)
    kept.behaviours[ACCEPTED]["answers"][0]["changes"]["step"]["completeUser"] = "guid"
    assert drift.compare(read, unread) == drift.compare(unread, read) == drift.compare(read, sparse) == []
    assert [one.sentence for one in drift.compare(read, kept)] == [
        "The success of a call from the owner (assigned) now leaves the step's completeUser as guid; it was null."
    ]


def test_guids_of_other_characters_are_one_difference():
    other = Subject("7f2c1a00-aaaa", "7f2c1a00-bbbb")
    person = {"guid": "7f2c1a00-cccc", "email": "h@example.com", "fullName": "Heidi W"}
    body = success(guid=other.process, creator=person, owner=person, template={"active": None, "guid": "00-a"})
    body["qualityProcess"]["currentStep"]["guid"] = other.step
    malformed = refused(1007, scenario="request-shape/guids-step-cut-short")
    found = drift.compare(
        side(accepted(), refused(1008, scenario="request-shape/guids-step-cut-short")),
        side(accepted(json_body=body, subject=other), malformed),
    )
    assert [one.sentence for one in found] == [
        "The success of a call from the owner (assigned) now has guids made of -, 0-9, a-z; they were of 0-9, A-Z."
    ]
    assert found[0].level is Level.COMPATIBLE


@pytest.mark.parametrize(
    ("before", "after", "kind", "level"),
    [
        (Verdict.PASS, Verdict.FAIL, Kind.PROMISE_BROKEN, Level.BREAKING),
        (Verdict.PASS, Verdict.WAIVED, Kind.PROMISE_BROKEN, Level.BREAKING),
        (Verdict.UNTESTED, Verdict.FAIL, Kind.PROMISE_BROKEN, Level.BREAKING),
        (Verdict.FAIL, Verdict.PASS, Kind.FIXED, Level.NONE),
        (Verdict.WAIVED, Verdict.PASS, Kind.FIXED, Level.NONE),
        (Verdict.PASS, Verdict.UNTESTED, Kind.NOT_REACHED, Level.COSMETIC),
        (Verdict.OBSERVED, Verdict.ERROR, Kind.NOT_REACHED, Level.COSMETIC),
        (Verdict.UNTESTED, Verdict.PASS, Kind.NEWLY_REACHED, Level.NONE),
        (Verdict.UNTESTED, Verdict.ERROR, None, None),
        (Verdict.FAIL, Verdict.WAIVED, None, None),
        (Verdict.FAIL, Verdict.FAIL, None, None),
    ],
)
def test_verdicts_are_compared(before, after, kind, level):
    found = drift.compare(side(refused(), verdicts={REFUSED: before}), side(refused(), verdicts={REFUSED: after}))
    assert [(one.kind, one.level) for one in found] == ([(kind, level)] if kind else [])


def test_a_broken_promise_says_what_was_expected_and_is_not_told_twice():
    new = side(
        accepted(scenario=REFUSED, account="colleague"),
        verdicts={REFUSED: Verdict.FAIL},
        reasons={REFUSED: "expected a refusal (400 with any code); the call was accepted: 201"},
    )
    (found,) = drift.compare(side(refused()), new)
    assert found.sentence == (
        f"others-may-not-reopen fails, in {REFUSED}; it passed before: "
        "expected a refusal (400 with any code); the call was accepted: 201"
    )


def test_what_was_not_run_is_never_unchanged():
    (found,) = drift.compare(side(accepted(), refused()), side(accepted()))
    assert (found.kind, found.scenarios) == (Kind.NOT_REACHED, (REFUSED,))
    (found,) = drift.compare(side(accepted()), side(accepted(), refused()))
    assert (found.kind, found.scenarios) == (Kind.NEWLY_REACHED, (REFUSED,))


def test_the_worst_comes_first():
    before = side(accepted(), refused())
    after = side(accepted(lower_case=True), refused(7, header={"X-New": "1"}))
    assert kinds(drift.compare(before, after)) == ["breaking", "compatible", "cosmetic"]


# The renumbering.


def _codes(profile):
    return {name: situation.codes[0] for name, situation in contract.profiles()[profile].items() if situation.codes}


def test_the_renumbering_is_one_change_of_profile_with_its_mapping():
    old, new = usual("documented").side, usual("winter-2023").side
    (forth,), (back,) = drift.compare(old, new), drift.compare(new, old)
    assert (forth.kind, forth.before, forth.after) == (Kind.PROFILE_CHANGE, "documented", "winter-2023")
    assert (back.kind, back.before, back.after) == (Kind.PROFILE_CHANGE, "winter-2023", "documented")
    fixed = {name: code for name, code in _codes("winter-2023").items() if name != "foreign-guid"}
    assert {one["situation"]: one["after"] for one in forth.mapping} == fixed
    assert {(one["after"], one["before"]) for one in back.mapping} == {
        (one["before"], one["after"]) for one in forth.mapping
    }
    opened = next(one for one in forth.mapping if one["situation"] == "already-open")
    assert opened["before"] == 3089
    assert opened["message_after"] == "The quality process step is already open."


def _renumbered_only(codes):
    """The embedded Arena, with these codes of the newer profile."""
    old, new = usual("documented").side, usual("winter-2023").side
    mixed = copy.deepcopy(old)
    for name, one in mixed.behaviours.items():
        for answer, newer in zip(one["answers"], new.behaviours[name]["answers"], strict=True):
            if {*newer.get("codes", ())} & codes:
                answer |= {key: newer[key] for key in ("status", "codes", "messages")}
    return drift.compare(old, mixed)


def test_a_renumbering_in_part_says_what_it_left_out():
    (found,) = _renumbered_only({3168, 3170, 3085})
    assert found.kind is Kind.PROFILE_CHANGE
    assert {one["after"] for one in found.mapping} == {3168, 3170, 3085}
    assert found.sentence.startswith("Some of the error codes changed from profile documented to winter-2023: ")
    assert "not seen: already-open, guid-empty" in found.sentence
    assert found.sentence.endswith(". It was tested as profile documented.")


def test_a_single_new_code_is_no_renumbering():
    (found,) = _renumbered_only({3168})
    assert found.kind is Kind.BREAKING
    assert "now carries code 3168; it was 1014" in found.sentence
    assert "winter-2023 has for process-completed" in found.sentence


def test_other_codes_beside_a_renumbering_are_told_by_themselves():
    old, new = usual("documented").side, copy.deepcopy(usual("winter-2023").side)
    for one in new.behaviours.values():
        for answer in one["answers"]:
            if answer.get("codes") == [1005]:
                answer["codes"] = [77]
    assert kinds(drift.compare(old, new)) == ["profile-change", "breaking"]


# Baselines.


def reported(*calls, profile="documented", verdicts=None, exit_code=0):
    behaviours = recorded(*calls, verdicts=verdicts)
    scenarios = [scenario(one["verdict"], id=name, exchanges=[]) for name, one in behaviours.items() if "/" in name]
    return report(*scenarios, run={"profile": profile, "exit_code": exit_code}, behaviours=behaviours)


def accept(before, *reports, reason="because", **options):
    return baseline.accept(before, reports, by="Heidi W", reason=reason, today=TODAY, **options)


def test_a_baseline_keeps_who_accepted_what_when_and_why():
    first = accept(None, reported(accepted(), refused()), reason="first recording")
    second = accept(first, reported(accepted(), refused(7)), reason="ticket 1234", only={REFUSED})
    assert second.accepted == (
        {"date": "2026-03-04", "by": "Heidi W", "reason": "first recording", "scenarios": "all"},
        {"date": "2026-03-04", "by": "Heidi W", "reason": "ticket 1234", "scenarios": [REFUSED]},
    )
    assert second.behaviours[REFUSED]["answers"][0]["codes"] == [7]
    assert baseline.read(baseline.write(second)) == second


def test_only_what_was_asked_for_is_taken_over():
    first = accept(None, reported(accepted(), refused()))
    second = accept(first, reported(accepted(status=200), refused(7)), only={REFUSED})
    assert second.behaviours[ACCEPTED] == first.behaviours[ACCEPTED]


def test_nothing_new_changes_nothing():
    first = accept(None, reported(accepted(), refused()))
    assert accept(first, reported(accepted(), refused())) is first


def test_what_a_report_did_not_reach_stays():
    first = accept(None, reported(accepted(), refused()))
    second = accept(first, reported(accepted(), refused(), verdicts={REFUSED: Verdict.UNTESTED}))
    assert second is first
    assert accept(first, reported(accepted())).behaviours == first.behaviours


def test_a_scenario_that_no_longer_exists_goes():
    renamed = refused(scenario="others-may-not-reopen/renamed")
    second = accept(accept(None, reported(accepted(), refused())), reported(accepted(), renamed))
    assert {*second.behaviours} == {ACCEPTED, "others-may-not-reopen/renamed"}


@pytest.mark.parametrize(
    ("reports", "options", "problem"),
    [
        ([reported(accepted()), reported(accepted(), profile="winter-2023")], {}, "different profiles"),
        ([reported(accepted(), profile="winter-2023")], {"only": {ACCEPTED}}, "of profile documented"),
        ([reported(accepted(), verdicts={ACCEPTED: Verdict.ERROR})], {}, "reached nothing"),
    ],
)
def test_what_can_not_be_accepted_is_refused(reports, options, problem):
    with pytest.raises(baseline.BaselineError, match=problem):
        accept(accept(None, reported(accepted())), *reports, **options)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [", "no YAML"),
        ("[]", "no baseline"),
        ("version: 1\nprofile: documented\naccepted: []\nbehaviours: {a/b: {verdict: good}}", "a/b"),
    ],
)
def test_a_file_that_is_no_baseline_is_refused(text, problem):
    with pytest.raises(baseline.BaselineError, match=problem):
        baseline.read(text)


def test_what_differs_between_runs_of_the_same_server_is_never_reported():
    first = reported(accepted(header={"X-Cache": "hit"}), refused(), refused(scenario="session-required/logged-out"))
    second = reported(accepted(), refused(1011), refused(scenario="session-required/logged-out"))
    made = accept(None, first, second)
    assert made.unstable == {"accepted": {"headers.x-cache"}, REFUSED: {"codes"}}
    again = baseline.read(baseline.write(made)).side
    assert drift.compare(again, side(accepted(header={"X-Cache": "miss it"}), refused(7))) != []
    third = side(accepted(), refused(7), refused(scenario="session-required/logged-out"))
    assert drift.compare(again, third) == []
    assert kinds(drift.compare(again, side(accepted(), refused(7), refused(8, scenario="session-required/logged-out"))))


def test_a_verdict_that_differs_between_runs_is_unstable():
    made = accept(None, reported(refused()), reported(refused(), verdicts={REFUSED: Verdict.FAIL}))
    assert drift.compare(made.side, side(refused(), verdicts={REFUSED: Verdict.FAIL})) == []


# What is printed and written.


def _attached(fail_on=Level.BREAKING, exit_code=0, new=None):
    old = side(accepted(), refused())
    run = new or reported(accepted(header={"X-New": "1"}), refused(7))
    run["run"]["exit_code"] = exit_code
    return drift.attach(run, old, "baseline.yaml", fail_on)


def test_a_run_that_conforms_and_differs_has_exit_code_4():
    attached = _attached()
    assert attached["run"]["exit_code"] == 4
    assert attached["run"]["reason"] == "1 difference from the baseline, the worst breaking"
    assert attached["drift"]["summary"] == {"breaking": 1, "compatible": 1}
    assert attached["drift"]["worst"] == "breaking"


@pytest.mark.parametrize("exit_code", [1, 3])
def test_what_is_worse_than_drift_stays(exit_code):
    assert _attached(exit_code=exit_code)["run"]["exit_code"] == exit_code


@pytest.mark.parametrize(
    ("call", "fails_on"),
    [
        (accepted(lower_case=True), {Level.COSMETIC}),
        (accepted(header={"X-New": "1"}), {Level.COSMETIC, Level.COMPATIBLE}),
        (accepted(header={"Date": None}), {Level.COSMETIC, Level.COMPATIBLE, Level.BREAKING}),
    ],
)
def test_how_much_fails_can_be_chosen(call, fails_on):
    levels = (Level.COSMETIC, Level.COMPATIBLE, Level.BREAKING)
    codes = {level: _attached(level, new=reported(call, refused()))["run"]["exit_code"] for level in levels}
    assert {level for level, code in codes.items() if code == 4} == fails_on


HOSTILE = "`x` | <script>alert(1)</script> [a](http://x) \x1b[2J \u202e \n# heading \ud800"


def test_drift_is_valid_and_harmless_whatever_the_target_sent():
    old, new = side(accepted(), refused()), side(accepted(header={"X-`|<b>": "1"}), refused(message=HOSTILE))
    made = document.make(drift.compare(old, new), old, new, names=("a", HOSTILE))
    DRIFT_SCHEMA.validate(json.loads(json.dumps(made)))
    text = document.markdown(made)
    assert text.replace("\n", "").isprintable()
    lines = text.splitlines()
    assert [line for line in lines if line.startswith("# ")] == ["# Differences from the baseline"]
    assert not any("<script>" in re.sub(r"`+ .*? `+|`[^`]*`", "", line) for line in lines)


def test_a_difference_names_the_call_that_repeats_it():
    run = reported(accepted(), refused(7))
    call = {
        "id": 2,
        "scenario": REFUSED,
        "purpose": "scenario",
        "operation": "reopen-step",
        "request": {
            "method": "POST",
            "url": "http://127.0.0.1:1/v1/qualityprocesses/statuschanges",
            "headers": [["arena_session_id", "[redacted]"], ["Content-Type", "application/json"]],
            "body": "{}",
        },
    }
    run["exchanges"] = [call]
    for rule in run["rules"]:
        for one in rule["scenarios"]:
            one["exchanges"] = [2] if one["id"] == REFUSED else []
    (found,) = drift.attach(run, side(accepted(), refused()), "x", Level.BREAKING)["drift"]["differences"]
    assert found["curl"] == (
        "curl -i -X POST http://127.0.0.1:1/v1/qualityprocesses/statuschanges "
        "-H \"arena_session_id: $ARENA_SESSION_ID\" -H 'Content-Type: application/json' --data-raw '{}'"
    )
    assert (found["rule"], found["before"], found["after"]) == ("others-may-not-reopen", [1010], [7])


# The vendor's page. It is not part of this project; here is one of the same kind.

PAGE = """\
# Reopen
Reopens a step. It is
 quick.

* Assigned steps can be reopened.
- Completed ones <b>cannot</b> be reopened.

| Name<br> | Value<br> |
|  --- |  --- |
| Server<br> |   | who answers<br> |

```
{
  "code": 3089,
}
```
"""


def test_a_page_is_read_sentence_by_sentence():
    assert [(one.line, one.text) for one in page.sentences(PAGE)] == [
        (1, "Reopen"),
        (2, "Reopens a step."),
        (2, "It is quick."),
        (5, "Assigned steps can be reopened."),
        (6, "Completed ones cannot be reopened."),
        (8, "Name | Value"),
        (10, "Server | who answers"),
        (13, "{"),
        (14, '"code": 3089,'),
        (15, "}"),
    ]


def _known(monkeypatch, text):
    found = tuple(page.Known(one.line, one.digest, one.text, ("owner-may-reopen",)) for one in page.sentences(text))
    monkeypatch.setattr(page, "known", lambda: found)


@pytest.mark.parametrize(
    ("old", "new", "was", "now"),
    [
        ("Assigned steps can be reopened.", "Assigned steps can be reopened twice.", True, True),
        ("3089", "3169", True, True),
        ("* Assigned steps can be reopened.\n", "", True, False),
        ("It is\n quick.", "It is\n quick. It is new.", False, True),
    ],
)
def test_a_sentence_that_changed_is_told(monkeypatch, old, new, was, now):
    _known(monkeypatch, PAGE)
    (change,) = page.compare(PAGE.replace(old, new))
    assert (change.was is not None, change.now is not None) == (was, now)


@pytest.mark.parametrize(("old", "new"), [("* ", "- "), ("<br>", ""), ("\n", "\r\n"), (" | ", "  |   ")])
def test_layout_is_no_change(monkeypatch, old, new):
    _known(monkeypatch, PAGE)
    assert page.compare(PAGE.replace(old, new)) == []


def test_a_sentence_that_moved_is_no_change(monkeypatch):
    _known(monkeypatch, PAGE)
    moved = "* Assigned steps can be reopened.\n"
    assert page.compare(PAGE.replace(moved, "") + moved) == []


def test_another_text_is_not_the_page(monkeypatch):
    _known(monkeypatch, PAGE)
    with pytest.raises(page.NotThePage):
        page.compare("Something else.")


def test_the_digests_hold_every_sentence_that_a_rule_rests_on():
    quoted = {rule for one in page.known() for rule in one.rules}
    assert quoted == {*RULES}


# The commands, and no noise.


def _world(seed):
    """The embedded Arena's world with other guids and names, and another quota."""
    draw, guids = random.Random(seed), {}
    text = resource("fixtures/world.yaml").read_text("utf-8")

    def other(match):
        return guids.setdefault(match[0], "".join(draw.choices("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", k=20)))

    text = re.sub(r"\b(?=[A-Z\d]*\d)(?=[A-Z\d]*[A-Z])[A-Z\d]{20}\b", other, text)
    for number, name in enumerate(re.findall(r"full_name: (.+)", text)):
        text = text.replace(name, f"{draw.choice(['Ana', 'Bo', '李'])} {draw.choice(['Smith', 'Núñez'])}{number}")
    return text.replace("CAR-", "QP-").replace("Root Cause", "Why").replace("25000", str(draw.randrange(3000, 90000)))


@pytest.mark.parametrize("seed", [2, 3])
def test_another_seed_world_and_time_of_day_are_no_difference(tmp_path, seed):
    file = tmp_path / "world.yaml"
    file.write_text(_world(seed), "utf-8")
    clock = Clock()
    clock.advance(timedelta(hours=7 * seed))
    arena = Arena(World.load(file), clock=clock)
    with Server(arena) as server:
        tested = target.from_document(arena.target(server.url), environ={})
        phases = frozenset({"rules", "variations"})  # generated input would take long here
        made = gate.run(tested, Settings(frozenset(RULES), phases, seed=seed), lambda *_: None)
    found = drift.compare(usual("documented").side, Side.of_report(made))
    assert [one.sentence for one in found if one.kind is not Kind.NOT_REACHED] == []
    assert {name.partition("-")[0] for one in found for name in _slugs(one)} == {"fuzz"}


def _slugs(difference):
    return [name.partition("/")[2] for name in difference.scenarios]


RULE = ("run", "--only", "rules", "--rule", "already-open-is-3089", "--rule", "completed-process-locks-steps")
USUAL = str(resource("fixtures/baselines/embedded-documented.yaml"))


def test_a_run_is_compared_with_a_baseline(command, tmp_path):
    done = command(*RULE, "--baseline", USUAL)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "can't be compared any more: it was not run" in " ".join(done.stdout.split())
    done = command(*RULE, "--profile", "winter-2023", "--baseline", USUAL, "--report-dir", "out")
    assert done.returncode == 4, done.stdout + done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1].startswith("CONFORMS, BUT BEHAVES OTHERWISE THAN THE BASELINE (1 difference")
    assert all(len(line) <= 80 for line in lines[:-1] if "curl" not in line)
    written = json.loads((tmp_path / "out" / "drift.json").read_text("utf-8"))
    DRIFT_SCHEMA.validate(written)
    assert written == json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))["drift"]
    assert written["differences"][0]["kind"] == "profile-change"
    assert written["differences"][0]["curl"].startswith("curl -i -X POST ")
    assert "## Change of profile" in (tmp_path / "out" / "drift.md").read_text("utf-8")


def test_two_reports_are_compared_and_taken_over(command, tmp_path):
    for number, profile in enumerate(("documented", "winter-2023")):
        assert command(*RULE, "--profile", profile, "--report-dir", str(number)).returncode == 0
    assert command("diff", "0/report.json", "0/report.json", "--fail-on", "cosmetic").returncode == 0
    assert command("diff", "0/report.json", "1/report.json", "--report-dir", "out").returncode == 4
    assert json.loads((tmp_path / "out" / "drift.json").read_text("utf-8"))["worst"] == "breaking"
    take = ("baseline", "accept", "0/report.json", "--baseline", "b.yaml", "--by", "Heidi W", "--reason", "why not")
    assert command(*take).returncode == 0
    first = (tmp_path / "b.yaml").read_text("utf-8")
    assert yaml.safe_load(first)["accepted"][0]["reason"] == "why not"
    assert command("diff", "b.yaml", "0/report.json").returncode == 0
    assert command("diff", "b.yaml", "1/report.json").returncode == 4
    assert "nothing is new" in command(*take).stdout
    assert (tmp_path / "b.yaml").read_text("utf-8") == first


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("run", "--baseline", "none.yaml"), "none.yaml: No such file"),
        (("run", "--baseline", "bad.yaml"), "bad.yaml: it is no baseline"),
        (("diff", "bad.yaml", USUAL), "bad.yaml: it is no baseline"),
        (("diff", "bad.json", USUAL), "bad.json: it is no report"),
        (("baseline", "accept", "bad.json", "--baseline", "b.yaml", "--reason", "x"), "bad.json: it is no report"),
        (("baseline", "accept", "bad.json", "--baseline", "b.yaml"), "--reason"),
        (("rules", "--check-page", "bad.json"), "is it a copy of the page?"),
    ],
)
def test_bad_usage_is_refused_before_anything_is_sent(command, tmp_path, arguments, problem):
    (tmp_path / "bad.yaml").write_text("version: 1\n", "utf-8")
    (tmp_path / "bad.json").write_text("{}\n", "utf-8")
    done = command(*arguments)
    assert done.returncode == 2
    assert problem in done.stderr
