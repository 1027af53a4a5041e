"""`arena-conformance baseline`."""

from __future__ import annotations

import datetime as dt
import fnmatch
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import click

from conformance.cli import options
from conformance.cli.common import fail, read_baseline, read_report


@click.group()
def baseline() -> None:
    """Records how a server behaves, to tell later what changed."""


@baseline.command()
@click.argument("reports", nargs=-1, required=True, metavar="REPORT...", type=click.Path(path_type=Path))
@options.file("--baseline", "file", required=True, help="Where to.")
@click.option(
    "--only",
    multiple=True,
    metavar="SCENARIO",
    help="Takes this scenario only, or those that fit rule-id/*; may be repeated.",
)
@click.option("--reason", required=True, help="Why this behaviour is accepted; it is kept.")
@click.option("--by", metavar="NAME", help="Who accepts it. [default: git's user.name, or the login name]")
def accept(reports: tuple[Path, ...], file: Path, only: tuple[str, ...], reason: str, by: str | None) -> None:
    """Takes the behaviour that a report recorded over into a baseline.

    Makes the baseline where there is none. Several reports of the same server
    mark what differs between them as unstable: it is never compared.

    \b
    Examples:
      arena-conformance baseline accept reports/report.json \\
        --baseline arena-baseline.yaml --reason "first recording"
      arena-conformance baseline accept reports/report.json \\
        --baseline arena-baseline.yaml --only 'session-required/*' \\
        --reason "vendor ticket 1234"

    \b
    Exit codes: 0 written, or nothing was new, 2 bad usage.
    """
    from conformance.drift import baseline as drift_baseline
    from conformance.report import document

    if not reason.strip():
        fail("--reason is empty; say why this behaviour is accepted")
    before = read_baseline(file) if file.exists() else None
    read = [read_report(path) for path in reports]
    names = {name for report in read for name in report["behaviours"] if "/" in name}
    try:
        made = drift_baseline.accept(
            before,
            read,
            by=by or _who(),
            reason=reason,
            today=dt.datetime.now(dt.UTC).date(),
            only=_chosen(only, names),
        )
    except drift_baseline.BaselineError as error:
        fail(f"{file}: {error}")
    if before == made:
        click.echo(f"{file}: nothing is new")
        return
    try:
        document.write_text(file, drift_baseline.write(made))
    except OSError as error:
        fail(f"{file}: {error.strerror}")
    click.echo(f"{file}: {len(made.behaviours)} scenarios, {sum(map(len, made.unstable.values()))} things unstable")


def _chosen(patterns: Iterable[str], names: set[str]) -> set[str]:
    chosen: set[str] = set()
    for pattern in patterns:
        fitting = fnmatch.filter(names, pattern)
        if not fitting:
            fail(
                f"--only {pattern}: the report has no such scenario; write rule-id/name, or rule-id/* for all of a rule"
            )
        chosen |= {*fitting}
    return chosen


def _who() -> str:
    import getpass

    if name := os.environ.get("GIT_AUTHOR_NAME"):
        return name
    git = shutil.which("git")
    if git:
        asked = subprocess.run([git, "config", "user.name"], capture_output=True, text=True, check=False)  # noqa: S603
        if asked.stdout.strip():
            return asked.stdout.strip()
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        fail("nobody is known to have accepted it; say who with --by")
