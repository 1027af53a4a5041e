"""One walk: does what several accounts do, one after the other, and compares each answer and its effect with the model.

Only reopenings are judged: the page promises nothing else. What any other call is answered is believed as far as the
target shows it afterwards.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from conformance import expect
from conformance.evidence import Exchange, Subject
from conformance.expect import READS_OPEN, UNCHANGED, UNTOUCHED, Broken, NoAnswer, Unclear
from conformance.judge import Run
from conformance.session import LoginFailed, NoAccount, NotOurs, Session, Spent
from conformance.stage import Change, Snapshot, StagingBroke, Unstaged, api, changes
from conformance.verdict import Finding
from conformance.walks.ground import PROCESS, Ground, Lost
from conformance.walks.model import Action, Answer, Expected, Kind, Model

SLUG: Final = "walk-of-several-actors"
EFFECTS: Final = "reopen-step"  # the rule that owns what a reopening changes
_FREE_OF_STEP: Final = frozenset({"status", "completeDateTime", "completeUser"})
_FREE_OF_PROCESS: Final = frozenset({"currentStep", "completedDateTime"})


@dataclass(frozen=True)
class Deed:
    """One action of a walk: what had to come of it, what came, and in which exchange."""

    action: Action
    expected: str
    actual: str
    accepted: bool
    exchange: int


@dataclass
class Seen:
    """What the walks of a run showed, taken together."""

    walks: int = 0
    actions: int = 0
    reopened: bool = False  # whether any step was seen to be reopened
    judged: set[str] = field(default_factory=set)  # rules that decided a reopening
    silent: dict[tuple[str, str], Counter[str]] = field(default_factory=dict)  # answers, by rule and open question
    unanswered: list[str] = field(default_factory=list)
    unstaged: str = ""  # why a walk could not go on
    without_view: bool = False  # the target has no view of a single step


class Walk:
    """A walk over processes of its own. Once it is `over`, nothing more is done."""

    def __init__(self, run: Run, model: Model, ground: Ground, seen: Seen) -> None:
        self.model = model
        self.deeds: list[Deed] = []
        self.over = ""
        self.doubt = ""  # why something in it could not be judged
        self._run = run
        self._ground = ground
        self._seen = seen
        self._dead: dict[str, Session] = {}  # sessions that were logged out

    def do(self, action: Action) -> Finding | None:
        """Does one thing and returns what it showed to be wrong; with that the walk is over."""
        if self.over:
            return None
        finding = None
        self._seen.actions += 1
        self._run.recorder.scenario = f"{EFFECTS}/{SLUG}"
        try:
            if action.kind is Kind.REOPEN:
                finding = self._reopen(action)
            else:
                self._support(action)
        except (NoAnswer, Unclear) as error:
            self.doubt = str(error)
            self._seen.unanswered += [str(error)] * isinstance(error, NoAnswer)
            self._ground.doubt()
        except (Unstaged, StagingBroke, NoAccount, LoginFailed, NotOurs, Spent, Lost) as error:
            self.over = self.doubt = self._seen.unstaged = str(error)
        if finding:
            self.over = "something is wrong"
        return finding

    def end(self) -> None:
        """Leaves nothing behind; what can't be deleted now is when the run ends."""
        self.over = self.over or "it has ended"
        with suppress(Spent):
            self._ground.leave()

    # what is judged

    def _reopen(self, action: Action) -> Finding | None:
        subject = self._ground.subject(action.process, action.step)
        if subject is None:
            return None
        signoff = self.model.processes[action.process].steps[action.step].signoff
        own = self._ground.views(action.process, decisions=signoff)
        self._ground.settle(own)
        completed = self.model.processes[action.process].completed
        expected = self.model.expects(action)
        everything = sorted({*own, *self._ground.views()})
        watched = everything if expected.answer is Answer.ACCEPTED else own
        self._ground.settle(watched)
        self._run.recorder.scenario = f"{expected.rule}/{SLUG}"
        answer = self._session(action.account).reopen(subject)
        self._done(action, str(expected), answer)
        finding = self._answered(expected, answer)
        if finding:
            return finding
        if answer.refused:  # what a refusal could change is looked for where it is likeliest
            watched = [view for view in own if completed or view[1] != PROCESS]
        before = self._ground.seen(watched)
        self._ground.look(watched)
        after = self._ground.seen(watched)
        if answer.refused:
            changed = expect.in_words(changes(before, after))
            return Finding(expected.rule, UNCHANGED, changed, (answer.id,)) if changed else None
        if signoff:
            return _signoff_effects(answer, before, after)
        self._seen.judged.add(EFFECTS)
        finding = _effects(answer, before, after) or self._single_view(action, answer, subject)
        self._seen.reopened |= finding is None
        return finding

    def _answered(self, expected: Expected, answer: Exchange) -> Finding | None:
        """Compares the answer with the one that must come. Raises NoAnswer, Unclear."""
        self._seen.judged.add(expected.rule)
        try:
            if expected.answer is Answer.REFUSED:
                expect.refused(answer, self._run.profile[expected.situation])
            elif expected.answer is Answer.ACCEPTED or not answer.refused:
                expect.reopened(answer)
        except Broken as broken:
            return Finding(expected.rule, f"{broken.expected}, for {expected.why}", broken.actual, broken.exchanges)
        if expected.answer is Answer.EITHER:
            told = ", ".join(map(str, [answer.status, *answer.codes]))
            self._seen.silent.setdefault((expected.rule, expected.why), Counter())[told] += 1
        return None

    def _single_view(self, action: Action, answer: Exchange, step: Subject) -> Finding | None:
        """The step's own view has to agree, where there is one."""
        status = None if self._seen.without_view else self._ground.single(action.process, step)
        self._seen.without_view = status is None
        if status in ("OPEN", None):
            return None
        return Finding(EFFECTS, "the step's own view reads OPEN after a success", f"it reads {status}", (answer.id,))

    # what is believed

    def _support(self, action: Action) -> None:
        """Does what the page says nothing about. A refusal is as good as a success: the target shows what came of it.

        What a step's decisions and the other processes show is in doubt after it as well.
        """
        if action.kind is Kind.LOG_OUT:
            self._dead[action.account] = self._run.sessions.log_out(action.account)
        elif action.kind is Kind.LOG_IN:
            self._dead.pop(action.account, None)
            self._run.sessions[action.account]
        elif not self._change(action):
            return
        self._done(action, "", self._run.recorder[self._run.recorder.count])
        if not action.of_session:
            self._ground.doubt()

    def _change(self, action: Action) -> bool:
        """Makes the call that changes a process or a step, and tells whether there was one to make."""
        session, guid = self._session(action.account), self._ground.process(action.process).guid
        if action.kind is Kind.COMPLETE_PROCESS:
            api.complete_process(session, guid)
            return True
        if action.kind is Kind.REOPEN_PROCESS:
            api.reopen_process(session, guid)
            return True
        step = self._ground.subject(action.process, action.step)
        if step is None:
            return False
        if action.kind is Kind.COMPLETE:
            api.complete(session, step)
            return True
        with suppress(Unstaged):  # refused
            if action.kind is Kind.ASSIGN:
                api.assign(session, step, self._ground.assignees(action.to))
                return True
            decision = self._ground.decision(action.process, action.account)
            if not decision:
                return False
            api.decide(session, step, decision, "APPROVED" if action.kind is Kind.APPROVE else "REJECTED")
        return True

    def _session(self, account: str) -> Session:
        return self._dead.get(account) or self._run.sessions[account]

    def _done(self, action: Action, expected: str, answer: Exchange) -> None:
        self.model.done(action, answer.accepted)
        self.deeds.append(Deed(action, expected, answer.summary(), answer.accepted, answer.id))


