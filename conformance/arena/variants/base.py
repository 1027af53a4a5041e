from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from conformance.arena.clock import Clock
from conformance.arena.codes import Code, Situation
from conformance.arena.server import Server
from conformance.arena.service import Arena
from conformance.arena.store import StepType, Template, TemplateStep
from conformance.arena.world import World

BOTH = ("documented", "winter-2023")


class Variant(Arena):
    """An Arena that differs from the usual one only in what a conforming server may choose."""

    profiles: ClassVar[tuple[str, ...]] = BOTH  # those in which the choice is free
    untested: ClassVar[frozenset[str]] = frozenset()  # rules that nobody can test on it
    breaks: ClassVar[str] = ""  # why a client that knows the usual Arena breaks on it, correct as it is
    server_class: ClassVar[type[Server]] = Server

    def __init__(self, world: World, profile: str = "documented", clock: Clock | None = None) -> None:
        super().__init__(world, profile, clock)
        self.codes = {**self.codes, **self.own_codes()}
        staged = self.store.templates[world.staging["template"]]
        self.store.templates[staged.guid] = self.own_template(staged)

    def own_codes(self) -> Mapping[Situation, Code]:
        """Which refusals are put in other words."""
        return {}

    def own_template(self, template: Template) -> Template:
        """The template that quality processes are made from."""
        return template


def with_steps(template: Template, *types: StepType) -> Template:
    """Returns the template with other steps."""
    steps = tuple(TemplateStep(f"{kind.capitalize()} {number}", kind) for number, kind in enumerate(types, start=1))
    return replace(template, steps=steps)
