"""Lets a reopen meet another call at the same time: what is read afterwards has to be what some order explains."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from conformance.evidence import Exchange, Subject
from conformance.judge import Run
from conformance.session import DOUBTFUL, STATUS_CHANGES, LoginFailed, NoAccount, NotOurs, reopen_body, together
from conformance.stage import StagingBroke, Unstaged, api
from conformance.verdict import Scenario, Verdict

RULE: Final = "reopen-step"

_COMPLETED: Final = ("COMPLETE", "COMPLETED")


def races(run: Run, names: Iterable[str], *, deciding: bool) -> list[Scenario]:
    """Runs these races once and returns what came of each."""
    return [_scenario(run, name, deciding=deciding) for name in names]


def _scenario(run: Run, race: str, *, deciding: bool) -> Scenario:
    name = f"{RULE}/fuzz-{race}"
    run.recorder.scenario = name
    try:
        answers, unexplained = RACES[race](run)
    except (Unstaged, NoAccount, NotOurs) as error:
        return Scenario(name, False, Verdict.UNTESTED, str(error))
    except (StagingBroke, LoginFailed) as error:
        return Scenario(name, deciding, Verdict.ERROR, str(error))
    finally:
        run.recorder.scenario = ""
    numbers = tuple(answer.id for answer in answers)
    lost = next((answer for answer in answers if answer.status is None or answer.status >= 500), None)
    if lost is not None:
        return Scenario(name, deciding, Verdict.UNTESTED, f"exchange {lost.id}: {lost.summary()}", exchanges=numbers)
    if not unexplained:
        return Scenario(name, deciding, Verdict.PASS, exchanges=numbers)
    expected = "a state that some order of the two calls explains"
    run.saved[name] = lambda: {"kind": "race", "rule": RULE, "race": race, "expected": expected}
    return Scenario(
        name, deciding, Verdict.FAIL, f"expected {expected}; {unexplained}", expected, unexplained, exchanges=numbers
    )


def _against_complete(run: Run) -> tuple[list[Exchange], str]:
    """Reopening and completing one step: where one of the two was refused, the other one holds."""
    step = run.stage.completed_step(owner="owner", assigned_to="assignee")
    body = {**reopen_body(step), "complete": True}
    complete = partial(_call, run, "owner", "complete-step", body, step)
    reopened, completed = together([partial(_reopen, run, "assignee", step), complete])
    status = _status(run, step)
    if reopened.accepted and completed.refused and status != "OPEN":
        return [reopened, completed], f"the step was reopened, completing it was refused, and it reads {status}"
    if reopened.refused and status != "COMPLETE":
        return [reopened, completed], f"reopening the step was refused, and it reads {status}"
    return [reopened, completed], ""


def _against_process(run: Run) -> tuple[list[Exchange], str]:
    """Reopening a step and completing its process: a step whose reopen was refused stays complete."""
    if not run.stage.makes_processes:
        raise Unstaged("no process may be completed that this run has not made")
    step = run.stage.completed_step(owner="colleague", assigned_to="assignee")
    body = {"qualityProcess": {"guid": step.process}, "complete": True}
    aim = Subject(step.process, "")
    complete = partial(_call, run, "colleague", "complete-process", body, aim)
    reopened, completed = together([partial(_reopen, run, "assignee", step), complete])
    status = _status(run, step)
    shown = api.process(run.sessions["colleague"], step.process)
    process = shown.get("status")
    run.stage.retire(step)
    answers = [reopened, completed]
    if reopened.refused and status != "COMPLETE":
        return answers, f"reopening the step was refused, and it reads {status}"
    if reopened.accepted and completed.refused and status != "OPEN":
        return answers, f"the step was reopened, completing the process was refused, and the step reads {status}"
    if completed.accepted and process not in _COMPLETED:
        return answers, f"completing the process was accepted, and the process reads {process}"
    if completed.refused and process in _COMPLETED:
        return answers, f"completing the process was refused, and the process reads {process}"
    return answers, ""


def _against_logout(run: Run) -> tuple[list[Exchange], str]:
    """Reopening a step while its caller logs out: it is open where that was accepted, else complete."""
    step = run.stage.completed_step(owner="owner", assigned_to="group")
    session = replace(run.sessions["group_member"], role=DOUBTFUL)
    reopen: Callable[[], Any] = partial(session.reopen, step, purpose="race", simultaneous=True)
    log_out: Callable[[], Any] = partial(run.sessions.log_out, "group_member", simultaneous=True)
    reopened: Exchange = together([reopen, log_out])[0]
    status = _status(run, step)
    if reopened.accepted and status != "OPEN":
        return [reopened], f"the step was reopened, and it reads {status}"
    if reopened.refused and status != "COMPLETE":
        return [reopened], f"reopening the step was refused, and it reads {status}"
    return [reopened], ""


def _with_another_step(run: Run) -> tuple[list[Exchange], str]:
    """Reopening two steps of one process: what one call does the other must not undo."""
    steps = run.stage.completed_steps(owner="owner", assigned_to="assignee")
    if len(steps) < 2:
        raise Unstaged("no process has two steps that can be reopened at once")
    answers = together([partial(_reopen, run, "owner", step) for step in steps])
    for step, answer in zip(steps, answers, strict=True):
        status = _status(run, step)
        if answer.accepted and status != "OPEN":
            return answers, f"two steps of one process were reopened at once, and one of them reads {status}"
        if answer.refused and status != "COMPLETE":
            return answers, f"reopening a step was refused while another one was reopened, and it reads {status}"
    return answers, ""


RACES: Final[Mapping[str, Callable[[Run], tuple[list[Exchange], str]]]] = {
    "race-with-another-step": _with_another_step,
    "race-with-complete": _against_complete,
    "race-with-process": _against_process,
    "race-with-logout": _against_logout,
}


def _reopen(run: Run, role: str, step: Subject) -> Exchange:
    return run.sessions[role].reopen(step, purpose="race", simultaneous=True)


def _call(run: Run, role: str, operation: str, body: dict[str, Any], aim: Subject) -> Exchange:
    return run.sessions[role].call(
        "POST", STATUS_CHANGES, operation=operation, body=body, subject=aim, simultaneous=True
    )


def _status(run: Run, step: Subject) -> str:
    """Reads the step, and takes nothing for granted of it any more."""
    run.stage.forget(step)
    owner = run.sessions["colleague" if "colleague" in run.sessions else "owner"]
    return str(api.step(owner, step).get("status"))
