"""Reports to look at and to test with: of a faulty Arena, with parts that other phases add, hostile ones, huge ones."""

import copy
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from make import report, scenario

FAULTS = ("owner-forgotten-for-groups", "creator-may")
NO_ACCOUNT = ("administrator", "foreigner")

# What a target could send to whoever reads the report.
HOSTILE = (
    "</script><script>window.hacked = 1</script>",
    "</style></pre></details><img src=x onerror=window.hacked=1>",
    "\"><svg onload=window.hacked=1>'",
    '<a href="javascript:window.hacked=1">x</a> javascript:window.hacked=1',
    "{{ 7 * 7 }} {% raw %} ${7*7} #{7*7} <%= 7 %> [[x]](y)",
    "<!-- --> ]]> &lt;b&gt; &amp;amp; &#60;script&#62;",
    "a\u202egnirts\u202c \u2066x\u2069 \u200b\ufeff \u061c",
    "\x00\x07\x08\x1b[31m\x7f\x9b2J\r\n\u2028\u2029\ufffe",
    "\ud800 lone",
    "::error::x\n##[add-mask]x ##vso[task.complete]x ::stop-commands::x",
    "| a | b |\n|---|---|\n# h\n[l](javascript:x) ![i](http://x/y) <b>@here</b>",
    "http://x.example www.x.example a@b.example `c` ``` _e_ *e* ~~s~~ $x$ :smile:",
    "'; window.hacked=1; '",
)


def faulty_run(path: Path) -> dict[str, Any]:
    """Tests an Arena with two faults, for which two accounts are missing, and returns the report it wrote to `path`."""
    # in a process of its own: pytest inside pytest shares its plugins
    subprocess.run([sys.executable, __file__, str(path)], check=True, timeout=60)
    return json.loads(path.read_text("utf-8"))


def judged(made: dict[str, Any]) -> list[int]:
    """Returns the ids of the calls under judgement."""
    return [one["id"] for one in made["exchanges"] if one["purpose"] == "scenario"]


def with_everything(made: dict[str, Any], text: str = "") -> dict[str, Any]:
    """Returns the report with what fuzzing, walks and a baseline add to it; `text` stands wherever a target's may."""
    first, second, third, *_ = judged(made)
    action = {"account": "owner", "expected": "reopened (201)", "actual": "reopened (201)"}
    curl = "curl -i -X POST http://127.0.0.1/v1/qualityprocesses/statuschanges"
    return {
        **copy.deepcopy(made),
        "fuzzing": {
            "cases": 300,
            "positive": 140,
            "reached": 136,
            "depth": 0.971,
            "negative": 130,
            "raw": 30,
            "findings": [
                {
                    "rule": "request-shape",
                    "input_class": "a guid that is a number",
                    "expected": "a refusal with the error envelope",
                    "actual": f"500 Internal Server Error {text}",
                    "exchanges": [first],
                }
            ],
        },
        "walks": {
            "walks": 24,
            "actions": 288,
            "stories": [
                {
                    "rule": "others-may-not-reopen",
                    "expected": "the colleague is refused",
                    "actual": f"the step was reopened {text}",
                    "exchanges": [second, third],
                    "actions": [
                        {**action, "action": f"reopens step 1 of process A {text}", "exchange": first},
                        {**action, "action": "completes it again", "exchange": None},
                        {
                            "account": "colleague",
                            "action": "reopens step 1 of process A",
                            "expected": "refused (400)",
                            "actual": f"reopened (201) {text}",
                            "exchange": third,
                        },
                    ],
                }
            ],
        },
        "drift": {
            "baseline": f"fixtures/baselines/documented.yaml{text}",
            "worst": "breaking",
            "summary": {"promise-broken": 1, "breaking": 1, "compatible": 1, "cosmetic": 0},
            "differences": [
                {
                    "kind": "promise-broken",
                    "rule": "others-may-not-reopen",
                    "scenario": "others-may-not-reopen/step-of-a-user-colleague",
                    "sentence": f"A colleague who created the process may now reopen an assigned step. {text}",
                    "before": {"status": 400, "codes": [3085], "message": text},
                    "after": {"status": 201, "codes": []},
                    "curl": curl,
                },
                {
                    "kind": "breaking",
                    "rule": "completed-process-locks-steps",
                    "scenario": "completed-process-locks-steps/assigned-step-owner",
                    "sentence": "The refusal for a completed process now carries code 3168; it was 400.",
                    "before": [400],
                    "after": [3168],
                    "curl": curl,
                },
                {
                    "kind": "compatible",
                    "rule": "response-shape",
                    "scenario": "response-shape/comment-sample",
                    "sentence": "The answer has a new field, qualityProcess.lastModified.",
                    "before": None,
                    "after": text or "a date",
                    "curl": "",
                },
            ],
        },
    }


