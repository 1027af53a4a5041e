"""Makes the quality processes of a run through the target's own API, and removes them again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from conformance.evidence import Recorder, Subject
from conformance.session import LoginFailed, NoAccount, Session, Sessions
from conformance.stage import api
from conformance.stage.api import Declined, StagingBroke, Unstaged
from conformance.stage.known import KnownProcesses
from conformance.stage.ledger import DECISIONS, STEPS
from conformance.stage.plots import GROUP, RESTRICTED, UNASSIGNED, Plot, holders
from conformance.stage.staged import COMPLETE, DOUBTED, StagedProcess, StagedStep
from conformance.target import Staging


class Processes(KnownProcesses):
    """Every process that this run made."""

    def __init__(
        self, sessions: Sessions, recorder: Recorder, staging: Staging, run_id: str, plots: Sequence[Plot]
    ) -> None:
        super().__init__(sessions, recorder)
        self._staging = staging
        self._plots = plots
        self._run_id = run_id
        self.apart: list[StagedProcess] = []  # processes that no scenario uses
        self._refused: dict[str, Exception] = {}
        self._unanswered: set[str] = set()  # names of processes that may exist, though no answer says so
        self._kept: list[str] = []  # what could not be deleted, and why

    def lease(self, owner: str, assigned_to: str) -> StagedStep:
        """Returns a step of that owner that is assigned so, or may be in its turn."""
        found = ((plot, index_of(plot, owner, assigned_to)) for plot in self._plots)
        plot, index = next((plot, index) for plot, index in found if index is not None)
        process = self._process(plot.name)
        staged = process.regular[index]
        if staged.assigned_to != assigned_to and assigned_to not in plot.takes_turns(index):
            raise again(self._refused.get(f"{plot.name}/{index}", Unstaged("the step could not be assigned")))
        return staged

    def locked(self, owner: str, assigned_to: str) -> StagedStep | None:
        """Returns a step of a completed process; None where none was completed yet."""
        for process in self.made:
            index = index_of(process.plot, owner, assigned_to)
            if process.completed and index is not None and process.regular[index].assigned_to == assigned_to:
                return process.regular[index]
        return None

    def fresh(self) -> StagedStep:
        """Returns a step that was just made, as far as there is still one to make."""
        return self.lease("owner", "assignee")

    def with_signoff(self, state: str, plot: str = "") -> StagedProcess:
        """Returns a process whose sign-off step is to be brought to that state."""
        process = self._process(plot or ("others" if state == "approved" else "assigned"))
        if not process.signoffs:
            raise Unstaged("the template has no sign-off step")
        return process

    def locked_signoff(self) -> StagedProcess | None:
        """Returns a completed process with an approved sign-off step; None where there is none yet."""
        found = (one for one in self.made if one.completed and one.signoff == "approved" and not one.plot.runs_out)
        return next(found, None)

    def _process(self, plot_name: str) -> StagedProcess:
        """Returns the plot's process, made on first use or when the last one was completed."""
        if plot_name in self._refused:
            raise again(self._refused[plot_name])
        for process in self.made:
            if process.plot.name == plot_name and not process.completed and not process.unusable:
                return process
        plot = next(one for one in self._plots if one.name == plot_name)
        try:
            return self._make(plot)
        except (Unstaged, StagingBroke) as error:
            self._refused[plot_name] = error
            raise

    def decide(self, process: StagedProcess, state: str) -> None:
        """Lets an account of ours approve or reject the sign-off of a process."""
        signoff = process.signoffs[0]
        if self.ledger.pending(signoff, DECISIONS):  # deciding would hide what earlier calls did
            self.ledger.flush(process.guid, STEPS, DECISIONS)
        verdict = {"approved": "APPROVED", "rejected": "REJECTED"}[state]
        if process.signoff == DOUBTED and state == "approved" and self.ledger.status(signoff) == COMPLETE:
            process.signoff = state
            return
        for decision, role in self._decisions_not(verdict, signoff) or self._ask_owner(process, verdict):
            api.decide(self._sessions[role], signoff, decision, verdict)
            if state == "rejected" or self.ledger.status(signoff) == COMPLETE:
                process.signoff = state
                return
        raise Unstaged("the sign-off step is not complete after our approval; others must approve too")

    def complete_process(self, process: StagedProcess) -> None:
        """Completes a process: by a call, or where that is refused or the plot wants it through its last step."""
        owner, runs_out = self._sessions[process.plot.owner], process.plot.runs_out
        if runs_out:
            self._complete_rest(process, owner)
            process.completed = self._is_completed(process)
        if not process.completed:
            answer = api.complete_process(owner, process.guid)
            process.completed = self._is_completed(process)
            if not process.completed and not runs_out:
                self._complete_rest(process, owner)
                answer = api.complete_process(owner, process.guid)
                process.completed = self._is_completed(process)
            if not process.completed:
                raise Unstaged(f"exchange {answer.id}: the process could not be completed: {answer.summary()}")

    def _complete_rest(self, process: StagedProcess, owner: Session) -> None:
        """Completes the steps that no scenario uses, and approves the sign-off."""
        for step in process.spare:
            api.complete(owner, step)
        if process.signoffs and process.signoff != "approved":
            with suppress(Unstaged, StagingBroke):
                self.decide(process, "approved")

    def delete(self) -> None:
        """Deletes every process that this run made. What it does not come to, or can't delete, `remaining` tells."""
        self.made, self.apart = [*self.made, *self.apart], []
        while self.made:
            process = self.made[-1]
            reason = self._delete(process.guid, process.creator, process.plot.owner)
            if reason:
                self._kept.append(f"{self._shown(process)}: {reason}")
            self.made.remove(process)
        for name in sorted(self._unanswered):
            with suppress(Unstaged, StagingBroke, NoAccount, LoginFailed):
                for guid in api.find(self._sessions["owner"], name):
                    self._sessions.journal.made(guid, name)
                    reason = self._delete(guid, "owner", "colleague")
                    if reason:
                        self._kept.append(f"quality process {guid} ({name}): {reason}")
                self._unanswered.discard(name)

    def make_apart(self, plot: Plot) -> StagedProcess:
        """Makes a process that is none of those that scenarios share; it is deleted with them, if not before."""
        process = self._make(plot)
        self.made.remove(process)
        self.apart.append(process)
        return process

    def remove(self, process: StagedProcess) -> None:
        """Deletes a process that was made apart; where that can't be done it is tried again at the end."""
        if not self._delete(process.guid, process.creator, process.plot.owner):
            self.apart.remove(process)

    def remaining(self) -> list[str]:
        """Returns what was not deleted, and what may exist."""
        unanswered = [f"perhaps a quality process {name}: its creation was not answered" for name in self._unanswered]
        made = [f"{self._shown(process)}: not deleted" for process in (*self.made, *self.apart)]
        return [*self._kept, *made, *sorted(unanswered)]

    def _shown(self, process: StagedProcess) -> str:
        return f"quality process {process.guid} ({self._name(process.plot)})"

    def _delete(self, guid: str, *roles: str) -> str:
        reason = "no account could log in"
        asked = dict.fromkeys((*roles, "administrator"))
        for role in sorted(asked, key=RESTRICTED.__contains__):  # who is restricted may delete what is their own
            if role in self._sessions:
                with suppress(NoAccount, LoginFailed):
                    answer = api.delete(self._sessions[role], guid)
                    if answer.accepted:
                        return ""
                    if api.is_unknown(answer) and api.is_unknown(api.look(self._sessions[role], guid)):
                        self._sessions.journal.deleted(guid)  # an interrupted call has deleted it, or somebody else
                        return ""
                    reason = answer.summary()
        return reason

    def _make(self, plot: Plot) -> StagedProcess:
        owner = self._sessions[plot.owner]
        creator = plot.creator if plot.creator in self._sessions else "owner"
        if not owner.guid and plot.owner != creator:
            if plot.owner in RESTRICTED:
                raise Unstaged(f"the guid of account {plot.owner} is not known; name it in the target file")
            creator = plot.owner  # who creates for themselves needs no guid
        try:
            created = self._create(plot, creator, owner.guid)
        except Unstaged:
            if plot.owner in (creator, *RESTRICTED):
                raise
            creator = plot.owner  # a target may let everybody create for themselves only
            created = self._create(plot, creator, "")
        session = self._sessions[creator]
        process = StagedProcess(plot, str(created["guid"]), creator)
        self.made.append(process)
        self.ledger.created(created)
        shown = api.steps(session, process.guid)
        self.ledger.listed(process.guid, shown)
        regular, signoffs = _subjects(process.guid, shown, "REGULAR"), _subjects(process.guid, shown, "SIGNOFF")
        if len(regular) < len(plot.steps):
            raise Unstaged(f"the template has {len(regular)} regular steps; {len(plot.steps)} are needed")
        process.signoffs = signoffs
        process.regular = [StagedStep(subject, UNASSIGNED) for subject in regular[: len(plot.steps)]]
        process.spare = regular[len(plot.steps) :]
        preset = {str(step.get("guid")) for step in shown if step.get("assignees")}
        for index in range(len(plot.steps)):
            self._assign(process, index, preset)
        planned = [step.assigned_to == plot.assigned_to(index) for index, step in enumerate(process.regular)]
        if not all(planned) and plot.without_former != plot:
            process.unusable = True
            return self._make(plot.without_former)
        if plot.approver in self._sessions and signoffs and self._sessions[plot.approver].guid:
            with suppress(Unstaged, StagingBroke):  # a target may lack decisions
                api.ask_decision(owner, signoffs[0], self._sessions[plot.approver].guid, plot.decision_type)
        return process

    def _create(self, plot: Plot, creator: str, owner: str) -> dict[str, Any]:
        name, session = self._name(plot), self._sessions[creator]
        self._unanswered.add(name)
        try:
            created = api.create(session, name=name, description=plot.description, staging=self._staging, owner=owner)
        except Declined:
            self._unanswered.discard(name)
            raise
        self._unanswered.discard(name)
        if created["guid"] not in self._sessions.journal.past.made:  # its name was read only now
            self._sessions.journal.made(created["guid"], name)
        return created

    def _assign(self, process: StagedProcess, index: int, preset: set[str]) -> None:
        """Assigns one step; where that fails the step is unusable, not the process.

        A template may have assigned a step that the plot wants without assignee.
        """
        staged = process.regular[index]
        unassign = (UNASSIGNED,) if staged.subject.step in preset else ()
        for holder in process.plot.steps[index] or unassign:
            try:
                self.assign(process, staged, holder)
                if index == process.plot.worked and holder != process.plot.assigned_to(index):
                    self.complete(staged, by=holder)
                    self._sessions[holder].reopen(staged.subject, purpose="staging")
            except (Unstaged, StagingBroke, NoAccount) as error:
                self._refused[f"{process.plot.name}/{index}"] = error
        if staged.assigned_to != process.plot.assigned_to(index):
            staged.assigned_to = "(not as planned)"

    def assign(self, process: StagedProcess, staged: StagedStep, holder: str) -> None:
        """Assigns an open step to another holder, who is not known yet to be able to reopen it."""
        self._assign_as_anyone(process, staged.subject, self._assignees(holder))
        staged.assigned_to, staged.proven_by, staged.proven_role = holder, None, ""

    def _assign_as_anyone(self, process: StagedProcess, step: Subject, assignees: dict[str, Any] | None) -> None:
        """Assigns as the creator, and where only owners assign as the owner."""
        try:
            api.assign(self._sessions[process.creator], step, assignees)
        except Unstaged:
            if process.plot.owner in (process.creator, *RESTRICTED):
                raise
            api.assign(self._sessions[process.plot.owner], step, assignees)

    def _assignees(self, holder: str) -> dict[str, Any] | None:
        if holder == UNASSIGNED:
            return None
        if holder == GROUP:
            if not self._staging.assignee_group:
                raise Unstaged("the target file names no assignee_group")
            return {"userGroups": [{"guid": self._staging.assignee_group}]}
        users = [self._sessions[role] for role in holders(holder)]
        for user in users:
            if not user.guid:
                raise Unstaged(f"the guid of account {user.role} is not known; name it in the target file")
        return {"users": [{"guid": user.guid} for user in users]}

    def _decisions_not(self, verdict: str, signoff: Subject) -> list[tuple[str, str]]:
        """Returns the decisions of our accounts that are not `verdict` yet, each with its account."""
        may = [account for role, account in self._sessions.roles.items() if role not in RESTRICTED]
        ours = {name: one.role for one in may for name in (one.email, self._sessions[one.role].guid) if name}
        undecided = [
            decision
            for decision in api.decisions(self._reader(signoff.process), signoff)
            if decision.get("decision") != verdict and isinstance(decision.get("guid"), str)
        ]
        makers = ((one["guid"], [ours[guid] for guid in _strings(one) if guid in ours]) for one in undecided)
        return [(decision, roles[0]) for decision, roles in makers if roles]

    def _ask_owner(self, process: StagedProcess, verdict: str) -> list[tuple[str, str]]:
        """Makes the owner an approver."""
        owner = self._sessions[process.plot.owner]
        if not owner.guid:
            raise Unstaged(f"the guid of account {owner.role} is not known; name it in the target file")
        api.ask_decision(owner, process.signoffs[0], owner.guid, process.plot.decision_type)
        found = self._decisions_not(verdict, process.signoffs[0])
        if not found:
            raise Unstaged("no account of the target file is an approver of the sign-off step")
        return found

    def _name(self, plot: Plot) -> str:
        return f"conformance-{self._run_id}-{plot.name}"


def index_of(plot: Plot, owner: str, assigned_to: str) -> int | None:
    """Returns which step of a plot is meant; None where it has none of the kind."""
    if plot.owner == owner:
        for index in range(len(plot.steps)):
            if assigned_to in plot.takes_turns(index):
                return index
    return None


def again(error: Exception) -> Exception:
    """Returns a copy to raise: the same one would grow a longer traceback each time."""
    return type(error)(str(error))


def _subjects(process: str, steps: list[dict[str, Any]], kind: str) -> list[Subject]:
    return [Subject(process, str(step.get("guid"))) for step in steps if step.get("type") == kind]


def _strings(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for member in value.values():
                yield from _strings(member)
        case list():
            for member in value:
                yield from _strings(member)
