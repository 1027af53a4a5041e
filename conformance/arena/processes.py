"""Quality processes: made, listed, read, deleted; their steps: read and assigned; their sign-offs: decided."""

from datetime import UTC, datetime
from typing import Any

from conformance.arena.codes import Situation
from conformance.arena.listing import Listing
from conformance.arena.message import Refusal, Visit
from conformance.arena.rendering import Json
from conformance.arena.statuschanges import StatusChanges
from conformance.arena.store import (
    Decision,
    DecisionType,
    NumberPrefix,
    QualityProcess,
    Step,
    Template,
    User,
    UserGroup,
    Verdict,
    new_guid,
)


class QualityProcesses(Listing, StatusChanges):
    """What stages the world for the operation under test, and what shows its effects."""

    # Quality processes.

    def create_process(self, visit: Visit) -> tuple[int, Any]:
        """Makes a quality process from a template; its owner is its creator or somebody else."""
        body = self.read_body(visit)
        name = self.member(body, "name")
        if not isinstance(name, str) or not name.strip():
            raise self.refusal(Situation.WRONG_SHAPE, "name is no text")
        template = self.find_template(visit, self.reference(body, "template"))
        prefix = self.find_prefix(visit, template, body["template"])
        owner = self.find_user(visit, self.reference(body, "owner")) if body.get("owner") is not None else visit.user
        description = self.text(body, "description") or ""
        target = self.read_date(body, "targetCompletionDateTime")
        if not self.policy.may_edit(visit.user):
            raise self.refusal(Situation.NOT_PERMITTED)
        if not template.active:
            raise self.refusal(Situation.TEMPLATE_INACTIVE)
        process = self.new_process(template, prefix, name=name, creator=visit.user, owner=owner)
        process.description, process.target_completion_date_time = description, target
        self.store.processes[process.guid] = process
        return 201, self.render_process(process)

    def new_process(
        self, template: Template, prefix: NumberPrefix, *, name: str, creator: User, owner: User
    ) -> QualityProcess:
        """A quality process with the next number of the prefix; it is not in the store yet."""
        prefix.last_used += 1
        return QualityProcess(
            guid=new_guid(),
            name=name,
            number=f"{prefix.value}{prefix.last_used:06}",
            description="",
            workspace_id=template.workspace_id,
            creator=creator,
            owner=owner,
            template=template,
            status_mode=template.status_mode,
            creation_date_time=self.now(),
            steps=self.new_steps(template),
        )

    def new_steps(self, template: Template) -> list[Step]:
        """The steps of a new quality process: open, unassigned, due as the template says."""
        return [
            Step(
                guid=new_guid(),
                name=step.name,
                order=order,
                type=step.type,
                due_date_time=None if step.due_in is None else self.now() + step.due_in,
                attributes=step.attributes,
            )
            for order, step in enumerate(template.steps, start=1)
        ]

    def list_processes(self, visit: Visit) -> tuple[int, Any]:
        """The quality processes of the caller's workspace, all or those with a name."""
        seen = [p for p in self.store.processes.values() if self.policy.may_see(visit.user, p.workspace_id)]
        named = [p for p in seen if self.matches(visit, "name", p.name)]
        return 200, self.render_results([self.render_process(p) for p in self.page(visit, named)])

    def read_process(self, visit: Visit) -> tuple[int, Any]:
        """One quality process."""
        return 200, self.render_process(self.process_in_path(visit))

    def delete_process(self, visit: Visit) -> tuple[int, Any]:
        """Deletes a quality process with its steps."""
        process = self.process_in_path(visit)
        if not self.policy.may_delete(visit.user, process):
            raise self.refusal(Situation.NOT_PERMITTED)
        del self.store.processes[process.guid]
        return 204, None

    # Steps.

    def list_steps(self, visit: Visit) -> tuple[int, Any]:
        """The steps of a quality process in order."""
        return 200, self.render_results([self.render_step(step) for step in self.process_in_path(visit).steps])

    def read_step(self, visit: Visit) -> tuple[int, Any]:
        """One step."""
        _, step = self.step_in_path(visit)
        return 200, self.render_step(step)

    def update_step(self, visit: Visit) -> tuple[int, Any]:
        """Assigns an open step to users, to groups or to nobody, and sets when it is due."""
        process, step = self.step_in_path(visit)
        body = self.read_body(visit)
        users, groups = step.users, step.groups
        if "assignees" in body:
            users, groups = self.read_people(visit, body["assignees"], "assignees")
        due = self.read_date(body, "dueDateTime") if "dueDateTime" in body else step.due_date_time
        self.allow(self.policy.why_not_assign(visit.user, process, step))
        step.users, step.groups, step.due_date_time = users, groups, due
        return 201, self.render_step(step)

    # Decisions.

    def list_decisions(self, visit: Visit) -> tuple[int, Any]:
        """The decisions of a sign-off step, pending ones too."""
        _, step = self.step_in_path(visit)
        return 200, self.render_results([self.render_decision(d) for d in step.decisions])

    def create_decisions(self, visit: Visit) -> tuple[int, Any]:
        """Asks users, and the members of groups, each for a decision."""
        process, step = self.step_in_path(visit)
        body = self.read_body(visit)
        kind = DecisionType(self.choice(body, "decisionType", list(DecisionType)))
        users, groups = self.read_people(visit, self.member(body, "decisionMakers"), "decisionMakers")
        if not users and not groups:
            raise self.refusal(Situation.WRONG_SHAPE, "decisionMakers names nobody")
        self.allow(self.policy.why_not_ask_decision(visit.user, process, step))
        decisions = [Decision(new_guid(), kind, user) for user in users]
        decisions += [Decision(new_guid(), kind, member, group) for group in groups for member in group.members]
        step.decisions += decisions
        return 201, self.render_results([self.render_decision(d) for d in decisions])

    def decide(self, visit: Visit) -> tuple[int, Any]:
        """Records a decision; the one that makes the sign-off approved completes the step."""
        process, step = self.step_in_path(visit)
        try:
            decision = self.find_decision(step, visit.call.guids["decision"])
        except Refusal as refusal:
            raise self.not_found(refusal) from refusal
        body = self.read_body(visit)
        verdict = Verdict(self.choice(body, "decision", list(Verdict)))
        comments = self.text(body, "comments")
        self.allow(self.policy.why_not_decide(visit.user, process, step, decision))
        decision.verdict, decision.comments, decision.date_time = verdict, comments, self.now()
        if self.policy.is_signed_off(step):
            self.apply_complete_step(visit.user, process, step)
        return 201, self.render_decision(decision)

    # What the path and the bodies name.

    def process_in_path(self, visit: Visit) -> QualityProcess:
        """The quality process that the address names; 404 if there is none."""
        try:
            return self.find_process(visit, visit.call.guids["process"])
        except Refusal as refusal:
            raise self.not_found(refusal) from refusal

    def step_in_path(self, visit: Visit) -> tuple[QualityProcess, Step]:
        """The quality process and the step that the address names; 404 if there are none."""
        process = self.process_in_path(visit)
        try:
            return process, self.find_step(visit, process, visit.call.guids["step"])
        except Refusal as refusal:
            raise self.not_found(refusal) from refusal

    def not_found(self, refusal: Refusal) -> Refusal:
        """An address that names nothing is 404, where a body that names nothing is 400."""
        return self.refusal(refusal.situation, *refusal.details, status=404)

    def find_user(self, visit: Visit, guid: str | None) -> User:
        """Finds a user of the caller's workspace."""
        user = self.store.users.get(self.require_guid(guid))
        if user is None or not self.policy.may_see(visit.user, user.workspace_id):
            raise self.refusal(Situation.GUID_UNKNOWN, str(guid))
        return user

    def find_group(self, visit: Visit, guid: str | None) -> UserGroup:
        """Finds a user group of the caller's workspace."""
        group = self.store.groups.get(self.require_guid(guid))
        if group is None or not self.policy.may_see(visit.user, group.workspace_id):
            raise self.refusal(Situation.GUID_UNKNOWN, str(guid))
        return group

    def find_template(self, visit: Visit, guid: str | None) -> Template:
        """Finds a template of the caller's workspace."""
        template = self.store.templates.get(self.require_guid(guid))
        if template is None or not self.policy.may_see(visit.user, template.workspace_id):
            raise self.refusal(Situation.GUID_UNKNOWN, str(guid))
        return template

    def find_prefix(self, visit: Visit, template: Template, body: Json) -> NumberPrefix:
        """Finds the prefix of `{"numberFormat": {"prefix": {"guid": …}}}`; without it the template's own."""
        guid: str | None = template.prefix
        if body.get("numberFormat") is not None:
            number_format = body["numberFormat"]
            if not isinstance(number_format, dict):
                raise self.refusal(Situation.WRONG_SHAPE, "numberFormat is no object")
            guid = self.reference(number_format, "prefix")
        prefix = self.store.prefixes.get(self.require_guid(guid))
        if prefix is None or not self.policy.may_see(visit.user, prefix.workspace_id):
            raise self.refusal(Situation.GUID_UNKNOWN, str(guid))
        return prefix

    def read_people(self, visit: Visit, value: Any, key: str) -> tuple[tuple[User, ...], tuple[UserGroup, ...]]:
        """Reads `{"users": [{"guid": …}]}` or `{"userGroups": [{"guid": …}]}`, not both; null is nobody."""
        if value is None:
            return (), ()
        if not isinstance(value, dict) or len(value.keys() & {"users", "userGroups"}) != 1:
            raise self.refusal(Situation.WRONG_SHAPE, f"{key} has neither users nor userGroups, or both")
        users = [self.find_user(visit, guid) for guid in self.read_guids(value, "users")]
        groups = [self.find_group(visit, guid) for guid in self.read_guids(value, "userGroups")]
        return tuple(users), tuple(groups)

    def read_guids(self, body: Json, key: str) -> list[str | None]:
        """Reads a list of `{"guid": …}`; absent is empty."""
        entries = body.get(key, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise self.refusal(Situation.WRONG_SHAPE, f"{key} is no list of objects")
        return [self.text(entry, "guid") for entry in entries]

    def choice(self, body: Json, key: str, choices: list[Any]) -> str:
        """Reads a member that is one of a few words."""
        value = self.member(body, key)
        if value not in choices:
            raise self.refusal(Situation.WRONG_SHAPE, f"{key} is none of {', '.join(choices)}")
        return str(value)

    def read_date(self, body: Json, key: str) -> datetime | None:
        """Reads a date such as 2019-07-25T13:51:25Z; null and absent are no date."""
        value = self.text(body, key)
        if value is None:
            return None
        try:
            return datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        except ValueError as error:
            raise self.refusal(Situation.WRONG_SHAPE, f"{key} is no date like 2019-07-25T13:51:25Z") from error
