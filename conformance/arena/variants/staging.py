"""Other templates, other workspaces, and supporting calls that answer more, less or otherwise."""

# ruff: noqa: D102 - what an override is for is said by its class
from dataclasses import replace
from typing import Any

from conformance.arena.codes import Situation
from conformance.arena.message import Call, Visit
from conformance.arena.policy import Policy
from conformance.arena.rendering import Json
from conformance.arena.store import (
    Decision,
    DecisionType,
    QualityProcess,
    StatusMode,
    Step,
    StepStatus,
    StepType,
    Template,
    User,
    Workspace,
    new_guid,
)
from conformance.arena.variants.base import Variant, with_steps

_REGULAR, _SIGNOFF = StepType.REGULAR, StepType.SIGNOFF


# Templates.


class ManualProcesses(Variant):
    """No quality process completes itself."""

    breaks = "the template is another one, and its status mode a word that was not seen before"

    def own_template(self, template: Template) -> Template:
        return replace(template, status_mode=StatusMode.MANUAL)


class TwoStepsAndSignoff(Variant):
    """The template has two regular steps and a sign-off step, and the last to be complete completes the process."""

    def own_template(self, template: Template) -> Template:
        return with_steps(template, _REGULAR, _REGULAR, _SIGNOFF)


class TwentySteps(Variant):
    """The template has twenty regular steps, with three sign-off steps among them."""

    def own_template(self, template: Template) -> Template:
        return with_steps(template, *([_REGULAR] * 7 + [_SIGNOFF]) * 2, *[_REGULAR] * 6, _SIGNOFF)


class SignoffFirst(Variant):
    """The sign-off step stands before the regular ones."""

    def own_template(self, template: Template) -> Template:
        return with_steps(template, _SIGNOFF, _REGULAR, _REGULAR)


class NoSignoff(Variant):
    """The template has no sign-off step, so that two complete steps would complete the process."""

    untested = frozenset({"approved-signoff-is-final"})

    def own_template(self, template: Template) -> Template:
        return with_steps(template, _REGULAR, _REGULAR)


class TemplateNamesAssignees(Variant):
    """New regular steps are assigned to a user whom the template names."""

    def new_steps(self, template: Template) -> list[Step]:
        steps = super().new_steps(template)
        neighbour = self.store.user_by_email("nils.andersen@meridian.example.com")
        for step in steps:
            step.users = (neighbour,) if neighbour and step.type is _REGULAR else ()
        return steps


class TemplateNamesApprover(Variant):
    """New sign-off steps have an approver whom the template names, and take no other."""

    def new_steps(self, template: Template) -> list[Step]:
        steps = super().new_steps(template)
        approver = self.store.users[self.world.accounts["colleague"].guid]
        for step in steps:
            if step.type is _SIGNOFF:
                step.decisions.append(Decision(new_guid(), DecisionType.ALL_REQUIRED, approver))
        return steps

    def create_decisions(self, visit: Visit) -> tuple[int, Any]:  # noqa: ARG002
        raise self.refusal(Situation.NOT_PERMITTED)


class TemplateNamesTwoApprovers(Variant):
    """New sign-off steps have two approvers whom the template names, and both must approve."""

    def new_steps(self, template: Template) -> list[Step]:
        steps = super().new_steps(template)
        approvers = [self.store.users[self.world.accounts[role].guid] for role in ("colleague", "administrator")]
        for step in steps:
            if step.type is _SIGNOFF:
                step.decisions += [Decision(new_guid(), DecisionType.ALL_REQUIRED, user) for user in approvers]
        return steps


# When a step or a process can be completed.


class StepsInOrder(Variant):
    """A regular step can be completed when those before it are complete."""

    def complete_step(self, user: User, process: QualityProcess, step: Step) -> None:
        earlier = process.steps[: process.steps.index(step)]
        if any(one.type is _REGULAR and one.status is StepStatus.OPEN for one in earlier):
            raise self.refusal(Situation.WRONG_SHAPE, "an earlier step is open")
        super().complete_step(user, process, step)


class ProcessesCompleteLast(Variant):
    """A quality process can be completed when all its steps are complete."""

    def complete_process(self, user: User, process: QualityProcess) -> None:
        if process.current_step is not None:
            raise self.refusal(Situation.WRONG_SHAPE, "a step is open")
        super().complete_process(user, process)


# Supporting calls.


class SparseAnswers(Variant):
    """The supporting calls show no more than is needed: no counts, no details, empty bodies after writes."""

    def render_results(self, results: list[Json]) -> Json:
        return {"results": results}

    def create_process(self, visit: Visit) -> tuple[int, Any]:
        status, body = super().create_process(visit)
        return status, {"guid": body["guid"]}

    def read_process(self, visit: Visit) -> tuple[int, Any]:
        status, body = super().read_process(visit)
        return status, {key: body[key] for key in ("guid", "name", "status")}

    def render_step(self, step: Step) -> Json:
        whole = super().render_step(step)
        return {key: whole[key] for key in ("guid", "type", "status", "assignees")}

    def update_step(self, visit: Visit) -> tuple[int, Any]:
        super().update_step(visit)
        return 204, None

    def decide(self, visit: Visit) -> tuple[int, Any]:
        super().decide(visit)
        return 204, None


