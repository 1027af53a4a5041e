"""Lets Schemathesis generate requests from the OpenAPI file.

All are generated before the first is sent, and for guids that stand for others, so that what is sent depends on the
seed alone. Nothing is learned from answers and nothing is kept: no database, no cache between runs.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from conformance import seeded
from conformance.fuzzing.case import PROCESS, STEP, Case
from conformance.fuzzing.reading import read
from conformance.invariants import COMMENT_LIMIT
from conformance.resources import resource
from conformance.session import JSON, STATUS_CHANGES, encode

PRINTABLE: Final = "arena-printable"  # a format of our own: comments that must come back unchanged
_EXTRA_SHARE: Final = 5  # one positive case of so many has members that the page does not know
_MOST_DRAWN: Final = 4  # how many cases may be drawn for each one that is wanted

# Texts that servers are known to change.
_PIECES: Final = (
    "é", "e\u0301", "ﬁ", "Å", "ß", "\u017f", "İ", "™", "²", "🔧", "🇨🇭", "✔\ufe0f", "日本語", "العربية", "\U0001d518",
    "<b>", "</b>", "<!--", "&amp;", "&", "&#65;", '"', "'", "''", "`", "\\", "\\n", "\\u0041", "/", "%s", "%41", "%",
    "{0}", "{", "}", "${x}", "{{x}}", "#{x}", "@x@", "--", ";", ";--", "]]>", "null", "true", "NaN", "0", "007",
    "1e3", "  ", " ", "\n", "\n\n", "-", "=", "+", "|", "~", "^", "?", "*", ":", ",", ".", "...", "A", "a", "Z", "$",
)  # fmt: skip


@dataclass(frozen=True)
class Drawn:
    """A generated body, and how to draw it again while it becomes smaller."""

    case: Case
    kind: str
    mode: str
    most: int


class Generator:
    """Generates requests; other ones for another seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def examples(self) -> list[Case]:
        """Returns what the OpenAPI file itself has for examples, and the positive cases at its bounds."""
        from schemathesis.generation.hypothesis.examples import generate_one

        strategies = reopening("examples").get_strategies_from_examples()
        with seeded.drawing():
            bodies = [generate_one(strategy).body for strategy in strategies]
        return _distinct([*bodies, *self._coverage("positive")])

    def boundaries(self) -> list[Case]:
        """Returns the negative cases of the coverage phase: each constraint of the schema violated once."""
        return _distinct(self._coverage("negative"))

    def positive(self, count: int) -> list[Drawn]:
        """Returns so many valid requests, fewer where no more are found."""
        extra = count // _EXTRA_SHARE
        drawn = [*self._draw("closed", "positive", count - extra), *self._draw("open", "positive", extra)]
        return list({one.case.body: one for one in drawn}.values())

    def negative(self, count: int) -> list[Drawn]:
        """Returns so many requests that are wrong in one point, fewer where no more are found."""
        return self._draw("closed", "negative", count)

    def shrink(self, drawn: Drawn, fails: Callable[[Case], bool]) -> None:
        """Draws ever smaller cases in the place of one that fails, and asks for each whether it fails too."""
        from hypothesis.errors import HypothesisException

        met = False

        def check(body: Any) -> None:
            nonlocal met
            case = _case(body)
            met = met or (case is not None and case.body == drawn.case.body)
            if met and case is not None and (case.body == drawn.case.body or fails(case)):
                raise _Failing

        with suppress(_Failing, HypothesisException):
            self._run(drawn.kind, drawn.mode, drawn.most, check, smaller=True)

    def _draw(self, kind: str, mode: str, count: int) -> list[Drawn]:
        """Draws distinct cases from one of the two schemas."""
        most = count * _MOST_DRAWN
        found: dict[bytes, Case] = {}

        def take(body: Any) -> None:
            case = _case(body)
            if case is not None and case.valid == (mode == "positive"):
                found.setdefault(case.body, case)
            if len(found) >= count:
                raise _Enough

        if count > 0:
            with suppress(_Enough):
                self._run(kind, mode, most, take)
        return [Drawn(case, kind, mode, most) for case in found.values()]

    def _run(self, kind: str, mode: str, most: int, check: Callable[[Any], None], *, smaller: bool = False) -> None:
        from hypothesis import Phase, given, seed
        from schemathesis.generation import GenerationMode
        from schemathesis.generation.feedback import NO_FEEDBACK

        strategy = reopening(kind).as_strategy(generation_mode=GenerationMode(mode), feedback=NO_FEEDBACK)
        phases = [Phase.generate, Phase.shrink] if smaller else [Phase.generate]

        @seed(self._seed)
        @seeded.settings(examples=most, phases=phases, backend=seeded.once())
        @given(strategy)
        def draw(case: Any) -> None:
            check(case.body)

        with seeded.drawing():
            draw()

    def _coverage(self, mode: str) -> list[Any]:
        from schemathesis.generation import GenerationMode
        from schemathesis.generation.drivers import CoverageGenerator
        from schemathesis.generation.feedback import NO_FEEDBACK
        from schemathesis.generation.overrides import Override

        operation = reopening("closed")
        cases = CoverageGenerator(
            operation=operation,
            generation_modes=[GenerationMode(mode)],
            generation_config=operation.schema.config.generation_for(operation=operation, phase="coverage"),
            auth_storage=None,
            override=Override(),
            feedback=NO_FEEDBACK,
        )
        with seeded.drawing():
            made = list(cases)
        # its other methods and content types are in the fixed list
        return [case.body for case in made if case.method == "POST" and "Content-Type" not in case.headers]


