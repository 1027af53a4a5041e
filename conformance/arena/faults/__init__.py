"""Named faulty Arenas: what the conformance suite has to notice. Each is one class with one mistake."""

import re
from collections.abc import Mapping
from types import MappingProxyType, ModuleType

from conformance.arena.faults import (
    answers,
    assignee,
    bodies,
    breakdowns,
    codes,
    comments,
    completed,
    effects,
    envelope,
    four_actions,
    headers,
    keys,
    limits,
    media,
    neighbours,
    open_steps,
    others,
    owner,
    partial,
    permissions,
    processes,
    quota,
    races,
    refusals,
    sessions,
    signoffs,
    silent,
    silent_effects,
    success,
    syntax,
    unassigned,
)
from conformance.arena.faults.fault import Fault
from conformance.arena.policy import Policy

MODULES = (
    assignee,
    owner,
    others,
    unassigned,
    permissions,
    completed,
    signoffs,
    open_steps,
    sessions,
    media,
    syntax,
    bodies,
    partial,
    success,
    refusals,
    breakdowns,
    envelope,
    headers,
    limits,
    quota,
    keys,
    answers,
    comments,
    effects,
    neighbours,
    processes,
    races,
    codes,
    silent,
    silent_effects,
    four_actions,
)


def _faults(module: ModuleType) -> list[type[Fault]]:
    """The faults of a module in their order; a name that begins with an underscore is a family, not a fault."""
    found = [one for name, one in vars(module).items() if isinstance(one, type) and not name.startswith("_")]
    return [one for one in found if issubclass(one, Fault) and one.__module__ == module.__name__]


def _name(fault: type[Fault]) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", fault.__name__).lower()


CATALOGUE: Mapping[str, type[Fault]] = MappingProxyType(
    {_name(fault): fault for module in MODULES for fault in _faults(module)}
)


def contradict(one: type[Fault], other: type[Fault]) -> bool:
    """Whether two faults can't be had together: they override the same thing, or show in different profiles."""
    if one.alone or other.alone:
        return True
    return one.in_profile != other.in_profile or not _own(one).isdisjoint(_own(other))


def combined(*faults: type[Fault]) -> type[Fault]:
    """Returns an Arena with all of these faults."""
    rules = type(
        "Rules", tuple(dict.fromkeys(fault.Rules for fault in reversed(faults) if fault.Rules is not Policy)), {}
    )
    members = {"Rules": rules if rules.__bases__ != (object,) else Policy, "in_profile": faults[0].in_profile}
    return type("+".join(fault.__name__ for fault in faults), faults, members)


def _own(fault: type[Fault]) -> set[str]:
    """What a fault defines, itself or through its family, and what its policy does."""
    families = [one for one in fault.__mro__ if issubclass(one, Fault) and one is not Fault]
    policies = [one for one in fault.Rules.__mro__ if issubclass(one, Policy) and one is not Policy]
    names = {name for one in (*families, *policies) for name in vars(one)}
    return names - {"rule", "Rules", "in_profile", "shown_by", "__doc__", "__module__", "__qualname__", "policy"}
