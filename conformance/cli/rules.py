"""`arena-conformance rules`."""

from __future__ import annotations

import click

from conformance import contract
from conformance.cli.common import chosen_rules


@click.command()
@click.argument("rules", nargs=-1, metavar="[ID]...")
def rules(rules: tuple[str, ...]) -> None:
    """Lists the rules: the page's lines, what each demands, its scenarios.

    Scenarios marked * decide the rule's verdict; the others are extra.

    \b
    Examples:
      arena-conformance rules
      arena-conformance rules already-open-is-3089
    """
    from rich.console import Console

    from conformance import gate, judge

    selected = chosen_rules(rules)
    listed = judge.list_scenarios(str(gate.RULES_FOLDER))
    console = Console(highlight=False)
    for rule in contract.rules():
        if rule.id in selected:
            console.print(f"[bold]{rule.id}[/bold] (page, line {rule.lines})")
            console.print(rule.statement, style="default", markup=False)
            if rule.converse:
                console.print(f"Converse: {rule.converse}", markup=False)
            for name, deciding in listed[rule.id]:
                console.print(f"  {'*' if deciding else ' '} {name}", markup=False)
            console.print()
