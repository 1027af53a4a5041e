"""A mock as teams write them: the one operation, its steps in a table, sessions that are never opened or closed."""

import ast
import copy
import json
from http.server import BaseHTTPRequestHandler
from typing import Any

from make import SAMPLE

ROLES = {"session-of-the-owner": "owner", "session-of-the-assignee": "assignee", "session-of-a-colleague": "colleague"}
MAY = {"STEPASSIGNED": {"owner", "assignee"}, "STEPUNASSIGNED": {*ROLES.values()}}


class Minimal(BaseHTTPRequestHandler):
    """`left` and `complete` are the quota and the state of the steps, of a class for each server."""

    protocol_version = "HTTP/1.1"
    left: int
    complete: dict[str, bool]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        status, answer = self.change(body)
        content = json.dumps(answer).encode()
        type(self).left -= status != 401
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Arena-Requests-Remaining", str(self.left))
        self.send_header("X-Arena-Next-Request-Limit-Reset", "Thu, 05-Mar-2026 00:00:00 GMT-0800 (PST)")
        self.end_headers()
        self.wfile.write(content)

    def change(self, body: bytes) -> tuple[int, Any]:
        role = ROLES.get(self.headers.get("arena_session_id", ""))
        if self.path != "/v1/qualityprocesses/statuschanges" or not role:
            return (404, self.error(404, 1002)) if role else (401, self.error(401, 4001))
        try:
            assert self.headers.get("Content-Type", "").partition(";")[0] == "application/json"
            asked = json.loads(body.decode(), parse_constant=ast.literal_eval)  # which takes no NaN
            step, complete, comment = asked["qualityProcess"]["step"]["guid"], asked["complete"], asked.get("comment")
            assert isinstance(complete, bool)
            assert isinstance(comment, str | None)
            assert asked["qualityProcess"]["guid"] == "PROCESS"
            assert role in MAY[step]
        except (ValueError, LookupError, TypeError, AttributeError, AssertionError, RecursionError):
            return 400, self.error(400, 1001)
        if self.complete[step] == complete:
            return 400, self.error(400, 3089, "The quality process is already open.")
        self.complete[step] = complete
        shown = {**copy.deepcopy(SAMPLE), "guid": "PROCESS", "status": "OPEN", "completedDateTime": None}
        return 201, {"qualityProcess": shown, "complete": complete, "comment": comment}

    def error(self, status: int, code: int, message: str = "No.") -> Any:
        return {"status": status, "errors": [{"code": code, "message": message}]}

    def version_string(self) -> str:
        return "ArenaSolutions"

    def log_message(self, *_: object) -> None: ...
