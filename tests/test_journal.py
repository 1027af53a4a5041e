"""The journal of a run, and `restore`: whenever a run is killed, the target is left as it was."""

import json
import os
import random
import signal
import stat
from contextlib import closing
from pathlib import Path
from typing import Any

import killed
import pytest
import yaml
from click.testing import CliRunner, Result
from killed import At, Deadly, DeadlyBlind, DeadlyStanding, but_for_completion, world
from make import exchange

from conformance import gate, locks
from conformance.arena.codes import Situation
from conformance.arena.message import Visit
from conformance.arena.server import Server
from conformance.arena.service import Arena
from conformance.arena.store import QualityProcess, Session, Step, StepStatus
from conformance.arena.world import World
from conformance.cli import main
from conformance.evidence import Recorder, Redactor, Subject
from conformance.journal import Journal, JournalError, Standing, Untouchable
from conformance.judge import Settings
from conformance.session import Client, Sessions
from conformance.target import Target, from_document
from conformance.wire import Wire

# one rule whose scenarios make every kind of change
RULE = frozenset({"completed-process-locks-steps"})
STANDING = frozenset({"owner-may-reopen"})
CALLS = [
    "create_process",
    "update_step",
    "complete_step",
    "reopen_step",
    "create_decisions",
    "decide",
    "complete_process",
    "delete_process",
]
JOURNAL = "journal.jsonl"


def write_target(folder: Path, arena: Arena, url: str, **changes: Any) -> Path:
    path = folder / "arena.yaml"
    path.write_text(yaml.safe_dump({**arena.target(url), **changes}))
    return path


def restore(folder: Path, *more: str) -> Result:
    arguments = ["restore", "--target", str(folder / "arena.yaml"), "--report-dir", str(folder), *more]
    return CliRunner().invoke(main, arguments)


def entries(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / JOURNAL).read_text().splitlines()]


def must_be_restored(folder: Path, arena: Arena, before: bytes) -> None:
    """Restores twice; both leave the world as it was, and nothing alive that was not."""
    for _ in range(2):
        done = restore(folder)
        assert (done.exit_code, done.stderr) == (0, ""), done.output
        assert but_for_completion(world(arena.store)) == but_for_completion(before)
    assert Journal(folder / JOURNAL).past.undone


# A run that makes its quality processes.


@pytest.mark.parametrize("when", ["before", "within", "after"])
@pytest.mark.parametrize("event", ["begin", "creating", "created", "deleted", "clean"])
def test_killed_at_an_entry_of_the_journal(tmp_path, event, when):
    arena = Deadly()
    with Server(arena) as server:
        write_target(tmp_path, arena, server.url)
        before = world(arena.store)
        assert killed.run(arena, server.url, tmp_path, RULE, At(event, when)) == -signal.SIGKILL
        must_be_restored(tmp_path, arena, before)
        assert world(arena.store) == before


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", CALLS)
def test_killed_at_a_call_that_changes_something(tmp_path, kind, when):
    arena = Deadly(kind, when, nth=1)
    with Server(arena) as server:
        write_target(tmp_path, arena, server.url)
        before = world(arena.store)
        assert killed.run(arena, server.url, tmp_path, RULE) == -signal.SIGKILL
        must_be_restored(tmp_path, arena, before)
        assert world(arena.store) == before


@pytest.mark.parametrize("seed", range(20))
def test_killed_at_a_random_moment(tmp_path, seed):
    draw = random.Random(seed)
    arena = Deadly("", draw.choice(["before", "after"]), nth=draw.randint(12, 65))
    with Server(arena) as server:
        write_target(tmp_path, arena, server.url)
        before = world(arena.store)
        assert killed.run(arena, server.url, tmp_path, RULE) == -signal.SIGKILL
        must_be_restored(tmp_path, arena, before)
        assert world(arena.store) == before


