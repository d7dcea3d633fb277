"""Holds a judge against labels: how often it errs, and on what."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from lcrag.errors import LcragError
from lcrag.judges.base import JudgedMetric, Verdict
from lcrag.judging.calibration import Bias, Calibration, GroupErrors
from lcrag.judging.correction import error_covariance
from lcrag.judging.deciding import judges_of
from lcrag.judging.labels import CORRECT_THRESHOLD, question_of
from lcrag.judging.replies import Replies
from lcrag.judging.tools import Judging, MeteredJudge
from lcrag.readers.base import Reader
from lcrag.schema import Usage
from lcrag.statistics import Rate, clustered_difference, clustered_rate, cohen_kappa

if TYPE_CHECKING:
    import pandas as pd


async def judged(
    labels: pd.DataFrame, metric: JudgedMetric, reader: Reader | None = None, replies: Replies | None = None
) -> tuple[pd.DataFrame, Usage]:
    """The labelled answers with the metric's ``verdict`` (a score or NaN), ``unreadable`` and ``reason``.

    Answers to which the metric does not apply are left out.

    Args:
        labels: as ``load_labels`` gives them.
        metric: the judged metric.
        reader: its judge, where it has none of its own.
        replies: keeps replies on disk, so that a check that was stopped asks nothing twice.

    Returns:
        The answers, and what the judge spent; replies that were on disk cost nothing.

    Raises:
        LcragError: the judge cannot be asked, or the metric applies to no answer.
    """
    judges_of(metric, reader)  # fails before anything is asked
    replies = replies or Replies()
    shared = Judging(reader, replies=replies, booked=set(replies.known))
    pairs = [question_of(row) for _, row in labels.iterrows()]
    places = [i for i, pair in enumerate(pairs) if metric.applies(*pair)]
    if not places:
        raise LcragError(
            f"The metric {metric.name!r} applies to none of the {len(labels)} labelled answers: it needs "
            f"{', '.join(sorted(metric.needs))}."
        )
    tools = [MeteredJudge(shared) for _ in places]

    async def verdict_on(place: int, tool: MeteredJudge) -> Verdict:
        return await metric.score(*pairs[place], tool)

    verdicts = await asyncio.gather(*map(verdict_on, places, tools))
    frame = labels.iloc[places].reset_index(drop=True)
    frame["verdict"] = [np.nan if v.score is None else float(v.score) for v in verdicts]
    frame["unreadable"] = [v.unreadable for v in verdicts]
    frame["reason"] = [v.reason for v in verdicts]
    # a metric that gives neither a score nor an unreadable reply does not apply after all
    frame = frame[frame["verdict"].notna() | frame["unreadable"]].reset_index(drop=True)
    return frame, sum((tool.usage for tool in tools), Usage())


def calibrate(
    frame: pd.DataFrame,
    *,
    judge: str,
    metric: str,
    digest: str,
    labels: str,
    correct_threshold: float = CORRECT_THRESHOLD,
) -> Calibration:
    """The judge's errors from verdicts beside labels.

    Args:
        frame: as ``judged`` gives it.
        judge: the judging model's name; where it is a model of the table, its own answers are compared with others'.
        metric: the metric's name.
        digest: ``judge_digest`` of it.
        labels: where the labels are from.
        correct_threshold: the score from which a verdict counts as right.
    """
    frame = _with_decisions(frame, correct_threshold)
    return Calibration(
        judge=judge,
        metric=metric,
        digest=digest,
        labels=labels,
        n=len(frame),
        right=int(frame["label"].sum()),
        unreadable=float(frame["unreadable"].mean()) if len(frame) else float("nan"),
        agreement=_rate(frame, "agrees"),
        kappa=cohen_kappa(frame["label"], frame["decision"], list(frame["cluster"])),
        sensitivity=_rate(frame[frame["label"] == 1], "decision"),
        specificity=_rate(frame[frame["label"] == 0], "rejects"),
        covariance=error_covariance(frame["label"], frame["decision"], list(frame["cluster"])),
        correct_threshold=correct_threshold,
        groups=tuple(_groups(frame)),
        biases=tuple(_biases(frame, judge)),
    )


def _with_decisions(frame: pd.DataFrame, correct_threshold: float) -> pd.DataFrame:
    verdict = frame["verdict"].where(~frame["unreadable"].astype(bool)).to_numpy(float)
    decision = np.where(np.isnan(verdict), np.nan, verdict >= correct_threshold)
    agrees = np.where(np.isnan(decision), np.nan, decision == frame["label"])
    return frame.assign(decision=decision, rejects=1 - decision, agrees=agrees)


def _rate(frame: pd.DataFrame, column: str) -> Rate:
    return clustered_rate(frame[column].to_numpy(float), list(frame["cluster"]))


def _groups(frame: pd.DataFrame) -> Iterator[GroupErrors]:
    for by in ("kind", "strategy", "model"):
        names = sorted(set(frame[by]))
        for name in names if len(names) > 1 else []:
            rows = frame[frame[by] == name]
            yield GroupErrors(
                by,
                name or "(none)",
                len(rows),
                int(rows["unreadable"].sum()),
                _rate(rows, "agrees"),
                _rate(rows[rows["label"] == 1], "decision"),
                _rate(rows[rows["label"] == 0], "rejects"),
            )


def _biases(frame: pd.DataFrame, judge: str) -> Iterator[Bias]:
    """Answers of one group against others with the same label; a correction for errors knows of no such difference.

    Lengths are halved at the median of the answers with the same label. The intervals of strategies are those of
    Bonferroni, since many of them are looked at.
    """
    strategies = sorted(set(frame["strategy"]))
    others = strategies[: 1 if len(strategies) == 2 else None] if len(strategies) > 1 else []
    for label in (0, 1):
        rows = frame[frame["label"] == label]
        if rows.empty:
            continue
        lengths = rows["answer"].str.len().to_numpy(float)
        groups = [
            ("longer answers", lengths > np.median(lengths)),
            ("its own answers", rows["model"].eq(judge)),
        ]
        groups += [(f"answers of {strategy}", rows["strategy"].eq(strategy)) for strategy in others]
        for i, (group, first) in enumerate(groups):
            difference = clustered_difference(
                rows["decision"].to_numpy(float),
                first,
                list(rows["cluster"]),
                confidence=0.95 if i < 2 else 1 - 0.05 / len(others),
            )
            if not np.isnan(difference.mean):
                yield Bias(group, label, difference)


def replies_path(output: Path) -> Path:
    """Where the judge's replies are kept beside the calibration."""
    return output.with_name(f"{output.name}.replies.jsonl")
