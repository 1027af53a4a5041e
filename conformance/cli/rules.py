"""`arena-conformance rules`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from conformance import contract
from conformance.cli.common import chosen_rules, fail

CHANGED = 4


@click.command()
@click.argument("rules", nargs=-1, metavar="[ID]...")
@click.option(
    "--check-page",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Compares a newer copy of the vendor's page, in Markdown, with the sentences that the rules rest on.",
)
def rules(rules: tuple[str, ...], check_page: Path | None) -> None:
    """Lists the rules: the page's lines, what each demands, its scenarios.

    Scenarios marked * decide the rule's verdict; the others are extra.

    \b
    Examples:
      arena-conformance rules
      arena-conformance rules already-open-is-3089
      arena-conformance rules --check-page reopen-step.md

    \b
    Exit codes: 0, of --check-page 4 where the page says something else,
    2 bad usage.
    """
    selected = chosen_rules(rules)
    if check_page is not None:
        sys.exit(_check_page(check_page))
    from rich.console import Console

    from conformance import gate, judge

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


def _check_page(file: Path) -> int:
    """Prints what a copy of the page says otherwise, and returns the exit code."""
    from conformance import page
    from conformance.report.terminal import plain

    try:
        found = page.compare(file.read_text("utf-8"))
    except OSError as error:
        fail(f"{file}: {error.strerror}")
    except (page.NotThePage, UnicodeDecodeError) as error:
        fail(f"{file}: {error}")
    for change in found:
        was, now = change.was, change.now
        kind = "changed" if was and now else "gone" if was else "new"
        line = was.line if was else now.line if now else 0
        concerned = f" ({', '.join(was.rules)})" if was and was.rules else ""
        click.echo(f"{kind}, line {line}{concerned}")
        if was:
            click.echo(f"  was  {plain(was.text) or '(only its digest is kept)'}")
        if now:
            click.echo(f"  is   {plain(now.text)}")
    concerned_rules = sorted({rule for change in found if change.was for rule in change.was.rules})
    if not found:
        click.echo(f"The page is unchanged: {len(page.known())} sentences.")
        return 0
    resting = f"; rules that rest on them: {', '.join(concerned_rules)}" if concerned_rules else ""
    click.echo(f"THE PAGE CHANGED: {len(found)} sentence{'' if len(found) == 1 else 's'}{resting}")
    return CHANGED
