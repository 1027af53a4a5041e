"""`python -m conformance.bench`: what the suite costs, each figure beside what it is compared with, from one run."""

from __future__ import annotations

import json
import platform
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from rich.console import Console
from rich.table import Table

from conformance import __version__, garbage
from conformance.bench import parts
from conformance.bench.parts import Figure
from conformance.target import is_loopback

PARTS: dict[str, Callable[[parts.Bench], list[Figure]]] = {
    "start": parts.start,
    "rules": parts.rules,
    "gate": parts.gate,
    "fuzzing": parts.fuzzing,
    "growth": parts.growth,
    "page": parts.page,
    "far": parts.far,
    "server": parts.server,
    "prove": parts.prove,
}


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.option("--only", "names", multiple=True, type=click.Choice([*PARTS]), help="May be repeated. [default: all]")
@click.option("--rounds", default=3, show_default=True, type=click.IntRange(1), help="How often each is measured.")
@click.option("--examples", default=1000, show_default=True, type=click.IntRange(1), help="For the part `fuzzing`.")
@click.option("--against", metavar="URL", help="Another server of the operation, for the part `server`.")
@click.option("--json", "file", metavar="FILE", type=click.Path(path_type=Path), help="Writes the figures there.")
def bench(names: tuple[str, ...], rounds: int, examples: int, against: str | None, file: Path | None) -> None:
    """Measures the suite against the embedded Arena, side by side with other ways to do the same.

    What is compared takes turns; medians are shown, and those of the ratios of each round. Ratios hold on other
    machines, seconds do not. A target that is missed is marked; the exit code stays 0. All parts together take a
    quarter of an hour.

    \b
    Examples:
      python -m conformance.bench
      python -m conformance.bench --only rules --only gate --rounds 5
      python -m conformance.bench --only server --against http://127.0.0.1:4010/qualityprocesses/statuschanges
    """
    if file is not None and not file.parent.is_dir():
        raise click.BadParameter(f"there is no folder {file.parent}; make it first", param_hint="--json")
    if against is not None:
        _must_answer(against)
        if names and "server" not in names:
            raise click.BadParameter("it is for the part `server`: add --only server", param_hint="--against")
    garbage.look_rarely()  # as the command does
    console, progress = Console(highlight=False), Console(stderr=True, highlight=False)
    chosen = parts.Bench(rounds, examples, against, lambda text: progress.print(f"  {text}", style="dim"))
    found: dict[str, list[Figure]] = {}
    for name in names or PARTS:
        progress.print(name)
        found[name] = PARTS[name](chosen)
        console.print(name, style="bold")
        console.print(_table(found[name]), "")
    if file is not None:
        file.write_text(json.dumps(_document(found, chosen), indent=1) + "\n", "utf-8")


def _must_answer(url: str) -> None:
    """Raises BadParameter for an address that is not of this machine, or where nothing listens: load is put on it."""
    try:
        address = urlsplit(url)
        if address.scheme != "http" or not is_loopback(url):
            raise ValueError("it has to be an http:// address of this machine")
        socket.create_connection((str(address.hostname), address.port or 80), 2).close()
    except ValueError as error:
        raise click.BadParameter(f"{url}: {error}", param_hint="--against") from None
    except OSError as error:
        text = f"nothing answers at {url} ({error.strerror or error}); start the server first"
        raise click.BadParameter(text, param_hint="--against") from None


def _table(figures: list[Figure]) -> Table:
    table = Table(show_header=False, box=None, pad_edge=False)
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    for one in figures:
        table.add_row(one.what, f"{one.value:,.{one.digits}f} {one.unit}".rstrip(), one.target)
    return table


def _document(found: dict[str, list[Figure]], chosen: parts.Bench) -> dict[str, Any]:
    machine = {"python": platform.python_version(), "system": platform.system(), "machine": platform.machine()}
    figures = {name: [one.as_json() for one in figures] for name, figures in found.items()}
    return {"suite_version": __version__, "rounds": chosen.rounds, **machine, "figures": figures}


if __name__ == "__main__":
    bench()
