"""How much of the oracle's headroom is more than chance, where a question was answered by several models or seeds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lcrag.routers.learning.examples import Examples
from lcrag.statistics import Interval, clustered_mean

Floats = NDArray[np.float64]
METHODS = {"seed": "other runs of the same model", "model": "other models"}


@dataclass(frozen=True)
class Repeatable:
    """The oracle's gain over the best fixed strategy, and the part of it that other runs repeat.

    The oracle picks the better of noisy scores, so it gains even where strategies are equally good. Picking for one run
    the strategy that did better in *other* runs of the same question has no such luck: that gain is real, and what any
    router with perfect knowledge of the question can win is at least as much. Where the other runs are those of other
    models it is less than that, as models differ.

    Attributes:
        method: ``seed`` where a model answered a question several times, else ``model``.
        headroom: what the oracle gains on the queries that have another run.
        gain: what picking by the other runs' mean scores gains, with its interval by document.
        together: what an oracle gains that has to choose one strategy for all runs of a question: for runs of the same
            model an upper bound of what can be known.
        queries: the number of queries with another run.
    """

    method: Literal["seed", "model"]
    headroom: float
    gain: Interval
    together: float
    queries: int

    @property
    def share(self) -> float:
        """The part of the headroom that is more than chance, at least; it may be negative by chance."""
        return self.gain.mean / self.headroom

    def __str__(self) -> str:
        low, high = self.gain.low / self.headroom, self.gain.high / self.headroom
        return (
            f"At least {self.share:.0%} ({low:.0%} to {high:.0%}) of the oracle's headroom is more than chance: "
            f"choosing by the scores of {METHODS[self.method]} on the same question gains {self.gain.mean:+.3f} of "
            f"{self.headroom:+.3f}."
        )


def repeatable(examples: Examples) -> Repeatable | None:
    """The part of the headroom that other runs of the same questions repeat; ``None`` where there are none.

    Args:
        examples: every query has a score of every strategy. Queries with one id are runs of one question.
    """
    keys = [(q.id, q.model) for q in examples.queries]
    method: Literal["seed", "model"] = "seed" if len(set(keys)) < len(keys) else "model"
    names = keys if method == "seed" else [(q.id, "") for q in examples.queries]
    group = np.unique([f"{i}\n{m}" for i, m in names], return_inverse=True)[1]
    sums = np.zeros((group.max() + 1, examples.scores.shape[1]))
    np.add.at(sums, group, examples.scores)
    runs = np.bincount(group)[group]
    has_other = runs > 1
    if not has_other.any():
        return None
    best = examples.best_fixed
    scores, total = examples.scores[has_other], sums[group][has_other]
    gains = _picked(total - scores, scores, best)
    headroom = float((scores.max(1) - scores[:, best]).mean())
    if not headroom > 0:
        return None
    clusters = [c for c, use in zip(examples.clusters, has_other, strict=True) if use]
    return Repeatable(
        method,
        headroom,
        clustered_mean(gains, clusters),
        float(_picked(total, scores, best).mean()),
        int(has_other.sum()),
    )


def _picked(by: Floats, scores: Floats, best: int) -> Floats:
    """The gain over the best fixed strategy of the one that is highest by other scores; of equals the best fixed."""
    ahead = by - by[:, [best]]
    picked = np.where(ahead.max(1) > 1e-12, ahead.argmax(1), best)
    return np.asarray(scores[np.arange(len(scores)), picked] - scores[:, best], np.float64)
