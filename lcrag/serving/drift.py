"""Whether an application's questions are still such as its router learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lcrag.errors import LcragError
from lcrag.routers.base import Router
from lcrag.routers.learning.inputs import InputSample, feature_rows
from lcrag.routers.learning.query import Query
from lcrag.routers.learning.router import LearningRouter, ReplayableRouter
from lcrag.routers.learning.scoring import ScoringState
from lcrag.serving.feedback_table import clusters_of
from lcrag.serving.served import ServedAnswer
from lcrag.serving.shift import FeatureDrift, domain_auc, feature_drift
from lcrag.statistics.paired import holm
from lcrag.tables import known, many, p_value, ruled, wrapped

LEVEL = 0.05
MIN_QUESTIONS = 30
MAX_QUESTIONS = 5_000  # the latest; more do not change a verdict
SHOWN = 8  # features in the table


@dataclass(frozen=True)
class Drift:
    """Live questions against those of training.

    Attributes:
        features: from the one that moved most.
        auc: of a classifier that tells live questions from those of training, on documents it has not seen; 0.5 if they
            are alike.
        auc_low: lower bound of its 95% interval.
        auc_p_value: one-sided, corrected as those of features.
        questions: live questions.
        documents: documents that they are on.
        training: training questions.
    """

    features: tuple[FeatureDrift, ...]
    auc: float
    auc_low: float
    auc_p_value: float
    questions: int
    documents: int
    training: int

    @property
    def drifted(self) -> bool:
        """Whether any test is significant at 5% after the correction for all of them."""
        return any(p < LEVEL for p in (self.auc_p_value, *(f.p_value for f in self.features)))

    @property
    def verdict(self) -> str:
        """One sentence."""
        seen = f"{many(self.questions, 'question')} on {many(self.documents, 'document')}"
        if self.questions < MIN_QUESTIONS:
            return f"{seen} are too few to tell: at least {MIN_QUESTIONS} are needed."
        if not self.drifted:
            return f"No sign of drift in {seen}."
        moved = [f.name for f in self.features if f.p_value < LEVEL]
        what = (
            f" in {', '.join(moved[:4])}" + (f" and {len(moved) - 4} more" * (len(moved) > 4))
            if moved
            else ""
        )
        return (
            f"{seen} differ from those that the router learned from{what} (a classifier tells them apart with AUC "
            f"{self.auc:.2f}): what it learned may not hold; fit it again on questions like these."
        )

    def __str__(self) -> str:
        header = ["feature", "training", "live", "PSI", "KS", "p (Holm)"]
        rows = [
            [f.name, f"{f.training:.3g}", f"{f.live:.3g}", known(f.psi, ".2f"), known(f.distance, ".2f"),
             p_value(f.p_value)]
            for f in self.features[:SHOWN]
        ]  # fmt: skip
        classifier = ["all (AUC)", "", f"{self.auc:.2f}", "", "", p_value(self.auc_p_value)]
        return "\n".join([*ruled([header, *rows, classifier]), *wrapped([self.verdict])])


def drift(router: Router | None, answers: Sequence[ServedAnswer]) -> Drift:
    """Compare live questions with those that a router learned from.

    Args:
        router: a fitted router; its file holds a sample of its training questions' features.
        answers: what was asked, scored or not.

    Raises:
        LcragError: the router keeps no sample, or nothing was asked.
    """
    sample = _sample(router)
    if not answers:
        raise LcragError("Nothing was asked yet: there is no drift to tell.")
    latest = list(answers)[-MAX_QUESTIONS:]
    return drift_of(sample, [a.query() for a in latest], clusters_of(latest))


def drift_of(sample: InputSample, queries: Sequence[Query], clusters: Sequence[str]) -> Drift:
    """Compare queries with a sample of others.

    Questions on one document are alike, so every test counts as many questions as independent ones would tell as much
    (the design effect of the feature's ranks, Kish 1965).

    Args:
        sample: what was learned from.
        queries: at least one.
        clusters: the document of each.
    """
    live = feature_rows(queries, sample.names)
    numbers = np.unique(np.array(clusters, dtype=object).astype(str), return_inverse=True)[1]
    features = [
        feature_drift(name, sample.rows[:, i], live[:, i], sample.clusters, numbers)
        for i, name in enumerate(sample.names)
    ]
    auc, low, p = domain_auc(sample.rows, live, sample.clusters, numbers)
    *corrected, auc_p = holm([*(f.p_value for f in features), p])
    features = [replace(f, p_value=value) for f, value in zip(features, corrected, strict=True)]
    features.sort(key=lambda f: (np.nan_to_num(f.p_value, nan=2.0), -np.nan_to_num(f.distance)))
    return Drift(tuple(features), auc, low, auc_p, len(queries), len(set(clusters)), sample.count)


def _sample(router: Router | None) -> InputSample:
    if router is None:
        raise LcragError("No router decides here: there is nothing to compare questions with.")
    if isinstance(router, ReplayableRouter) and router.learns:
        raise LcragError(
            f"Router {router.name} has learned nothing yet that questions could be compared with."
        )
    state = router.state if isinstance(router, LearningRouter) else None
    if not isinstance(state, ScoringState) or state.inputs is None:
        raise LcragError(
            f"Router {router.name} keeps no sample of what it learned from: fit a router that expects a score of every "
            "strategy (quality, stacked, knn, linucb, ...) with this lcrag."
        )
    return state.inputs
