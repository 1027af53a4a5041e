"""The kinds of steps for which valid requests are sent, each with an account that the page lets reopen it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

ASSIGNEE: Final = "assignee-may-reopen"
OWNER: Final = "owner-may-reopen"
UNASSIGNED: Final = "unassigned-open-to-permitted"


@dataclass(frozen=True)
class Kind:
    """A kind of step, who reopens it, and the rule by which this account may."""

    owner: str
    assigned_to: str
    sender: str
    rule: str


# Steps that stand together are of one process, or are one step that is assigned in turns: that saves calls.
KINDS: Final = (
    Kind("owner", "assignee", "owner", OWNER),
    Kind("owner", "assignee", "assignee", ASSIGNEE),
    Kind("owner", "colleague", "colleague", ASSIGNEE),
    Kind("owner", "several", "other_group_member", ASSIGNEE),
    Kind("owner", "several", "group_member", ASSIGNEE),
    Kind("owner", "several", "owner", OWNER),
    Kind("owner", "group", "group_member", ASSIGNEE),
    Kind("owner", "group", "second_group_member", ASSIGNEE),
    Kind("owner", "group", "owner", OWNER),
    Kind("owner", "", "colleague", UNASSIGNED),
    Kind("owner", "", "owner", UNASSIGNED),
    Kind("owner", "", "assignee", UNASSIGNED),
    Kind("owner", "", "group_member", UNASSIGNED),
    Kind("colleague", "assignee", "assignee", ASSIGNEE),
    Kind("colleague", "restricted_assignee", "colleague", OWNER),
    Kind("restricted_owner", "assignee", "assignee", ASSIGNEE),
    Kind("restricted_owner", "", "colleague", UNASSIGNED),
)
