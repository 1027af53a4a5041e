"""The picture: who may reopen which step, what the page says against what the target did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from conformance.report.words import WORST_FIRST

# Who asks, by what the account is to the step; named after the account that plays it most often.
WHO: Final[Mapping[str, str]] = {
    "owner": "Owner of the process",
    "assignee": "Assigned user",
    "group_member": "Member of the assigned group",
    "other_group_member": "Member of another group",
    "colleague": "Colleague: creator, approver …",
    "administrator": "Account administrator",
    "restricted_owner": "Owner without Edit Details",
    "restricted_assignee": "Assignee without Edit Details",
    "restricted": "Others without Edit Details",
    "foreigner": "User of another workspace",
}
STATES: Final[Mapping[str, str]] = {
    "user": "Assigned to a user",
    "group": "Assigned to a group",
    "nobody": "Assigned to nobody",
    "open": "Still open",
    "locked": "In a completed process",
    "approved": "Sign-off, approved",
    "undecided": "Sign-off, not approved",
}
YES, NO, SILENT = "yes", "no", ""


@dataclass(frozen=True)
class Entry:
    """What the page says of one cell (nothing where it is silent), and the scenarios of one rule that try it."""

    who: str
    state: str
    expected: str
    scenarios: tuple[str, ...]


def _entry(who: str, state: str, expected: str, rule: str, *names: str) -> Entry:
    return Entry(who, state, expected, tuple(f"{rule}/{name}" for name in names))


ASSIGNEE, OWNER, OTHERS = "assignee-may-reopen", "owner-may-reopen", "others-may-not-reopen"
UNASSIGNED, LOCKED = "unassigned-open-to-permitted", "completed-process-locks-steps"
SIGNOFF, DETAILS, ALREADY = "approved-signoff-is-final", "edit-details-required", "already-open-is-3089"

# The rules whose every scenario has a cell.
RULES: Final = frozenset({ASSIGNEE, OWNER, OTHERS, UNASSIGNED, LOCKED, SIGNOFF, DETAILS, ALREADY})

TABLE: Final = (
    _entry("owner", "user", YES, OWNER, "step-assigned-to-a-user", "step-assigned-to-a-user-once-more"),
    _entry("owner", "user", YES, OWNER, "owner-among-the-assignees", "owner-of-a-process-that-somebody-else-made"),
    _entry("owner", "group", YES, OWNER, "step-assigned-to-a-group"),
    _entry("owner", "nobody", YES, UNASSIGNED, "permitted-user-owner"),
    _entry("owner", "open", NO, ALREADY, "assigned-step-owner", "step-that-was-never-completed", "asking-again"),
    _entry("owner", "locked", NO, LOCKED, "assigned-step-owner", "asking-again"),
    _entry("owner", "locked", NO, LOCKED, "unassigned-step-owner", "step-of-a-group-owner"),
    _entry("owner", "approved", NO, SIGNOFF, "owner-who-approved", "in-a-completed-process"),
    _entry("owner", "approved", NO, SIGNOFF, "approved-by-one-of-those-asked-owner-approved-signoff"),
    _entry("owner", "undecided", SILENT, SIGNOFF, "undecided-pending", "undecided-rejected"),
    _entry("assignee", "user", YES, ASSIGNEE, "assigned-user", "assigned-user-once-more", "second-of-several-users"),
    _entry("assignee", "user", YES, ASSIGNEE, "assignee-who-created-the-process", "assignee-where-the-owner-may-not"),
    _entry("assignee", "user", YES, ASSIGNEE, "assignee-in-a-process-of-somebody-else"),
    _entry("assignee", "open", NO, ALREADY, "assigned-step-assignee"),
    _entry("assignee", "locked", NO, LOCKED, "assigned-step-assignee"),
    _entry("group_member", "user", NO, OTHERS, "step-of-a-user-group-member", "group-of-a-user"),
    _entry("group_member", "group", YES, ASSIGNEE, "member-of-the-assigned-group"),
    _entry("group_member", "group", YES, ASSIGNEE, "second-member-of-the-assigned-group"),
    _entry("group_member", "open", NO, ALREADY, "step-of-a-group"),
    _entry("group_member", "locked", NO, LOCKED, "step-of-a-group-group-member"),
    _entry("other_group_member", "user", NO, OTHERS, "step-of-a-user-other-group-member"),
    _entry("other_group_member", "group", NO, OTHERS, "step-of-a-group-other-group-member"),
    _entry("other_group_member", "nobody", YES, UNASSIGNED, "permitted-user-other-group-member"),
    _entry("colleague", "user", NO, OTHERS, "step-of-a-user-colleague", "asking-again", "assignee-of-the-next-step"),
    _entry("colleague", "user", NO, OTHERS, "owner-of-another-process", "owner-of-the-process-that-the-call-names"),
    _entry("colleague", "group", NO, OTHERS, "step-of-a-group-colleague", "step-of-a-group-assignee"),
    _entry("colleague", "nobody", YES, UNASSIGNED, "permitted-user-colleague", "unassigned-step-whose-owner-may-not"),
    _entry("colleague", "open", NO, ALREADY, "unassigned-step"),
    _entry("colleague", "locked", NO, LOCKED, "assigned-step-colleague", "unassigned-step-colleague"),
    _entry("colleague", "approved", NO, SIGNOFF, "nobody-else-owner", "approved-by-one-of-those-asked-colleague-other"),
    _entry("administrator", "user", SILENT, OTHERS, "administrator"),
    _entry("administrator", "nobody", SILENT, UNASSIGNED, "administrator"),
    _entry("administrator", "locked", NO, LOCKED, "assigned-step-administrator"),
    _entry("administrator", "approved", NO, SIGNOFF, "nobody-else-administrator"),
    _entry("restricted_owner", "user", NO, DETAILS, "owner"),
    _entry("restricted_owner", "nobody", NO, DETAILS, "owner-of-an-unassigned-step"),
    _entry("restricted_assignee", "user", NO, DETAILS, "assignee", "assignee-asking-again"),
    _entry("restricted", "user", NO, DETAILS, "outsider"),
    _entry("restricted", "nobody", NO, UNASSIGNED, "user-without-permission"),
    _entry("foreigner", "user", NO, OTHERS, "user-of-another-workspace"),
    _entry("foreigner", "nobody", NO, UNASSIGNED, "user-of-another-workspace"),
)


@dataclass(frozen=True)
class Cell:
    """One cell as it is shown.

    `verdict` is the worst of its scenarios' and "" where no scenario asks; `actual` is "yes", "no", "broken" (neither
    a success nor a refusal) or "" (not known). `scenario` is the one to look at first.
    """

    who: str
    state: str
    expected: str = ""
    actual: str = ""
    verdict: str = ""
    scenario: str = ""
    scenarios: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        """The cell as a sentence, for who does not see it."""
        if not self.verdict:
            return "not asked"
        said = {YES: "may reopen it", NO: "may not reopen it", SILENT: "the page is silent"}[self.expected]
        did = {
            YES: "the server reopened it",
            NO: "the server refused",
            "broken": "the server neither reopened it nor refused",
            "": "nothing is known",
        }[self.actual]
        because = {"fail": ", against the page", "pass": ", as the page says", "waived": ", which is waived"}
        return f"{said}: {did}{because.get(self.verdict, '')}"


def draw(report: dict[str, Any]) -> list[list[Cell]]:
    """Returns the cells, a row for each of WHO, in it one for each of STATES."""
    outcomes = {one["id"]: one for rule in report["rules"] for one in rule["scenarios"]}
    exchanges = {one["id"]: one for one in report["exchanges"]}
    return [[_cell(who, state, outcomes, exchanges) for state in STATES] for who in WHO]


def _cell(
    who: str, state: str, outcomes: Mapping[str, dict[str, Any]], exchanges: Mapping[int, dict[str, Any]]
) -> Cell:
    entries = [one for one in TABLE if (one.who, one.state) == (who, state)]
    if not entries:
        return Cell(who, state)
    names = tuple(name for one in entries for name in one.scenarios if name in outcomes)
    expected = entries[0].expected
    if not names:
        return Cell(who, state, expected, verdict="untested")
    worst = min((outcomes[name] for name in names), key=lambda one: WORST_FIRST.index(one["verdict"]))
    own = [exchanges[number] for number in worst["exchanges"] if exchanges[number]["scenario"] == worst["id"]]
    return Cell(who, state, expected, _did(own), worst["verdict"], worst["id"], names)


def _did(calls: Sequence[dict[str, Any]]) -> str:
    judged = [one for one in calls if one["purpose"] == "scenario"]
    if not judged:
        return ""
    response = judged[-1]["response"]
    return {2: YES, 4: NO}.get(response["status"] // 100, "broken") if response else "broken"
