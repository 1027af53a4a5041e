"""`arena-conformance run`."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from conformance.cli import options
from conformance.cli.common import (
    JOURNAL,
    LEVELS,
    PARTS,
    PHASES,
    PROFILES,
    chosen_rules,
    fail,
    must_be_usable,
    publish_drift,
    read_baseline,
    shown_progress,
    sole_use,
)

if TYPE_CHECKING:
    from conformance.journal import Journal
    from conformance.target import Target


@click.command()
@options.base_url()
@options.target("The server, its accounts, its staging.")
@click.option("--profile", type=click.Choice(PROFILES), help="Which error codes are right; overrides the target file.")
@click.option("--rule", "rules", multiple=True, metavar="ID", help="Test this rule only; may be repeated.")
@options.report_dir("Where the report is written: report.json and what is made of it; replay.json after a failure.")
@click.option(
    "--only",
    multiple=True,
    type=click.Choice(PARTS),
    show_default="rules, fuzz and walks on a loopback host, elsewhere rules",
    help="Runs this part only; may be repeated. deciding: of the rules what decides them, at the fewest calls.",
)
@click.option(
    "--max-examples",
    metavar="N",
    type=click.IntRange(min=1),
    show_default="the whole fixed list and 300 generated; 300 actions",
    help="Most requests of fuzzing, the fixed list included, and most actions of walks.",
)
@click.option("--budget", metavar="N", type=click.IntRange(min=1), help="Most calls to make; what decides goes first.")
@options.seed("Fixes what is sent.")
@options.file("--replay", "replay_file", help="Sends the cases of this replay.json once more, and nothing else.")
@options.force("Goes on where another run uses these accounts, or where one has left something behind.")
@click.option("--strict", is_flag=True, help="Exit 3 where a deciding scenario could not be tested.")
@options.file(
    "--baseline",
    "baseline_file",
    help="Tells what is otherwise than recorded there; exit 4 where that breaks a client.",
)
@click.option("--fail-on", type=click.Choice(LEVELS), default="breaking", show_default=True, help="What exit 4 is for.")
def run(
    base_url: str | None,
    target_file: Path | None,
    profile: str | None,
    rules: tuple[str, ...],
    report_dir: Path,
    only: tuple[str, ...],
    max_examples: int | None,
    budget: int | None,
    seed: int,
    replay_file: Path | None,
    strict: bool,
    force: bool,
    baseline_file: Path | None,
    fail_on: str,
) -> None:
    """Tests a server and prints a verdict for each rule.

    Without --target the embedded Arena is started on a free loopback port and
    tested over HTTP like any other server.

    \b
    Examples:
      arena-conformance run
      arena-conformance run --profile winter-2023
      arena-conformance run --target arena.yaml --report-dir out
      arena-conformance run --target arena.yaml --only deciding
      arena-conformance run --rule session-required --rule json-required
      arena-conformance run --target arena.yaml --baseline arena-baseline.yaml
      arena-conformance run --target arena.yaml --replay reports/replay.json
    """
    chosen = chosen_rules(rules)
    if base_url and target_file is None:
        fail(
            "--base-url needs --target: accounts and staging are in the target file.\n"
            "Write one to start from with: arena-conformance serve --write-target arena.yaml"
        )
    replayed = _replayed(replay_file)
    if replay_file is not None:
        if only or rules:
            fail("--replay sends the cases of its file and nothing else; leave --only and --rule out")
        chosen = frozenset(case["rule"] for case in replayed)
    must_be_usable(report_dir)
    baseline = read_baseline(baseline_file) if baseline_file else None
    with target_of(target_file, base_url, profile) as target, ExitStack() as stack:
        from conformance import gate
        from conformance.journal import Journal, JournalError
        from conformance.judge import Settings

        journal = Journal()
        if target_file is not None:  # what was made on the embedded Arena ends with it
            stack.enter_context(sole_use(target, force=force))
            journal = stack.enter_context(closing(_journal(report_dir / JOURNAL, force=force)))
        phases = frozenset(["replay"] if replayed else only or (PHASES if target.loopback else ["rules"]))
        settings = Settings(
            chosen,
            phases,
            seed=seed,
            max_examples=max_examples,
            budget=budget,
            strict=strict,
            replayed=tuple(replayed),
        )

        def compared(made: dict[str, Any]) -> dict[str, Any]:
            if baseline is None:
                return made
            from conformance import drift

            return drift.attach(made, baseline.side, str(baseline_file), drift.Level[fail_on.upper()])

        try:
            with shown_progress() as progress:
                made = gate.run(
                    target,
                    settings,
                    progress,
                    journal=journal,
                    publish=lambda made: _write(compared(made), report_dir),
                )
        except JournalError as error:
            fail(str(error))
        except gate.Abandoned as abandoned:
            _stop_at_once(abandoned.report, journal.path)
    report = compared(made)
    _print(report, report_dir, journal.path)
    sys.exit(report["run"]["exit_code"])


def _replayed(file: Path | None) -> list[dict[str, Any]]:
    """Returns the saved cases; fails where the file holds none that can be used."""
    if file is None:
        return []
    from conformance import saved

    try:
        return saved.read(file)
    except saved.SavedError as error:
        fail(f"--replay {file}: {error}")


@contextmanager
def target_of(file: Path | None, base_url: str | None, profile: str | None) -> Iterator[Target]:
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


def _journal(path: Path, *, force: bool) -> Journal:
    """Opens the journal. Fails where a run left something behind, unless it is to be set aside."""
    from conformance.journal import Journal, JournalError

    try:
        journal = Journal(path)
        if not journal.past.undone:
            if not force:
                fail(
                    f"run {journal.past.run} was killed and left something behind; its journal is {path}.\n"
                    f"Undo it first: {_restore_command(path)}\n"
                    "Or go on with --force: the journal is kept under another name."
                )
            click.echo(f"arena-conformance: the journal of another run is {journal.set_aside()} now", err=True)
    except JournalError as error:
        fail(str(error))
    return journal


def _write(report: dict[str, Any], folder: Path) -> None:
    from conformance import saved
    from conformance.report import document, publish

    cases = report.pop("replay", [])
    saved.write(cases, folder / saved.NAME, seed=report["run"]["seed"])
    document.write(report, folder / "report.json")
    if "drift" in report:
        publish_drift(report["drift"], folder)
    publish.render(report, folder)


def _print(report: dict[str, Any], folder: Path, journal: Path | None) -> None:
    from rich.console import Console

    from conformance.report import annotations, summary, terminal

    terminal.print_report(Console(highlight=False), report, str(folder / "index.html"))
    if report["left_behind"] and journal is not None:
        click.echo(f"Try again to undo it: {_restore_command(journal)}", err=True)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        for command in annotations.render(report):
            click.echo(command)
    if job_summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(job_summary).open("a", encoding="utf-8") as file:
            file.write(summary.render(report) + "\n")


def _stop_at_once(report: dict[str, Any], journal: Path | None) -> NoReturn:
    """Ends without waiting for anything, not even for calls that other threads make."""
    undo = f"what the run left behind is undone by: {_restore_command(journal)}" if journal else "nothing is left"
    click.echo(f"arena-conformance: stopped; {undo}", err=True)
    sys.stdout.flush()
    os._exit(report["run"]["exit_code"])


def _restore_command(journal: Path) -> str:
    return f"arena-conformance restore --target FILE --journal {shlex.quote(str(journal))}"
