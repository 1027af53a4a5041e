"""The recorded behaviour: a file that people review in git. Pure: who calls opens the files."""

from __future__ import annotations

import datetime as dt
import sys
import textwrap
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from conformance import schemas
from conformance.behaviour import compact, expand
from conformance.behaviour.document import GENERATED, KINDS, Behaviours, is_ordered, kind_of
from conformance.drift.answers import align, differing
from conformance.drift.difference import Side
from conformance.resources import from_yaml

VERSION: Final = 1
_SCHEMA: Final = Path(__file__).with_name("baseline.schema.json")
_HEAD: Final = """\
# How a server behaved: written by `arena-conformance baseline accept`, compared by `run --baseline` and `diff`.
# `accepted`, `refused`: what most answers have in common. Each scenario names what its answers have beside that;
# `read` says which views were read before and after, so that it is known what the call changed.

"""
_EVERYWHERE: Final = frozenset({"headers", "body", "changes", "connection"})  # unstable in one answer, unstable in all


class BaselineError(Exception):
    """A file is no baseline, or one can't be taken over; the message says what to do."""


@dataclass(frozen=True)
class Baseline:
    """A recorded behaviour, and who accepted what of it, when and why."""

    profile: str
    behaviours: Behaviours  # expanded
    accepted: tuple[Mapping[str, Any], ...] = ()
    unstable: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def side(self) -> Side:
        """The baseline as one side of a comparison."""
        return Side(self.behaviours, self.profile, self.unstable)


def read(text: str) -> Baseline:
    """Returns the baseline that a file holds. Raises BaselineError."""
    try:
        document = from_yaml(text)
    except yaml.YAMLError as error:
        raise BaselineError(f"it is no YAML: {' '.join(str(error).split())}") from error
    if problems := [*schemas.read(_SCHEMA).errors(document)]:
        problem = min(problems, key=lambda error: [*map(str, error.path)])
        place = "/".join(map(str, problem.absolute_path)) or "the file"
        raise BaselineError(f"it is no baseline ({place}: {problem.message[:200]})")
    return Baseline(
        document["profile"],
        expand(document["behaviours"]),
        tuple(document["accepted"]),
        {name: frozenset(what) for name, what in document.get("unstable", {}).items()},
    )


def accept(
    before: Baseline | None,
    reports: Sequence[Mapping[str, Any]],
    *,
    by: str,
    reason: str,
    today: dt.date,
    only: Collection[str] = (),
) -> Baseline:
    """Returns the baseline with the behaviour of these reports taken over; the same one where nothing is new.

    `only` names the scenarios to take; none: all. What the reports did not reach stays as it was; what they would
    have reached, were it still there, goes. What differs between several reports is marked unstable.
    Raises BaselineError.
    """
    sides = [Side.of_report(report) for report in reports]
    profiles = {side.profile for side in sides}
    if len(profiles) > 1:
        raise BaselineError(f"the reports are of different profiles: {', '.join(sorted(profiles))}")
    if before and only and before.profile not in profiles:
        raise BaselineError(f"the baseline is of profile {before.profile}, the report is not; take all of it over")
    taken = _reached(sides, only)
    if not taken:
        raise BaselineError("the reports reached nothing that could be taken over")
    kept = dict(before.behaviours) if before else {}
    gone = [name for name in kept if not only and _would_have_reached(name, reports)]
    behaviours = {name: one for name, one in {**kept, **taken}.items() if name in taken or name not in gone}
    unstable = _unstable(sides, taken)
    if before:
        for name, what in before.unstable.items():
            if name in KINDS or (name in behaviours and name not in taken):
                unstable[name] = unstable.get(name, frozenset()) | what
    made = Baseline(profiles.pop(), behaviours, before.accepted if before else (), unstable)
    if before == made:
        return before
    entry = {"date": today.isoformat(), "by": by, "reason": reason, "scenarios": sorted(only) or "all"}
    return Baseline(made.profile, made.behaviours, (*made.accepted, entry), made.unstable)


def write(baseline: Baseline) -> str:
    """Returns the file's text: sorted, a block for each behaviour."""
    parts = [_HEAD + _dump({"version": VERSION, "profile": baseline.profile, "accepted": [*baseline.accepted]})]
    if baseline.unstable:
        parts.append(_dump({"unstable": {name: sorted(what) for name, what in sorted(baseline.unstable.items())}}))
    blocks = [_block(name, one) for name, one in compact(baseline.behaviours).items()]
    return "\n".join([*parts, "behaviours:\n" + "".join(blocks).lstrip("\n")])


def _block(name: str, behaviour: Mapping[str, Any]) -> str:
    """Returns a behaviour's lines; of generated input, of which there is much that is short, one line."""
    if name.partition("/")[2].startswith(GENERATED):
        return textwrap.indent(_dump({name: _Line(behaviour)}, width=sys.maxsize), "  ")
    return "\n" + textwrap.indent(_dump({name: behaviour}), "  ")


def _reached(sides: Iterable[Side], only: Collection[str]) -> Behaviours:
    """Returns, of each scenario, the behaviour in the first report that reached it."""
    found: Behaviours = {}
    for side in sides:
        for name, one in side.behaviours.items():
            if name in side.reached and (not only or name in only):
                found.setdefault(name, one)
    return found


def _would_have_reached(name: str, reports: Iterable[Mapping[str, Any]]) -> bool:
    """Tells whether a report tested that part of that rule to its end, and has no such scenario any more."""
    rule, _, slug = name.partition("/")
    part = slug.partition("-")[0] if slug.startswith(("fuzz-", "walk-")) else ""
    for report in reports:
        if report["run"]["exit_code"] == 3 or name in report["behaviours"]:
            continue
        slugs = [one.partition("/")[2] for one in report["behaviours"] if one.startswith(f"{rule}/")]
        if any((one.partition("-")[0] == part if part else one != "every-answer") for one in slugs):
            return True
    return False


def _unstable(sides: Sequence[Side], taken: Iterable[str]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for name in taken:
        first, *others = [side.behaviours[name] for side in sides if name in side.reached]
        for other in others:
            if other["verdict"] != first["verdict"]:
                found.setdefault(name, set()).add("verdict")
            ordered = is_ordered(name, other["answers"])
            for _, one, another in align(first["answers"], other["answers"], ordered=ordered):
                for what in differing(one, another):
                    scope = kind_of(one) if what.partition(".")[0] in _EVERYWHERE else name
                    found.setdefault(scope, set()).add(what)
    return {name: frozenset(what) for name, what in found.items()}


class _Dumper(yaml.SafeDumper):
    """Writes short lists in one line, and no aliases."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


class _Line(dict[str, Any]):
    """What is written in one line."""


def _line(dumper: yaml.SafeDumper, entries: _Line) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", entries.items(), flow_style=True)


def _list(dumper: yaml.SafeDumper, entries: list[Any]) -> yaml.Node:
    plain = all(isinstance(entry, str | int) and len(str(entry)) < 40 for entry in entries)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", entries, flow_style=plain)


_Dumper.add_representer(list, _list)
_Dumper.add_representer(_Line, _line)


def _dump(document: Any, width: int = 120) -> str:
    text: str = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=width)
    return text
