"""`arena-conformance report`."""

from __future__ import annotations

from pathlib import Path

import click

from conformance.cli.common import fail, must_be_usable


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--report-dir",
    metavar="DIR",
    show_default="the folder of FILE",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the renderings are written.",
)
def report(file: Path, report_dir: Path | None) -> None:
    """Renders a report.json again: index.html, summary.md, junit.xml,
    traffic.har.

    Nothing is sent. A file that is no whole report is refused (exit code 2).

    \b
    Examples:
      arena-conformance report reports/report.json
      arena-conformance report yesterday.json --report-dir out
    """
    from conformance.report import document, publish

    try:
        read = document.read(file)
    except ValueError as error:
        fail(f"{file}: {error}")
    folder = report_dir or file.parent
    must_be_usable(folder)
    for path in publish.render(read, folder):
        click.echo(path)
