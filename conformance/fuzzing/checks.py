"""Schemathesis' own checks of an answer against the OpenAPI file, on exchanges that were recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from conformance.evidence import UNREADABLE, Exchange
from conformance.fuzzing.generation import reopening
from conformance.invariants import FAILURE, HEADERS, SHAPE, SUCCESS, Judgement, turned_away
from conformance.session import REOPEN
from conformance.verdict import Finding

_STATUS: Final = "status_code_conformance"
_SCHEMA: Final = "response_schema_conformance"
_OF_HEAD: Final = (_STATUS, "content_type_conformance", "response_headers_conformance")


class Checks:
    """Its checks for the operation under test."""

    def __init__(self) -> None:
        from schemathesis import checks
        from schemathesis.checks import CheckContext, load_all_checks

        load_all_checks()
        self._checks = {name: getattr(checks, name) for name in (*_OF_HEAD, _SCHEMA)}
        operation = reopening()
        self._case = operation.Case(body={})
        self._context = CheckContext(
            override=None,
            auth=None,
            headers=None,
            config=operation.schema.config.checks_config_for(operation=operation),
            transport_kwargs=None,
            response_checks=None,
        )

    def findings(self, answer: Exchange, judgement: Judgement) -> list[Finding]:
        """Returns what its checks find in an answer beside what is known of it, each below the rule that owns it."""
        if answer.operation != REOPEN or answer.status is None or answer.trouble or turned_away(answer):
            return []
        known = {finding.rule for finding in judgement.findings}
        found = {rule: sentence for rule, sentence in self._problems(answer) if rule in judgement.judged}
        return [
            Finding(rule, "an answer as the OpenAPI file declares it", sentence, (answer.id,))
            for rule, sentence in found.items()
            if rule not in known
        ]

    def _problems(self, answer: Exchange) -> Iterator[tuple[str, str]]:
        from schemathesis.core.failures import Failure, FailureGroup

        response = _response(answer)
        for name, check in self._checks.items():
            if name == _SCHEMA and answer.json is UNREADABLE:
                continue
            try:
                check(self._context, response, self._case)
            except FailureGroup as group:
                yield from ((_rule(name, answer), _sentence(one)) for one in group.exceptions)
            except Failure as failure:
                yield _rule(name, answer), _sentence(failure)


def _rule(check: str, answer: Exchange) -> str:
    if check == _STATUS:
        return SUCCESS if answer.accepted else FAILURE
    if check == _SCHEMA:
        return SHAPE if answer.accepted else FAILURE
    return HEADERS


def _sentence(failure: Any) -> str:
    return " ".join(f"{failure.title}: {failure.message}".split())[:300]


def _response(answer: Exchange) -> Any:
    from schemathesis.core.transport import Response

    headers: dict[str, list[str]] = {}
    for name, value in answer.headers:
        headers.setdefault(name.lower(), []).append(value.strip())
    content = json.dumps(answer.json).encode() if answer.json is not UNREADABLE else b""  # the body is cut in evidence
    request: Any = None  # no check that is used here asks for it
    return Response(answer.status or 0, headers, content, request=request, elapsed=0.0, verify=True)