@pytest.mark.parametrize("when", ["before", "within", "after"])
@pytest.mark.parametrize("event", ["resumed", "created", "deleted", "clean"])
def test_restore_itself_is_killed(tmp_path, event, when):
    arena = Deadly("create_process", "after", nth=2)
    with Server(arena) as server:
        write_target(tmp_path, arena, server.url)
        before = world(arena.store)
        assert killed.run(arena, server.url, tmp_path, RULE) == -signal.SIGKILL
        assert killed.restore(arena, tmp_path, At(event, when)) == -signal.SIGKILL
        must_be_restored(tmp_path, arena, before)
        assert world(arena.store) == before


def test_the_real_command_is_killed_and_undone(tmp_path, command):
    arena = Deadly("complete_process", "after", nth=1)
    with Server(arena) as server:
        file = write_target(tmp_path, arena, server.url)
        before = world(arena.store)
        run = command.start("run", "--only", "rules", "--target", file, "--rule", *RULE)
        arena.client = run.pid
        run.communicate(timeout=60)
        arena.client = 0
        assert run.returncode == -signal.SIGKILL
        refused = command("run", "--only", "rules", "--target", file)
        assert refused.returncode == 2
        assert "restore --target FILE --journal reports/journal.jsonl" in refused.stderr
        done = command("restore", "--target", file)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.splitlines()[-1] == "Nothing is left."
        assert world(arena.store) == before
        again = command("restore", "--target", file)
        assert (again.returncode, again.stdout) == (0, "Nothing is left to undo.\n")


def test_a_run_that_ends_well_leaves_a_clean_journal_for_its_owner_only(tmp_path):
    arena = Deadly()
    with Server(arena) as server:
        write_target(tmp_path, arena, server.url)
        assert killed.run(arena, server.url, tmp_path, RULE) == 0
        told = entries(tmp_path)
        assert (told[0]["event"], told[-1]["event"]) == ("begin", "clean")
        made = [one for one in told if one["event"] == "created"]
        assert made
        assert all(told[0]["run"] in one["name"] for one in made)
        assert stat.S_IMODE((tmp_path / JOURNAL).stat().st_mode) == 0o600
        assert restore(tmp_path).output == "Nothing is left to undo.\n"
        assert killed.run(arena, server.url, tmp_path, RULE) == 0
        assert len([one for one in entries(tmp_path) if one["event"] == "begin"]) == 1


def test_no_secret_is_in_the_journal(tmp_path):
    arena = Deadly()
    opened: list[str] = []
    open_session = arena.store.open_session
    arena.store.open_session = lambda session: (opened.append(session.id), open_session(session))  # type: ignore[method-assign, func-returns-value]
    with Server(arena) as server:
        write_target(tmp_path, arena, server.url)
        killed.run(arena, server.url, tmp_path, RULE)
        target = arena.target(server.url)
    text = (tmp_path / JOURNAL).read_text()
    accounts = target["accounts"].values()
    secrets = [*opened, target["expired_session_id"], *(one[key] for one in accounts for key in ("email", "password"))]
    assert len(opened) >= len(accounts)
    assert [secret for secret in secrets if secret in text] == []


def test_a_guid_that_is_a_secret_is_not_written(tmp_path):
    redactor = Redactor()
    redactor.add("the-session-id-of-the-owner")
    with closing(Journal(tmp_path / JOURNAL)) as journal:
        journal.begin("run", target_of("http://127.0.0.1:1/v1"), redactor)
        journal.before("create-quality-process", "owner", None, b'{"name": "conformance-run-assigned"}')
        journal.made("the-session-id-of-the-owner", "conformance-run-assigned")
        assert journal.past.unanswered["conformance-run-assigned"] == 1
    assert "the-session-id" not in (tmp_path / JOURNAL).read_text()


# A run on steps that stand ready.


def ready(arena: Arena) -> tuple[QualityProcess, list[Standing]]:
    """Makes a process with steps that stand ready: one is complete and assigned, one open and nobody's."""
    owner, assignee = (arena.store.users[arena.world.accounts[role].guid] for role in ("owner", "assignee"))
    template = arena.store.templates[arena.world.staging["template"]]
    process = QualityProcess(
        guid="READYREADYREADYREADY",
        name="Stands ready",
        number="CAR-000099",
        description="",
        workspace_id=template.workspace_id,
        creator=owner,
        owner=owner,
        template=template,
        status_mode=template.status_mode,
        creation_date_time=arena.now(),
        steps=arena.new_steps(template),
    )
    first, second = process.steps[:2]
    first.users, first.status, first.complete_date_time, first.complete_user = (
        (assignee,),
        StepStatus.COMPLETE,
        arena.now(),
        assignee,
    )
    arena.store.processes[process.guid] = process
    return process, [
        Standing(Subject(process.guid, first.guid), "COMPLETE", ("assignee", "owner"), shown(arena, first)),
        Standing(Subject(process.guid, second.guid), "OPEN", ("owner",), None),
    ]


