"""How far a router's expectations can be trusted, and how far strategies can be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lcrag.errors import LcragError
from lcrag.replay.replayed import Replayed
from lcrag.routers.learning.examples import Examples
from lcrag.statistics import clustered_mean, smallest_difference, variation
from lcrag.statistics.clusters import by_cluster

BINS = 10


@dataclass(frozen=True)
class Selective:
    """How the expected score of a router's choice compares with its score.

    Attributes:
        error: expected calibration error: mean absolute difference of expected and actual score over bins of equally
            many queries, ordered by expectation.
        curve: ``coverage`` and ``risk``: the mean of 1 - score over that share of the queries which the router expects
            most of.
        area: area under the curve; a router that orders at random has the overall risk.
    """

    error: float
    curve: pd.DataFrame
    area: float

    def risk(self, coverage: float) -> float:
        """The risk at a coverage from 0 to 1."""
        return float(np.interp(coverage, self.curve["coverage"], self.curve["risk"]))


def selective(replayed: Replayed, scores: NDArray[np.float64] | None = None) -> Selective | None:
    """Calibration and risk-coverage curve of a router that expects a score of each strategy; ``None`` for others.

    Args:
        replayed: what it decided.
        scores: what counts instead of the scores of its answers, shape (N,).
    """
    if replayed.quality is None:
        return None
    actual = replayed.scores if scores is None else scores
    expected = replayed.quality[np.arange(len(actual)), replayed.chosen]
    order = np.argsort(-expected, kind="stable")
    bins = np.array_split(order, BINS)
    error = sum(len(b) * abs(float(expected[b].mean() - actual[b].mean())) for b in bins if len(b))
    risk = np.cumsum(1 - actual[order]) / np.arange(1, len(order) + 1)
    curve = pd.DataFrame({"coverage": np.arange(1, len(order) + 1) / len(order), "risk": risk})
    return Selective(error / len(actual), curve, float(risk.mean()))


@dataclass(frozen=True)
class NotWorse:
    """Whether one row is no worse than another by more than a margin.

    Attributes:
        difference: mean score of the first minus the second's.
        low: lower bound of the one-sided 95% interval, by document.
        margin: the loss that is accepted.
        detectable: the smallest true difference that the paired test shows on these documents with a power of 80%.
    """

    difference: float
    low: float
    margin: float
    detectable: float

    @property
    def is_shown(self) -> bool:
        """Whether the data show it: a loss of the margin or more is outside the interval."""
        return self.low > -self.margin


def not_worse(
    first: NDArray[np.float64],
    second: NDArray[np.float64],
    clusters: Sequence[str],
    margin: float,
) -> NotWorse:
    """Test that the first scores are no worse than the second by ``margin`` (one-sided, 5%; Schuirmann 1987).

    Raises:
        LcragError: the margin is not positive.
    """
    if not margin > 0:
        raise LcragError(f"margin is {margin!r}, but must be above 0: the loss that is accepted.")
    differences = np.asarray(first, float) - np.asarray(second, float)
    mean = clustered_mean(differences, clusters, confidence=0.9)
    sizes = by_cluster(differences, clusters)[1].astype(int).tolist()
    given = variation(differences, clusters)
    detectable = smallest_difference(sizes, given) if given.variance == given.variance else nan
    return NotWorse(mean.mean, mean.low, margin, detectable)


def arms_not_worse(examples: Examples, margin: float) -> NotWorse:
    """Whether the cheapest strategy is no worse than the dearest by ``margin``."""
    cheap, dear = examples.mean_costs.argmin(), examples.mean_costs.argmax()
    return not_worse(examples.scores[:, cheap], examples.scores[:, dear], examples.clusters, margin)
