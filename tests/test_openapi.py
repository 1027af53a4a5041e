"""The OpenAPI file, as Schemathesis reads it, against the embedded Arena's real answers."""

import pytest
import requests
import schemathesis

from conformance.resources import resource


@pytest.fixture(scope="module")
def operation():
    schema = schemathesis.openapi.from_path(resource("openapi/arena-reopen.yaml"))
    return schema["/qualityprocesses/statuschanges"]["POST"]


def logged_in(server, arena, role):
    account = arena.world.accounts[role]
    body = {"email": account.email, "password": account.password}
    answer = requests.post(f"{server.url}/login", json=body, timeout=10)
    return {"arena_session_id": answer.json()["arena_session_id"]}


def completed_step(server, headers, template):
    body = {"name": "x", "template": {"guid": template}}
    created = requests.post(f"{server.url}/qualityprocesses", json=body, headers=headers, timeout=10).json()
    steps = requests.get(f"{server.url}/qualityprocesses/{created['guid']}/steps", headers=headers, timeout=10).json()
    process = {"guid": created["guid"], "step": {"guid": steps["results"][0]["guid"]}}
    change(server, headers, {"qualityProcess": process, "complete": True, "comment": "done"})
    return process


def change(server, headers, body):
    return requests.post(f"{server.url}/qualityprocesses/statuschanges", json=body, headers=headers, timeout=10)


def test_a_success_and_refusals_are_as_declared(arena, server, operation):
    headers = logged_in(server, arena, "owner")
    process = completed_step(server, headers, arena.target(server.url)["staging"]["template"])
    body = {"qualityProcess": process, "complete": False, "comment": "again"}
    answers = [
        change(server, headers, body),
        change(server, headers, body),
        change(server, {}, body),
        change(server, headers, []),
    ]
    assert [answer.status_code for answer in answers] == [201, 400, 401, 400]
    for answer in answers:
        operation.validate_response(answer)


def test_an_answer_that_is_not_as_declared_is_noticed(arena, server, operation):
    answer = change(server, logged_in(server, arena, "owner"), [])
    answer._content = b'{"status": "400", "errors": []}'
    with pytest.raises(BaseExceptionGroup) as caught:
        operation.validate_response(answer)
    assert {type(failure).__name__ for failure in caught.value.exceptions} == {"JsonSchemaError"}
