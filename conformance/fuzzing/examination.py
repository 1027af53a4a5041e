"""Sends cases for staged steps and judges what comes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import cycle
from typing import Final

from conformance import expect
from conformance.evidence import Exchange, Subject
from conformance.expect import Broken, NoAnswer, Refused, Unclear
from conformance.fuzzing.case import ACCEPTED, OBSERVED, Case, filled
from conformance.fuzzing.kinds import KINDS, Kind
from conformance.fuzzing.tally import Failure, Tallies
from conformance.fuzzing.ways import send
from conformance.invariants import FAILURE, HEADERS, QUOTA, turned_away
from conformance.judge import Run
from conformance.session import VARIANT, LoginFailed, NoAccount, NotOurs
from conformance.stage import Ground, Snapshot, StagingBroke, Unstaged
from conformance.verdict import Finding

BATCH: Final = 40  # refusals that are tried between two readings
_READ_EACH: Final = 10  # of so many reopens one is read back
_BELOW: Final = frozenset({501, 505})
_INJECTED: Final = "X-Injected"

_UNSTAGED: Final = (Unstaged, NoAccount, NotOurs)
_BROKE: Final = (StagingBroke, LoginFailed)


class Stopped(Exception):
    """No further call may be made."""


class Examination:
    """Sends the cases of one run."""

    def __init__(self, run: Run, tallies: Tallies, total: int) -> None:
        self.done = self.positive = self.reached = self.negative = self.accepted = 0
        self._run = run
        self._tallies = tallies
        self._total = total
        self._kinds = cycle(KINDS)
        self._unusable: dict[Kind, str] = {}
        self._known: set[Kind] = set()  # kinds of which a reopen was read back

    def reopen(self, cases: Sequence[Case]) -> None:
        """Sends requests that must be accepted, or may be, each for a completed step that its sender may reopen."""
        for case in cases:
            self._reopen(case)

    def refuse(self, cases: Sequence[Case]) -> None:
        """Sends requests that must be refused: a whole batch for one step, and then nothing may have changed."""
        for at in range(0, len(cases), BATCH):
            batch = cases[at : at + BATCH]
            self._try(batch, control=True)

    def observe(self, cases: Sequence[Case]) -> None:
        """Sends requests that a server may accept or refuse. Where it refuses, nothing may change."""
        for at in range(0, len(cases), BATCH):
            self._try(cases[at : at + BATCH], control=False)

    def process_itself(self, case: Case) -> None:
        """Sends a request without a step, which is about the process: none of its steps may change."""
        with self._staging(case):
            self._run.stage.completed_step(owner="owner", assigned_to="group")
            lease = partial(self._run.stage.completed_step, owner="owner", assigned_to="")
            with self._run.stage.ground(lease, control=False) as ground:
                step = ground.step()
                itself = Subject(step.process, "")
                self._examine(case, lambda one: self._send(one, step, step, itself))

    def failure(self, case: Case, rule: str) -> Failure | None:
        """Sends one more case and returns how it breaks a rule, if it does; for making a failing case smaller."""
        self._go_on(case)
        stage = self._run.stage
        try:
            elsewhere = stage.completed_step(owner="owner", assigned_to="")
            step = stage.completed_step(owner="owner", assigned_to="assignee")
            answer = self._send(case, step, elsewhere)
        except (*_UNSTAGED, *_BROKE):
            return None
        findings, verdict = self._wrong(case, answer)
        if isinstance(verdict, Refused):
            findings.append(Finding(case.rule, verdict.expected, verdict.actual, verdict.exchanges))
        broken = next((one for one in findings if one.rule == rule), None)
        return None if broken is None else Failure(case, broken, answer)

    # One case at a time.

    def _reopen(self, case: Case) -> None:
        kind = self._kind(case)
        if kind is None:
            self._tallies.of(case).untested.append(next(iter(self._unusable.values())))
            return
        with self._staging(case):
            stage = self._run.stage
            completed_by = kind.sender if self.done % 3 == 0 else ""
            step = stage.completed_step(kind.owner, kind.assigned_to, completed_by)
            read = self._reader(kind)
            before = read(step) if read else None
            sent = replace(case, sender=kind.sender, kind=kind)
            answer = self._examine(sent, lambda one: self._send(one, step, step))
            if before is not None and read is not None and answer.accepted:
                self._read_back(sent, answer, before, read(step))

    def _kind(self, case: Case) -> Kind | None:
        """Returns the next kind of step that can be had; the one that the case names, if it names one."""
        if case.kind is not None:
            return case.kind
        for kind in (next(self._kinds) for _ in KINDS):
            if kind in self._unusable or kind.sender not in self._run.sessions:
                self._unusable.setdefault(kind, f"the target file has no account {kind.sender}")
                continue
            if kind in self._known:
                return kind
            with self._staging(case, kind=kind):
                self._run.stage.completed_step(kind.owner, kind.assigned_to)
                return kind
        return None

    def _reader(self, kind: Kind) -> Callable[[Subject], Snapshot] | None:
        """Returns how to read a step back: all of it the first time, later now and then."""
        views = self._run.stage.views
        if kind not in self._known:
            self._known.add(kind)
            return views.whole
        return views.steps if self.done % _READ_EACH == 0 else None

    def _read_back(self, case: Case, answer: Exchange, before: Snapshot, after: Snapshot) -> None:
        try:
            expect.reopened(answer, before, after)
            self._tallies.keep("reopen-step", answer)
        except Broken as error:
            whose = case.kind.rule if case.kind else "reopen-step"
            finding = Finding(error.rule or whose, error.expected, error.actual, error.exchanges)
            self._tallies.fail(case, finding, answer)
        except (Unclear, NoAnswer):
            return

    # Many cases for one step.

    def _try(self, cases: Sequence[Case], *, control: bool) -> None:
        """Sends cases for one step between two readings."""
        assigned_to = "assignee" if control else "several"
        with self._staging(*cases), self._ground(assigned_to, control=control) as (ground, elsewhere):
            for case in cases:
                with self._staging(case):
                    self._examine(case, lambda one: self._send(one, ground.step(), elsewhere))
        if ground.changes and not ground.accepted:
            ground.scenarios[:] = self._guilty(cases, assigned_to) or ground.scenarios

    @contextmanager
    def _ground(self, assigned_to: str, *, control: bool) -> Iterator[tuple[Ground, Subject]]:
        stage = self._run.stage
        elsewhere = stage.completed_step(owner="owner", assigned_to="")
        lease = partial(stage.completed_step, "owner", assigned_to)
        with stage.ground(lease, elsewhere, control=control) as ground:
            yield ground, elsewhere

    def _guilty(self, cases: Sequence[Case], assigned_to: str) -> list[str]:
        """Returns the scenario of the refusal after which something changed, by trying ever fewer of them."""
        if len(cases) == 1:
            return [cases[0].scenario]
        for half in (cases[: len(cases) // 2], cases[len(cases) // 2 :]):
            with self._staging(), self._ground(assigned_to, control=False) as (ground, elsewhere):
                for case in half:
                    self._go_on(case)
                    with self._staging():
                        self._send(case, ground.step(), elsewhere)
            ground.scenarios.clear()
            if ground.changes:
                return self._guilty(half, assigned_to)
        return []

    # What is sent, and what must come.

    def _send(self, case: Case, step: Subject, elsewhere: Subject, aim: Subject | None = None) -> Exchange:
        """Sends a case, filled in for a step; it aims at this step unless it says otherwise."""
        body = filled(case.body, step, elsewhere)
        self._run.recorder.scenario = case.scenario
        answer = send(self._run.sessions, case, aim or step, body)
        self._tallies.judged.add(answer.id)
        return answer

    def _examine(self, case: Case, sending: Callable[[Case], Exchange]) -> Exchange:
        self._go_on(case)
        self.done += 1
        answer = sending(case)
        findings, verdict = self._wrong(case, answer)
        tally = self._tallies.of(case)
        match verdict:
            case Refused() if why := self._run.stage.why_not_reopenable(answer):
                tally.untested.append(why)
            case Refused():
                findings.append(self._whose(case, verdict, answer))
            case Unclear():
                tally.untested.append(str(verdict))
            case NoAnswer() if answer.unusual:
                tally.observed[answer.id] = f"the answer is none: {answer.trouble}"
            case NoAnswer():
                tally.errors.append(str(verdict))
            case None if case.wanted == OBSERVED or turned_away(answer):
                tally.observed[answer.id] = _seen(answer)
            case None:
                tally.kept.append(answer.id)
        if case.kind is not None and answer.accepted:
            self._tallies.keep(case.kind.rule, answer)
        for finding in findings:
            self._tallies.fail(case, finding, answer)
        self._count(case, answer)
        return answer

    def _wrong(self, case: Case, answer: Exchange) -> tuple[list[Finding], Exception | None]:
        """Returns what an answer breaks, and why it says nothing about the case itself, if it does not."""
        findings = [one for one in self._run.judgement(answer).findings if one.rule != QUOTA]
        if (
            answer.operation == VARIANT
            and case.readable
            and (answer.status or 0) >= 500
            and answer.status not in _BELOW
        ):
            actual = f"status {answer.status}: the server failed"
            findings.append(Finding(FAILURE, "never 5xx", actual, (answer.id,)))
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
            expect.accepted(answer)
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
        if self._run.stopped:
            raise Stopped
        self._run.progress(f"fuzzing/{case.input_class}", self.done, self._total)

    @contextmanager
    def _staging(self, *cases: Case, kind: Kind | None = None) -> Iterator[None]:
        """Notes for these cases why they could not be sent, if so."""
        try:
            yield
        except _UNSTAGED as error:
            if kind is not None:
                self._unusable[kind] = str(error)
                return
            for case in cases:
                self._tallies.of(case).untested.append(str(error))
        except _BROKE as error:
            for case in cases:
                self._tallies.of(case).errors.append(str(error))
        finally:
            self._run.recorder.scenario = ""


def _seen(answer: Exchange) -> str:
    codes = f", code {', '.join(map(str, answer.codes))}" if answer.codes else ""
    return f"the page is silent; the answer is {answer.status}{codes}"
