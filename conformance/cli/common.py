"""What the commands share: errors with a fix, checks of what was typed, progress."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from conformance import contract

if TYPE_CHECKING:
    from conformance.drift import Baseline
    from conformance.target import Target

PROFILES: Final = ("documented", "winter-2023")
LEVELS: Final = ("breaking", "compatible", "cosmetic")
PHASES: Final = ("rules", "fuzz", "walks")
PARTS: Final = (*PHASES, "deciding")  # what may be asked for alone
JOURNAL: Final = "journal.jsonl"  # its name in the report folder


def chosen_rules(rules: tuple[str, ...]) -> frozenset[str]:
    """Returns the rules that were named; all where none was. Fails for a name that is none."""
    known = [rule.id for rule in contract.rules()]
    must_be_known(rules, known, "rule", "`arena-conformance rules` lists them.")
    return frozenset(rules or known)


def must_be_known(names: Iterable[str], known: list[str], kind: str, otherwise: str) -> None:
    """Fails for a name that is none, and says which was probably meant."""
    for name in names:
        if name not in known:
            import difflib

            near = difflib.get_close_matches(name, known, 1)
            fail(f"there is no {kind} {name!r}; {f'did you mean {near[0]}?' if near else otherwise}")


def must_be_usable(folder: Path) -> None:
    """Makes the report folder, before anything is sent."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        fail(f"--report-dir {folder}: {error.strerror}")
    if not os.access(folder, os.W_OK):
        fail(f"--report-dir {folder}: can't be written to; choose another folder")


def read_baseline(path: Path) -> Baseline:
    """Returns the baseline that a file holds; fails where it holds none."""
    from conformance.drift import baseline

    try:
        return baseline.read(path.read_text("utf-8"))
    except OSError as error:
        fail(f"{path}: {error.strerror}")
    except (baseline.BaselineError, UnicodeDecodeError) as error:
        fail(f"{path}: {error}; `arena-conformance baseline accept` makes one")


def read_report(path: Path) -> dict[str, Any]:
    """Returns a report; fails where the file is none, or not a whole one."""
    import json

    try:
        report = json.loads(path.read_text("utf-8"))
    except OSError as error:
        fail(f"{path}: {error.strerror}")
    except ValueError as error:
        fail(f"{path}: it is no JSON: {error}")
    if not isinstance(report, dict) or report.get("complete") is not True or "behaviours" not in report:
        fail(f"{path}: it is no report of a run, or not a whole one")
    return report


def publish_drift(drift: dict[str, Any], folder: Path) -> None:
    """Writes drift.json and drift.md."""
    from conformance.drift.document import markdown
    from conformance.report import document

    document.write(drift, folder / "drift.json")
    document.write_text(folder / "drift.md", markdown(drift))


@contextmanager
def sole_use(target: Target, *, force: bool) -> Iterator[None]:
    """Keeps other commands on this machine from using the target's accounts. Fails where one does, unless forced."""
    from conformance import locks

    with ExitStack() as stack:
        try:
            taken = stack.enter_context(locks.accounts_of(target)).taken
        except OSError as error:
            click.echo(f"arena-conformance: can't tell whether another run uses these accounts: {error}", err=True)
            taken = {}
        if taken:
            pids = ", ".join(sorted({*taken.values()} - {""})) or "(unknown)"
            warning = f"process {pids} uses the same accounts ({', '.join(taken)}); logging in ends its sessions"
            if not force:
                fail(f"{warning}.\nWait for it, use other accounts, or go on with --force.")
            click.echo(f"arena-conformance: {warning}", err=True)
        yield


@contextmanager
def shown_progress() -> Iterator[Any]:
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


def fail(message: str) -> NoReturn:
    """Ends with exit code 2: nothing was sent, nothing was changed."""
    for line in message.splitlines():
        click.echo(f"arena-conformance: {line}", err=True)
    sys.exit(2)
