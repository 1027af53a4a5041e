"""Which quality processes a run stages: data. The near misses are in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

UNASSIGNED: Final = ""
GROUP: Final = "group"  # the user group `assignee_group` of the target file
GROUP_MEMBERS: Final = ("group_member", "second_group_member")

# The accounts that lack Quality Edit Details, so that staging must not act through them.
RESTRICTED: Final = frozenset({"restricted_owner", "restricted_assignee", "restricted"})


@dataclass(frozen=True)
class Plot:
    """A quality process to make: who owns and creates it, and to whom its two regular steps are assigned in turn.

    Several assignments of a step follow each other: the last one holds, the others are former assignees.
    """

    name: str
    owner: str
    creator: str
    steps: tuple[tuple[str, ...], tuple[str, ...]]

    def assigned_to(self, index: int) -> str:
        """Returns who holds the step: an account, GROUP or UNASSIGNED."""
        return self.steps[index][-1] if self.steps[index] else UNASSIGNED


PLOTS: Final = (
    # the colleague is creator but not owner, and assignee of the step next to the assignee's
    Plot("assigned", owner="owner", creator="colleague", steps=(("assignee",), ("colleague",))),
    # the assignee was once assigned to the step that the group holds now
    Plot("shared", owner="owner", creator="owner", steps=((), ("assignee", GROUP))),
    # the colleague owns another process; its assignee lacks Quality Edit Details
    Plot("others", owner="colleague", creator="owner", steps=(("restricted_assignee",), ("assignee",))),
    # the owner lacks Quality Edit Details
    Plot("restricted", owner="restricted_owner", creator="colleague", steps=(("assignee",), ())),
)
