"""Text that a target sent, made harmless: nothing in it hides, steers a terminal or turns the writing round."""

from __future__ import annotations

import unicodedata
from typing import Final

_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_SHORT: Final = {"\n": "\\n", "\t": "\\t", "\r": "\\r"}


def visible(text: str, keep: str = "") -> str:
    """Returns `text` with control and format characters written as escapes, but for those in `keep`."""
    rest = text
    for character in keep:
        rest = rest.replace(character, "")
    if rest.isprintable():  # nearly always, and a hundred times faster
        return text
    return "".join(
        character if character in keep or unicodedata.category(character) not in _INVISIBLE else _escaped(character)
        for character in text
    )


def shortened(text: str, most: int) -> str:
    """Returns the beginning of a long text, and how much was left out."""
    return text if len(text) <= most else f"{text[:most]}… ({len(text) - most:,} more characters)"


def _escaped(character: str) -> str:
    return _SHORT.get(character) or (f"\\x{ord(character):02x}" if ord(character) < 256 else f"\\u{ord(character):04x}")
