"""TF-IDF of the question with a linear model: the baseline that every learned router must beat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lcrag.errors import LcragError, reason
from lcrag.routers.learning.cost_lines import CostLines, Matrix
from lcrag.routers.learning.estimators import regressor
from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.query import Query, models_of
from lcrag.routers.learning.scoring import ScoringRouter, ScoringState

OPTIONS: dict[str, Any] = {"ngram_range": (1, 2), "sublinear_tf": True}


@dataclass(frozen=True)
class TfidfState(ScoringState):
    """The vocabulary and the linear model.

    Attributes:
        words: words and pairs of words, in the order of the columns; length W.
        idf: inverse document frequency of each word, shape (W,).
        models: readers that have a column of their own, length M.
        weights: shape (strategies, W + M).
        constant: shape (strategies,).
    """

    words: NDArray[np.str_]
    idf: NDArray[np.float64]
    models: tuple[str, ...]
    weights: Matrix
    constant: NDArray[np.float64]

    @cached_property
    def vectorizer(self) -> Any:
        """scikit-learn's vectorizer with these words."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(vocabulary={w: i for i, w in enumerate(self.words.tolist())}, **OPTIONS)
        vectorizer.idf_ = self.idf
        return vectorizer


@dataclass(frozen=True)
class TfidfRouter(ScoringRouter[TfidfState]):
    """Ridge regression of every strategy's score on the question's words and pairs of words.

    Attributes:
        min_df: questions that must have a word for it to count.
        alpha: strength of the ridge.
        model: tell readers apart, by a constant for each.
    """

    name: str = "tfidf_router"
    min_df: int = 2
    alpha: float = 3.0
    model: bool = True

    @property
    def needs_text(self) -> bool:
        """It reads the words of the question."""
        return True

    def _learn(self, examples: Examples, costs: CostLines) -> TfidfState:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.linear_model import Ridge

        texts = list(dict.fromkeys(q.text for q in examples.queries))
        min_df = self.min_df if len(texts) > 20 * self.min_df else 1  # too few questions to be strict
        try:
            vectorizer = TfidfVectorizer(min_df=min_df, **OPTIONS).fit(texts)
        except ValueError as error:
            raise LcragError(
                f"Router {self.name} learns from the words of questions, and too few of these have any "
                f"({reason(error)}): leave it out."
            ) from error
        models = models_of(examples.queries) if self.model else []
        ridge = regressor(Ridge(alpha=self.alpha))
        ridge.fit(_rows(vectorizer, texts, models, examples.queries), examples.scores)
        words = np.array(vectorizer.get_feature_names_out().tolist())
        weights, constant = np.atleast_2d(ridge.coef_), np.atleast_1d(ridge.intercept_)
        return TfidfState(costs, words, vectorizer.idf_, tuple(models), weights, constant)

    def predict(self, queries: Sequence[Query]) -> Matrix:
        """Expected scores."""
        state = self.fitted_state
        count = len(state.words)
        by_model = {m: state.weights[:, count + i] for i, m in enumerate(state.models)}
        unknown = np.zeros(len(state.weights))
        by_words = state.vectorizer.transform([q.text for q in queries]) @ state.weights[:, :count].T
        return np.asarray(
            by_words + state.constant + np.array([by_model.get(q.model, unknown) for q in queries])
        )


def _rows(vectorizer: Any, texts: Sequence[str], models: Sequence[str], queries: Sequence[Query]) -> Any:
    """A sparse row for each query: the words of its text, and 1 for its reader."""
    from scipy.sparse import csr_matrix, hstack

    index = {t: i for i, t in enumerate(texts)}
    words = vectorizer.transform(texts)[[index[q.text] for q in queries]]
    readers = np.array([[float(q.model == m) for m in models] for q in queries]).reshape(len(queries), -1)
    return hstack([words, csr_matrix(readers)]).tocsr()
