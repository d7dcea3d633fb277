"""Retrieval against long context: the one pair of strategies that a verdict and a power are about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isnan

import pandas as pd

from lcrag.outcomes.duplicates import clusters
from lcrag.statistics import (
    Paired,
    Variation,
    min_documents,
    paired_difference,
    smallest_difference,
    variation,
)
from lcrag.tables import many

ALPHA = 0.05  # from which on a p-value shows nothing
TOLERABLE = 0.05  # a loss of score that a cheaper strategy may have and still be called as good
RETRIEVAL, LONG_CONTEXT = "chunked_retrieval", "long_context"
RETRIEVES = (
    "retrieve_calls",
    "retrieve_seconds",
    "embed_calls",
    "index_calls",
)  # above 0 where one retrieves


@dataclass(frozen=True)
class Contrast:
    """Two strategies on the questions that are scored in both.

    Attributes:
        first: The strategy that retrieves.
        second: Long context.
        paired: The scores of the first minus those of the second.
        p_value: The p-value corrected for all tests of the table, never below that of ``paired``.
        tests: The number of tests that are corrected for.
        scores: Mean scores of the two.
        costs: Mean costs of the two per question; NaN where not known.
        sizes: Questions on each document.
        differing: Documents on which the two have different sums of scores.
        variation: How much the differences vary.
    """

    first: str
    second: str
    paired: Paired
    p_value: float
    tests: int
    scores: tuple[float, float]
    costs: tuple[float, float]
    sizes: tuple[int, ...]
    differing: int
    variation: Variation

    @cached_property
    def smallest(self) -> float:
        """The smallest difference that the test shows with 80% power on so many questions; NaN where none."""
        if not self.variation.variance > 0:  # no answers that differ tell nothing about how they would
            return float("nan")
        return smallest_difference(self.sizes, self.variation, comparisons=self.tests)

    def other(self, name: str) -> str:
        """The strategy that is not ``name``."""
        return self.second if name == self.first else self.first

    def score(self, name: str) -> float:
        """The mean score of one of the two."""
        return self.scores[name != self.first]

    @property
    def better(self) -> str:
        """The strategy with the higher score; of equals the first."""
        return self.first if self.paired.difference >= 0 else self.second

    @property
    def is_shown(self) -> bool:
        """Whether the test, corrected, and the interval both show a difference."""
        return self.p_value < ALPHA and (self.paired.low > 0 or self.paired.high < 0)

    @property
    def cheaper(self) -> str:
        """The strategy that costs less; empty where costs are equal or not known."""
        first, second = self.costs
        return self.first if first < second else self.second if second < first else ""

    @property
    def as_good(self) -> str:
        """The cheaper strategy where the interval leaves out a loss of more than ``TOLERABLE``; else empty."""
        name = self.cheaper
        if not name:
            return ""
        loss = self.max_loss(name)
        # where fewer documents differ than the test needs, the interval is too short. 3 / documents is what the share
        # of documents that differ stays below, with 95% confidence, when none of these does (Hanley and Lippman-Hand
        # 1983)
        loss = max(loss, 3 / len(self.sizes)) if self.differing < min_documents() else loss
        return name if loss <= TOLERABLE else ""

    def max_loss(self, name: str) -> float:
        """How much lower the score of one of the two may be than the other's, by the 95% interval; NaN without one."""
        return -self.paired.low if name == self.first else self.paired.high


def pair_of(rows: Mapping[str, pd.DataFrame], readers: Sequence[str]) -> tuple[str, str] | None:
    """The two strategies to compare: one that retrieves, and long context.

    The first is ``chunked_retrieval``, else the most accurate that retrieves; the second ``long_context``. Where one of
    them is missing they are the two most accurate strategies.

    Args:
        rows: outcomes by strategy.
        readers: the strategies that read the documents.
    """
    names = sorted(readers, key=lambda n: -_mean(rows[n]["score"], -1.0))
    if len(names) < 2:
        return None
    retrieving = [n for n in names if n != LONG_CONTEXT and _retrieves(rows[n])]
    if LONG_CONTEXT in names and (RETRIEVAL in names or retrieving):
        return (RETRIEVAL if RETRIEVAL in names else retrieving[0]), LONG_CONTEXT
    return names[0], names[1]


def contrast(
    rows: Mapping[str, pd.DataFrame],
    pair: tuple[str, str],
    corrected: Mapping[str, float],
    best: str,
    seed: int,
) -> Contrast:
    """Compare a pair.

    The p-value is the table's where the pair is a test of the table; else it is multiplied by the number of tests
    (Bonferroni), this one among them.

    Args:
        rows: outcomes with their costs by strategy, one row for each question.
        pair: names of the two.
        corrected: the table's corrected p-values by strategy, of tests against ``best``.
        best: the strategy that the table compares with.
        seed: seeds the test.
    """
    a, b = (rows[name].set_index("question_id") for name in pair)
    both = a.index[a["score"].notna()].intersection(b.index[b["score"].notna()])
    a, b = a.loc[both], b.loc[both]
    difference = (a["score"] - b["score"]).to_numpy(float)
    documents = clusters(a.reset_index())
    sums = pd.Series(difference).groupby(documents)
    paired = paired_difference(a["score"].to_numpy(float), b["score"].to_numpy(float), documents, seed=seed)
    tests = sum(not isnan(p) for p in corrected.values())
    if best in pair:
        p_value = corrected[pair[1] if pair[0] == best else pair[0]]
    else:
        tests += 1
        p_value = min(1.0, tests * paired.p_value)
    return Contrast(
        *pair,
        paired=paired,
        p_value=p_value,
        tests=max(1, tests),
        scores=(_mean(a["score"]), _mean(b["score"])),
        costs=(float(a["cost"].mean(skipna=False)), float(b["cost"].mean(skipna=False))),
        sizes=tuple(int(n) for n in sums.size()),
        differing=int((sums.sum().abs() > 1e-9).sum()),
        variation=variation(difference, documents),
    )


def seen(questions: int, documents: int, smallest: float, tests: int) -> str:
    """One line on what so many questions can show.

    Args:
        questions: their number.
        documents: the number of documents that they are on.
        smallest: the smallest difference that is shown with 80% power; NaN where none is.
        tests: the number of tests that are corrected for.
    """
    size = f"With these {many(questions, 'question')} on {many(documents, 'document')}"
    among = f"80% power, {many(tests, 'test')}" if tests > 1 else "80% power"
    if isnan(smallest):
        return f"{size} no difference is seen with {among.replace(', ', ' and ')}."
    return f"{size} differences under {100 * smallest:.0f} points cannot be seen ({among})."


def _mean(scores: pd.Series[float], missing: float = float("nan")) -> float:
    return float(scores.mean()) if scores.notna().any() else missing


def _retrieves(rows: pd.DataFrame) -> bool:
    return any(column in rows and pd.to_numeric(rows[column]).gt(0).any() for column in RETRIEVES)
