"""`arena-conformance prove`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from conformance.cli import options
from conformance.cli.common import PARTS, must_be_known, must_be_usable, shown_progress


@click.command()
@click.option("--full", is_flag=True, help="Tests all rules on every fault, and shows which others fail too.")
@click.option(
    "--only",
    multiple=True,
    metavar="WHAT",
    help="rules, deciding, fuzz, walks: with this part of a run only. A name: this fault or variant only. Repeatable.",
)
@click.option("--list", "listed", is_flag=True, help="Lists the faults and what is wrong with each; runs nothing.")
@options.seed("Fixes which pairs are tried.")
@options.report_dir("Where kill-matrix.json is written.")
def prove(full: bool, only: tuple[str, ...], listed: bool, seed: int, report_dir: Path) -> None:
    """Proves that this suite finds faults.

    Runs it against every faulty Arena of a catalogue, against pairs of faults,
    and against correct Arenas that differ where a server may differ. Prints
    which rule caught which fault.

    \b
    Caught by: rule (the rule that must), drift (the page is silent, and the
    behaviour differs from the usual Arena's), other (only other rules failed:
    not good enough), missed.

    With a part of a run alone (--only rules, deciding, fuzz, walks) nothing is
    promised: what it misses is a figure and no failure, and pairs are left out.
    A correct Arena must conform all the same.

    \b
    Examples:
      arena-conformance prove
      arena-conformance prove --full
      arena-conformance prove --only fuzz --only walks
      arena-conformance prove --only creator-may --only quota-of-the-user
      arena-conformance prove --list

    \b
    Exit codes: 0 proven, or with parts of a run no false alarm; 1 a fault
    missed or a false alarm; 2 bad usage.
    """
    from rich.console import Console

    from conformance import prove as proof
    from conformance.arena import faults, variants
    from conformance.report import document

    names = [*faults.CATALOGUE, *variants.CATALOGUE]
    phases, only = frozenset(PARTS).intersection(only), tuple(one for one in only if one not in PARTS)
    must_be_known(only, names, "fault or variant", "`arena-conformance prove --list` lists the faults.")
    if listed:
        for name, fault in faults.CATALOGUE.items():
            click.echo(f"{name} ({fault.rule or 'the page is silent'})\n  {' '.join((fault.__doc__ or '').split())}")
        return
    must_be_usable(report_dir)
    todo = proof.tasks(only=only, full=full, seed=seed, phases=phases)
    with shown_progress() as progress:
        seen = lambda one, done, total: progress(proof.describe(one), done, total)  # noqa: E731 - one line
        outcomes = list(proof.prove(todo, seen))
    matrix = proof.as_document(outcomes, phases)
    document.write(matrix, report_dir / "kill-matrix.json")
    proof.print_outcomes(Console(highlight=False), outcomes, str(report_dir / "kill-matrix.json"), phases)
    alarms = any(one.caught == "alarm" for one in outcomes)
    sys.exit(1 if alarms or not (phases or matrix["proven"]) else 0)
