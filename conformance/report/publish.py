"""Writes everything that is rendered from a report."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from conformance.report import document, har, html, junit, summary

RENDERED: Final[Mapping[str, Callable[[dict[str, Any]], str]]] = {
    "index.html": html.render,
    "summary.md": summary.render,
    "junit.xml": junit.render,
    "traffic.har": har.render,
}


def render(report: dict[str, Any], folder: Path) -> list[Path]:
    """Writes every rendering into `folder` and returns where they are, the page first."""
    paths = []
    for name, rendering in RENDERED.items():
        document.write_text(folder / name, rendering(report))
        paths.append(folder / name)
    return paths
