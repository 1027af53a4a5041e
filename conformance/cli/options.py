"""Options that several commands have: each is spelt once, and says in each command what it is for there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def base_url() -> Decorator:
    """`--base-url URL`, for a server that moves."""
    return click.option("--base-url", metavar="URL", help="Overrides base_url of the target file.")


def file(*names: str, **how: Any) -> Decorator:
    """An option that names a file."""
    return click.option(*names, metavar="FILE", type=click.Path(path_type=Path), **how)


def target(help_text: str, *, required: bool = False) -> Decorator:
    """`--target FILE`, as `target_file`."""
    return file("--target", "target_file", required=required, help=help_text)


def report_dir(help_text: str) -> Decorator:
    """`--report-dir DIR`."""
    folder = click.Path(path_type=Path, file_okay=False)
    return click.option(
        "--report-dir", metavar="DIR", default="reports", show_default=True, type=folder, help=help_text
    )


def seed(help_text: str) -> Decorator:
    """`--seed N`."""
    return click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help=help_text)


def force(help_text: str = "Goes on where another run uses these accounts.") -> Decorator:
    """`--force`."""
    return click.option("--force", is_flag=True, help=help_text)
