"""Fuzzing: what is sent, how it is judged, what is found, and how it is sent again."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import threading
from collections import Counter
from dataclasses import replace

import pytest
from jsonschema import Draft202012Validator
from make import serve

from conformance import contract, drift, gate, saved
from conformance.arena.faults import CATALOGUE
from conformance.arena.server import Server
from conformance.arena.service import Arena
from conformance.arena.store import StepStatus
from conformance.arena.variants import CATALOGUE as VARIANTS
from conformance.arena.world import World
from conformance.evidence import UNREADABLE, Recorder, Redactor, Subject
from conformance.fuzzing import phase
from conformance.fuzzing.bodies import bodies, process_bodies
from conformance.fuzzing.case import ACCEPTED, OBSERVED, PROCESS, Case, filled, raw, unknown
from conformance.fuzzing.examination import Examination
from conformance.fuzzing.generation import Generator
from conformance.fuzzing.kinds import KINDS
from conformance.fuzzing.reading import read
from conformance.fuzzing.saved import from_saved, to_saved
from conformance.fuzzing.tally import Tallies
from conformance.fuzzing.ways import WAYS, ways
from conformance.invariants import promised
from conformance.journal import Journal
from conformance.judge import Settings
from conformance.session import COMMENT, Client, Sessions, encode
from conformance.target import from_document
from conformance.verdict import Finding, Verdict
from conformance.wire import Wire

RULES = frozenset(rule.id for rule in contract.rules())
A = Subject("PROCESS0GUID0000000A", "STEP0GUID0000000000A")
B = Subject("PROCESS0GUID0000000B", "STEP0GUID0000000000B")
FIXED = [*bodies(), *process_bodies(), *ways()]
DRAWN = 60


def run(arena=Arena, *, examples=None, until=frozenset(), exclusive=True, rules=RULES):
    """One run of fuzzing alone, in this process."""
    served = arena(World.load(), profile=getattr(arena, "in_profile", "documented"))
    with Server(served) as server:
        tested = from_document({**served.target(server.url), "exclusive": exclusive}, environ={})
        chosen = Settings(rules, frozenset({"fuzz"}), max_examples=examples, until=until)
        return gate.run(tested, chosen, lambda *_: None)


def scenarios(report):
    return {one["id"]: one for rule in report["rules"] for one in rule["scenarios"]}


def sent(report):
    """The class of each case in the order in which they were sent."""
    return [one["scenario"] for one in report["exchanges"] if one["purpose"] == "scenario"]


def is_completion(exchange):
    try:
        body = json.loads(exchange["request"].get("body", ""))
    except (ValueError, RecursionError):
        return False
    return isinstance(body, dict) and body.get("complete") is True


@pytest.fixture(scope="module")
def only_fuzzing():
    """Leaves the scenarios out that stand beside the generated requests, and generates fewer of these."""
    parts = {name: part for name, part in gate.PHASES.items() if name != "scenarios"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gate, "PHASES", parts)
        patch.setattr(phase, "DRAWN", DRAWN)
        yield


@pytest.fixture(scope="module")
def report(only_fuzzing):
    """A run against the embedded Arena."""
    return run()


# The fixed list.


def test_every_class_has_a_name_of_its_own():
    names = Counter(case.scenario for case in FIXED)
    assert [name for name, count in names.items() if count > 1] == []
    assert {case.way for case in FIXED} == {"", *WAYS}


def test_what_is_fixed_never_asks_to_complete_anything():
    for case in FIXED:
        value = read(case.body)
        parsed = json.loads(case.body) if value and value.input_class != "drawn-no-json" else None
        assert not (isinstance(parsed, dict) and parsed.get("complete") is True)
        assert b'"complete": true' not in case.body.replace(b'\\"complete\\": true', b"")


LISTED = """
import json
from conformance.evidence import Subject
from conformance.rules import test_request_shape as rule
from conformance.session import encode
step = Subject("PROCESS0GUID0000000A", "STEP0GUID0000000000A")
lists = ("WRONG_GUIDS", "ODD_GUIDS", "WRONG_SHAPES", "ODD_SHAPES", "NO_JSON", "ODD_NO_JSON")
params = [param for name in lists for param in getattr(rule, name, [])]
made = {param.id: param.values[0](step) for param in params}
print(json.dumps({key: (body if isinstance(body, bytes) else encode(body)).hex() for key, body in made.items()}))
"""


def test_the_bodies_of_the_rule_are_among_the_fixed_ones():
    # in a process of its own: the rules' marks are not known here
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", LISTED], capture_output=True, check=True)
    made = json.loads(done.stdout)
    known = {filled(case.body, A, B).hex() for case in FIXED}
    assert len(made) >= 16
    assert [name for name, body in made.items() if body not in known] == []


def test_guids_are_filled_in_in_every_encoding():
    text = '{"guid": "@process@", "step": "@step@", "other": "@other-step@"}'
    for encoding in ("utf-8", "utf-16-le", "utf-16-be", "utf-32-be"):
        done = filled(text.encode(encoding), A, B).decode(encoding)
        assert json.loads(done) == {"guid": A.process, "step": A.step, "other": B.step}


def test_no_stand_in_is_left_in_a_body():
    assert [case.input_class for case in FIXED if b"-process@" in filled(case.body, A, B)] == []


# What a generated body says.


@pytest.mark.parametrize(
    ("body", "input_class", "wanted"),
    [
        (raw(), "drawn-valid", ACCEPTED),
        (raw(comment="\0"), "drawn-unpromised-comment", OBSERVED),
        (raw(comment="x" * 1001), "drawn-unpromised-comment", OBSERVED),
        (raw(extra=1), "drawn-extra-members", OBSERVED),
        (raw(comment=7), "drawn-comment-number", OBSERVED),
        (raw(complete=None), "drawn-complete-null", OBSERVED),
        (raw(complete=0), "drawn-complete-number", "other"),
        (raw(complete="no"), "drawn-complete-text", "other"),
        (raw(step=""), "drawn-step-guid-empty", "guid-empty"),
        (raw(process=None), "drawn-process-guid-null", "guid-empty"),
        (raw(step="AAA"), "drawn-step-guid-text", "other"),
        (raw(step=["AAA"]), "drawn-step-guid-list", "other"),
        (b"[]", "drawn-body-list", "other"),
        (b"{", "drawn-no-json", "malformed-json"),
        (b"\xff\xfe", "drawn-no-json", "malformed-json"),
        (b"\xef\xbb\xbf{}", "drawn-no-json", "other"),
        (b"NaN", "drawn-no-json", "other"),
        (b"7\0", "drawn-no-json", "other"),
    ],
)
def test_a_body_is_of_the_class_that_it_is_sent_as(body, input_class, wanted):
    case = read(body)
    assert (case.input_class, case.wanted) == (input_class, wanted)


@pytest.mark.parametrize(
    "body",
    [
        raw(complete=True),
        raw(complete=" TRUE "),
        encode({"qualityProcess": {"guid": PROCESS}, "complete": False}),
        encode({"qualityProcess": {"guid": PROCESS, "step": None}, "complete": False}),
        raw(step="AAA", complete="no"),
        raw(step=7, process=7),
        raw(comment="@step@"),
        raw(step="@lower-step@"),
        raw(unknown={"@process@": 1}),
        b'"@process@" "',
    ],
)
def test_what_could_complete_or_be_misread_is_not_sent(body):
    assert read(body) is None


# Generation.


def test_the_same_seed_generates_the_same_requests():
    one, other, another = ([drawn.case for drawn in Generator(seed).positive(12)] for seed in (3, 3, 4))
    assert one == other
    assert one != another


DIGEST = """
import hashlib, sys
sys.path.insert(0, sys.argv[1])  # a module of somebody else's, with constants of its own
import elsewhere
from conformance.fuzzing.generation import Generator
generator = Generator(5)
drawn = [*generator.positive(10), *generator.negative(10)]
cases = [*generator.examples(), *generator.boundaries(), *(one.case for one in drawn)]
print(hashlib.sha256(b"|".join(case.body for case in cases)).hexdigest())
"""


def test_what_is_generated_depends_on_nothing_but_the_seed(tmp_path):
    digests = set()
    for number in (1, 2):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "elsewhere.py").write_text(f"A, B = 'word {number} @lower-step@', {123450 + number}")
        done = subprocess.run(
            [sys.executable, "-c", DIGEST, str(folder)],
            env={**os.environ, "PYTHONHASHSEED": str(number)},
            cwd=folder,
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(done.stdout)
    assert len(digests) == 1


def test_generated_cases_are_distinct_and_of_their_kind():
    generator = Generator(1)
    positive = [drawn.case for drawn in generator.positive(30)]
    negative = [drawn.case for drawn in generator.negative(20)]
    assert len({case.body for case in (*positive, *negative)}) == len(positive) + len(negative)
    assert all(case.valid for case in positive)
    assert not any(case.valid for case in negative)
    assert sum(promised(case.comment) for case in positive) >= 15
    assert {case.input_class for case in generator.boundaries()} >= {
        "drawn-process-missing",
        "drawn-step-guid-missing",
        "drawn-complete-number",
    }


def test_a_failing_case_becomes_smaller():
    generator = Generator(1)
    drawn = next(one for one in generator.positive(30) if len(one.case.body) > 300 and one.case.wanted == ACCEPTED)
    tried = []

    def fails(case):
        tried.append(case)
        return case.wanted == ACCEPTED

    generator.shrink(drawn, fails)
    assert min(len(case.body) for case in tried if case.wanted == ACCEPTED) < len(drawn.case.body) / 2


# A run.


def test_the_embedded_arena_conforms(report):
    assert (report["run"]["exit_code"], report["left_behind"]) == (0, [])
    bad = {key: one for key, one in scenarios(report).items() if one["verdict"] not in ("pass", "observed")}
    assert bad == {}
    assert {case.scenario for case in FIXED} <= {*scenarios(report)}
    rights = {f"{kind.rule}/fuzz-answers" for kind in KINDS}
    assert rights <= {*scenarios(report)}


def test_the_figures_are_in_the_report(report):
    schema = json.loads((gate.RULES_FOLDER.parent / "report" / "report.schema.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(report)
    fuzzing = report["fuzzing"]
    assert fuzzing["raw"] == len(FIXED)
    assert fuzzing["raw"] < fuzzing["cases"] <= fuzzing["raw"] + DRAWN
    assert fuzzing["cases"] == fuzzing["positive"] + fuzzing["negative"]
    assert fuzzing["depth"] == 1.0
    assert fuzzing["findings"] == []
    assert "replay" not in report


def test_nothing_was_completed_but_by_staging(report):
    judged = [one for one in report["exchanges"] if one["purpose"] == "scenario"]
    assert [one["id"] for one in judged if is_completion(one)] == []


@pytest.fixture
def rounds_of_twenty(monkeypatch, only_fuzzing):
    """Generates so few cases at a time, and leaves the fixed list out."""
    monkeypatch.setattr(phase, "_ROUND", 20)
    for part in ("bodies", "process_bodies", "ways"):
        monkeypatch.setattr(phase, part, list)


class LateFault(Arena):
    """Remembers what it was asked to reopen; from a certain one on the answer is 200."""

    late = 0

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        LateFault.bodies = []

    def change_status(self, visit):
        status, answer = super().change_status(visit)
        if is_reopen(visit.call.body):
            LateFault.bodies.append(re.sub(rb'"guid": ?"[^"]*"', b"", visit.call.body))
        return (200 if status == 201 and 0 < self.late < len(self.bodies) else status), answer


def is_reopen(body):
    return b"false" in body and b"comment" in body and b"Completed" not in body


def test_later_rounds_send_other_cases_and_keep_what_something_rests_on(rounds_of_twenty):
    made = run(LateFault, examples=100)
    assert made["fuzzing"]["findings"] == []
    assert 80 < made["fuzzing"]["cases"] <= 100
    assert made["fuzzing"]["reached"] == made["fuzzing"]["positive"] > 40
    assert len(made["exchanges"]) < made["run"]["calls"] / 2
    kept = {one["id"] for one in made["exchanges"]}
    assert all(kept.issuperset(one["exchanges"]) for one in scenarios(made).values())
    drawn = [body for body in LateFault.bodies if COMMENT.encode() not in body]  # controls and races send that one
    assert max(Counter(drawn).values()) == 1


def test_what_a_later_round_finds_stands_with_its_evidence(rounds_of_twenty, monkeypatch):
    monkeypatch.setattr(LateFault, "late", 40)
    made = run(LateFault, examples=100)
    assert {one["rule"] for one in made["fuzzing"]["findings"]} == {"success-is-201"}
    shown = {one["id"]: one for one in made["exchanges"]}
    for found in made["fuzzing"]["findings"]:
        assert shown[found["exchanges"][0]]["response"]["status"] == 200


def test_what_broke_in_a_later_round_stands_in_the_report(rounds_of_twenty):
    class Breaking(Arena):
        """Where a comment is not ASCII the connection ends within the body."""

        def reply(self, visit, status, body):
            whole = super().reply(visit, status, body)
            return whole if visit.call.body.isascii() else replace(whole, body=whole.body[:-20])

    made = run(Breaking, examples=400)
    kept = {one["id"] for one in made["exchanges"]}
    reasons = " ".join(one["reason"] for one in scenarios(made).values())
    named = {int(number) for number in re.findall(r"exchange (\d+)", reasons)}
    assert max(named) > made["run"]["calls"] / 2  # one of a later round
    assert named <= kept
    assert all(kept.issuperset(one["exchanges"]) for one in scenarios(made).values())


def test_what_is_sent_does_not_depend_on_the_answers(report, only_fuzzing):
    other = run(CATALOGUE["duplicate-keys-refused"])
    assert sent(other) == sent(report)


def test_no_secret_is_in_what_was_written_by_hand(report, only_fuzzing):
    arena = Arena(World.load())
    passwords = [account.password for account in arena.world.accounts.values()]
    text = json.dumps(report)
    assert not any(password in text for password in passwords)
    raw_calls = [one for one in report["exchanges"] if one["operation"] == "reopen-variant"]
    shown = {value for one in raw_calls for name, value in one["request"]["headers"] if name == "arena_session_id"}
    assert shown >= {"[redacted]"}


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ("comment-is-trimmed", "response-shape"),
        ("guid-list-taken", "request-shape"),
        ("umlaut-breaks-the-server", "failure-is-400"),
        ("nothing-happens-for-groups", "assignee-may-reopen"),
        ("unassigned-not-for-group-members", "unassigned-open-to-permitted"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_a_fault_fails_the_rule_that_owns_it(fault, rule, only_fuzzing, caplog):
    found = run(CATALOGUE[fault], until=frozenset({rule}))
    assert found["run"]["exit_code"] == 1
    failed = {one["id"] for one in found["rules"] if one["verdict"] == "fail"}
    assert rule in failed
    assert failed <= {rule, "reopen-step"}  # a race may show the same fault, or not: who comes first is chance


class ExtraMemberOpensItsNeighbours(Arena):
    """A step that is named with more than its guid takes the other steps of its process along."""

    def change_status(self, visit):
        answer = super().change_status(visit)
        process = json.loads(visit.call.body)["qualityProcess"]
        if (process.get("step") or {}).keys() - {"guid"}:
            for step in self.store.processes[process["guid"]].steps[:-1]:
                step.status, step.complete_date_time, step.complete_user = StepStatus.OPEN, None, None
        return answer


class LongCommentOpensItsNeighbours(Arena):
    """A reopening with a comment of more than 200 characters takes the other steps of its process along."""

    def status_changed(self, process, change):
        if change.names_step and not change.complete and len(change.comment or "") > 200:
            for step in process.steps[:-1]:
                step.status, step.complete_date_time, step.complete_user = StepStatus.OPEN, None, None
        return super().status_changed(process, change)


def test_every_other_valid_request_meets_a_completed_neighbour(only_fuzzing, monkeypatch):
    met, under_way, reopen = [], [], Examination.reopen

    class Watched(Arena):
        def status_changed(self, process, change):
            if under_way and not change.complete:
                beside = [step for step in process.steps[:2] if step.guid != change.step_guid]  # a run uses two
                met.append(beside[0].status is StepStatus.COMPLETE)
            return super().status_changed(process, change)

    def watched(examination, cases):
        under_way.append(cases)
        reopen(examination, cases)
        under_way.clear()

    monkeypatch.setattr(Examination, "reopen", watched)
    assert run(Watched)["run"]["exit_code"] == 0
    assert 0.4 < sum(met) / len(met) < 0.6


@pytest.mark.parametrize("arena", [ExtraMemberOpensItsNeighbours, LongCommentOpensItsNeighbours])
def test_what_is_sent_meets_completed_neighbours(arena, only_fuzzing):
    report = run(arena)
    assert {rule["id"] for rule in report["rules"] if rule["verdict"] == "fail"} == {"reopen-step"}


def test_one_class_answers_for_what_a_refusal_changed(only_fuzzing):
    class Refused(Arena):
        """A `complete` that is an object is refused after the step was reopened."""

        def change_status(self, visit):
            if b'"complete": {}' in visit.call.body:
                for process in self.store.processes.values():
                    for step in (one for one in process.steps if one.guid.encode() in visit.call.body):
                        self.apply_reopen_step(visit.user, process, step)
            return super().change_status(visit)

    found = run(Refused)
    failed = [key for key, one in scenarios(found).items() if one["verdict"] == "fail"]
    assert failed == ["request-shape/fuzz-complete-object"]
    assert [case["input_class"] for case in found["replay"]] == ["complete-object"]


# How much is sent.


def limited(most, drawn=DRAWN):
    """Returns which of the fixed list are sent among so many cases, and which are not."""
    kept, left_out = phase._within(FIXED, most, drawn)
    return [case.scenario for case in kept], [case.scenario for case in left_out]


def test_half_of_what_is_sent_is_left_to_generated_cases_and_no_more_than_usual():
    assert [len(limited(most)[0]) for most in (1, 2, 20, 120, 200)] == [0, 1, 10, 60, 140]
    assert limited(None) == limited(len(FIXED) + DRAWN) == ([case.scenario for case in FIXED], [])
    assert len(limited(500, drawn=300)[0]) == 250


def test_a_greater_number_sends_whatever_a_smaller_one_does():
    few, left_out = limited(40)
    many, _ = limited(400)
    assert {*few} < {*many}
    assert [*few, *left_out] != [case.scenario for case in FIXED]  # of every part of the list
    assert sorted([*few, *left_out]) == sorted(case.scenario for case in FIXED)


@pytest.fixture(scope="module")
def bounded(only_fuzzing):
    return run(examples=30)


def test_no_more_is_sent_than_was_asked_for(bounded):
    assert bounded["run"]["exit_code"] == 0, bounded["run"]["reason"]
    assert bounded["fuzzing"]["raw"] == 15
    assert 20 < bounded["fuzzing"]["cases"] <= 30
    assert len(sent(bounded)) == bounded["fuzzing"]["cases"]


def test_what_was_left_out_is_untested_and_decides_nothing(bounded):
    found = scenarios(bounded)
    left_out = [one for one in found.values() if one["reason"] == "beyond --max-examples 30"]
    assert len(left_out) == len(FIXED) - 15
    assert {(one["verdict"], one["deciding"]) for one in left_out} == {("untested", False)}
    assert {case.scenario for case in FIXED} <= {*found}


def test_what_was_left_out_is_no_difference_from_what_was_seen_before(report, bounded):
    found = drift.compare(drift.Side.of_report(report), drift.Side.of_report(bounded))
    assert {one.kind for one in found} == {drift.Kind.NOT_REACHED}
    assert any("beyond --max-examples 30" in one.sentence for one in found)


def test_where_nothing_is_sent_for_a_rule_nothing_is_told_of_fuzzing(only_fuzzing):
    assert "fuzzing" not in run(rules=frozenset({"already-open-is-3089"}))


# A run that proves nothing.


def test_what_passed_proves_nothing_where_no_reopen_was_answered_201():
    case = Case("list", b"[]", "other")
    tallies = Tallies(deciding=True)
    tallies.of(case).kept.append(7)
    assert tallies.of(case).scenario("").verdict is Verdict.PASS
    assert tallies.of(case).scenario("no reopen was answered 201").verdict is Verdict.UNTESTED


def test_a_server_that_recognises_nobody_proves_nothing(only_fuzzing):
    class Deaf(Arena):
        """The header of the session is lost on its way."""

        def recognise(self, _):
            return None

    found = run(Deaf, examples=1, exclusive=False)
    assert found["run"]["exit_code"] == 3
    assert {rule["verdict"] for rule in found["rules"]} <= {"untested", "error"}


# Saved cases.


def test_a_saved_case_is_the_case():
    for case in FIXED:
        saved_case = json.loads(json.dumps(to_saved(case, None)))
        again = from_saved(saved_case)
        assert again == case
    finding = Finding("response-shape", "the comment as it was sent", "''", (7,))
    kind = KINDS[3]
    case = Case("drawn-valid", raw(comment="\ud83d"), ACCEPTED, comment="x", sender=kind.sender, kind=kind, valid=True)
    entry = json.loads(json.dumps(to_saved(case, finding)))
    assert from_saved(entry) == case
    assert entry["rule"] == "response-shape"


def test_a_failure_is_replayed_and_nothing_else(command, tmp_path):
    with serve("comment-is-trimmed", tmp_path):
        command("run", "--target", "target.yaml", "--only", "fuzz", "--rule", "response-shape")
        cases = saved.read(tmp_path / "reports" / "replay.json")
        assert [(case["kind"], case["rule"]) for case in cases] == [("fuzz", "response-shape")]
        (tmp_path / "reports" / "replay.json").rename(tmp_path / "replay.json")
        again = command("run", "--target", "target.yaml", "--replay", "replay.json")
    assert again.returncode == 1, again.stdout + again.stderr
    replayed = json.loads((tmp_path / "reports" / "report.json").read_text("utf-8"))
    assert len([one for one in replayed["exchanges"] if one["purpose"] == "scenario"]) == 1
    assert [rule["id"] for rule in replayed["rules"] if rule["verdict"] == "fail"] == ["response-shape"]
    with serve("", tmp_path):
        mended = command("run", "--target", "target.yaml", "--replay", "replay.json")
    assert mended.returncode == 0, mended.stdout + mended.stderr
    assert not (tmp_path / "reports" / "replay.json").exists()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is not JSON"),
        ('{"version": 1, "seed": 1, "cases": []}', "cases is not as"),
        ('{"version": 1, "seed": 1, "cases": [{"kind": "fuzz", "rule": "x"}]}', "cases.0 is not as"),
    ],
)
def test_a_file_that_can_not_be_replayed_is_refused(command, tmp_path, text, said):
    (tmp_path / "replay.json").write_text(text)
    done = command("run", "--replay", "replay.json")
    assert done.returncode == 2
    assert said in done.stderr


# Bytes.


@pytest.fixture
def listener():
    """A server that notes what it reads until the line goes quiet, and answers 400."""
    received = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve_once():
            connection, _ = server.accept()
            with connection:
                connection.settimeout(0.2)
                data = b""
                with contextlib.suppress(TimeoutError):
                    while part := connection.recv(65536):
                        data += part
                received.append(data)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")

        thread = threading.Thread(target=serve_once, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1", received
        thread.join(5)


def case_of(way):
    return next(case for case in FIXED if case.way == way)


@pytest.mark.parametrize(
    ("way", "part"),
    [
        ("length-too-great", b"Content-Length: "),
        ("double-slash", b"POST /v1//qualityprocesses/statuschanges HTTP/1.1\r\n"),
        ("chunked", b"\r\n0\r\n\r\n"),
        ("http-1-0", b"POST /v1/qualityprocesses/statuschanges HTTP/1.0\r\n"),
        ("bare-newlines", b"HTTP/1.1\nHost: 127.0.0.1"),
        ("two-types", b"Content-Type: application/json\r\nContent-Type: text/plain\r\n"),
    ],
)
def test_bytes_go_out_as_they_are_and_the_session_is_not_recorded(listener, way, part):
    url, received = listener
    document = {
        "base_url": url,
        "accounts": {"owner": {"session_id": "a-session-that-is-secret"}},
        "staging": {"mode": "api", "template": "T" * 20},
    }
    recorder = Recorder(Redactor())
    wire = Wire(loopback=True, timeout_seconds=5)
    journal = Journal()
    journal.allows([A])
    sessions = Sessions(Client(from_document(document, environ={}), recorder, wire, journal))
    answer = WAYS[way](sessions, "owner", A, filled(case_of(way).body, A, B))
    assert part in received[0]
    assert b"arena_session_id: a-session-that-is-secret" in received[0]
    assert (answer.status, answer.body, answer.json) == (400, "no", UNREADABLE)
    assert "a-session-that-is-secret" not in repr(recorder.exchanges)


def test_a_server_that_never_answers_does_not_hold_up():
    with socket.create_server(("127.0.0.1", 0)) as server:
        wire = Wire(loopback=True, timeout_seconds=0.2)
        answer = wire.write(f"http://127.0.0.1:{server.getsockname()[1]}/", b"GET /", method="GET", ends=True)
    assert (answer.status, answer.trouble) == (None, "no answer within 0.2 s")


def test_elsewhere_only_what_is_harmless_is_sent():
    rough = {case.input_class for case in FIXED if not case.harmless}
    assert rough >= {"comment-5-megabytes", "chunked", "method-trace", "length-too-great", "100000-characters"}
    assert not rough & {"bom", "step-number", "type-text", "missing", "logged-out"}


@pytest.mark.parametrize(
    ("guid", "expected"),
    [
        ("K2M5O1MD03MI1K3MVZIC", "K2M5O1MD03MI1K3MVZCI"),
        ("12345", "999999"),
        ("AAAA", "AAAAAAAA"),
        ("A" * 100_000, "A" * 200_000),  # whatever a server gives out
    ],
)
def test_a_guid_of_nothing(guid, expected):
    assert unknown(guid) == expected


@pytest.mark.parametrize(("arena", "verdict"), [(Arena, "pass"), (VARIANTS["no-signoff"], "untested")])
def test_two_steps_are_raced_where_both_may_be_complete(arena, verdict):
    report = run(arena, examples=1, rules=frozenset({"reopen-step"}))
    assert scenarios(report)["reopen-step/fuzz-race-with-another-step"]["verdict"] == verdict
    assert report["run"]["exit_code"] == 0
