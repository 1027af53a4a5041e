"""`arena-conformance diff`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.cli.common import LEVELS, fail, must_be_usable, publish_drift, read_baseline, read_report

if TYPE_CHECKING:
    from conformance.drift import Side


@click.command()
@click.argument("old", type=click.Path(path_type=Path))
@click.argument("new", type=click.Path(path_type=Path))
@click.option("--fail-on", type=click.Choice(LEVELS), default="breaking", show_default=True, help="What exit 4 is for.")
@click.option(
    "--report-dir",
    metavar="DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where drift.json and drift.md are written; without it neither is.",
)
def diff(old: Path, new: Path, fail_on: str, report_dir: Path | None) -> None:
    """Compares how a server behaved at two times.

    OLD and NEW are each a report.json or a baseline.

    \b
    Examples:
      arena-conformance diff fixtures/baselines/embedded-documented.yaml \\
        reports/report.json
      arena-conformance diff monday/report.json tuesday/report.json \\
        --fail-on compatible

    \b
    Exit codes: 0 no such difference, 2 bad usage, 4 differences.
    """
    from rich.console import Console

    from conformance import drift
    from conformance.drift import document
    from conformance.report import terminal

    (before, _), (after, report) = _side(old), _side(new)
    if report_dir is not None:
        must_be_usable(report_dir)
    if not before.reached & after.reached:
        fail(f"{old} and {new} reached no scenario in common; there is nothing to compare")
    differences = drift.compare(before, after)
    shown = document.make(differences, before, after, names=(str(old), str(new)), report=report)
    if report_dir is not None:
        publish_drift(shown, report_dir)
    terminal.print_drift(Console(highlight=False), shown)
    sys.exit(document.DIFFERS if document.worst(differences) >= drift.Level[fail_on.upper()] else 0)


def _side(path: Path) -> tuple[Side, dict[str, Any] | None]:
    """Returns what a file says of a target, and the report where it is one."""
    from conformance.drift import Side

    if path.suffix == ".json":
        report = read_report(path)
        return Side.of_report(report), report
    return read_baseline(path).side, None