def shown(arena: Arena, step: Step) -> Any:
    return arena.render_step(step)["assignees"]


@pytest.mark.parametrize("when", ["before", "within", "after"])
@pytest.mark.parametrize("event", ["changing", "restored"])
@pytest.mark.parametrize("kind", [DeadlyStanding, DeadlyBlind])
def test_killed_on_steps_that_stand_ready(tmp_path, kind, event, when):
    arena = kind()
    with Server(arena) as server:
        write_target(tmp_path, arena, server.url)
        before = world(arena.store)
        assert killed.run(arena, server.url, tmp_path, STANDING, At(event, when)) == -signal.SIGKILL
        must_be_restored(tmp_path, arena, before)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", [DeadlyStanding, DeadlyBlind])
def test_killed_at_a_random_moment_on_steps_that_stand_ready(tmp_path, kind, seed):
    draw = random.Random(seed)
    arena = kind("", draw.choice(["before", "after"]), nth=draw.randint(12, 20))
    with Server(arena) as server:
        write_target(tmp_path, arena, server.url)
        before = world(arena.store)
        assert killed.run(arena, server.url, tmp_path, STANDING) == -signal.SIGKILL
        must_be_restored(tmp_path, arena, before)


@pytest.mark.parametrize("kind", [DeadlyStanding, DeadlyBlind])
def test_steps_that_stand_ready_are_brought_back_at_the_end(tmp_path, kind):
    arena = kind()
    with Server(arena) as server:
        write_target(tmp_path, arena, server.url)
        before = world(arena.store)
        assert killed.run(arena, server.url, tmp_path, STANDING) in (0, 3)
        assert but_for_completion(world(arena.store)) == but_for_completion(before)
        assert entries(tmp_path)[-1]["event"] == "clean"
        changing = [one for one in entries(tmp_path) if one["event"] == "changing"]
        assert changing
        assert len(changing) == len({one["step"] for one in changing})


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize(("kind", "nth"), [("reopen_step", 1), ("complete_step", 1), ("complete_step", 2)])
@pytest.mark.parametrize("readable", [True, False])
def test_killed_at_a_call_on_listed_steps(tmp_path, kind, nth, when, readable):
    arena = Deadly(kind, when, nth)
    _, steps = ready(arena)
    if not readable:
        arena.read_step = arena.unknown_endpoint  # type: ignore[method-assign]
    with Server(arena) as server:
        write_target(tmp_path, arena, server.url)
        before = world(arena.store)
        assert killed.run_on_listed(arena, server.url, tmp_path, steps) == -signal.SIGKILL
        must_be_restored(tmp_path, arena, before)


def test_assignees_are_brought_back_too(tmp_path):
    arena = Deadly("reopen_step", "after", nth=1)
    process, steps = ready(arena)
    with Server(arena) as server:
        write_target(tmp_path, arena, server.url)
        before = world(arena.store)
        killed.run_on_listed(arena, server.url, tmp_path, steps)
        process.steps[0].users = ()
        must_be_restored(tmp_path, arena, before)


# What restore does not do.


def left_behind(folder: Path, url: str, *more: dict[str, Any], **begin: Any) -> None:
    """Writes the journal of a run that was killed."""
    first = {
        "event": "begin",
        "version": 1,
        "run": "r",
        "target": url,
        "workspace_id": 801460213,
        "workspace_name": "Meridian Instruments",
        "at": "2026-03-04T12:00:00Z",
        "pid": 1,
        **begin,
    }
    (folder / JOURNAL).write_text("".join(json.dumps(one) + "\n" for one in (first, *more)))


