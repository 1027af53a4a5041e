"""The command line: `arena-conformance`, also `python -m conformance`."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from conformance import __version__, contract

if TYPE_CHECKING:
    from conformance.target import Target

PROFILES = ("documented", "winter-2023")
NO_VERDICT = 3


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80})
@click.version_option(__version__, prog_name="arena-conformance")
def main() -> None:
    """Tests whether a server keeps the promises of Arena's page on reopening a
    quality process step (POST /qualityprocesses/statuschanges).

    \b
    Examples:
      arena-conformance run                      test the embedded Arena
      arena-conformance run --target arena.yaml  test the server of that file
      arena-conformance serve --port 8080        an Arena for your own tests
      arena-conformance rules                    what is tested, and why

    \b
    Exit codes: 0 conforms, 1 a rule failed, 2 bad usage or target file,
    3 no verdict.
    """


@main.command()
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
    help="Where report.json and junit.xml are written.",
)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Fixes what is sent.")
@click.option("--strict", is_flag=True, help="Exit 3 where a deciding scenario could not be tested.")
def run(
    base_url: str | None,
    target_file: Path | None,
    profile: str | None,
    rules: tuple[str, ...],
    report_dir: Path,
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
    selected = _selected(rules)
    if base_url and target_file is None:
        _fail(
            "--base-url needs --target: accounts and staging are in the target file.\n"
            "Write one to start from with: arena-conformance serve --write-target arena.yaml"
        )
    _usable(report_dir)
    with _target(target_file, base_url, profile) as target:
        from conformance import gate

        with _progress() as progress:
            report = gate.run(target, selected=selected, seed=seed, strict=strict, progress=progress)
    _publish(report, report_dir)
    sys.exit(report["run"]["exit_code"])


@main.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, show_default=True, help="0: a free one.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Where it listens; loopback unless told otherwise."
)
@click.option(
    "--world", "world_file", metavar="FILE", type=click.Path(path_type=Path), help="Users, groups, templates."
)
@click.option("--profile", type=click.Choice(PROFILES), show_default="documented, or where the fault shows")
@click.option("--fault", metavar="NAME", help="Serves the faulty Arena of that name, to see your own tests fail.")
@click.option("--write-target", metavar="FILE", type=click.Path(path_type=Path), help="Writes a target file for it.")
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

        _known([fault], [*CATALOGUE], "fault", "`arena-conformance prove --list` lists them.")
        kind, profile = CATALOGUE[fault], profile or CATALOGUE[fault].in_profile
    try:
        arena = kind(World.load(world_file), profile=profile or "documented")
    except (ValueError, OSError) as error:
        _fail(str(error))
    try:
        server = Server(arena, host=host, port=port)
    except OSError as error:
        _fail(str(error))
    if write_target is not None:
        _write_target(write_target, arena.target(server.url))
    click.echo(f"arena: {server.url}")
    for role, account in arena.target(server.url)["accounts"].items():
        click.echo(f"  {role:<20} {account['email']}  {account['password']}")
    sys.stdout.flush()
    server.serve_forever()


@main.command()
@click.option("--full", is_flag=True, help="Tests all rules on every fault, and shows which others fail too.")
@click.option("--only", multiple=True, metavar="NAME", help="Proves this fault or variant only; may be repeated.")
@click.option("--list", "listed", is_flag=True, help="Lists the faults and what is wrong with each; runs nothing.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Fixes which pairs are tried.")
@click.option(
    "--report-dir",
    metavar="DIR",
    default="reports",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Where kill-matrix.json is written.",
)
def prove(full: bool, only: tuple[str, ...], listed: bool, seed: int, report_dir: Path) -> None:
    """Proves that this suite finds faults.

    Runs it against every faulty Arena of a catalogue, against pairs of faults,
    and against correct Arenas that differ where a server may differ. Prints
    which rule caught which fault.

    \b
    Caught by: rule (the rule that must), drift (the page is silent, and the
    behaviour differs from the usual Arena's), other (only other rules failed:
    not good enough), missed.

    \b
    Examples:
      arena-conformance prove
      arena-conformance prove --full
      arena-conformance prove --only creator-may --only quota-of-the-user
      arena-conformance prove --list

    \b
    Exit codes: 0 proven, 1 a fault missed or a false alarm, 2 bad usage.
    """
    from rich.console import Console

    from conformance import prove as proof
    from conformance.arena import faults, variants
    from conformance.report import document

    names = [*faults.CATALOGUE, *variants.CATALOGUE]
    _known(only, names, "fault or variant", "`arena-conformance prove --list` lists the faults.")
    if listed:
        for name, fault in faults.CATALOGUE.items():
            click.echo(f"{name} ({fault.rule or 'the page is silent'})\n  {' '.join((fault.__doc__ or '').split())}")
        return
    _usable(report_dir)
    todo = proof.tasks(only=only, full=full, seed=seed)
    with _progress() as progress:
        seen = lambda one, done, total: progress(proof.describe(one), done, total)  # noqa: E731 - one line
        outcomes = list(proof.prove(todo, seen))
    matrix = proof.as_document(outcomes)
    document.write(matrix, report_dir / "kill-matrix.json")
    proof.print_outcomes(Console(highlight=False), outcomes, str(report_dir / "kill-matrix.json"))
    sys.exit(0 if matrix["proven"] else 1)


@main.command()
@click.argument("rules", nargs=-1, metavar="[ID]...")
def rules(rules: tuple[str, ...]) -> None:
    """Lists the rules: the page's lines, what each demands, its scenarios.

    Scenarios marked * decide the rule's verdict; the others are extra.

    \b
    Examples:
      arena-conformance rules
      arena-conformance rules already-open-is-3089
    """
    from rich.console import Console

    from conformance import gate, judge

    selected = _selected(rules)
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


def entry() -> None:
    """Runs the command line. An interruption before the run has begun has changed nothing: exit code 3."""
    try:
        sys.exit(main.main(standalone_mode=False))
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        click.echo("arena-conformance: interrupted before anything was sent", err=True)
        sys.exit(NO_VERDICT)


def _selected(rules: tuple[str, ...]) -> frozenset[str]:
    known = [rule.id for rule in contract.rules()]
    _known(rules, known, "rule", "`arena-conformance rules` lists them.")
    return frozenset(rules or known)


def _known(names: Iterable[str], known: list[str], kind: str, otherwise: str) -> None:
    """Fails for a name that is none, and says which was probably meant."""
    for name in names:
        if name not in known:
            import difflib

            near = difflib.get_close_matches(name, known, 1)
            _fail(f"there is no {kind} {name!r}; {f'did you mean {near[0]}?' if near else otherwise}")


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
        _fail(str(error))
    from conformance.arena.server import Server
    from conformance.arena.service import Arena
    from conformance.arena.world import World

    arena = Arena(World.load(), profile=profile or "documented")
    with Server(arena) as server:
        yield target.from_document(arena.target(server.url), environ={})


def _usable(folder: Path) -> None:
    """Makes the report folder, before anything is sent."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        _fail(f"--report-dir {folder}: {error.strerror}")
    if not os.access(folder, os.W_OK):
        _fail(f"--report-dir {folder}: can't be written to; choose another folder")


