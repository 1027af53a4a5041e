"""Writes everything that is rendered from a report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from conformance.report import document, har, html, junit, summary

RENDERED: Final[Mapping[str, Callable[[dict[str, Any]], Iterable[str]]]] = {
    "index.html": lambda report: [html.render(report)],
    "summary.md": lambda report: [summary.render(report)],
    "junit.xml": lambda report: [junit.render(report)],
    "traffic.har": har.render,
}


def render(report: dict[str, Any], folder: Path) -> list[Path]:
    """Writes every rendering into `folder` and returns where they are, the page first."""
    paths = []
    for name, rendering in RENDERED.items():
        document.write_parts(folder / name, rendering(report))
        paths.append(folder / name)
    return paths
