"""`arena-conformance restore`."""

from __future__ import annotations

import os
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from conformance.cli import options
from conformance.cli.common import JOURNAL, fail, sole_use
from conformance.verdict import NO_VERDICT

if TYPE_CHECKING:
    from conformance.journal import Journal
    from conformance.target import Target


@click.command()
@options.base_url()
@options.target("The target file of the run.", required=True)
@options.file("--journal", "journal_file", help="The run's journal.")
@options.report_dir("Where the journal is, unless --journal names it.")
@options.force()
def restore(base_url: str | None, target_file: Path, journal_file: Path | None, report_dir: Path, force: bool) -> None:
    """Undoes what a run left behind that was killed, or could not clean up.

    Deletes the quality processes that the run made, also those whose creation
    was never answered, and brings the steps that it changed back to how they
    were. Nothing else is touched. Doing it twice does no harm.

    \b
    Examples:
      arena-conformance restore --target arena.yaml
      arena-conformance restore --target arena.yaml --report-dir out

    \b
    Exit codes: 0 nothing is left, 2 bad usage, another target's journal,
    3 something could not be undone.
    """
    from conformance import target as targets
    from conformance.journal import Journal, JournalError

    path = journal_file or report_dir / JOURNAL
    if not path.is_file():
        fail(f"there is no journal {path}; name it with --journal or --report-dir")
    overrides = {} if base_url is None else {"base_url": base_url}
    try:
        target = targets.read(target_file, overrides=overrides, environ=os.environ)
        with closing(Journal(path)) as journal:
            if journal.past.undone:
                click.echo("Nothing is left to undo.")
                return
            _must_be_of(journal, target, path)
            with sole_use(target, force=force):
                left = _undo(journal, target)
    except (targets.TargetError, JournalError) as error:
        fail(str(error))
    if left:
        click.echo(f"{len(left)} thing{'' if len(left) == 1 else 's'} could not be undone. Try again later.")
        sys.exit(NO_VERDICT)
    click.echo("Nothing is left.")


def _must_be_of(journal: Journal, target: Target, path: Path) -> None:
    """Fails where the run was on another target, or in another workspace."""
    past = journal.past
    for what, was, now in (
        ("base_url", past.base_url, target.base_url),
        ("workspace_id", past.workspace_id, target.workspace_id),
        ("workspace_name", past.workspace_name, target.workspace_name),
    ):
        if str(was) != str(now):
            fail(f"{path} is the journal of another target: its {what} is {was!r}, the target file says {now!r}")
    if not target.writes_allowed:
        fail("the target file does not allow writes; add `writes: allowed`")


def _undo(journal: Journal, target: Target) -> list[str]:
    """Undoes it and returns what could not be undone. An interruption loses nothing: the journal tells what is left."""
    from conformance import wire
    from conformance.evidence import Recorder, Redactor
    from conformance.report.terminal import plain
    from conformance.session import Client, Sessions
    from conformance.stage import undo

    recorder = Recorder(Redactor())
    recorder.watch(journal.after)
    click.echo(f"Undoing run {plain(journal.past.run)} on {target.base_url}")
    with closing(wire.Wire(loopback=target.loopback, timeout_seconds=target.timeout_seconds)) as connection:
        sessions = Sessions(Client(target, recorder, connection, journal))
        journal.resume(recorder.redactor)
        try:
            left = undo.undo(sessions, lambda done: click.echo(f"  {plain(done)}"))
        finally:
            sessions.close()
    for one in left:
        click.echo(f"  not undone: {plain(recorder.redactor.text(one))}")
    return left