def _publish(report: dict[str, Any], folder: Path) -> None:
    from rich.console import Console

    from conformance.report import document, junit, terminal

    document.write(report, folder / "report.json")
    document.write_text(folder / "junit.xml", junit.render(report))
    terminal.print_report(Console(highlight=False), report, str(folder / "report.json"))


@contextmanager
def _progress() -> Iterator[Any]:
    """Yields what shows progress: a line that moves on a terminal, a line for each rule elsewhere."""
    from rich.console import Console
    from rich.status import Status

    console = Console(stderr=True, highlight=False)
    if console.is_terminal:
        with Status("logging in", console=console) as status:
            yield lambda scenario, done, total: status.update(f"{done}/{total} {scenario}")
        return
    last = [""]

    def line(scenario: str, done: int, total: int) -> None:
        rule = scenario.partition("/")[0]
        if rule != last[0]:
            last[0] = rule
            click.echo(f"{done:>4}/{total} {rule}", err=True)

    yield line


def _write_target(path: Path, document: dict[str, Any]) -> None:
    import yaml

    text = "# A target file for the embedded Arena. Its accounts exist nowhere else.\n"
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text + yaml.safe_dump(document, sort_keys=False, allow_unicode=True))
    except OSError as error:
        _fail(f"--write-target {path}: {error.strerror}")


def _fail(message: str) -> NoReturn:
    """Ends with exit code 2: nothing was sent, nothing was changed."""
    for line in message.splitlines():
        click.echo(f"arena-conformance: {line}", err=True)
    sys.exit(2)
