"""The embedded Arena over HTTP; ASGI, because WSGI cannot tell `arena_session_id` from `arena-session-id`."""

from collections.abc import Awaitable, Callable
from typing import Protocol

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from conformance.arena.message import Call, Reply

_PROCESSES = "/v1/qualityprocesses"
_PROCESS = f"{_PROCESSES}/{{process}}"
_STEP = f"{_PROCESS}/steps/{{step}}"

# The first route whose address and method fit answers: `statuschanges` stands before `{process}`.
ENDPOINTS = (
    ("POST", "/v1/login", "login"),
    ("PUT", "/v1/logout", "logout"),
    ("POST", f"{_PROCESSES}/statuschanges", "change_status"),
    ("POST", _PROCESSES, "create_process"),
    ("GET", _PROCESSES, "list_processes"),
    ("GET", _PROCESS, "read_process"),
    ("DELETE", _PROCESS, "delete_process"),
    ("GET", f"{_PROCESS}/steps", "list_steps"),
    ("GET", _STEP, "read_step"),
    ("PUT", _STEP, "update_step"),
    ("GET", f"{_STEP}/decisions", "list_decisions"),
    ("POST", f"{_STEP}/decisions", "create_decisions"),
    ("PUT", f"{_STEP}/decisions/{{decision}}", "decide"),
    ("GET", "/v1/settings/qualityprocesses/templates", "list_templates"),
    ("GET", "/v1/settings/users", "list_users"),
)


class Answering(Protocol):
    """An Arena, or what stands in front of one."""

    async def answer(self, operation: str, call: Call) -> Reply:
        """Answers a call; never raises."""


def create_app(arena: Answering) -> ASGIApp:
    """Returns the ASGI application that answers every request with what this Arena replies, byte for byte."""

    async def answer(operation: str, request: Request) -> Response:
        return _response(await arena.answer(operation, await _call(request)))

    def endpoint(operation: str) -> Callable[[Request], Awaitable[Response]]:
        async def respond(request: Request) -> Response:
            return await answer(operation, request)

        return respond

    async def no_endpoint(request: Request, error: Exception) -> Response:
        wrong_method = isinstance(error, HTTPException) and error.status_code == 405
        return await answer("wrong_method" if wrong_method else "unknown_endpoint", request)

    routes = [Route(path, endpoint(operation), methods=[method]) for method, path, operation in ENDPOINTS]
    for route in routes:
        route.methods = (route.methods or set()) - {"HEAD"}  # Starlette adds it to GET; the vendor has none
    app = Starlette(routes=routes, exception_handlers={HTTPException: no_endpoint})
    app.router.redirect_slashes = False
    return app


async def _call(request: Request) -> Call:
    return Call(
        method=request.method,
        path=request.scope["path"],  # not of request.url, which trusts the Host header
        headers=request.headers,
        query=request.query_params if request.scope["query_string"] else {},
        guids=request.path_params,
        body=await request.body(),
    )


def _response(reply: Reply) -> Response:
    response = Response(reply.body, reply.status)
    response.raw_headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in reply.headers]
    return response