def _effects(answer: Exchange, before: Snapshot, after: Snapshot) -> Finding | None:
    """A regular step reads OPEN, and nothing else changed."""
    step = answer.subject.step if answer.subject else ""
    if not after.knows("step", step):
        return Finding(EFFECTS, "the step is there after it was reopened", "it is no longer listed", (answer.id,))
    status = after.of("step", step, "status")
    if status != "OPEN":
        return Finding(EFFECTS, READS_OPEN, f"it reads {status}", (answer.id,))
    return _beside(answer, [change for change in changes(before, after) if not _follows(change, step)])


def _signoff_effects(answer: Exchange, before: Snapshot, after: Snapshot) -> Finding | None:
    """Whatever becomes of a sign-off step that is not approved, as the page is silent, no other step changes."""
    step = answer.subject.step if answer.subject else ""
    found = changes(before, after)
    return _beside(answer, [change for change in found if change.place.kind == "step" and change.place.guid != step])


def _beside(answer: Exchange, found: list[Change]) -> Finding | None:
    return Finding(EFFECTS, UNTOUCHED, expect.in_words(found), (answer.id,)) if found else None


def _follows(change: Change, step: str) -> bool:
    """Whether a change is part of the reopening, or left to the server."""
    place = change.place
    own = place.kind == "step" and place.guid == step and place.field in _FREE_OF_STEP
    return own or (place.kind == "process" and place.field in _FREE_OF_PROCESS)
