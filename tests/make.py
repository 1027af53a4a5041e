"""Builders of what the suite judges: answers, processes and steps, targets, reports. Each default is faultless."""

import copy
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from conformance import contract
from conformance.arena.faults import CATALOGUE
from conformance.arena.server import Server
from conformance.arena.service import Arena
from conformance.arena.world import World
from conformance.evidence import UNREADABLE, Exchange, Subject
from conformance.resources import resource
from conformance.session import COMMENT, REOPEN, encode, reopen_body
from conformance.stage import Snapshot
from conformance.stage.snapshot import decision_facts, process_facts, step_facts

STEP = Subject("K2M5O1MD03ML1K3MVZIC", "8QAT748L1KFYH0JOGNB")
NEIGHBOUR = "Q6Q9S5QH47QMFO7QZ3MG"
PERSON = {"guid": "WEYH0DYPCFWFYH0JSIPD", "fullName": "Heidi W"}
STARTED = "2026-03-04T12:00:00.000Z"

HEADERS: Mapping[str, str] = {
    "Content-Type": "application/json",
    "Date": "Wed, 04 Mar 2026 12:00:00 GMT",
    "Server": "ArenaSolutions",
    "X-Arena-Next-Request-Limit-Reset": "Thu, 05-Mar-2026 00:00:00 GMT-0800 (PST)",
    "X-Arena-Requests-Remaining": "9999",
}

SAMPLE = json.loads(resource("fixtures/samples/response-repaired.json").read_text("utf-8"))["qualityProcess"]
ALREADY_OPEN = {"status": 400, "errors": [{"code": 3089, "message": "The quality process is already open."}]}


def process(**fields: Any) -> dict[str, Any]:
    """Returns an open process as its single view and the success body show it."""
    return {**copy.deepcopy(SAMPLE), "status": "OPEN", "completedDateTime": None, **fields}


def success(comment: str | None = COMMENT, **fields: Any) -> dict[str, Any]:
    """Returns the body of a successful reopen; `fields` replace those of its process."""
    return {"qualityProcess": process(**fields), "complete": False, "comment": comment}


def envelope(code: Any = 3089, message: Any = "The quality process is already open.", status: Any = 400) -> Any:
    """Returns the body of a refusal."""
    return {"status": status, "errors": [{"code": code, "message": message}]}


def exchange(
    *,
    json_body: Any = UNREADABLE,
    body: str | None = None,
    header: Mapping[str, str | Sequence[str] | None] | None = None,
    lower_case: bool = False,
    **overrides: Any,
) -> Exchange:
    """Returns a reopen by the owner that was answered 201, or whatever the overrides say.

    `json_body` is the answer as JSON, `body` the answer as text. `header` replaces response headers: a text is the
    value, several texts are several headers, None takes the header away. Content-Length is right unless it is given.
    """
    if body is None:
        value = success() if json_body is UNREADABLE else json_body
        body = json.dumps(value, ensure_ascii=False)
    else:
        value = _parsed(body)
    size = len(body.encode("utf-8", "surrogatepass"))
    headers: dict[str, str | Sequence[str] | None] = {"Content-Length": str(size), **HEADERS, **(header or {})}
    made: dict[str, Any] = {
        "id": 7,
        "scenario": "reopen-step/example",
        "purpose": "scenario",
        "account": "owner",
        "operation": REOPEN,
        "method": "POST",
        "url": "http://127.0.0.1:8080/v1/qualityprocesses/statuschanges",
        "request_headers": (("arena_session_id", "[redacted]"), ("Content-Type", "application/json")),
        "request_body": encode(reopen_body(STEP)),
        "status": 201,
        "headers": tuple(_listed(headers, lower_case)),
        "body": body,
        "body_bytes": size,
        "surplus_bytes": 0,
        "started": STARTED,
        "milliseconds": 1.5,
        "subject": STEP,
        "comment": COMMENT,
        "json": value,
    }
    return Exchange(**{**made, **overrides})


def refusal(status: int = 400, *, code: Any = 3089, message: Any = ALREADY_OPEN["errors"][0]["message"], **overrides):
    """Returns a reopen that was refused: by default, for the step is open already."""
    made = {"json_body": envelope(code, message, status)} if "body" not in overrides else {}
    return exchange(status=status, **{**made, **overrides})


def no_answer(trouble: str = "no answer within 30 s", **overrides: Any) -> Exchange:
    """Returns a call to which no HTTP answer came."""
    made = {"body": "", "status": None, "headers": (), "trouble": trouble}
    return exchange(**{**made, **overrides})


def step(guid: str = STEP.step, **fields: Any) -> dict[str, Any]:
    """Returns a completed regular step as the list of steps shows it."""
    return {
        "guid": guid,
        "name": "Describe the problem",
        "order": 1,
        "type": "REGULAR",
        "status": "COMPLETE",
        "assignees": {"users": [dict(PERSON)]},
        "completeDateTime": "2026-03-04T11:00:00Z",
        "completeUser": dict(PERSON),
        "dueDateTime": None,
        "approvals": None,
        "attributes": None,
        **fields,
    }