CREATING = {"event": "creating", "name": "conformance-r-assigned", "by": "owner"}


def created(guid: str) -> dict[str, Any]:
    return {"event": "created", "process": guid, "name": "conformance-r-assigned"}


def test_a_process_of_another_name_is_not_touched(arena, server, tmp_path):
    process, _ = ready(arena)
    before = world(arena.store)
    write_target(tmp_path, arena, server.url)
    left_behind(tmp_path, server.url, CREATING, created(process.guid))
    done = restore(tmp_path)
    assert done.exit_code == 3
    assert "it is named 'Stands ready' now, so it was not touched" in done.output
    assert world(arena.store) == before


def test_what_cannot_be_undone_is_told_with_what_to_do(arena, server, tmp_path):
    process, steps = ready(arena)
    process.name = CREATING["name"]
    write_target(tmp_path, arena, server.url)
    changing = {"event": "changing", "process": process.guid, "step": steps[0].subject.step, "roles": ["assignee"]}
    left_behind(tmp_path, server.url, CREATING, created(process.guid), {**changing, "status": "OPEN"})
    arena.policy = Forbidding()
    done = restore(tmp_path)
    assert done.exit_code == 3
    lines = done.output.splitlines()
    assert lines[1].startswith(
        f"  not undone: step {steps[0].subject.step} of quality process {process.guid}, which was"
    )
    assert lines[1].endswith("; reopen it in Arena")
    assert lines[2].startswith(f"  not undone: quality process {process.guid} (conformance-r-assigned): 400")
    assert lines[2].endswith("; delete it in Arena")
    assert lines[-1] == "2 things could not be undone. Try again later."
    del arena.policy
    assert restore(tmp_path).exit_code == 0
    assert process.guid not in arena.store.processes


class Forbidding(type(Arena.policy)):  # type: ignore[misc] # the class of the policy, whatever it is
    def may_delete(self, *_: Any) -> bool:
        return False

    def may_edit(self, *_: Any) -> bool:
        return False


def test_a_creation_that_cannot_be_looked_for_stays_in_the_journal(arena, server, tmp_path):
    write_target(tmp_path, arena, server.url)
    left_behind(tmp_path, server.url, CREATING)
    arena.list_processes = arena.unknown_endpoint
    done = restore(tmp_path)
    assert done.exit_code == 3
    assert "perhaps a quality process conformance-r-assigned" in done.output
    del arena.list_processes
    assert restore(tmp_path).exit_code == 0


def test_nobody_answers(tmp_path, arena):
    url = "http://127.0.0.1:1/v1"
    write_target(tmp_path, arena, url)
    left_behind(tmp_path, url, CREATING, created("K2M5O1MD03ML1K3MVZIC"))
    done = restore(tmp_path)
    assert done.exit_code == 3
    assert "nothing listens there" in done.output
    assert not Journal(tmp_path / JOURNAL).past.undone


def test_another_workspace_is_not_written_to(arena, server, tmp_path):
    process, _ = ready(arena)
    write_target(tmp_path, arena, server.url, workspace_name="Meridian Production")
    left_behind(tmp_path, server.url, created(process.guid), workspace_name="Meridian Production")
    before = world(arena.store)
    done = restore(tmp_path)
    assert done.exit_code == 3
    assert "is logged in to workspace 'Meridian Instruments'" in done.output
    assert world(arena.store) == before


@pytest.mark.parametrize(
    ("begin", "told"),
    [
        ({"target": "http://127.0.0.1:2/v1"}, "base_url is 'http://127.0.0.1:2/v1'"),
        ({"workspace_id": 7}, "workspace_id is 7"),
        ({"workspace_name": "Production"}, "workspace_name is 'Production'"),
    ],
)
def test_the_journal_of_another_target_is_refused(arena, tmp_path, begin, told):
    write_target(tmp_path, arena, "http://127.0.0.1:1/v1")
    left_behind(tmp_path, "http://127.0.0.1:1/v1", CREATING, **begin)
    done = restore(tmp_path)
    assert done.exit_code == 2
    assert told in done.stderr


