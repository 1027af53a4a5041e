"""The data in `openapi/` and `fixtures/samples/`: valid, consistent, and as strict as the page and no stricter."""

import copy
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urljoin

import pytest
import yaml
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource

from conformance import contract
from conformance.resources import resource

OPENAPI = resource("openapi/arena-reopen.yaml")
SAMPLES = resource("fixtures/samples")
SCHEMAS = {
    path.stem: json.loads(path.read_text("utf-8")) for path in sorted(resource("openapi/schemas").glob("*.json"))
}
RULE_IDS = (
    "reopen-step",
    "assignee-may-reopen",
    "owner-may-reopen",
    "others-may-not-reopen",
    "unassigned-open-to-permitted",
    "completed-process-locks-steps",
    "approved-signoff-is-final",
    "edit-details-required",
    "session-required",
    "json-required",
    "request-shape",
    "success-is-201",
    "failure-is-400",
    "response-headers",
    "quota-counts-down",
    "response-shape",
    "already-open-is-3089",
)
SITUATIONS = {
    "already-open",
    "process-completed",
    "approved-signoff",
    "not-permitted",
    "guid-malformed",
    "guid-unknown",
    "guid-empty",
    "malformed-json",
    "no-session",
    "not-json",
    "quota-exhausted",
    "foreign-guid",
    "other",
}

Place = tuple[str | int, ...]


def load(name: str) -> Any:
    return yaml.safe_load(resource(f"openapi/{name}").read_text("utf-8"))


def printed(name: str) -> str:
    return (SAMPLES / f"{name}-as-printed.txt").read_text("utf-8")


def repaired(name: str) -> Any:
    return json.loads((SAMPLES / f"{name}-repaired.json").read_text("utf-8"))


