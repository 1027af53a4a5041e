"""The vendor's page, sentence by sentence: tells whether a newer copy of it says something else.

The page itself is the vendor's and not part of this project. Of each sentence its digest is kept, in
`openapi/page.yaml`; the rules quote those that they rest on.
"""

from __future__ import annotations

import difflib
import hashlib
import html
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import yaml

from conformance import contract
from conformance.resources import resource

_ALIKE: Final = 0.6  # how much of two sentences must agree for one to be the other's new wording
_SAMPLES: Final = ("request-as-printed.txt", "response-as-printed.txt", "error-as-printed.txt")


class NotThePage(Exception):
    """A text has hardly a sentence of the page."""


@dataclass(frozen=True)
class Sentence:
    """A sentence, a heading, a row of a table or a line of a sample; `line` counts from 1."""

    line: int
    text: str

    @property
    def digest(self) -> str:
        """What stands for the sentence where its words may not be kept."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Known:
    """A sentence of the page as this project knows it; `text` is empty where only the digest is kept."""

    line: int
    digest: str
    text: str
    rules: tuple[str, ...]


@dataclass(frozen=True)
class PageChange:
    """A sentence that is new (no `was`), gone (no `now`), or worded otherwise."""

    was: Known | None
    now: Sentence | None


def sentences(text: str) -> list[Sentence]:
    """Returns the sentences of a page in Markdown, in their order; spacing and marks of layout are left out."""
    return [Sentence(line, shown) for line, part in _parts(text.splitlines()) if (shown := _plain(part))]


@cache
def known() -> tuple[Known, ...]:
    """Returns the sentences of the page that this project was made from."""
    document = yaml.safe_load(resource("openapi/page.yaml").read_text("utf-8"))
    texts, rules = _texts(), _rules()
    return tuple(
        Known(int(line), digest, texts.get(digest, ""), tuple(rules.get(digest, ())))
        for line, digest in document["sentences"]
    )


def compare(text: str) -> list[PageChange]:
    """Returns how a newer copy differs from the page, in the order of the lines; a sentence may move.

    Raises NotThePage.
    """
    old, new = known(), sentences(text)
    matcher = difflib.SequenceMatcher(None, [one.digest for one in old], [one.digest for one in new], autojunk=False)
    kept = [block for block in matcher.get_matching_blocks() if block.size]
    in_old = {number for block in kept for number in range(block.a, block.a + block.size)}
    in_new = {number for block in kept for number in range(block.b, block.b + block.size)}
    gone = [one for number, one in enumerate(old) if number not in in_old]
    come = [one for number, one in enumerate(new) if number not in in_new]
    for moved in [one for one in gone if one.digest in {sentence.digest for sentence in come}]:
        twin = next((sentence for sentence in come if sentence.digest == moved.digest), None)
        if twin is not None:
            gone.remove(moved)
            come.remove(twin)
    if len(gone) * 2 > len(known()):
        raise NotThePage(f"{len(gone)} of the page's {len(known())} sentences are not in it: is it a copy of the page?")
    return sorted(_paired(gone, come), key=lambda change: change.was.line if change.was else _line(change.now))


def digests(text: str) -> str:
    """Returns what `openapi/page.yaml` lists for a copy of the page."""
    return "".join(f'  - [{one.line}, "{one.digest}"]\n' for one in sentences(text))


def _line(sentence: Sentence | None) -> int:
    return sentence.line if sentence else 0


def _paired(gone: Sequence[Known], come: Sequence[Sentence]) -> Iterator[PageChange]:
    """Yields what changed; of a sentence that is gone and one that is much like it, one is the other's new wording."""
    unpaired = list(come)
    for one in gone:
        alike = [(difflib.SequenceMatcher(None, one.text, new.text, autojunk=False).ratio(), new) for new in unpaired]
        likeness, nearest = max(alike, key=lambda pair: pair[0], default=(0.0, None))
        if one.text and nearest and likeness >= _ALIKE:
            unpaired.remove(nearest)
            yield PageChange(one, nearest)
        else:
            yield PageChange(one, None)
    yield from (PageChange(None, sentence) for sentence in unpaired)


def _parts(lines: Sequence[str]) -> Iterator[tuple[int, str]]:
    """Yields each part of a page with the line that it begins in."""
    inside_sample, paragraph, start = False, "", 0
    for number, line in enumerate([*lines, ""], start=1):
        fence = line.strip().startswith("```")
        if inside_sample or fence or not line.strip() or re.match(r"\s*([|#]|[*+-]\s)", line):
            yield from ((start, sentence) for sentence in re.split(r"(?<=[.!?])\s+(?=[A-Z])", paragraph))
            paragraph = ""
        if fence:
            inside_sample = not inside_sample
        elif inside_sample or line.lstrip().startswith(("|", "#")):
            yield number, line
        elif line.strip():
            start = start if paragraph else number
            paragraph = f"{paragraph} {line}"


def _plain(part: str) -> str:
    """Returns a part without marks of layout; empty where nothing else is in it."""
    text = html.unescape(re.sub(r"<[^<>]*>", " ", part)).strip()
    if text.startswith("|"):  # a row of a table
        text = " | ".join(cell.strip() for cell in text.split("|") if cell.strip(" -:"))
    text = " ".join(re.sub(r"^([*+-]|#+)\s+", "", text).split())
    return text if re.search(r"[\w{}\[\]]", text) else ""


def _texts() -> Mapping[str, str]:
    """Returns, by digest, the sentences that this project quotes."""
    quotes = (line for rule in contract.rules() for line in rule.quote.splitlines())
    samples = (line for name in _SAMPLES for line in _sample(name))
    return {sentence.digest: sentence.text for text in (*quotes, *samples) for sentence in _quoted(text)}


def _sample(name: str) -> Iterable[str]:
    return resource(f"fixtures/samples/{name}").read_text("utf-8").splitlines()


def _quoted(text: str) -> Iterator[Sentence]:
    if shown := _plain(text):
        yield Sentence(0, shown)


def _rules() -> Mapping[str, list[str]]:
    """Returns, by digest, the rules that rest on a sentence."""
    found: dict[str, list[str]] = defaultdict(list)
    for rule in contract.rules():
        for line in rule.quote.splitlines():
            for sentence in _quoted(line):
                found[sentence.digest].append(rule.id)
    return found
