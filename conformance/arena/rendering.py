"""How things look on the wire: pure functions from what is stored to JSON, in the page's order of keys."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from conformance.arena.clock import PACIFIC
from conformance.arena.store import (
    Decision,
    NumberPrefix,
    QualityProcess,
    Step,
    StepType,
    Template,
    User,
    UserGroup,
)

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

Json = dict[str, Any]


class Rendering:
    """Each thing has one method; a fault in the wording of an answer overrides that method."""

    def render_date(self, moment: datetime | None) -> str | None:
        """The vendor's dates are Zulu: 2019-07-25T13:51:25Z."""
        return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"

    def render_http_date(self, moment: datetime) -> str:
        """The date of RFC 9110, section 5.6.7: Fri, 02 May 2014 21:22:13 GMT; day names never in the local language."""
        return _http_date(moment)

    def render_reset(self, moment: datetime) -> str:
        """The vendor's own form, which is no HTTP-date: Fri, 02-May-2014 14:22:13 GMT-0700 (PDT)."""
        return _reset(moment)

    def render_success(self, process: QualityProcess, complete: bool, comment: str | None) -> Json:
        """The answer to a status change: the process, and what was asked for."""
        return {"qualityProcess": self.render_process(process), "complete": complete, "comment": comment}

    def render_process(self, process: QualityProcess) -> Json:
        """A quality process as the page shows it."""
        return {
            "completedDateTime": self.render_date(process.completed_date_time),
            "creationDateTime": self.render_date(process.creation_date_time),
            "creator": self.render_person(process.creator),
            "currentStep": self.render_current_step(process),
            "description": process.description,
            "guid": process.guid,
            "name": process.name,
            "number": process.number,
            "owner": self.render_person(process.owner),
            "status": process.status,
            "statusMode": process.status_mode,
            "targetCompletionDateTime": self.render_date(process.target_completion_date_time),
            "template": {"active": None, "guid": process.template.guid},
            "type": None,
        }

    def render_person(self, user: User) -> Json:
        """Creator and owner, with their e-mail address."""
        return {"email": user.email, "fullName": user.full_name, "guid": user.guid}

    def render_current_step(self, process: QualityProcess) -> Json | None:
        """The first open step; null when every step is complete."""
        step = process.current_step
        return None if step is None else {"approvals": None, "attributes": None, "guid": step.guid}

    def render_step(self, step: Step) -> Json:
        """A step as its own endpoint shows it."""
        return {
            "guid": step.guid,
            "name": step.name,
            "order": step.order,
            "type": step.type,
            "status": step.status,
            "assignees": self.render_assignees(step),
            "completeDateTime": self.render_date(step.complete_date_time),
            "completeUser": None if step.complete_user is None else self.render_assignee(step.complete_user),
            "dueDateTime": self.render_date(step.due_date_time),
            "approvals": self.render_approvals(step),
            "attributes": [{"guid": a.guid, "name": a.name, "value": a.value} for a in step.attributes],
        }

    def render_assignees(self, step: Step) -> Json | None:
        """Users, or groups, or null."""
        if step.groups:
            return {"userGroups": [self.render_group(group) for group in step.groups]}
        return {"users": [self.render_assignee(user) for user in step.users]} if step.users else None

    def render_assignee(self, user: User) -> Json:
        """A user, short."""
        return {"guid": user.guid, "fullName": user.full_name}

    def render_group(self, group: UserGroup) -> Json:
        """A group with its members."""
        members = [self.render_assignee(user) for user in group.members]
        return {"guid": group.guid, "name": group.name, "users": members}

    def render_approvals(self, step: Step) -> list[Json] | None:
        """The decisions of a sign-off step; null for a regular one."""
        return [self.render_decision(d) for d in step.decisions] if step.type is StepType.SIGNOFF else None

    def render_decision(self, decision: Decision) -> Json:
        """One decision maker's decision, null while it is pending."""
        group = {} if decision.group is None else {"group": {"guid": decision.group.guid, "name": decision.group.name}}
        return {
            "comments": decision.comments,
            "decision": decision.verdict,
            "decisionDateTime": self.render_date(decision.date_time),
            "decisionType": decision.type,
            **group,
            "guid": decision.guid,
            "user": self.render_person(decision.user),
        }

    def render_template(self, template: Template, prefixes: Sequence[NumberPrefix]) -> Json:
        """A template with its steps, and the number prefixes it can be used with."""
        steps = [
            {"name": step.name, "order": order, "type": step.type} for order, step in enumerate(template.steps, start=1)
        ]
        return {
            "active": template.active,
            "guid": template.guid,
            "name": template.name,
            "numberFormats": [{"prefixes": [{"guid": prefix.guid, "value": prefix.value} for prefix in prefixes]}],
            "statusMode": template.status_mode,
            "steps": steps,
        }

    def render_results(self, results: list[Json]) -> Json:
        """A collection."""
        return {"count": len(results), "results": results}

    def render_error(self, status: int, code: int, message: str) -> Json:
        """The envelope of every refusal."""
        return {"status": status, "errors": [{"code": code, "message": message}]}


# Every answer has these two, and for a while they stay the same.


@lru_cache(maxsize=8)
def _http_date(moment: datetime) -> str:
    return f"{_DAYS[moment.weekday()]}, {moment:%d} {_MONTHS[moment.month - 1]} {moment:%Y %H:%M:%S} GMT"


@lru_cache(maxsize=8)
def _reset(moment: datetime) -> str:
    local = moment.astimezone(PACIFIC)
    day, month = _DAYS[local.weekday()], _MONTHS[local.month - 1]
    return f"{day}, {local:%d}-{month}-{local:%Y %H:%M:%S} GMT{local:%z} ({local:%Z})"