def parses(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


REQUEST = repaired("request")
SUCCESS = repaired("response")
ERROR = json.loads(printed("error"))
SPEC = load("arena-reopen.yaml")
REGISTRY: Registry[Any] = Registry().with_resources(
    (schema["$id"], Resource.from_contents(schema)) for schema in SCHEMAS.values()
)


def accepts(name: str, instance: Any) -> bool:
    """Tells what the schema as it is published says; what a run goes by has to say the same."""
    accepted = validator({"$ref": SCHEMAS[name]["$id"]}).is_valid(instance)
    assert (not contract.mismatch(name, instance)) == accepted
    assert (not [*contract.schema(name).thorough.iter_errors(instance)]) == accepted
    return accepted


def validator(schema: Any) -> Draft202012Validator:
    return Draft202012Validator(schema, registry=REGISTRY, format_checker=FormatChecker())


def nodes(value: Any, path: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Yields every value inside `value` with the path to it, `value` itself first."""
    yield path, value
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from nodes(member, (*path, key))


def put(instance: Any, path: Place, value: Any) -> Any:
    """Returns a copy of `instance` that has `value` at `path`."""
    if not path:
        return value
    changed = copy.deepcopy(instance)
    parent = changed
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    return changed


def drop(instance: Any, path: Place) -> Any:
    """Returns a copy of `instance` without the member at `path`."""
    changed = copy.deepcopy(instance)
    parent = changed
    for key in path[:-1]:
        parent = parent[key]
    del parent[path[-1]]
    return changed


def dotted(value: Any) -> str | None:
    """Names a parameter that is a path."""
    return ".".join(map(str, value)) or "body" if isinstance(value, tuple) else None


# The OpenAPI file


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in SPEC["paths"].items():
        for method in item.keys() - {"parameters"}:
            yield f"{method.upper()} {path}", item[method]


def test_openapi_file_is_valid() -> None:
    OpenAPIV31SpecValidator(SPEC, base_uri=OPENAPI.as_uri()).validate()


def test_only_the_reopen_is_under_test() -> None:
    tagged = {name: operation["tags"] for name, operation in operations()}
    assert [name for name, tags in tagged.items() if tags == ["contract"]] == ["POST /qualityprocesses/statuschanges"]
    for name, operation in operations():
        assert operation.get("x-support", False) == (operation["tags"] == ["support"]), name


def test_every_operation_but_login_needs_a_session() -> None:
    assert SPEC["security"] == [{"arena_session_id": []}]
    assert SPEC["components"]["securitySchemes"]["arena_session_id"]["name"] == "arena_session_id"
    assert [name for name, operation in operations() if "security" in operation] == ["POST /login"]


@pytest.mark.parametrize("status", ["201", "400", "401", "415", "429"])
def test_every_answer_to_a_reopen_declares_the_headers_of_the_page(status: str) -> None:
    answer = SPEC["paths"]["/qualityprocesses/statuschanges"]["post"]["responses"][status]
    assert set(answer["headers"]) == {
        "Content-Length",
        "Date",
        "Server",
        "X-Arena-Next-Request-Limit-Reset",
        "X-Arena-Requests-Remaining",
    }
    assert set(answer["content"]) == {"application/json"}  # how OpenAPI states the sixth, Content-Type


def test_openapi_samples_are_the_repaired_ones() -> None:
    reopen = SPEC["paths"]["/qualityprocesses/statuschanges"]["post"]
    success, failure = (reopen["responses"][status]["content"]["application/json"] for status in ("201", "400"))
    assert reopen["requestBody"]["content"]["application/json"]["examples"]["sample"]["value"] == REQUEST
    assert success["examples"]["sample"]["value"] == SUCCESS
    assert failure["examples"]["alreadyOpen"]["value"] == ERROR


def test_openapi_examples_match_their_schemas() -> None:
    judged = 0
    for path, media_type in nodes(SPEC):
        if isinstance(media_type, dict) and "schema" in media_type and path[-1:] == ("application/json",):
            schema = media_type["schema"]["$ref"].removeprefix("schemas/").removesuffix(".json")
            for name, example in media_type.get("examples", {}).items():
                assert accepts(schema, example["value"]), (*path, name)
                judged += 1
    assert judged == 4


# The schemas


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema_is_valid_and_says_what_it_is(name: str) -> None:
    schema = SCHEMAS[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$id"]
    assert schema["$id"] == f"https://arena-conformance.example/schemas/{name}.json"
    assert schema["title"]
    assert schema["description"]


@pytest.mark.parametrize("name", SCHEMAS)
def test_schema_accepts_its_examples(name: str) -> None:
    described = [(path, node) for path, node in nodes(SCHEMAS[name]) if isinstance(node, dict) and "examples" in node]
    assert () in dict(described), "the schema itself has no examples"
    for path, node in described:
        pointer = "".join(f"/{key}" for key in path)
        for example in node["examples"]:
            validator({"$ref": f"{SCHEMAS[name]['$id']}#{pointer}"}).validate(example)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_run_judges_by_the_schema_as_it_is_published(name: str) -> None:
    verdicts = set()
    for example in SCHEMAS[name]["examples"]:
        verdicts.add(accepts(name, example))
        for path, _ in nodes(example):
            verdicts |= {accepts(name, put(example, path, wrong)) for wrong in (7, "", [], {}, None)}
            if path:
                verdicts.add(accepts(name, drop(example, path)))
    assert True in verdicts


@pytest.mark.parametrize("name", ["arena-reopen.yaml", *(f"schemas/{name}.json" for name in SCHEMAS)])
def test_references_resolve_by_file_and_by_id(name: str) -> None:
    document = load(name)
    for path, node in nodes(document):
        if not (isinstance(node, dict) and isinstance(reference := node.get("$ref"), str)):
            continue
        file, _, pointer = reference.partition("#")
        target = load(urljoin(name, file)) if file else document
        for key in pointer.split("/")[1:]:
            assert key in target, (path, reference)
            target = target[key]
        if "$id" in document:
            assert REGISTRY.resolver(document["$id"]).lookup(reference).contents == target


def test_every_schema_is_used() -> None:
    documents = [SPEC, *SCHEMAS.values()]
    found = [node for document in documents for _, node in nodes(document) if isinstance(node, dict)]
    references = [node["$ref"] for node in found if "$ref" in node]
    assert {re.sub(r"^schemas/|\.json.*", "", r) for r in references if ".json" in r} == set(SCHEMAS)


# The samples, as printed and as repaired


@pytest.mark.parametrize("name", ["request", "response"])
def test_printed_sample_is_not_json(name: str) -> None:
    assert not parses(printed(name))


def test_repaired_samples_match_their_schemas() -> None:
    assert accepts("reopen-request", REQUEST)
    assert accepts("reopen-success", SUCCESS)
    assert accepts("error", ERROR)


def mended_request(brace: str = "}") -> str:
    """The printed request with `brace` in place of the stray one."""
    return re.sub(r"(?m)^ +\{ $", brace, printed("request"))


def mended_response(null: str = "null", close: str = "}", comma: str = ",") -> str:
    """The printed response with its three repairs, each of which can be left out."""
    return printed("response").replace("NULL", f"{null}{close}{comma}")


def test_only_the_syntax_was_repaired() -> None:
    assert json.loads(mended_request()) == REQUEST
    assert json.loads(mended_response()) == SUCCESS


# The errata


def brace_is_opened_twice() -> None:
    assert mended_request("{").split() == printed("request").split()
    assert not parses(mended_request("{"))
    assert parses(mended_request("}"))


def process_is_never_closed() -> None:
    assert Counter(printed("response"))["{"] == Counter(printed("response"))["}"] + 1
    assert not parses(mended_response(close=""))


def null_is_in_capitals() -> None:
    assert not parses(mended_response(null="NULL"))


def comma_is_missing() -> None:
    assert re.search(r'NULL\s+"complete"', printed("response"))
    assert not parses(mended_response(comma=""))


def process_guid_differs_by_a_letter() -> None:
    asked, answered = REQUEST["qualityProcess"]["guid"], SUCCESS["qualityProcess"]["guid"]
    assert sum(a != b for a, b in zip(asked, answered, strict=True)) == 1


def guid_lengths_differ() -> None:
    guids = re.findall(r'"guid": ?"(\w+)"', printed("request") + printed("response"))
    assert {guid: len(guid) for guid in guids if len(guid) != 20} == {
        REQUEST["qualityProcess"]["step"]["guid"]: 19,
        SUCCESS["qualityProcess"]["template"]["guid"]: 21,
    }


def success_shows_a_completed_process() -> None:
    assert SUCCESS["qualityProcess"]["status"] == "COMPLETED"
    assert SUCCESS["qualityProcess"]["completedDateTime"]


def current_step_is_another() -> None:
    assert SUCCESS["qualityProcess"]["currentStep"]["guid"] != REQUEST["qualityProcess"]["step"]["guid"]


def already_open_speaks_of_the_process() -> None:
    assert "step" in REQUEST["qualityProcess"]
    assert "quality process is" in ERROR["errors"][0]["message"]
    assert "step" not in ERROR["errors"][0]["message"]


ERRATA = load("errata.yaml")["errata"]
PROOFS: dict[str, Callable[[], None]] = {
    "request-brace-opened-twice": brace_is_opened_twice,
    "response-process-never-closed": process_is_never_closed,
    "response-null-in-capitals": null_is_in_capitals,
    "response-comma-missing": comma_is_missing,
    "process-guid-differs": process_guid_differs_by_a_letter,
    "guid-lengths-differ": guid_lengths_differ,
    "success-shows-completed-process": success_shows_a_completed_process,
    "current-step-is-another": current_step_is_another,
    "already-open-speaks-of-the-process": already_open_speaks_of_the_process,
}


def test_every_erratum_of_the_samples_has_a_proof() -> None:
    assert [erratum["id"] for erratum in ERRATA if erratum["where"] == "samples"] == list(PROOFS)


@pytest.mark.parametrize("erratum", PROOFS)
def test_erratum_is_real(erratum: str) -> None:
    PROOFS[erratum]()


def test_errata_are_complete_entries() -> None:
    assert len({erratum["id"] for erratum in ERRATA}) == len(ERRATA)
    samples = printed("request") + printed("response") + printed("error")
    for erratum in ERRATA:
        assert list(erratum) == ["id", "where", "lines", "prints", "why", "reading"]
        assert erratum["where"] in {"samples", "page", "silent"}
        assert re.fullmatch(r"\d+(-\d+)?", erratum["lines"])
        assert bool(erratum["prints"]) == (erratum["where"] != "silent"), erratum["id"]
        assert erratum["why"]
        assert erratum["reading"]
        assert erratum["where"] != "samples" or erratum["prints"] in samples, erratum["id"]


# The rules and the profiles


def test_rules_are_the_seventeen_in_order() -> None:
    rules = load("rules.yaml")["rules"]
    assert tuple(rule["id"] for rule in rules) == RULE_IDS
    for rule in rules:
        assert list(rule) == ["id", "statement", "quote", "lines", "converse", "owns"]
        assert rule["statement"].endswith(".")
        assert rule["quote"]
        assert re.fullmatch(r"\d+(-\d+)?", rule["lines"])
        assert isinstance(rule["converse"], str)
        assert rule["owns"]


def test_nothing_is_owned_twice() -> None:
    owned = Counter(item for rule in load("rules.yaml")["rules"] for item in rule["owns"])
    assert not [item for item, times in owned.items() if times > 1]


PROFILES = load("profiles.yaml")["profiles"]


def test_profiles_know_the_same_situations() -> None:
    assert set(PROFILES) == {"documented", "winter-2023"}
    for profile in PROFILES.values():
        assert set(profile["situations"]) == SITUATIONS


@pytest.mark.parametrize("profile", PROFILES)
def test_profile_states_what_is_right(profile: str) -> None:
    for name, situation in PROFILES[profile]["situations"].items():
        assert situation.keys() <= {"statuses", "codes", "message", "usual_message"}
        assert all(400 <= status < 500 for status in situation["statuses"])
        assert situation["codes"] == "any" or all(isinstance(code, int) for code in situation["codes"])
        assert ("message" in situation) == (name == "already-open"), "a message is judged only where the page fixes it"
        assert "usual_message" not in situation or situation["codes"] != "any"


def test_documented_profile_fixes_only_what_the_page_prints() -> None:
    situations = PROFILES["documented"]["situations"]
    fixed = {name: situation for name, situation in situations.items() if situation["codes"] != "any"}
    printed_error = ERROR["errors"][0]
    assert fixed == {
        "already-open": {"statuses": [400], "codes": [printed_error["code"]], "message": printed_error["message"]}
    }
    assert all(400 in situation["statuses"] for situation in situations.values())


# Near misses: what a schema accepts, and what it refuses

PROCESS, STEP = ("qualityProcess", "guid"), ("qualityProcess", "step", "guid")
NO_GUIDS = ["", " ", "K2M5 O1MD", "K2M5O1MD\n", "\tK2M5O1MD", "K2M5\u00a0O1MD", "K2M5\u0085O1MD", None, 7, True, [], {}]


@pytest.mark.parametrize(
    "instance",
    [
        REQUEST,
        drop(REQUEST, ("comment",)),
        put(REQUEST, ("comment",), ""),
        put(REQUEST, ("comment",), "\u0417\u0430\u043c\u0435\u0442\u043a\u0430 \U0001f527\n" * 200),
        put(REQUEST, ("priority",), 1),
        put(REQUEST, ("qualityProcess", "step", "name"), "extra"),
        put(REQUEST, PROCESS, "k2m5o1md03mi1k3mvzic"),
        put(REQUEST, STEP, "1"),
    ],
)
def test_request_is_accepted(instance: Any) -> None:
    assert accepts("reopen-request", instance)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        *((path, value) for path in (PROCESS, STEP) for value in NO_GUIDS),
        *((("complete",), value) for value in ("false", "", 0, 0.0, 1, True, None, [], {})),
        *((("comment",), value) for value in (7, True, None, [], {})),
        *((path, value) for path in (PROCESS[:1], STEP[:2]) for value in (None, "K2M5O1MD03MI1K3MVZIC", 7, [], {})),
        *(((), value) for value in (None, "text", 7, True, [], [REQUEST], {})),
    ],
    ids=dotted,
)
def test_request_is_refused(path: Place, value: Any) -> None:
    assert not accepts("reopen-request", put(REQUEST, path, value))


@pytest.mark.parametrize("path", [PROCESS[:1], PROCESS, STEP[:2], STEP, ("complete",)], ids=dotted)
def test_request_without_a_member_is_refused(path: Place) -> None:
    assert not accepts("reopen-request", drop(REQUEST, path))


EMAILS = [("qualityProcess", "creator", "email"), ("qualityProcess", "owner", "email")]
PATHS = [path for path, _ in nodes(SUCCESS) if path and path not in EMAILS]
NULLS = [path for path, value in nodes(SUCCESS) if value is None]
DATES = [("qualityProcess", f"{which}DateTime") for which in ("completed", "creation", "targetCompletion")]
NULLABLE = [*NULLS, DATES[0], DATES[2], ("qualityProcess", "currentStep"), ("comment",)]


def test_success_paths_are_those_of_the_page() -> None:
    assert len(PATHS) == 26
    assert len(NULLS) == 4


@pytest.mark.parametrize("path", PATHS, ids=dotted)
def test_success_without_a_key_is_refused(path: Place) -> None:
    assert not accepts("reopen-success", drop(SUCCESS, path))


@pytest.mark.parametrize("path", PATHS, ids=dotted)
@pytest.mark.parametrize("wrong", [7, True, [], ["text"]])
def test_success_with_another_type_is_refused(path: Place, wrong: Any) -> None:
    assert not accepts("reopen-success", put(SUCCESS, path, wrong))


@pytest.mark.parametrize("path", PATHS, ids=dotted)
def test_success_is_null_only_where_it_may_be(path: Place) -> None:
    assert accepts("reopen-success", put(SUCCESS, path, None)) == (path in NULLABLE)


@pytest.mark.parametrize("path", EMAILS, ids=dotted)
def test_success_is_not_judged_by_its_emails(path: Place) -> None:
    assert accepts("reopen-success", drop(SUCCESS, path))
    assert accepts("reopen-success", put(SUCCESS, path, None))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        *((("qualityProcess", "status"), status) for status in ("OPEN", "COMPLETED", "COMPLETE")),
        (("qualityProcess", "statusMode"), "MANUAL"),
        (("qualityProcess", "description"), ""),
        (("qualityProcess", "number"), "7"),
        (("qualityProcess", "priority"), "extra"),
        (("qualityProcess", "currentStep", "name"), "extra"),
        (("comment",), ""),
        (("links",), []),
        *((path, "2024-02-29T23:59:59Z") for path in DATES),
    ],
    ids=dotted,
)
def test_success_is_accepted(path: Place, value: Any) -> None:
    assert accepts("reopen-success", put(SUCCESS, path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        *((("qualityProcess", "status"), status) for status in ("REOPENED", "open", "CLOSED", "")),
        *((("complete",), value) for value in (True, "false", 0, 0.0)),
        *(
            (path, value)
            for path in [path for path in PATHS if path[-1] == "guid"]
            for value in NO_GUIDS
            if value is not None
        ),
        *(
            (path, value)
            for path in DATES
            for value in (
                "",
                "2019-07-25",
                "2019-07-25 13:51:25Z",
                "2019-07-25T13:51:25",
                "2019-07-25T13:51:25.000Z",
                "2019-07-25T13:51:25+00:00",
                "2019-07-25T13:51:25Z\n",
                "\u0662\u0660\u0661\u0669-07-25T13:51:25Z",
            )
        ),
        (("qualityProcess", "type"), "NULL"),
        (("qualityProcess", "template", "active"), False),
        (("qualityProcess", "currentStep"), {}),
        *(((), value) for value in (None, "text", [], [SUCCESS], {}, SUCCESS["qualityProcess"], ERROR)),
    ],
    ids=dotted,
)
def test_success_is_refused(path: Place, value: Any) -> None:
    assert not accepts("reopen-success", put(SUCCESS, path, value))


@pytest.mark.parametrize(
    "instance",
    [
        ERROR,
        put(ERROR, ("status",), 401),
        put(ERROR, ("errors",), ERROR["errors"] * 2),
        put(ERROR, ("errors", 0, "message"), ""),
        put(ERROR, ("errors", 0, "field"), "extra"),
        put(ERROR, ("requestId",), "extra"),
    ],
)
def test_error_is_accepted(instance: Any) -> None:
    assert accepts("error", instance)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        *((("status",), value) for value in ("400", None, 400.5, True, [])),
        *((("errors",), value) for value in ([], {}, None, "text", ERROR["errors"][0])),
        *((("errors", 0), value) for value in ({}, None, "text", 3089, [])),
        *((("errors", 0, "code"), value) for value in ("3089", None, 3089.5, True)),
        *((("errors", 0, "message"), value) for value in (None, 7, [], {})),
        *(((), value) for value in (None, "text", [], [ERROR], {}, SUCCESS)),
    ],
    ids=dotted,
)
def test_error_is_refused(path: Place, value: Any) -> None:
    assert not accepts("error", put(ERROR, path, value))


@pytest.mark.parametrize(
    "path", [("status",), ("errors",), ("errors", 0, "code"), ("errors", 0, "message")], ids=dotted
)
def test_error_without_a_member_is_refused(path: Place) -> None:
    assert not accepts("error", drop(ERROR, path))
