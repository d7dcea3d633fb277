"""Routers of other papers that are compared with here: they see the question's embedding and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lcrag.routers import Decision, Examples, LearningRouter, Query

RAG, LC = "chunked_retrieval", "long_context"
GAMMA = 10.0  # RouteLLM's: a question as similar as can be counts ten times one that is not


@dataclass(frozen=True)
class WinState:
    """A fitted predictor of wins, and from which probability of a win long context answers."""

    predictor: Any
    threshold: float


@dataclass(frozen=True)
class WinRouter(LearningRouter[WinState]):
    """Long context where it wins with a probability above a threshold that is best in training, within a budget.

    Attributes:
        budget: mean cost per query, as a multiple of long context's.
    """

    budget: float = 0.37
    name: str = "win_router"

    @property
    def needs_embedding(self) -> bool:
        """Always."""
        return True

    def fit(self, examples: Examples) -> Any:
        """Learn who wins, then the threshold."""
        gains, costs = (
            values[:, examples.strategies.index(LC)] - values[:, examples.strategies.index(RAG)]
            for values in (examples.scores, examples.costs)
        )
        predictor, wins = self._learn(vectors(examples.queries), gains)
        cheap = examples.costs[:, examples.strategies.index(RAG)].mean()
        room = self.budget * examples.mean_costs.max() - cheap
        order = np.argsort(-wins, kind="stable")
        value = np.where(np.cumsum(costs[order]) <= room * len(order), np.cumsum(gains[order]), -np.inf)
        best = int(value.argmax())
        threshold = float(wins[order[best]]) if value[best] > 0 else np.inf
        return self.with_state(WinState(predictor, threshold))

    def choose(self, queries: Sequence[Query], candidates: Sequence[str]) -> list[Decision]:
        """Long context from the threshold on."""
        state = self.fitted_state
        wins = self._wins(state.predictor, vectors(queries))
        return [Decision(LC if w >= state.threshold else RAG, f"p(wins) {w:.2f}") for w in wins]

    def _learn(
        self, rows: NDArray[np.float64], gains: NDArray[np.float64]
    ) -> tuple[Any, NDArray[np.float64]]:
        """A predictor, and the probabilities of wins of the training queries."""
        raise NotImplementedError

    def _wins(self, predictor: Any, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        raise NotImplementedError


@dataclass(frozen=True)
class LinearHead(WinRouter):
    """Logistic regression of who wins on the embedding, each query weighted by what the choice is worth.

    Of two strategies it is RouteLLM's matrix factorisation, too (arXiv 2406.18665, section 4.2): the difference of
    its two scores, w2 · ((v_long - v_rag) ⊙ (W1 q + b)), is a linear function of the embedding q.
    """

    name: str = "embedding, linear head = RouteLLM, matrix factorisation"

    def _learn(
        self, rows: NDArray[np.float64], gains: NDArray[np.float64]
    ) -> tuple[Any, NDArray[np.float64]]:
        from sklearn.linear_model import LogisticRegression

        use = gains != 0
        model = LogisticRegression(max_iter=300).fit(
            rows[use], gains[use] > 0, sample_weight=np.abs(gains[use])
        )
        return model, self._wins(model, rows)

    def _wins(self, predictor: Any, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(predictor.predict_proba(rows)[:, 1])


@dataclass(frozen=True)
class SimilarityRanking(WinRouter):
    """RouteLLM's similarity-weighted ranking (section 4.2): of two strategies, a weighted share of wins.

    A training question weighs GAMMA to the power of its similarity, divided by the highest of all. A tie counts as
    half a win of each.
    """

    name: str = "RouteLLM, similarity-weighted ranking"

    def _learn(
        self, rows: NDArray[np.float64], gains: NDArray[np.float64]
    ) -> tuple[Any, NDArray[np.float64]]:
        texts, place = np.unique(rows, axis=0, return_inverse=True)
        place = place.ravel()
        wins = np.bincount(place, (np.sign(gains) + 1) / 2)
        counts = np.bincount(place).astype(float)
        without = _shares(texts, texts, wins, counts, leave_out=True)
        return (texts, wins, counts), without[place]

    def _wins(self, predictor: Any, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        texts, place = np.unique(rows, axis=0, return_inverse=True)
        return _shares(texts, *predictor)[place.ravel()]


def _shares(
    rows: NDArray[np.float64],
    texts: NDArray[np.float64],
    wins: NDArray[np.float64],
    counts: NDArray[np.float64],
    leave_out: bool = False,
) -> NDArray[np.float64]:
    similarity = rows @ texts.T
    weights = GAMMA ** (similarity / similarity.max(1, keepdims=True))
    if leave_out:
        np.fill_diagonal(weights, 0.0)
    return np.asarray((weights @ wins) / (weights @ counts))


def vectors(queries: Sequence[Query]) -> NDArray[np.float64]:
    """The embeddings, shape (queries, dimension)."""
    return np.array([q.embedding for q in queries], np.float64)


OTHERS = [LinearHead(), SimilarityRanking()]