def neighbour(**fields: Any) -> dict[str, Any]:
    """Returns the step beside it."""
    return step(NEIGHBOUR, **{"name": "Find the cause", "order": 2, **fields})


def snapshot(
    *steps: dict[str, Any], processes: Sequence[dict[str, Any]] = (), decisions: Sequence[dict[str, Any]] = ()
) -> Snapshot:
    """Returns how steps, processes and decisions look at one moment."""
    facts = {place: value for one in processes for place, value in process_facts(one).items()}
    return Snapshot({**facts, **step_facts(steps), **decision_facts(decisions)})


def scenario(verdict: str = "pass", id: str = "owner-may-reopen/assigned", **fields: Any) -> dict[str, Any]:
    """Returns a scenario as the report shows it."""
    reason = "" if verdict == "pass" else f"why it is {verdict}"
    made = {"id": id, "deciding": True, "verdict": verdict, "reason": reason, "exchanges": []}
    if verdict == "fail":
        made |= {"expected": "the step is reopened (201)", "actual": "it was refused", "curl": "curl -i -X POST x"}
    return {**made, **fields}


def report(*scenarios: dict[str, Any], run: Mapping[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """Returns a report of these scenarios; each rule takes the verdict of its first, the others were not selected."""
    return {
        "version": 1,
        "run": {
            "verdict": "conforms",
            "exit_code": 0,
            "reason": "",
            "started": "2026-03-04T12:00:00Z",
            "seconds": 3.25,
            "seed": 1,
            "suite_version": "1.0.0",
            "target": "http://127.0.0.1:8080/v1",
            "profile": "documented",
            "calls": 12,
            "quota": {"before": 9999, "after": 9987},
            **(run or {}),
        },
        "rules": [_rule(rule, [one for one in scenarios if one["id"].startswith(f"{rule.id}/")]) for rule in RULES],
        "observations": [],
        "behaviours": {},
        "exchanges": [],
        "left_behind": [],
        "complete": True,
        **fields,
    }


RULES = contract.rules()


def _rule(rule: contract.Rule, scenarios: list[dict[str, Any]]) -> dict[str, Any]:
    first = scenarios[0] if scenarios else {"verdict": "untested", "reason": "not selected"}
    return {
        "id": rule.id,
        "statement": rule.statement,
        "quote": rule.quote,
        "lines": rule.lines,
        "verdict": first["verdict"],
        "reason": first["reason"],
        "coverage": f"{len(scenarios)}/{len(scenarios)}",
        "calls": 2 * len(scenarios),
        "scenarios": scenarios,
    }


TARGET = """\
base_url: http://127.0.0.1:8080/v1
accounts:
  owner:
    email: owner@example.com
    password: the-owners-password
staging:
  mode: api
  template: 2KN4N6J4VIL40J2L4N0B3
"""


def document_of(url: str) -> dict[str, Any]:
    """Returns what a target file says about an embedded Arena at `url`."""
    return Arena(World.load()).target(url)


def elsewhere(url: str) -> dict[str, Any]:
    """Returns the same for a host that is not this machine: the passwords come from the environment."""
    document = document_of(url)
    for role, account in document["accounts"].items():
        account["password"] = f"${{PASSWORD_{role}}}"
    return {key: value for key, value in document.items() if key != "expired_session_id"}


def passwords() -> dict[str, str]:
    """Returns that environment."""
    accounts = document_of("")["accounts"]
    return {f"PASSWORD_{role}": account["password"] for role, account in accounts.items()}


def target_file(folder: Path, text: str = TARGET, *changes: tuple[str, str]) -> Path:
    """Writes a target file: `text`, in which each change replaces what stands exactly once."""
    for old, new in changes:
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times"
        text = text.replace(old, new)
    path = folder / "arena.yaml"
    path.write_text(text, "utf-8")
    return path


def without(value: Any, *path: str | int) -> Any:
    """Returns a copy of a JSON value that lacks the member at `path`."""
    changed = copy.deepcopy(value)
    parent = changed
    for part in path[:-1]:
        parent = parent[part]
    del parent[path[-1]]
    return changed


def serve(fault: str, folder: Path) -> Server:
    """Returns the server of an Arena, faulty where a fault is named, with a target file for it in a folder."""
    arena = CATALOGUE[fault](World.load()) if fault else Arena(World.load())
    server = Server(arena)
    (folder / "target.yaml").write_text(yaml.safe_dump(arena.target(server.url)))
    return server


def replaced(value: Any, new: Any, *path: str | int) -> Any:
    """Returns a copy of a JSON value in which `new` stands at `path`."""
    changed = copy.deepcopy(value)
    parent = changed
    for part in path[:-1]:
        parent = parent[part]
    parent[path[-1]] = new
    return changed


def _listed(headers: Mapping[str, str | Sequence[str] | None], lower_case: bool) -> list[tuple[str, str]]:
    return [
        (name.lower() if lower_case else name, value)
        for name, values in headers.items()
        for value in ([values] if isinstance(values, str) else values or ())
    ]


def _parsed(body: str) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return UNREADABLE
