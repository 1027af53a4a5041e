"""`traffic.har`: the calls of a report, for the tools that read HTTP archives."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from conformance import __version__
from conformance.report.calls import phrase


def render(report: dict[str, Any]) -> Iterator[str]:
    """Yields the calls that the report has as HAR 1.2, in parts, of which only one takes memory at a time.

    A call without an answer has status 0 and says why in a comment.
    """
    import harfile

    text = io.StringIO()
    creator = harfile.Creator(name="arena-conformance", version=__version__)
    with harfile.HarFile(text, creator=creator, comment=f"Calls to {report['run']['target']}") as archive:
        for exchange in report["exchanges"]:
            archive.add_entry(
                startedDateTime=exchange["started"],
                time=exchange["milliseconds"],
                request=_request(exchange["request"]),
                response=_response(exchange),
                timings=harfile.Timings(send=0, wait=exchange["milliseconds"], receive=0),
                comment=_comment(exchange),
            )
            yield text.getvalue()
            text.seek(0)
            text.truncate()
    yield text.getvalue() + "\n"


def _request(request: dict[str, Any]) -> Any:
    import harfile

    body = request.get("body", request.get("body_base64"))
    post = None
    if body is not None:
        comment = "base64" if "body_base64" in request else None
        post = harfile.PostData(mimeType=_header(request, "content-type"), params=[], text=body, comment=comment)
    return harfile.Request(
        method=request["method"],
        url=request["url"],
        httpVersion="HTTP/1.1",
        headers=_records(request["headers"]),
        queryString=_records(parse_qsl(urlsplit(request["url"]).query, keep_blank_values=True)),
        postData=post,
        bodySize=0 if body is None else -1,
    )


def _response(exchange: dict[str, Any]) -> Any:
    import harfile

    response = exchange["response"]
    if response is None:
        return harfile.Response(status=0, statusText="", httpVersion="HTTP/1.1", comment=exchange["trouble"])
    return harfile.Response(
        status=response["status"],
        statusText=phrase(response["status"]),
        httpVersion="HTTP/1.1",
        headers=_records(response["headers"]),
        content=harfile.Content(
            size=response["bytes"], mimeType=_header(response, "content-type"), text=response["body"]
        ),
        redirectURL=_header(response, "location"),
        bodySize=response["bytes"],
    )


def _comment(exchange: dict[str, Any]) -> str:
    words = (f"call {exchange['id']}", exchange["account"], exchange["operation"], exchange["scenario"])
    return ", ".join(word for word in words if word)


def _records(pairs: Any) -> list[Any]:
    import harfile

    return [harfile.Record(name=name, value=value) for name, value in pairs]


def _header(message: dict[str, Any], name: str) -> str:
    return next((str(value) for key, value in message["headers"] if key.lower() == name), "")
