"""What kind of question it is, told from the question alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lcrag.errors import LcragError
from lcrag.routers.learning.encoding import Encoding
from lcrag.routers.learning.query import Query
from lcrag.routers.learning.terms import Terms

Matrix = NDArray[np.float64]
# Runs of 1 to 3 words and of 2 to 4 letters; all chosen on LaRA's half `choose` (experiments/benchmarks).
WORDS = ("word", 1, 3, 2)
LETTERS = ("char_wb", 2, 4, 3)
FEATURE_SCALE = 0.1  # a standard deviation of a feature counts for a tenth of a text's whole TF-IDF vector
STRENGTH = 5.0  # inverse strength of the logistic regression's ridge


@dataclass(frozen=True)
class QuestionKinds:
    """Logistic regression of the kind on the question's words, letters, features and, where wanted, embedding.

    Attributes:
        terms: words, then letters; empty where texts are not read.
        encoding: how features become numbers.
        embedded: whether the question's embedding is read.
        weights: one matrix for each of ``terms``, one for the features, one for the embedding; shape
            (columns, outputs).
        constant: shape (outputs,).
    """

    terms: tuple[Terms, ...]
    encoding: Encoding
    embedded: bool
    weights: tuple[Matrix, ...]
    constant: NDArray[np.float64]

    @classmethod
    def fit(
        cls,
        queries: Sequence[Query],
        labels: NDArray[np.int64],
        *,
        words: bool,
        embedding: bool,
        retrieval: bool,
    ) -> QuestionKinds:
        """Learn from each distinct question once, however many readers answered it.

        Args:
            queries: the training queries.
            labels: the kind of each as an index, shape (queries,).
            words: read the question's text.
            embedding: read its embedding.
            retrieval: see features of a first retrieval.
        """
        from scipy.sparse import csr_matrix, hstack
        from sklearn.linear_model import LogisticRegression

        first = np.array(list({(q.id, q.text): i for i, q in reversed(list(enumerate(queries)))}.values()))
        distinct = [queries[i] for i in first]
        texts = [q.text for q in distinct]
        terms = tuple(Terms.fit(texts, *options) for options in (WORDS, LETTERS)) if words else ()  # type: ignore[arg-type]
        encoding = Encoding.fit(distinct, retrieval=retrieval, kind=False, model=False)
        unfitted = cls(terms, encoding, embedding, (), np.zeros(0))
        columns = hstack(
            [*(t.matrix(texts) for t in terms), *(csr_matrix(m) for m in unfitted._dense(distinct))]
        ).tocsr()
        model = LogisticRegression(C=STRENGTH, max_iter=500).fit(columns, labels[first])
        widths = [len(t.terms) for t in terms] + [m.shape[1] for m in unfitted._dense(distinct[:1])]
        weights = np.split(model.coef_.T, np.cumsum(widths)[:-1])
        return cls(terms, encoding, embedding, tuple(weights), model.intercept_)

    def logits(self, queries: Sequence[Query]) -> Matrix:
        """Log odds, shape (queries, outputs): one output of two kinds, else one for each."""
        texts = list(dict.fromkeys(q.text for q in queries))
        place = {text: i for i, text in enumerate(texts)}
        rows = [place[q.text] for q in queries]
        result = self.constant + np.zeros((len(queries), 1))
        for terms, weights in zip(self.terms, self.weights, strict=False):
            result = result + terms.project(texts, weights)[rows]
        for columns, weights in zip(self._dense(queries), self.weights[len(self.terms) :], strict=True):
            result = result + columns @ weights
        return np.asarray(result)

    def _dense(self, queries: Sequence[Query]) -> list[Matrix]:
        """The columns of features, and of the embedding."""
        columns = [self.encoding.matrix(queries) * FEATURE_SCALE]
        if self.embedded:
            if missing := next((q.id for q in queries if q.embedding is None), None):
                raise LcragError(
                    f"A stacked router with `embedding: true` needs embeddings, but question {missing} has none: give "
                    "an embedder."
                )
            columns.append(np.array([q.embedding for q in queries], np.float64))
        return columns
