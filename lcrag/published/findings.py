"""Which of two strategies wins on which kind of question, with which models."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from math import isnan
from typing import TYPE_CHECKING

from lcrag.errors import LcragError
from lcrag.outcomes.baselines import best_fixed, candidates
from lcrag.outcomes.costs import cost_of
from lcrag.outcomes.duplicates import clusters
from lcrag.published.models import CLASSES, model_class
from lcrag.published.shipped import recall_scores
from lcrag.statistics import Paired, holm, paired_difference
from lcrag.tables import many

if TYPE_CHECKING:
    import pandas as pd

KEY = ["question_id", "model", "seed"]  # of an answer, but for its strategy
LEVEL = 0.05  # of the corrected p-value from which a strategy wins


@dataclass(frozen=True)
class Finding:
    """Two strategies on one kind of question, answered by the models of one class.

    Attributes:
        kind: The kind of question.
        models: The class of the models, or the model's name.
        first: The dearer strategy.
        second: The cheaper one.
        pair: ``first`` minus ``second`` over the answers that are scored in both, by document.
        p_value: The p-value of ``pair``, Holm-corrected over all findings.
        documents: The number of documents, near-duplicates counted once.
        is_weak: Whether the scores are token recall because there are no others.
    """

    kind: str
    models: str
    first: str
    second: str
    pair: Paired
    p_value: float
    documents: int
    is_weak: bool

    @property
    def winner(self) -> str:
        """The strategy that scores higher; empty where the difference may be chance."""
        if not self.p_value < LEVEL:
            return ""
        return self.first if self.pair.difference > 0 else self.second

    def difference(self) -> str:
        """``+0.045 [+0.03, +0.06]``; the number of documents in place of bounds where there is one alone."""
        if isnan(self.pair.low):
            return f"{self.pair.difference:+.3f} ({many(self.pair.n, 'question')}, one document)"
        return f"{self.pair.difference:+.3f} [{self.pair.low:+.2f}, {self.pair.high:+.2f}]"


def findings(outcomes: pd.DataFrame, *, seed: int = 0) -> tuple[Finding, ...]:
    """The dearest strategy against every other, and the dearest of these against the cheapest.

    Args:
        outcomes: a table of outcomes; kinds without any score are compared by token recall.
        seed: seeds the paired tests.

    Raises:
        LcragError: fewer than two strategies that read the documents.
    """
    first, *others = mean_costs(outcomes)
    pairs = [(first, other) for other in others]
    if len(others) > 1:
        pairs.append((others[0], others[-1]))
    is_scored = outcomes.groupby("kind")["score"].agg(lambda s: s.notna().any())
    weak = set(is_scored.index[~is_scored])
    filled = recall_scores(outcomes)
    rows = filled[[*KEY, "kind", "strategy"]].assign(
        score=filled["score"].where(filled["kind"].isin(weak), outcomes["score"]),
        cluster=clusters(outcomes),
        models=outcomes["model"].map(model_class),
    )
    wide = rows.pivot_table(
        index=["kind", "models", *KEY, "cluster"],
        columns="strategy",
        values="score",
    ).reset_index()
    classes = sorted(set(wide["models"]), key=lambda c: (list(CLASSES).index(c) if c in CLASSES else 99, c))
    tested = []
    for (a, b), kind, models in product(
        pairs, sorted(set(wide["kind"]), key=lambda k: (k in weak, k)), classes
    ):
        both = wide[(wide["kind"] == kind) & (wide["models"] == models)].dropna(subset=[a, b])
        if len(both):
            pair = paired_difference(both[a], both[b], both["cluster"].tolist(), seed=seed)
            documents = both["cluster"].nunique()
            tested.append(Finding(kind, models, a, b, pair, pair.p_value, documents, kind in weak))
    corrected = holm([f.p_value for f in tested])
    return tuple(replace(f, p_value=p) for f, p in zip(tested, corrected, strict=True))


def mean_costs(outcomes: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Tokens per question with a cold and with a warm cache, by strategy, the dearest (cold) first.

    Counted on the questions that the same model answered by every strategy; where there are none, on all.

    Raises:
        LcragError: fewer than two strategies that read the documents.
    """
    names = candidates(outcomes)
    if len(names) < 2:
        raise LcragError(f"At least two strategies are compared; the outcomes have: {', '.join(names)}.")
    wide = _wide(outcomes, cold=cost_of(outcomes, "tokens", "cold"), warm=cost_of(outcomes, "tokens", "warm"))
    means = wide.dropna().mean() if len(wide.dropna()) else wide.mean()
    costs = {name: (float(means["cold", name]), float(means["warm", name])) for name in names}
    return dict(sorted(costs.items(), key=lambda item: -item[1][0]))


def oracle_gain(outcomes: pd.DataFrame) -> tuple[str, float]:
    """The best fixed strategy, and what the better strategy for each question would gain over it; NaN without scores.

    Counted on the questions that are scored in every strategy, by each model on its own.
    """
    names = candidates(outcomes)
    wide = _wide(outcomes, score=outcomes["score"], cost=cost_of(outcomes, "tokens")).dropna()
    if not len(wide):
        return "", float("nan")
    scores, costs = (wide[column][names].to_numpy(float) for column in ("score", "cost"))
    best = best_fixed(scores, costs)
    return names[best], float((scores.max(axis=1) - scores[:, best]).mean())


def _wide(outcomes: pd.DataFrame, **columns: pd.Series[float]) -> pd.DataFrame:
    """A row for each question and model; columns are pairs of a name in ``columns`` and a strategy."""
    table = outcomes[[*KEY, "strategy"]].assign(**columns)
    return table.pivot(index=KEY, columns="strategy", values=list(columns))
