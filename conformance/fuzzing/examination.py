"""Sends cases for staged steps and judges what comes back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Final

from conformance import expect
from conformance.evidence import Exchange, Subject
from conformance.expect import Broken, NoAnswer, Refused, Unclear
from conformance.fuzzing.case import ACCEPTED, OBSERVED, Case, filled
from conformance.fuzzing.checks import Checks
from conformance.fuzzing.kinds import KINDS, Kind, are_neighbours, turns
from conformance.fuzzing.tally import ANSWERS, Failure, Tallies
from conformance.fuzzing.ways import send
from conformance.invariants import HEADERS, QUOTA, turned_away
from conformance.judge import Run, settle
from conformance.session import LoginFailed, NoAccount, NotOurs
from conformance.stage import StagingBroke, Unstaged
from conformance.verdict import Finding

BATCH: Final = 40  # refusals that are tried between two readings
_MOST_RETRIED: Final = 2 * BATCH  # cases that are tried again to find out which of them changed something
_INJECTED: Final = "X-Injected"

_UNSTAGED: Final = (Unstaged, NoAccount, NotOurs)
_BROKE: Final = (StagingBroke, LoginFailed)


class Stopped(Exception):
    """No further call may be made."""


class Examination:
    """Sends the cases of one run."""

    def __init__(self, run: Run, tallies: Tallies) -> None:
        self.done = self.positive = self.reached = self.negative = self.accepted = 0
        self.fixed = 0  # how many cases are of the fixed list
        self.total = 0  # cases, as far as is known
        self._run = run
        self._tallies = tallies
        self._checks = Checks()
        self._unusable: dict[Kind, str] = {}
        self._sent: dict[int, Case] = {}  # by exchange

    @property
    def may_touch_processes(self) -> bool:
        """Whether a request may be about a process itself."""
        return self._run.stage.makes_processes

    def reopen(self, cases: Sequence[Case]) -> None:
        """Sends requests that must be accepted, each for a completed step that its sender may reopen.

        All kinds of steps and senders come in turn. Each step is read back before it is completed again. Of two steps
        of one process both are completed before the first is reopened: it meets a completed neighbour.
        """
        kinds = [case.kind or kind for case, kind in zip(cases, turns(len(cases)), strict=True)]
        both = False
        for at, (case, kind) in enumerate(zip(cases, kinds, strict=True)):
            following = kinds[at + 1] if at + 1 < len(kinds) else kind
            both = not both and are_neighbours(kind, following)
            if both and following not in self._unusable:
                with suppress(*_UNSTAGED, *_BROKE):  # its own turn tells
                    self._completed(following, self.done + 1)
            self._reopen(case, kind)

    def refuse(self, cases: Sequence[Case]) -> None:
        """Sends requests that must be refused, all for one step; now and then it is read whether anything changed."""
        stage = self._run.stage
        for at, case in enumerate(cases):
            with self._staging(case):
                elsewhere = stage.completed_step(owner="owner", assigned_to="group")
                step = stage.completed_step(owner="owner", assigned_to="assignee")
                self._examine(case, step, elsewhere)
                if at % BATCH == BATCH - 1 or case is cases[-1]:
                    stage.look(step, elsewhere)

    def observe(self, cases: Sequence[Case]) -> None:
        """Sends requests that a server may accept or refuse. Where it refuses, nothing may change.

        Two steps of one process are completed and take their turns, so that the first request of the two meets a
        completed neighbour, and one reading shows what was done to either.
        """
        stage = self._run.stage
        steps: list[Subject] = []
        for case in cases:
            with self._staging(case):
                elsewhere = stage.completed_step(owner="owner", assigned_to="assignee")
                steps = steps or stage.completed_steps(owner="owner", assigned_to="group")
                self._examine(case, steps.pop(0), elsewhere)

    def process_itself(self, case: Case) -> None:
        """Sends a request without a step, which is about the process: none of its steps may change."""
        stage = self._run.stage
        with self._staging(case):
            stage.completed_step(owner="owner", assigned_to="assignee")
            step = stage.completed_step(owner="owner", assigned_to="colleague")
            self._examine(case, step, step, Subject(step.process, ""))

    def control(self) -> None:
        """Sends the page's own request where nothing was accepted: else what was refused would prove nothing."""
        with self._staging():
            if not self.accepted:
                step = self._run.stage.completed_step(owner="owner", assigned_to="assignee")
                self.accepted += self._run.sessions["owner"].reopen(step, purpose="control").accepted

    def find_out(self) -> None:
        """Reads everything back. Where one of several cases must have changed something, it is found out which."""
        run = self._run
        run.recorder.scenario = ""
        settle(run)
        if run.seen_enough():
            return
        suspects = [exchange.id for one in run.stage.surprises for exchange in one.exchanges]
        names = run.try_again()
        cases = [self._sent[number] for number in suspects if number in self._sent]
        for case in list(dict.fromkeys(one for one in cases if _charged(one) in names))[:_MOST_RETRIED]:
            self._go_on(case)
            with self._staging():
                owner, assigned_to = (case.kind.owner, case.kind.assigned_to) if case.kind else ("owner", "assignee")
                elsewhere = run.stage.completed_step(owner="owner", assigned_to="group")
                self._send(case, run.stage.completed_step(owner, assigned_to), elsewhere)
            run.stage.end_scenario()
        settle(run)
        self._sent.clear()

    def break_off(self) -> None:
        """Reads everything back after the last call that could be made."""
        run = self._run
        run.recorder.scenario = ""
        if not run.seen_enough():
            settle(run)

    def failure(self, case: Case, rule: str) -> Failure | None:
        """Sends one more case and returns how it breaks a rule, if it does; for making a failing case smaller."""
        self._go_on(case)
        stage = self._run.stage
        try:
            elsewhere = stage.completed_step(owner="owner", assigned_to="group")
            step = stage.completed_step(owner="owner", assigned_to="assignee")
            answer = self._send(case, step, elsewhere)
        except (*_UNSTAGED, *_BROKE):
            return None
        findings, verdict = self._wrong(case, answer)
        if isinstance(verdict, Refused):
            findings.append(Finding(case.rule, verdict.expected, verdict.actual, verdict.exchanges))
        broken = next((one for one in findings if one.rule == rule), None)
        return None if broken is None else Failure(case, broken, answer)

    def _reopen(self, case: Case, kind: Kind) -> None:
        """Sends a valid request for a step of this kind, or of another one where this can't be had."""
        for one in (kind, *KINDS):
            if one in self._unusable:
                continue
            with self._staging(kind=one):
                step = self._completed(one, self.done)
                self._examine(replace(case, sender=one.sender, kind=one), step, step)
                return
        self._tallies.of(case).untested.append(next(iter(self._unusable.values())))

    def _completed(self, kind: Kind, number: int) -> Subject:
        """Returns a completed step of this kind for a case; every third time its sender has completed it as well."""
        completed_by = kind.sender if number % 3 == 0 else ""
        return self._run.stage.completed_step(kind.owner, kind.assigned_to, completed_by)

    # What is sent, and what must come.

    def _send(self, case: Case, step: Subject, elsewhere: Subject, aim: Subject | None = None) -> Exchange:
        """Sends a case, filled in for a step; it aims at this step unless it says otherwise."""
        body = filled(case.body, step, elsewhere)
        self._run.recorder.scenario = _charged(case)
        answer = send(self._run.sessions, case, aim or step, body)
        self._tallies.judged.add(answer.id)
        self._sent[answer.id] = case
        return answer

    def _examine(self, case: Case, step: Subject, elsewhere: Subject, aim: Subject | None = None) -> None:
        self._go_on(case)
        answer = self._send(case, step, elsewhere, aim)
        self.done += 1
        findings, verdict = self._wrong(case, answer)
        tally = self._tallies.of(case)
        match verdict:
            case Refused() if why := self._run.stage.why_not_reopenable(answer) or self._why_open(answer):
                tally.put_off(why, answer)
            case Refused():
                findings.append(self._whose(case, verdict, answer))
            case Unclear():
                tally.put_off(str(verdict), answer)
            case NoAnswer() if answer.unusual:
                tally.observed[answer.id] = answer.observation()
            case NoAnswer():
                tally.errors.append(str(verdict))
            case None if case.wanted == OBSERVED or turned_away(answer):
                tally.observed[answer.id] = answer.observation()
            case None:
                tally.kept.append(answer.id)
        if case.kind is not None and answer.accepted:
            self._tallies.keep(case.kind.rule, answer)
        for finding in findings:
            self._tallies.fail(case, finding, answer)
        self._count(case, answer)

    def _wrong(self, case: Case, answer: Exchange) -> tuple[list[Finding], Exception | None]:
        """Returns what an answer breaks, and why it says nothing about the case itself, if it does not."""
        judgement = self._run.judgement(answer)
        findings = [one for one in judgement.findings if one.rule != QUOTA]
        findings += self._checks.findings(answer, judgement)
        if answer.header(_INJECTED):
            actual = f"{_INJECTED} from the request stands among them"
            findings.append(Finding(HEADERS, "the server's own headers only", actual, (answer.id,)))
        try:
            self._expect(case, answer)
        except Refused as error:
            return findings, error
        except Broken as error:
            findings.append(Finding(error.rule or case.rule, error.expected, error.actual, error.exchanges))
            return findings, error
        except (Unclear, NoAnswer) as error:
            return findings, error
        return findings, None

    def _expect(self, case: Case, answer: Exchange) -> None:
        if turned_away(answer):
            return
        if case.wanted == ACCEPTED:
            expect.reopened(answer)
        elif case.wanted != OBSERVED:
            expect.refused(answer, self._run.profile[case.wanted])
        elif answer.status is None:
            raise NoAnswer(f"exchange {answer.id}: {answer.trouble}")

    def _whose(self, case: Case, error: Refused, answer: Exchange) -> Finding:
        """Says which rule a refusal of a valid request breaks: that of the request, or that of who sent it."""
        rule, kind = case.rule, case.kind
        if kind is not None and not self._plainly_reopened(answer):
            rule = kind.rule
            self._unusable[kind] = f"{kind.sender} is refused where the page permits it"
        return Finding(rule, error.expected, error.actual, error.exchanges)

    def _why_open(self, answer: Exchange) -> str:
        """Returns why it says nothing that a step is refused as open: it is, and what opened it answers for that."""
        codes = self._run.profile["already-open"].codes or ()
        if answer.subject is None or not {*answer.codes} & {*codes}:
            return ""
        return "something else had opened the step before" if self._run.stage.reads_open(answer.subject) else ""

    def _plainly_reopened(self, answer: Exchange) -> bool:
        """Whether the same account reopens the same step with the page's own request."""
        if answer.subject is None:
            return False
        self._run.recorder.scenario = ""
        return self._run.sessions[answer.account].reopen(answer.subject, purpose="control").accepted

    def _count(self, case: Case, answer: Exchange) -> None:
        self.accepted += answer.status == 201
        if case.valid:
            self.positive += 1
            named = {code for one in self._run.profile.values() for code in one.codes or ()}
            self.reached += answer.accepted or bool(named & {*answer.codes})
        else:
            self.negative += 1

    def _go_on(self, case: Case) -> None:
        if self._run.stopped or self._run.seen_enough():
            raise Stopped
        self._run.progress(f"fuzzing/{case.input_class}", self.done, self.total)

    @contextmanager
    def _staging(self, *cases: Case, kind: Kind | None = None) -> Iterator[None]:
        """Notes for these cases, or for a kind of step, why it could not be staged, if so."""
        try:
            yield
        except _UNSTAGED as error:
            if kind is not None:
                self._unusable[kind] = str(error)
            for case in cases:
                self._tallies.of(case).untested.append(str(error))
        except _BROKE as error:
            if kind is not None:
                self._unusable[kind] = str(error)
            for case in cases:
                self._tallies.of(case).errors.append(str(error))
        finally:
            self._run.recorder.scenario = ""


def _charged(case: Case) -> str:
    """Returns the scenario that answers for what a case does: of a valid request it is the right of its sender."""
    return f"{case.kind.rule}/fuzz-{ANSWERS}" if case.kind else case.scenario
