"""Finds the data that ships with the program, `openapi/` and `fixtures/`, and reads YAML."""

from pathlib import Path
from typing import Any

import yaml

_PACKAGE = Path(__file__).parent


def resource(name: str) -> Path:
    """Returns the path of a shipped file or folder, such as `openapi/rules.yaml`.

    The wheel carries both folders inside the package; in a checkout they stand beside it.
    Raises FileNotFoundError where neither has it: the installation is damaged.
    """
    for root in (_PACKAGE, _PACKAGE.parent):
        path = root / name
        if path.exists():
            return path
    raise FileNotFoundError(f"{name} is missing from this installation of arena-conformance; install it again")


def from_yaml(text: str) -> Any:
    """Returns what a YAML text holds. Raises yaml.YAMLError.

    libyaml reads it where PyYAML was built with it: that takes a tenth of the time.
    """
    return yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
