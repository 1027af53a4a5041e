"""`arena-conformance plan`."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from conformance.cli import options
from conformance.cli.common import PARTS, PHASES, PROFILES, chosen_rules, sole_use
from conformance.cli.run import target_of
from conformance.verdict import NO_VERDICT

if TYPE_CHECKING:
    from rich.console import Console

    from conformance.plan import Plan

_MOST_NAMED: Final = 12  # scenarios that lack the same


@click.command()
@options.base_url()
@options.target("The target file.")
@click.option("--profile", type=click.Choice(PROFILES), help="Overrides the target file's profile.")
@click.option("--rule", "rules", multiple=True, metavar="ID", help="Plan for this rule only; may be repeated.")
@click.option("--only", multiple=True, type=click.Choice(PARTS), help="Plan for this part only; may be repeated.")
@click.option("--max-examples", metavar="N", type=click.IntRange(min=1), help="As for `run`.")
@options.seed("As for `run`.")
@options.force()
def plan(
    base_url: str | None,
    target_file: Path | None,
    profile: str | None,
    rules: tuple[str, ...],
    only: tuple[str, ...],
    max_examples: int | None,
    seed: int,
    force: bool,
) -> None:
    """Tells what `run` would do, and changes nothing.

    Logs in with every account (which ends the sessions these have elsewhere),
    reads, and logs out. The number of calls is that of the same run against
    an embedded Arena with the same accounts.

    \b
    Examples:
      arena-conformance plan --target arena.yaml
      arena-conformance plan --target arena.yaml --only rules

    \b
    Exit codes: 0 the run can be made, 2 bad usage or target file, or accounts
    in use, 3 it can't.
    """
    chosen = chosen_rules(rules)
    with target_of(target_file, base_url, profile) as target, ExitStack() as stack:
        from rich.console import Console

        from conformance import plan as planning
        from conformance.judge import Settings

        if target_file is not None:  # nobody else knows the embedded Arena's accounts
            stack.enter_context(sole_use(target, force=force))
        phases = frozenset(only or (PHASES if target.loopback else ["rules"]))
        made = planning.make(target, Settings(chosen, phases, seed=seed, max_examples=max_examples))
    _print(Console(highlight=False), made)
    sys.exit(NO_VERDICT if made.obstacles else 0)


def _print(console: Console, plan: Plan) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table("rule", "decided", box=None, pad_edge=False, header_style="bold")
    table.add_column("scenarios", justify="right")
    table.add_column("calls", justify="right")
    for rule in plan.rehearsal["rules"]:
        if rule["reason"] != "not selected":
            decided = "yes" if rule["verdict"] == "pass" else "no"
            table.add_row(rule["id"], decided, rule["coverage"], str(rule["calls"]))
    console.print(table)
    for reason, scenarios in _missing(plan.rehearsal).items():
        more = f" and {len(scenarios) - _MOST_NAMED} more" if len(scenarios) > _MOST_NAMED else ""
        names = f"{', '.join(scenarios[:_MOST_NAMED])}{more}"
        console.print(Text(f"untested  {names}: {reason}", "yellow"), soft_wrap=True)
    for warning in plan.warnings:
        console.print(Text(f"warning  {warning}", "yellow"), soft_wrap=True)
    for obstacle in plan.obstacles:
        console.print(Text(f"obstacle  {obstacle}", "bold red"), soft_wrap=True)
    left = "" if plan.quota is None else f"; {plan.quota} of the quota are left"
    console.print(Text(f"{plan.calls} calls{left}", "bold"), soft_wrap=True)


def _missing(rehearsal: Any) -> dict[str, list[str]]:
    """Returns, by reason, the scenarios that could not be tested."""
    found: dict[str, list[str]] = {}
    for rule in rehearsal["rules"]:
        for scenario in rule["scenarios"]:
            if scenario["verdict"] == "untested":
                found.setdefault(scenario["reason"], []).append(scenario["id"])
    return found
