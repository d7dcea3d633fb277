"""Scoring answers that exist: metrics without a model at once, judged metrics with verdicts that survive a kill."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from lcrag.errors import LcragError, ReaderUnavailable, did_you_mean
from lcrag.judges.base import Calibrated, JudgedMetric, Verdict
from lcrag.judging.deciding import check_may_decide
from lcrag.judging.tools import Judging, MeteredJudge
from lcrag.judging.verdicts import Entry, Verdicts, verdict_key
from lcrag.metrics.accuracy import Accuracy
from lcrag.metrics.base import Metric
from lcrag.metrics.score import METRICS, STANDARD
from lcrag.metrics.task import TaskScore
from lcrag.readers.base import Reader
from lcrag.redaction import redact
from lcrag.runtime.caps import OverBudget
from lcrag.schema import Answer, Outcome, Question
from lcrag.tables import many

AnyMetric = Metric | JudgedMetric
OnVerdict = Callable[[Verdict, bool], None]


def check_metrics(metrics: Sequence[AnyMetric], deciding: str, reader: Reader | None) -> None:
    """Refuse metrics of one name, a deciding metric that is not there, and a judge that was not checked.

    Args:
        metrics: the metrics beside the standard ones.
        deciding: the name of the metric that decides.
        reader: the judge of metrics that name none.

    Raises:
        LcragError: names the metric and what to do.
    """
    names = [m.name for m in metrics]
    if duplicate := next((name for name in names if names.count(name) > 1), ""):
        raise LcragError(f"Two metrics are named {duplicate!r}: give one of them another `name`.")
    if deciding not in (*METRICS, *names):
        raise LcragError(f"There is no metric {deciding!r}; {did_you_mean(deciding, [*METRICS, *names])}")
    judge = next((m for m in metrics if m.name == deciding and isinstance(m, JudgedMetric)), None)
    if judge is not None:
        judge.check_may_decide()
        if isinstance(judge, Calibrated):
            check_may_decide(judge, reader, judge.calibration, uncalibrated=judge.uncalibrated)


def describe_scoring(metrics: Sequence[AnyMetric], deciding: str) -> str:
    """How answers are scored, for the foot of a table."""
    metric = next(m for m in (*metrics, *STANDARD) if m.name == deciding)
    if isinstance(metric, Accuracy | TaskScore):
        return metric.summary
    what = (type(metric).__doc__ or "a metric of your own.").strip().splitlines()[0]
    judge = getattr(metric, "judge", None)
    by = f" The judge is {judge.name}." if judge is not None else ""
    return f"Scored by {metric.name}: {what}{by}"


@dataclass(frozen=True)
class Scored:
    """Outcomes with their scores.

    Attributes:
        outcomes: In the order in which they were given.
        remarks: What the foot of the table says of the judges, in sentences.
        problems: Why some answers could not be judged, in sentences; running again goes on.
    """

    outcomes: tuple[Outcome, ...]
    remarks: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def answer_of(row: Outcome) -> Answer:
    """The answer of a row, as metrics look at it."""
    return Answer(row.answer, row.evidence, row.declined, row.truncation, row.notes, row.quotes)


def with_scores(row: Outcome, scores: Mapping[str, float | None], deciding: str) -> Outcome:
    """The row with the scores of some metrics, the deciding one is its ``score``; ``None`` is no score."""
    together = {name: value for name, value in {**row.scores, **scores}.items() if value is not None}
    return replace(row, scores=together, score=together.get(deciding))


def scored(row: Outcome, question: Question, metrics: Sequence[AnyMetric], deciding: str) -> Outcome:
    """The row with the scores of those metrics that ask no model; a failed row has none."""
    if row.error:
        return row
    answer = answer_of(row)
    plain = {m.name: m.score(question, answer) for m in metrics if not isinstance(m, JudgedMetric)}
    return with_scores(row, plain, deciding)


@dataclass
class Scoring:
    """Judges the answers of a run.

    Attributes:
        judging: What all verdicts share.
        verdicts: The journal of verdicts.
        metrics: The judged metrics.
        deciding: The metric whose score is a row's ``score``.
        on_verdict: Called with each verdict, and whether an earlier run had it.
    """

    judging: Judging
    verdicts: Verdicts
    metrics: Sequence[JudgedMetric]
    deciding: str
    on_verdict: OnVerdict = lambda verdict, resumed: None
    _failed: Counter[tuple[str, str]] = field(default_factory=Counter)
    _unreadable: Counter[str] = field(default_factory=Counter)
    _inapplicable: Counter[str] = field(default_factory=Counter)
    _stop: str = ""

    async def run(self, outcomes: Sequence[Outcome], questions: Mapping[str, Question]) -> Scored:
        """Judge every answer by every metric; verdicts of the journal are taken over.

        A judge that cannot be reached, a cap and a full disk stop the judging, not the run.
        """
        self.judging.booked |= self.verdicts.booked
        done = asyncio.gather(*(self._row(row, questions[row.question_id]) for row in outcomes))
        rows = await done
        return Scored(tuple(rows), self._remarks(rows), self._problems())

    async def _row(self, row: Outcome, question: Question) -> Outcome:
        if row.error:
            return row
        for metric in self.metrics:
            entry = await self._entry(metric, row, question)
            if entry is None:
                continue
            self._unreadable[metric.name] += entry.verdict.unreadable
            row = with_scores(row, {metric.name: entry.verdict.score}, self.deciding)
            row = replace(row, usage=row.usage.add("judge", entry.usage))
        return row

    async def _entry(self, metric: JudgedMetric, row: Outcome, question: Question) -> Entry | None:
        answer = answer_of(row)
        if not metric.applies(question, answer):
            self._inapplicable[metric.name] += 1
            return None
        key = verdict_key(metric, self.judging.reader, question, row)
        if known := self.verdicts.known.get(key):
            self.on_verdict(known.verdict, True)
            return known
        if self._stop:
            return None
        tools = MeteredJudge(self.judging)
        try:
            verdict = await metric.score(question, answer, tools)
            judged = (metric.name, row.question_id, row.strategy)
            entry = Entry(*judged, verdict, tools.usage, tuple(tools.calls))
            self.verdicts.keep(key, entry)
        except (ReaderUnavailable, OverBudget) as error:
            self._stop = self._stop or redact(str(error))
            return None
        except Exception as error:  # one answer must not take the others down with it
            told = str(error) if isinstance(error, LcragError) else f"{type(error).__name__}: {error}"
            self._failed[metric.name, redact(told)] += 1
            return None
        self.on_verdict(verdict, False)
        return entry

    def _remarks(self, rows: Sequence[Outcome]) -> tuple[str, ...]:
        told = [*self.judging.replies.notices, *self.verdicts.notices]
        for name, count in self._unreadable.items():
            if count:
                told.append(
                    f"{many(count, 'reply', 'replies')} of the judge of {name} had no verdict: not scored."
                )
        for name, count in self._inapplicable.items():
            told.append(f"{name} does not apply to {many(count, 'answer')}: not scored by it.")
        return tuple(told)

    def _problems(self) -> tuple[str, ...]:
        told = [
            f"{many(count, 'answer')} could not be judged by {name}: {why}"
            for (name, why), count in self._failed.items()
        ]
        if self._stop:
            told.insert(
                0, f"The judging stopped, all answers and verdicts are kept, run again to go on: {self._stop}"
            )
        return tuple(told)


def scoring_in(
    folder: Path,
    judging: Judging,
    metrics: Sequence[JudgedMetric],
    deciding: str,
    on_verdict: OnVerdict = lambda verdict, resumed: None,
) -> Scoring:
    """The scoring of a run's folder, with the replies and verdicts that it holds already.

    Raises:
        LcragError: a file in the folder cannot be read.
    """
    judging.resume(folder / "replies.jsonl")
    return Scoring(judging, Verdicts(folder / "verdicts.jsonl"), metrics, deciding, on_verdict)