class _Enough(Exception):
    """As many cases are drawn as are wanted."""


class _Failing(Exception):
    """The case fails."""


@cache
def reopening(kind: str = "closed") -> Any:
    """Returns the operation under test as Schemathesis reads it, for the guids that stand for others.

    Only in an "open" one a body may have further members; else most comments are texts that must come back unchanged.
    The page's own "examples" are left to the one that is named so.
    """
    import schemathesis
    from schemathesis.config import SchemathesisConfig

    seeded.keep_tables_elsewhere()
    # sessions are opened by ourselves, and wrong ones are in the fixed list
    config = SchemathesisConfig.from_dict({"generation": {"with-security-parameters": False}})
    document = schemathesis.openapi.from_path(resource("openapi/arena-reopen.yaml"), config=config)
    media = document.raw_schema["paths"][STATUS_CHANGES]["post"]["requestBody"]["content"][JSON]
    media["schema"] = _schema(closed=kind != "open")
    if kind == "examples":
        for example in media["examples"].values():
            example["value"]["qualityProcess"] = {"guid": PROCESS, "step": {"guid": STEP}}
    else:  # they are sent anyhow; drawn among others they would only come again and again
        del media["examples"]
    return document[STATUS_CHANGES]["POST"]


def _schema(*, closed: bool) -> dict[str, Any]:
    """Returns a copy of the request's schema in which the guids are those that stand for others."""
    schema: dict[str, Any] = json.loads(resource("openapi/schemas/reopen-request.json").read_text("utf-8"))
    del schema["$id"], schema["$schema"], schema["examples"]
    process = schema["properties"]["qualityProcess"]
    step: dict[str, Any] = {"type": "object", "required": ["guid"], "properties": {"guid": _only(STEP)}}
    process["properties"] = {"guid": _only(PROCESS), "step": step}
    if closed:
        for members in (schema, process, step):
            members["additionalProperties"] = False
        schema["required"] = [*schema["required"], "comment"]
        _register_printable()
        schema["properties"]["comment"] = {"type": "string", "format": PRINTABLE}
    return schema


def _only(guid: str) -> dict[str, Any]:
    return {"type": "string", "enum": [guid]}


@cache
def _register_printable() -> None:
    """Tells Schemathesis how to make comments that must come back unchanged, and some others."""
    import schemathesis
    from hypothesis import strategies as st

    # unassigned characters, and those that show nothing, are not promised
    letters = st.characters(
        exclude_categories=("Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"), include_characters=" \n"
    )
    texts = st.text(letters, min_size=1, max_size=60)
    pieces = st.lists(st.sampled_from(_PIECES), min_size=1, max_size=12).map("".join)
    long = st.tuples(st.text(letters, min_size=1, max_size=8), st.integers(2, COMMENT_LIMIT)).map(
        lambda drawn: (drawn[0] * drawn[1])[: drawn[1]]
    )
    schemathesis.openapi.format(PRINTABLE, st.one_of(pieces, texts, long, st.text(max_size=20)))


def _case(body: Any) -> Case | None:
    if isinstance(body, bytes):
        return read(body)
    if not isinstance(body, dict | list | str | int | float | bool | None):
        return None  # no body at all
    try:
        return read(encode(body))
    except (ValueError, RecursionError):
        return None


def _distinct(bodies: Iterable[Any]) -> list[Case]:
    cases = [case for case in map(_case, bodies) if case is not None]
    return list({case.body: case for case in cases}.values())
