import re
from collections.abc import Sequence
from typing import TypeVar

from conformance.arena.codes import Situation
from conformance.arena.gate import Gate
from conformance.arena.message import Visit

Item = TypeVar("Item")


class Listing(Gate):
    """What every collection has in common: filters, limit and offset."""

    default_limit = 20
    highest_limit = 400

    def matches(self, visit: Visit, key: str, value: str) -> bool:
        """Whether the value is what the query asks for; `*` stands for any text, letter case does not matter."""
        wanted = visit.call.query.get(key)
        if wanted is None:
            return True
        pattern = ".*".join(re.escape(part) for part in wanted.split("*"))
        return re.fullmatch(pattern, value, re.IGNORECASE | re.DOTALL) is not None

    def page(self, visit: Visit, items: Sequence[Item]) -> Sequence[Item]:
        """The part of a collection that the query asks for with limit and offset."""
        limit = min(self.number(visit, "limit", self.default_limit), self.highest_limit)
        offset = self.number(visit, "offset", 0)
        return items[offset : offset + limit]

    def number(self, visit: Visit, key: str, default: int) -> int:
        """Reads a whole number from the query; refuses any other text."""
        value = visit.call.query.get(key)
        if value is None:
            return default
        if not re.fullmatch(r"[0-9]{1,9}", value):
            raise self.refusal(Situation.WRONG_SHAPE, f"{key} is no number")
        return int(value)
