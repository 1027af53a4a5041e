"""`arena-conformance run`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.cli.common import PHASES, PROFILES, chosen_rules, fail, must_be_usable, shown_progress

if TYPE_CHECKING:
    from conformance.target import Target


@click.command()
@click.option("--base-url", metavar="URL", help="Overrides base_url of the target file.")
@click.option(
    "--target",
    "target_file",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The server, its accounts, its staging.",
)
@click.option("--profile", type=click.Choice(PROFILES), help="Which error codes are right; overrides the target file.")
@click.option("--rule", "rules", multiple=True, metavar="ID", help="Test this rule only; may be repeated.")
@click.option(
    "--report-dir",
    metavar="DIR",
    default="reports",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the report is written: report.json and what is made of it.",
)
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(PHASES),
    show_default="all of them on a loopback host, elsewhere rules",
    help="Runs this part only; may be repeated.",
)
@click.option(
    "--max-examples",
    metavar="N",
    type=click.IntRange(min=1),
    default=300,
    show_default=True,
    help="Most generated calls, and most actions of walks.",
)
@click.option("--budget", metavar="N", type=click.IntRange(min=1), help="Most calls to make; what decides goes first.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Fixes what is sent.")
@click.option("--strict", is_flag=True, help="Exit 3 where a deciding scenario could not be tested.")
def run(
    base_url: str | None,
    target_file: Path | None,
    profile: str | None,
    rules: tuple[str, ...],
    report_dir: Path,
    only: tuple[str, ...],
    max_examples: int,
    budget: int | None,
    seed: int,
    strict: bool,
) -> None:
    """Tests a server and prints a verdict for each rule.

    Without --target the embedded Arena is started on a free loopback port and
    tested over HTTP like any other server.

    \b
    Examples:
      arena-conformance run
      arena-conformance run --profile winter-2023
      arena-conformance run --target arena.yaml --report-dir out
      arena-conformance run --rule session-required --rule json-required
    """
    chosen = chosen_rules(rules)
    if base_url and target_file is None:
        fail(
            "--base-url needs --target: accounts and staging are in the target file.\n"
            "Write one to start from with: arena-conformance serve --write-target arena.yaml"
        )
    must_be_usable(report_dir)
    with _target(target_file, base_url, profile) as target:
        from conformance import gate
        from conformance.judge import Settings

        phases = frozenset(only or (PHASES if target.loopback else ["rules"]))
        settings = Settings(chosen, phases, seed=seed, max_examples=max_examples, budget=budget, strict=strict)
        with shown_progress() as progress:
            report = gate.run(target, settings, progress)
    _publish(report, report_dir)
    sys.exit(report["run"]["exit_code"])


@contextmanager
def _target(file: Path | None, base_url: str | None, profile: str | None) -> Iterator[Target]:
    """Yields the target of a file, or the embedded Arena's while it runs."""
    from conformance import target

    overrides = {key: value for key, value in (("base_url", base_url), ("profile", profile)) if value is not None}
    try:
        if file is not None:
            yield target.read(file, overrides=overrides, environ=os.environ)
            return
    except target.TargetError as error:
        fail(str(error))
    from conformance.arena.server import Server
    from conformance.arena.service import Arena
    from conformance.arena.world import World

    arena = Arena(World.load(), profile=profile or "documented")
    with Server(arena) as server:
        yield target.from_document(arena.target(server.url), environ={})


def _publish(report: dict[str, Any], folder: Path) -> None:
    from rich.console import Console

    from conformance.report import annotations, document, publish, terminal

    document.write(report, folder / "report.json")
    page, summary, *_ = publish.render(report, folder)
    terminal.print_report(Console(highlight=False), report, str(page))
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for command in annotations.render(report):
            click.echo(command)
    if job_summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(job_summary).open("a", encoding="utf-8") as file:
            file.write(summary.read_text("utf-8") + "\n")