def trimmed(made: dict[str, Any]) -> dict[str, Any]:
    """Returns the report with one scenario of each verdict for each rule: all there is to see, but not as often."""
    rules = [
        {**rule, "scenarios": [*{one["verdict"]: one for one in reversed(rule["scenarios"])}.values()]}
        for rule in made["rules"]
    ]
    kept = [one for rule in rules for one in rule["scenarios"]]
    named = {number for one in kept for number in one["exchanges"]}
    ids = {"", *(one["id"] for one in kept)}
    calls = [one for one in made["exchanges"] if one["scenario"] in ids or one["id"] in named]
    return {**made, "rules": rules, "exchanges": calls}


def exchange(number: int, name: str = "", text: str = "", **fields: Any) -> dict[str, Any]:
    """Returns a call as the report holds it; `text` stands wherever a target's text may."""
    return {
        "id": number,
        "scenario": name,
        "purpose": "scenario",
        "account": "owner",
        "operation": "reopen-step",
        "started": "2026-03-04T12:00:00.000Z",
        "milliseconds": 1.5 + number % 7,
        "request": {
            "method": "POST",
            "url": f"http://127.0.0.1:8080/v1/qualityprocesses/statuschanges{text}",
            "headers": [["arena_session_id", "[redacted]"], ["Content-Type", "application/json"]],
            "body": json.dumps({"qualityProcess": {"guid": f"{number:020}", "step": {"guid": text or "S"}}}),
        },
        "response": {
            "status": 400,
            "headers": [["Content-Type", "application/json"], ["Server", f"ArenaSolutions{text}"]],
            "bytes": 100,
            "body": text or json.dumps({"status": 400, "errors": [{"code": 3085, "message": f"Refused, {number}."}]}),
        },
        "trouble": text,
        **fields,
    }


def hostile() -> dict[str, Any]:
    """Returns a report in which everything that a target has a say in is an attack."""
    text = "\n".join(HOSTILE)
    name = "owner-may-reopen/step-assigned-to-a-group"
    one = scenario("fail", name, reason=text, expected=text, actual=text, curl=f"curl -i {text}", exchanges=[1, 2, 3])
    others = [
        scenario(kind, f"json-required/{kind}", reason=text) for kind in ("error", "untested", "observed", "waived")
    ]
    made = report(
        one,
        *others,
        run={"verdict": "fails", "exit_code": 1, "reason": text, "target": f"http://127.0.0.1/v1{text}"},
        exchanges=[exchange(number, name, text, account=text, operation=text) for number in (1, 2, 3)],
        observations=[{"scenario": "json-required/observed", "observed": text}],
        left_behind=[text],
        unused_waivers=[text],
        notes=[text],
    )
    return with_everything(made, text)


def huge(calls: int = 5_000) -> dict[str, Any]:
    """Returns a report of very many calls."""
    each = 25
    names = [f"request-shape/fuzz-{number}" for number in range(calls // each)]
    scenarios = [scenario("pass", name, exchanges=[at * each + 1]) for at, name in enumerate(names)]
    made = [exchange(number, names[(number - 1) // each]) for number in range(1, calls + 1)]
    return report(*scenarios, run={"calls": calls}, exchanges=made)


def _main(path: Path) -> None:
    from conformance import contract, gate, target
    from conformance.arena.faults import CATALOGUE, combined
    from conformance.arena.server import Server
    from conformance.arena.world import World
    from conformance.judge import Settings
    from conformance.report import document

    arena = combined(*(CATALOGUE[name] for name in FAULTS))(World.load())
    with Server(arena) as server:
        described = arena.target(server.url)
        for name in NO_ACCOUNT:
            del described["accounts"][name]
        every = frozenset(rule.id for rule in contract.rules())
        settings = Settings(every, phases=frozenset({"rules", "variations"}), max_examples=10)
        document.write(gate.run(target.from_document(described, environ={}), settings, lambda *_: None), path)


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
