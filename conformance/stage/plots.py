"""Which quality processes a run stages: data. The near misses are in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

UNASSIGNED: Final = ""
GROUP: Final = "group"  # the user group `assignee_group` of the target file
GROUP_MEMBERS: Final = ("group_member", "second_group_member")
SEVERAL: Final = "several"  # more than one user at once
SEVERAL_USERS: Final = ("other_group_member", "group_member", "owner")

# The accounts that lack Quality Edit Details, so that staging must not act through them.
RESTRICTED: Final = frozenset({"restricted_owner", "restricted_assignee", "restricted"})


@dataclass(frozen=True)
class Plot:
    """A quality process to make: who owns and creates it, and to whom its two regular steps are assigned in turn.

    Several assignments of a step follow each other: the last one holds, the others are former assignees. Those of
    `worked` complete and reopen the step while it is theirs. The `approver` is asked to decide the sign-off.
    """

    name: str
    owner: str
    creator: str
    steps: tuple[tuple[str, ...], tuple[str, ...]]
    worked: frozenset[str] = frozenset()
    approver: str = ""
    decision_type: str = "ALL_REQUIRED"

    def assigned_to(self, index: int) -> str:
        """Returns who holds the step: an account, GROUP, SEVERAL or UNASSIGNED."""
        return self.steps[index][-1] if self.steps[index] else UNASSIGNED


PLOTS: Final = (
    # the colleague is creator but not owner, approver of the sign-off, and assignee of the step next to the assignee's,
    # which was the group's before
    Plot("assigned", "owner", "colleague", ((GROUP, "assignee"), ("colleague",)), approver="colleague"),
    # the assignee held, completed and reopened the step that is the group's now
    Plot("shared", "owner", "owner", ((), ("assignee", GROUP)), worked=frozenset({"assignee"})),
    # the colleague owns another process; its assignee lacks Quality Edit Details
    Plot("others", "colleague", "owner", (("restricted_assignee",), ("assignee",))),
    # the owner lacks Quality Edit Details
    Plot("restricted", "restricted_owner", "colleague", (("assignee",), ())),
    # the second group member is neither of the users, but belongs to the group of one of them and of the next step
    Plot("several", "owner", "owner", ((SEVERAL,), (GROUP,)), decision_type="ONE_REQUIRED"),
)


def holders(assigned_to: str) -> tuple[str, ...]:
    """Returns the accounts to which a step is assigned."""
    return {UNASSIGNED: (), GROUP: GROUP_MEMBERS, SEVERAL: SEVERAL_USERS}.get(assigned_to, (assigned_to,))
