"""Which quality processes a run stages: data. The near misses are in it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

UNASSIGNED: Final = ""
GROUP: Final = "group"  # the user group `assignee_group` of the target file
GROUP_MEMBERS: Final = ("group_member", "second_group_member")
SEVERAL: Final = "several"  # more than one user at once
SEVERAL_USERS: Final = ("other_group_member", "group_member", "owner")

# The accounts that lack Quality Edit Details, so that staging must not act through them.
RESTRICTED: Final = frozenset({"restricted_owner", "restricted_assignee", "restricted"})

BEYOND_ASCII: Final = "Made by a conformance test; it may be deleted. (Größe 10 µm, 完了 ✔)"


@dataclass(frozen=True)
class Plot:
    """A quality process to make: who owns and creates it, and to whom its two regular steps are assigned in turn.

    Several assignments of a step follow each other: the last one holds, the others are former assignees. Those of the
    step with index `worked` complete and reopen it while it is theirs. The step with index `turning` may be assigned to
    those of `turns` later. The `approver` is asked to decide the sign-off.
    A process that `runs_out` is completed through its last step, the others by a call.
    """

    name: str
    owner: str
    creator: str
    steps: tuple[tuple[str, ...], tuple[str, ...]]
    turns: tuple[str, ...] = ()
    turning: int = 0
    worked: int | None = None
    approver: str = ""
    decision_type: str = "ALL_REQUIRED"
    runs_out: bool = False
    description: str = "Made by a conformance test; it may be deleted."

    @property
    def without_former(self) -> Plot:
        """The same plot on a target that lets nobody be assigned after another."""
        return replace(self, steps=(self.steps[0][-1:], self.steps[1][-1:]), worked=None)

    def takes_turns(self, index: int) -> tuple[str, ...]:
        """Returns all who may hold the step, one after the other."""
        return (self.assigned_to(index), *(self.turns if index == self.turning else ()))

    def assigned_to(self, index: int) -> str:
        """Returns who holds the step: an account, GROUP, SEVERAL or UNASSIGNED."""
        return self.steps[index][-1] if self.steps[index] else UNASSIGNED


# With these accounts every rule can be decided.
DECISIVE: Final = (
    "owner",
    "assignee",
    "group_member",
    "other_group_member",
    "colleague",
    "restricted_assignee",
    "restricted",
)

PLOTS: Final = (
    # the colleague is creator but not owner, approver of the sign-off, and assignee of the step next to the assignee's,
    # which was the group's before
    Plot("assigned", "owner", "colleague", ((GROUP, "assignee"), ("colleague",)), approver="colleague", runs_out=True),
    # the group's step was the assignee's, who completed and reopened it. The other is that of several users and then
    # nobody's: the second group member is none of these users, but belongs to the group of one of them and of the next
    # step. The colleague is nothing but approver.
    Plot(
        "shared",
        "owner",
        "owner",
        ((SEVERAL,), ("assignee", GROUP)),
        turns=(UNASSIGNED,),
        worked=1,
        approver="colleague",
        decision_type="ONE_REQUIRED",
    ),
    # the colleague owns another process and approves its sign-off; the assignee lacks Quality Edit Details
    Plot("others", "colleague", "owner", (("restricted_assignee",), ("assignee",)), approver="colleague"),
    # the owner lacks Quality Edit Details; the description is beyond ASCII
    Plot("restricted", "restricted_owner", "colleague", (("assignee",), ()), description=BEYOND_ASCII),
)

# The fewest that decide every rule: no step has had another assignee before, and one process is all there is beside.
FEWEST: Final = (
    Plot("assigned", "owner", "colleague", (("assignee",), (GROUP,)), turns=(UNASSIGNED,), turning=1),
    Plot("others", "colleague", "owner", (("restricted_assignee",), ("assignee",)), approver="colleague"),
)


def holders(assigned_to: str) -> tuple[str, ...]:
    """Returns the accounts to which a step is assigned."""
    return {UNASSIGNED: (), GROUP: GROUP_MEMBERS, SEVERAL: SEVERAL_USERS}.get(assigned_to, (assigned_to,))