def test_without_writes_allowed_nothing_is_undone(arena, tmp_path):
    write_target(tmp_path, arena, "http://127.0.0.1:1/v1", writes="forbidden")
    left_behind(tmp_path, "http://127.0.0.1:1/v1", CREATING)
    done = restore(tmp_path)
    assert (done.exit_code, "writes: allowed" in done.stderr) == (2, True)


NO_JOURNALS = {
    "text": "hello",
    "text-with-line": "hello\nworld\n",
    "other-json": '{"event": "began"}\n',
    "no-beginning": json.dumps(CREATING) + "\n",
    "later-version": '{"event": "begin", "version": 2}\n',
    "broken-within": '{"event": "begin"\n{"event": "clean"}\n',
    "array": "[]\n",
    "deep": "[" * 100_000 + "\n",
    "not-text": "\x00\xff\n",
}


@pytest.mark.parametrize("text", NO_JOURNALS.values(), ids=NO_JOURNALS)
def test_what_is_no_journal_is_refused_and_kept(arena, tmp_path, text):
    file = write_target(tmp_path, arena, "http://127.0.0.1:1/v1")
    (tmp_path / JOURNAL).write_text(text, "latin-1")
    for command in ("restore", "run"):
        arguments = [command, "--target", str(file), "--report-dir", str(tmp_path), "--force"]
        done = CliRunner().invoke(main, arguments)
        assert done.exit_code == 2
        assert "no journal of arena-conformance; it was not touched" in done.stderr
        assert (tmp_path / JOURNAL).read_text("latin-1") == text


def test_a_missing_journal_is_bad_usage(arena, tmp_path):
    write_target(tmp_path, arena, "http://127.0.0.1:1/v1")
    done = restore(tmp_path, "--journal", str(tmp_path / "none.jsonl"))
    assert done.exit_code == 2
    assert "there is no journal" in done.stderr
    assert not (tmp_path / "none.jsonl").exists()


# Two at once.


def test_a_journal_in_use_is_refused_even_when_forced(arena, tmp_path, command):
    file = write_target(tmp_path, arena, "http://127.0.0.1:1/v1")
    with closing(Journal(tmp_path / JOURNAL)) as journal:
        journal.begin("run", target_of("http://127.0.0.1:1/v1"), Redactor())
        for name in ("run", "restore"):
            done = command(name, "--target", file, "--report-dir", tmp_path, "--force")
            assert done.returncode == 2
            assert f"is in use by process {os.getpid()}" in done.stderr
        assert [one["event"] for one in entries(tmp_path)] == ["begin"]


def test_accounts_in_use_are_refused_unless_forced(arena, server, tmp_path, command):
    file = write_target(tmp_path, arena, server.url)
    with locks.accounts_of(target_of(server.url)) as mine:
        assert mine.taken == {}
        refused = command("run", "--only", "rules", "--target", file, "--rule", "success-is-201")
        assert refused.returncode == 2
        assert f"process {os.getpid()} uses the same accounts (" in refused.stderr
        assert "logging in ends its sessions" in refused.stderr
        forced = command("run", "--only", "rules", "--target", file, "--rule", "success-is-201", "--force")
        assert forced.returncode == 0
        assert "logging in ends its sessions" in forced.stderr
    done = command("run", "--only", "rules", "--target", file, "--rule", "success-is-201")
    assert (done.returncode, "logging in" in done.stderr) == (0, False)