class EverySuccessIs200(Variant):
    """Every supporting call that succeeds is answered 200, with a body."""

    def create_process(self, visit: Visit) -> tuple[int, Any]:
        return 200, super().create_process(visit)[1]

    def update_step(self, visit: Visit) -> tuple[int, Any]:
        return 200, super().update_step(visit)[1]

    def delete_process(self, visit: Visit) -> tuple[int, Any]:
        super().delete_process(visit)
        return 200, {"deleted": True}

    def create_decisions(self, visit: Visit) -> tuple[int, Any]:
        return 200, super().create_decisions(visit)[1]

    def decide(self, visit: Visit) -> tuple[int, Any]:
        return 200, super().decide(visit)[1]


class NobodyDeletes(Variant):
    """Quality processes can't be deleted."""

    def delete_process(self, visit: Visit) -> tuple[int, Any]:  # noqa: ARG002
        raise self.refusal(Situation.NOT_PERMITTED)


class NamesOnce(Variant):
    """Two quality processes can't have the same name."""

    def create_process(self, visit: Visit) -> tuple[int, Any]:
        if any(one.name == self.read_body(visit).get("name") for one in self.store.processes.values()):
            raise self.refusal(Situation.WRONG_SHAPE, "the name is taken")
        return super().create_process(visit)


class StepsInAnyOrder(Variant):
    """The list of steps is not sorted, and the steps are numbered from zero in tens."""

    def list_steps(self, visit: Visit) -> tuple[int, Any]:
        status, body = super().list_steps(visit)
        return status, {**body, "results": body["results"][::-1]}

    def render_step(self, step: Step) -> Json:
        return {**super().render_step(step), "order": (step.order - 1) * 10}


class StepsInPages(Variant):
    """The list of steps comes in pages of twenty unless asked otherwise, and the sign-off step is the twenty-first."""

    def own_template(self, template: Template) -> Template:
        return with_steps(template, *[_REGULAR] * 20, _SIGNOFF)

    def list_steps(self, visit: Visit) -> tuple[int, Any]:
        steps = self.process_in_path(visit).steps
        return 200, self.render_results([self.render_step(step) for step in self.page(visit, steps)])


class EmptyListsForNull(Variant):
    """Where there is nobody or nothing the lists are empty, not null."""

    def render_step(self, step: Step) -> Json:
        nobody: Json = {"users": [], "userGroups": []}
        whole = super().render_step(step)
        assignees = {**nobody, **(whole["assignees"] or {})}
        return {**whole, "assignees": assignees, "approvals": whole["approvals"] or []}


class NoSingleStep(Variant):
    """There is a list of steps and no view of one."""

    def read_step(self, visit: Visit) -> tuple[int, Any]:
        return self.unknown_endpoint(visit)


class NoDecisions(Variant):
    """Sign-off steps are decided elsewhere: there is no endpoint for it."""

    untested = frozenset({"approved-signoff-is-final"})

    def list_decisions(self, visit: Visit) -> tuple[int, Any]:
        return self.unknown_endpoint(visit)

    create_decisions = decide = list_decisions


class OwnersAssign(Variant):
    """Only the owner of a process, where entitled to edit at all, assigns its steps."""

    class _Policy(Policy):
        def why_not_assign(self, user: User, process: QualityProcess, step: Step) -> Situation | None:
            entitled = self.is_owner(user, process) or not self.may_edit(process.owner)
            return super().why_not_assign(user, process, step) if entitled else Situation.NOT_PERMITTED

    policy = _Policy()


class RestrictedTakeNothing(Variant):
    """Who lacks Quality Edit Details can be given neither a process nor a step."""

    untested = frozenset({"edit-details-required"})

    def find_user(self, visit: Visit, guid: str | None) -> User:
        user = super().find_user(visit, guid)
        if not user.quality_edit_details:
            raise self.refusal(Situation.WRONG_SHAPE, "the user may not edit")
        return user


class AccountsByEmail(Variant):
    """Nobody knows the accounts' guids beforehand; the list of users writes e-mail addresses its own way."""

    def target(self, base_url: str) -> dict[str, Any]:
        target = super().target(base_url)
        known = {role: {k: v for k, v in entry.items() if k != "guid"} for role, entry in target["accounts"].items()}
        return {**target, "accounts": known}

    def render_person(self, user: User) -> Json:
        return {**super().render_person(user), "email": user.email.title()}


# Quotas.


class SmallQuota(Variant):
    """The workspace may make eight hundred calls a day."""

    limit = 800

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for workspace in self.store.workspaces.values():
            workspace.request_limit = workspace.remaining = self.limit


class HugeQuota(SmallQuota):
    """The workspace may make as many calls a day as 64 bits can count."""

    limit = 2**63 - 1


class OthersSpendQuota(Variant):
    """Other clients of the workspace make calls meanwhile."""

    def count_call(self, workspace: Workspace) -> None:
        super().count_call(workspace)
        workspace.remaining -= workspace.remaining % 4

    def target(self, base_url: str) -> dict[str, Any]:
        return {**super().target(base_url), "exclusive": False}


class UnknownCallersCount(Variant):
    """Calls without a valid session are taken off the first workspace's quota."""

    breaks = "calls that were free cost one"

    def recognise(self, call: Call) -> Any:
        session = super().recognise(call)
        if session is None:
            self.count_call(self.store.main_workspace)
        return session
