"""`arena-conformance serve`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from conformance.cli import options
from conformance.cli.common import PROFILES, fail, must_be_known

if TYPE_CHECKING:
    from conformance.arena.service import Arena


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0: a free one.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Where it listens; loopback unless told otherwise."
)
@options.file("--world", "world_file", help="Users, groups, templates.")
@click.option("--profile", type=click.Choice(PROFILES), show_default="documented, or where the fault shows")
@click.option("--fault", metavar="NAME", help="Serves the faulty Arena of that name, to see your own tests fail.")
@options.file("--write-target", help="Writes a target file for it.")
def serve(
    port: int, host: str, world_file: Path | None, profile: str | None, fault: str | None, write_target: Path | None
) -> None:
    """Runs the embedded Arena until Ctrl-C, for your own tests.

    The first line tells its address; then come its accounts.

    \b
    Examples:
      arena-conformance serve
      arena-conformance serve --port 8080 --profile winter-2023
      arena-conformance serve --fault creator-may
      arena-conformance serve --write-target arena.yaml
    """
    from conformance.arena.server import Server
    from conformance.arena.service import Arena
    from conformance.arena.world import World

    kind: type[Arena] = Arena
    if fault is not None:
        from conformance.arena.faults import CATALOGUE

        must_be_known([fault], [*CATALOGUE], "fault", "`arena-conformance prove --list` lists them.")
        kind, profile = CATALOGUE[fault], profile or CATALOGUE[fault].in_profile
    try:
        arena = kind(World.load(world_file), profile=profile or "documented")
    except (ValueError, OSError) as error:
        fail(str(error))
    try:
        server = Server(arena, host=host, port=port)
    except OSError as error:
        fail(str(error))
    if write_target is not None:
        _write_target(write_target, arena.target(server.url))
    click.echo(f"arena: {server.url}")
    for role, account in arena.target(server.url)["accounts"].items():
        click.echo(f"  {role:<20} {account['email']}  {account['password']}")
    sys.stdout.flush()
    server.serve_forever()


def _write_target(path: Path, document: dict[str, Any]) -> None:
    import yaml

    text = "# A target file for the embedded Arena. Its accounts exist nowhere else.\n"
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text + yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
    except OSError as error:
        fail(f"--write-target {path}: {error.strerror}")