def test_a_plan_does_not_end_the_sessions_of_a_run_unless_forced(arena, server, tmp_path, command):
    file = write_target(tmp_path, arena, server.url)
    owner = arena.store.users[arena.world.accounts["owner"].guid]
    arena.store.open_session(Session("the-session-of-the-run", owner, arena.now()))
    with locks.accounts_of(target_of(server.url)):
        refused = command("plan", "--only", "rules", "--target", file, "--rule", "success-is-201")
        assert (refused.returncode, refused.stdout) == (2, "")
        assert f"process {os.getpid()} uses the same accounts (" in refused.stderr
        assert [*arena.store.sessions] == [arena.expired_session_id, "the-session-of-the-run"]
        forced = command("plan", "--only", "rules", "--target", file, "--rule", "success-is-201", "--force")
        assert forced.returncode == 0
        assert "logging in ends its sessions" in forced.stderr
    done = command("plan", "--only", "rules", "--target", file, "--rule", "success-is-201")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_files_of_locks_name_nobody_and_go(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    target = target_of("http://127.0.0.1:1/v1")
    with locks.accounts_of(target):
        (folder,) = tmp_path.iterdir()
        names = [path.name for path in folder.iterdir()]
        assert len(names) == len(target.accounts)
        assert not any(
            account.email.partition("@")[0] in name for name in names for account in target.accounts.values()
        )
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [*folder.iterdir()] == []


def test_a_folder_of_locks_that_others_may_write_to_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    folder = tmp_path / f"arena-conformance-{os.getuid()}"
    folder.mkdir()
    folder.chmod(0o777)
    with (
        pytest.raises(PermissionError, match="belongs to somebody else"),
        locks.accounts_of(target_of("http://[::1]:1/v1")),
    ):
        pass


def test_force_sets_a_journal_aside(arena, server, tmp_path, command):
    process, _ = ready(arena)
    process.name = CREATING["name"]
    file = write_target(tmp_path, arena, server.url)
    left_behind(tmp_path, server.url, CREATING, created(process.guid))
    done = command(
        "run", "--only", "rules", "--target", file, "--report-dir", tmp_path, "--rule", "success-is-201", "--force"
    )
    assert done.returncode == 0
    assert process.guid in arena.store.processes
    assert entries(tmp_path)[-1]["event"] == "clean"
    undone = restore(tmp_path, "--journal", str(tmp_path / "journal-r.jsonl"))
    assert undone.exit_code == 0, undone.output
    assert process.guid not in arena.store.processes


# Nothing is changed that is not the run's.


def target_of(url: str, **changes: Any) -> Target:
    return from_document({**Arena.target(ARENA, url), **changes}, environ={})


ARENA = Deadly()


def sessions_on(url: str, journal: Journal) -> Sessions:
    recorder = Recorder(Redactor())
    recorder.watch(journal.after)
    target = target_of(url)
    journal.begin("run", target, recorder.redactor)
    return Sessions(Client(target, recorder, Wire(loopback=True, timeout_seconds=10), journal))


CHANGES = {
    "reopen": lambda session, step: session.reopen(step),
    "send": lambda session, step: session.send(step, {"complete": False}),
    "complete": lambda session, step: killed.undo.api.complete(session, step),
    "assign": lambda session, step: killed.undo.api.assign(session, step, None),
    "decide": lambda session, step: killed.undo.api.decide(session, step, "D", "APPROVED"),
    "complete-process": lambda session, step: killed.undo.api.complete_process(session, step.process),
    "delete": lambda session, step: killed.undo.api.delete(session, step.process),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_is_neither_made_nor_listed_is_never_touched(arena, server, change):
    _, steps = ready(arena)
    before = world(arena.store)
    session = sessions_on(server.url, Journal())["owner"]
    with pytest.raises(Untouchable, match="nothing was sent"):
        change(session, steps[0].subject)
    assert world(arena.store) == before


def test_a_step_that_a_body_names_counts_as_changed(arena, server):
    _, (one, other) = ready(arena)
    journal = Journal()
    sessions = sessions_on(server.url, journal)
    journal.lists([one, other])
    sessions["owner"].send(one.subject, {"qualityProcess": {"step": {"guid": other.subject.step}}})
    assert {*journal.past.changed} == {one.subject, other.subject}


def test_nothing_is_sent_that_cannot_be_written_down(arena, server, tmp_path, monkeypatch):
    with closing(Journal(tmp_path / JOURNAL)) as journal:
        sessions = sessions_on(server.url, journal)
        monkeypatch.setattr("conformance.journal.os.fsync", full)
        with pytest.raises(JournalError, match="can't be written: No space left on device"):
            sessions["owner"].call("POST", "/qualityprocesses", operation="create-quality-process", body={"name": "n"})
    assert len(arena.store.processes) == len(arena.world.new_store(arena.now()).processes)
    assert [one["event"] for one in entries(tmp_path)] == ["begin"]


def full(*_: object) -> None:
    raise OSError(28, os.strerror(28))


def test_a_full_disk_keeps_nothing_from_being_cleaned_up(arena, server, tmp_path, monkeypatch):
    before = world(arena.store)

    def fill_up(visit: Visit) -> Any:
        monkeypatch.setattr("conformance.journal.os.fsync", full)
        return Arena.update_step(arena, visit)

    arena.update_step = fill_up
    with closing(Journal(tmp_path / JOURNAL)) as journal:
        report = gate.run(target_of(server.url), Settings(RULE), lambda *_: None, journal=journal)
    assert report["run"]["exit_code"] == 3
    assert report["left_behind"] == []
    assert world(arena.store) == before


def test_a_refused_creation_is_not_looked_for(arena, server):
    journal = Journal()
    arena.create_process = lambda _: arena.allow(Situation.NOT_PERMITTED)
    report = gate.run(target_of(server.url), Settings(RULE), lambda *_: None, journal=journal)
    assert report["left_behind"] == []
    assert journal.past.undone
    assert not [one for one in report["exchanges"] if one["operation"] == "find-quality-processes"]


class MakesAnother(Arena):
    """Makes what it is asked to, and answers with another process, of which it shows these members."""

    makes, shows = True, ("guid", "name", "status")

    def create_process(self, visit: Visit) -> Any:
        others = [*self.store.processes.values()]
        if self.makes:
            super().create_process(visit)
        whole = self.render_process(others[0])
        return 201, {member: whole[member] for member in self.shows}


class MakesAnotherAndShowsNoName(MakesAnother):
    """The same, with the guid alone."""

    shows = ("guid",)


class MakesNothing(MakesAnother):
    """Makes nothing, and answers with another process."""

    makes = False


def test_a_process_that_was_made_and_is_not_shown_is_found_and_deleted(arena, server):
    shown = arena.create_process
    arena.create_process = lambda visit: (201, {"guid": shown(visit)[1]["guid"]})
    arena.read_process = lambda _: arena.allow(Situation.NOT_PERMITTED)
    before = world(arena.store)
    report = gate.run(target_of(server.url), Settings(RULE), lambda *_: None)
    assert report["run"]["exit_code"] == 3
    assert world(arena.store) == before
    assert report["left_behind"] == []


@pytest.mark.parametrize("kind", [MakesAnother, MakesAnotherAndShowsNoName, MakesNothing])
def test_a_process_of_another_name_is_left_alone(tmp_path, kind):
    arena = kind(World.load())
    process, _ = ready(arena)
    arena.store.processes = {process.guid: process, **arena.store.processes}
    before = world(arena.store)
    with Server(arena) as server, closing(Journal(tmp_path / JOURNAL)) as journal:
        report = gate.run(target_of(server.url), Settings(RULE), lambda *_: None, journal=journal)
    assert report["run"]["exit_code"] == 3
    assert {rule["verdict"] for rule in report["rules"]} <= {"error", "untested"}
    assert f"answered with {process.guid}, which is another one: its name is 'Stands ready'" in report["run"]["reason"]
    asked = [one["request"] for one in report["exchanges"] if process.guid in str(one["request"])]
    assert {one["method"] for one in asked} <= {"GET"}
    assert process.guid not in (tmp_path / JOURNAL).read_text()
    assert world(arena.store) == before
    assert report["left_behind"] == []


def test_a_cut_answer_to_a_creation_leaves_it_unanswered():
    journal = Journal()
    journal.begin("run", target_of("http://127.0.0.1:1/v1"), Redactor())
    body = b'{"name": "conformance-run-assigned"}'
    journal.before("create-quality-process", "owner", None, body)
    named = {"guid": "G", "name": "conformance-run-assigned"}
    cut = {"operation": "create-quality-process", "request_body": body, "json_body": named}
    journal.after(exchange(**cut, trouble="the connection broke within the body"))
    assert not journal.past.made
    journal.after(exchange(**cut))
    assert journal.past.made == {"G": "conformance-run-assigned"}
    assert not +journal.past.unanswered
