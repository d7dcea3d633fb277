"""TF-IDF of the question with a linear model: the baseline that every learned router must beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lcrag.routers.learning.estimators import regressor
from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.query import Query
from lcrag.routers.learning.scoring import Matrix, ScoringRouter


@dataclass(frozen=True)
class TfidfRouter(ScoringRouter):
    """Ridge regression of every strategy's score on the question's words and pairs of words.

    Attributes:
        least: questions that a word must be in.
        alpha: strength of the ridge.
        model: tell readers apart, by a constant for each.
    """

    name: str = "tfidf_router"
    least: int = 2
    alpha: float = 3.0
    model: bool = True

    def _learn(self, examples: Examples) -> dict[str, Any]:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import Ridge

        texts = list(dict.fromkeys(q.text for q in examples.queries))
        least = self.least if len(texts) > 20 * self.least else 1
        words = TfidfVectorizer(min_df=least, ngram_range=(1, 2), sublinear_tf=True).fit(texts)
        models = sorted({q.model for q in examples.queries}) if self.model else []
        rows = _rows(words, models, examples.queries)
        fit = regressor(Ridge(alpha=self.alpha)).fit(rows, examples.scores)
        return {"words": words, "models": models, "weights": fit.coef_, "constant": fit.intercept_}

    def predict(self, queries: Sequence[Query]) -> Matrix:
        """Expected scores."""
        learned = self.learned
        weights = np.atleast_2d(learned["weights"])
        known = len(learned["words"].vocabulary_)
        own = {m: weights[:, known + i] for i, m in enumerate(learned["models"])}
        nobody = np.zeros(len(weights))
        said = learned["words"].transform([q.text for q in queries]) @ weights[:, :known].T
        return np.asarray(said + learned["constant"] + np.array([own.get(q.model, nobody) for q in queries]))


def _rows(words: Any, models: Sequence[str], queries: Sequence[Query]) -> Any:
    """Words of the questions, and 1 for the reader."""
    from scipy.sparse import csr_matrix, hstack

    texts = {t: i for i, t in enumerate(dict.fromkeys(q.text for q in queries))}
    found = words.transform(list(texts))[[texts[q.text] for q in queries]]
    own = np.array([[float(q.model == m) for m in models] for q in queries]).reshape(len(queries), -1)
    return hstack([found, csr_matrix(own)]).tocsr()
