"""How far several judges agree with each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from lcrag.errors import LcragError
from lcrag.judging.labels import CORRECT_THRESHOLD
from lcrag.statistics import Interval, cohen_kappa, fleiss_kappa


@dataclass(frozen=True)
class JudgeAgreement:
    """Agreement of judges beyond chance. Judges that agree may all be wrong: it does not replace labels.

    Attributes:
        fleiss: Fleiss' kappa of all judges, over the answers on which every judge gave a verdict.
        n: The number of these answers.
        pairs: Cohen's kappa of each two judges, over the answers on which both gave one.
    """

    fleiss: float
    n: int
    pairs: Mapping[tuple[str, str], Interval]

    @property
    def mean_kappa(self) -> float:
        """The mean of the pairs' kappas, without those that are not defined."""
        kappas = [pair.mean for pair in self.pairs.values() if not np.isnan(pair.mean)]
        return float(np.mean(kappas)) if kappas else float("nan")


def agreement_of(
    judges: Mapping[str, ArrayLike],
    clusters: Sequence[str] | None = None,
    *,
    correct_threshold: float = CORRECT_THRESHOLD,
) -> JudgeAgreement:
    """Kappas of two or more judges.

    Args:
        judges: scores by judge, each of shape (answers,), in the same order; NaN where there is no verdict.
        clusters: the document of each answer; ``None`` where all are independent.
        correct_threshold: the score from which a verdict counts as right.

    Raises:
        LcragError: there are fewer than two judges, or they judged different numbers of answers.
    """
    scores = {name: np.asarray(values, float) for name, values in judges.items()}
    if len(scores) < 2:
        raise LcragError(f"Agreement needs two judges or more, and there are {len(scores)}.")
    if len(sizes := {len(values) for values in scores.values()}) > 1:
        raise LcragError(
            f"The judges have {' and '.join(map(str, sorted(sizes)))} verdicts: give each the same answers."
        )
    decisions = {n: np.where(np.isnan(v), np.nan, v >= correct_threshold) for n, v in scores.items()}
    table = np.stack(list(decisions.values()), axis=1)
    table = table[~np.isnan(table).any(axis=1)]
    names = [str(i) for i in range(sizes.pop())] if clusters is None else clusters
    return JudgeAgreement(
        fleiss=fleiss_kappa(table) if len(table) else float("nan"),
        n=len(table),
        pairs={(a, b): cohen_kappa(decisions[a], decisions[b], names) for a, b in combinations(decisions, 2)},
    )
