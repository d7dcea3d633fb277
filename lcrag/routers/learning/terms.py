"""TF-IDF of texts that scores a single text in microseconds: scikit-learn's vectorizer is made for many at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Unit = Literal["word", "char_wb"]


@dataclass(frozen=True)
class Terms:
    """Words or pieces of words, with their inverse document frequencies; learned from training texts.

    Attributes:
        unit: ``word``, or ``char_wb`` for runs of letters within words.
        shortest: units of the shortest term.
        longest: units of the longest term.
        terms: the terms in the order of the columns, length T.
        idf: inverse document frequency of each, shape (T,).
    """

    unit: Unit
    shortest: int
    longest: int
    terms: NDArray[np.str_]
    idf: NDArray[np.float64]

    @classmethod
    def fit(cls, texts: Sequence[str], unit: Unit, shortest: int, longest: int, min_df: int) -> Terms:
        """The terms that at least ``min_df`` of the texts have; none where that leaves none."""
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectorizer = TfidfVectorizer(analyzer=unit, ngram_range=(shortest, longest), min_df=min_df)
        try:
            vectorizer.fit(texts)
        except ValueError:  # no text has a word, or none occurs often enough
            return cls(unit, shortest, longest, np.array([], dtype=np.str_), np.zeros(0))
        terms = np.array(vectorizer.get_feature_names_out().tolist())
        return cls(unit, shortest, longest, terms, vectorizer.idf_)

    def matrix(self, texts: Sequence[str]) -> Any:
        """A sparse row for each text, shape (texts, T): sublinear counts times idf, scaled to length 1."""
        from scipy.sparse import csr_matrix

        rows = [self._row(text) for text in texts]
        starts = np.cumsum([0, *(len(columns) for columns, _ in rows)])
        columns = np.concatenate([columns for columns, _ in rows]) if rows else np.zeros(0, int)
        values = np.concatenate([values for _, values in rows]) if rows else np.zeros(0)
        return csr_matrix((values, columns, starts), shape=(len(texts), len(self.terms)))

    def project(self, texts: Sequence[str], weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """``matrix(texts) @ weights``, shape (texts, outputs)."""
        rows = [self._row(text) for text in texts]
        return np.array([values @ weights[columns] for columns, values in rows]).reshape(len(texts), -1)

    def _row(self, text: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        index = self._index
        counts = Counter(i for term in self._split(text) if (i := index.get(term)) is not None)
        columns = np.fromiter(counts, np.int64, len(counts))
        values = (1 + np.log(np.fromiter(counts.values(), np.float64, len(counts)))) * self.idf[columns]
        return columns, values / (np.sqrt(values @ values) or 1.0)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {term: i for i, term in enumerate(self.terms.tolist())}

    @cached_property
    def _split(self) -> Callable[[str], list[str]]:
        from sklearn.feature_extraction.text import TfidfVectorizer

        ngram_range = (self.shortest, self.longest)
        split: Callable[[str], list[str]] = TfidfVectorizer(
            analyzer=self.unit, ngram_range=ngram_range
        ).build_analyzer()
        return split
