from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NoReturn, TypeVar

from conformance.arena.store import new_guid

Word = TypeVar("Word", bound=StrEnum)
Thing = TypeVar("Thing")


@dataclass(frozen=True)
class Entry:
    """One mapping of a YAML file, with the place it stands at; every complaint names file, place and fix."""

    file: str
    place: str
    value: Any

    def fail(self, key: str, problem: str, fix: str) -> NoReturn:
        """Raises ValueError about one member of this entry."""
        place = f"{self.place}.{key}" if self.place and key else self.place or key or "the top"
        raise ValueError(f"{self.file}, {place}: {problem}; {fix}")

    def only(self, keys: Collection[str]) -> None:
        """Refuses what is no mapping and what has other keys than these: a misspelt key must not go unseen."""
        if not isinstance(self.value, dict):
            self.fail("", "is no mapping", f"write it as a mapping of {', '.join(keys)}")
        for key in self.value:
            if key not in keys:
                self.fail(str(key), "is not known", f"remove it, or spell it as one of {', '.join(keys)}")

    def has(self, key: str) -> bool:
        """Whether the member is there and not null."""
        return self.value.get(key) is not None

    def text(self, key: str, default: str | None = None) -> str:
        """Reads a text that is not empty; without it the default."""
        value = self.value.get(key, default)
        if not isinstance(value, str) or (not value and default is None):
            self.fail(key, "is no text", f"give it a text, in quotes where it looks like a number, not {value!r}")
        return value

    def number(self, key: str, default: int | None = None) -> int:
        """Reads a whole number, zero or more; without it the default."""
        value = self.value.get(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            self.fail(key, "is no number", f"give it a whole number without quotes, not {value!r}")
        return value

    def flag(self, key: str, default: bool) -> bool:
        """Reads true or false; without it the default."""
        value = self.value.get(key, default)
        if not isinstance(value, bool):
            self.fail(key, "is neither true nor false", f"write true or false, not {value!r}")
        return value

    def date(self, key: str) -> datetime | None:
        """Reads a date in UTC; without it None."""
        value = self.value.get(key)
        if value is None:
            return None
        if not isinstance(value, datetime) or value.tzinfo is None:
            self.fail(key, "is no date with a time zone", f"write it like 2019-07-25T13:51:25Z, not {value!r}")
        return value.astimezone(UTC)

    def choice(self, key: str, words: type[Word], default: Word | None = None) -> Word:
        """Reads one of a few words; without it the default."""
        value = self.value.get(key, default)
        if value not in list(words):
            self.fail(key, f"is {value!r}", f"write one of {', '.join(words)}")
        return words(value)

    def known(self, key: str, things: Mapping[Any, Thing]) -> Thing:
        """Reads the guid (or id) of something that stands earlier in the file."""
        value = self.value.get(key)
        if not isinstance(value, str | int) or value not in things:
            self.fail(key, f"{value!r} is not known", f"name one of {', '.join(map(str, things))}")
        return things[value]

    def all_known(self, key: str, things: Mapping[Any, Thing]) -> tuple[Thing, ...]:
        """Reads a list of guids of things that stand earlier in the file; without it none."""
        values = self.value.get(key, [])
        if not isinstance(values, list):
            self.fail(key, "is no list", f"write a list of guids, not {values!r}")
        places = [f"{key}[{index}]" for index in range(len(values))]
        each = Entry(self.file, self.place, dict(zip(places, values, strict=True)))
        return tuple(each.known(place, things) for place in places)

    def guid(self, taken: Collection[str]) -> str:
        """Reads this entry's own guid, which nothing of its kind may have already."""
        guid = self.text("guid")
        if len(guid) != 20 or not guid.isascii() or not guid.isalnum() or guid != guid.upper():
            self.fail("guid", f"{guid!r} is no guid", f"write 20 upper-case letters and digits, such as {new_guid()}")
        if guid in taken:
            self.fail("guid", f"{guid} is taken", f"write another, such as {new_guid()}")
        return guid

    def entry(self, key: str) -> "Entry":
        """Goes into a member."""
        return Entry(self.file, f"{self.place}.{key}" if self.place else key, self.value.get(key))

    def entries(self, key: str) -> list["Entry"]:
        """Goes into each element of a list; without it there is none."""
        values = self.value.get(key, [])
        if not isinstance(values, list):
            self.fail(key, "is no list", "write a list")
        return [Entry(self.file, f"{self.entry(key).place}[{i}]", value) for i, value in enumerate(values)]
