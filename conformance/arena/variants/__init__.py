"""Arenas as a conforming server may choose to be one: on each of them a run must find nothing wrong."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from conformance.arena.variants import answers, guids, requests, staging, standing, transport
from conformance.arena.variants.base import Variant

__all__ = ["CATALOGUE", "Variant"]


def _name(variant: type[Variant]) -> str:
    return re.sub(r"(?<=.)(?=[A-Z])|(?<=[a-z])(?=[0-9])", "-", variant.__name__).lower()


CATALOGUE: Mapping[str, type[Variant]] = MappingProxyType(
    {
        _name(thing): thing
        for module in (guids, requests, answers, staging, standing, transport)
        for thing in vars(module).values()
        if isinstance(thing, type) and thing.__module__ == module.__name__
        if issubclass(thing, Variant) and not thing.__name__.startswith("_")
    }
)
