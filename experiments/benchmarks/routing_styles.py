"""What may be read of a question, and what of it carries over: all words, or those that survive a genre."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from routing_compared import STACKED
from routing_data import halves, sound
from routing_transfer import figures, genres
from scipy.sparse import csr_matrix, hstack
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from lcrag.replay import replay
from lcrag.routers import Examples, Query, StackedRouter
from lcrag.routers.learning.question_kinds import STRENGTH, QuestionKinds
from lcrag.tables import markdown

GENRES = ("book", "financial", "paper")
UNANSWERABLE = "hallucination"


@dataclass(frozen=True)
class SurvivingWords(StackedRouter):
    """Reads the words that speak for the same kind in every genre of the training questions, and no others."""

    def _question(self, queries: Sequence[Query], labels: NDArray[np.int64]) -> QuestionKinds:
        whole = super()._question(queries, labels)
        of = np.array([next((g for g in GENRES if f"-{g}-" in q.id), "") for q in queries])
        signs: list[list[dict[str, float]]] = []  # by genre, then by kind of term
        for genre in sorted(set(of)):
            rows = np.flatnonzero(of == genre)
            part = super()._question([queries[i] for i in rows], labels[rows])
            pairs = zip(part.terms, part.weights, strict=False)
            signs.append([dict(zip(t.terms.tolist(), np.sign(w[:, 0]), strict=True)) for t, w in pairs])
        terms = []
        for i, known in enumerate(whole.terms):
            by_genre = [genre_signs[i] for genre_signs in signs]
            keep = [len({s.get(t, 0.0) for s in by_genre}) == 1 for t in known.terms.tolist()]
            terms.append(replace(known, terms=known.terms[keep], idf=known.idf[keep]))
        return _refitted(replace(whole, terms=tuple(terms)), queries, labels)


def _refitted(kinds: QuestionKinds, queries: Sequence[Query], labels: NDArray[np.int64]) -> QuestionKinds:
    """The regression with other terms."""
    first = np.array(list({(q.id, q.text): i for i, q in reversed(list(enumerate(queries)))}.values()))
    distinct = [queries[i] for i in first]
    dense = kinds._dense(distinct)
    columns = [*(t.matrix([q.text for q in distinct]) for t in kinds.terms), *map(csr_matrix, dense)]
    model = LogisticRegression(C=STRENGTH, max_iter=500).fit(hstack(columns).tocsr(), labels[first])
    weights = np.split(model.coef_.T, np.cumsum([c.shape[1] for c in columns])[:-1])
    return replace(kinds, weights=tuple(weights), constant=model.intercept_)


VERSIONS: dict[str, StackedRouter] = {
    "words and embedding": STACKED,
    "words": replace(STACKED, embedding=False),
    "words that survive genres": SurvivingWords(name="survivors", budget=STACKED.budget),
    "embedding": replace(STACKED, words=False),
    "neither": replace(STACKED, words=False, embedding=False),
}


@lru_cache
def by_version(version: str) -> StackedRouter:
    """A version fitted on all of LaRA's sound questions."""
    choose, shown = halves(sound())
    return VERSIONS[version].fit(choose.joined(shown))


def telling(router: StackedRouter, examples: Examples) -> tuple[float, float]:
    """AUC of p(unanswerable) before and after the probe's answer."""
    labels = np.array([q.kind == UNANSWERABLE for q in examples.queries])
    first = np.unique([q.id for q in examples.queries], return_index=True)[1]
    sign = 1 if router.fitted_state.kinds[1] == UNANSWERABLE else -1
    alone = sign * router.logits(examples.queries)[:, 0]
    known = router.kinds(examples.queries)[UNANSWERABLE]
    return float(roc_auc_score(labels[first], alone[first])), float(roc_auc_score(labels, known))


def unseen_genres() -> str:
    """Each version, learned from the other half, on the shown half: with its genre in training, and without it."""
    choose, shown = halves(sound())
    learned, told = np.array(genres(choose)), np.array(genres(shown))
    rows = []
    for name, router in VERSIONS.items():
        row = {"version": name}
        for label, leave_out in (("seen", False), ("unseen", True)):
            scores, costs, aucs = np.empty(len(shown)), np.empty(len(shown)), []
            fitted = None if leave_out else router.fit(choose)
            for genre in GENRES:
                test = np.flatnonzero(told == genre)
                part = fitted or router.fit(choose.take(np.flatnonzero(learned != genre)))
                decided = replay(part, shown.take(test))
                scores[test], costs[test] = decided.scores, decided.costs
                aucs.append(telling(part, shown.take(test)))
            alone, answered = np.mean(aucs, axis=0)
            cells = figures(scores, costs, shown)
            row |= {
                f"AUC alone, genre {label}": f"{alone:.3f}",
                f"with the answer, {label}": f"{answered:.3f}",
                f"of the headroom, {label}": cells["of the headroom"],
            }
        rows.append(row)
    return markdown(pd.DataFrame(rows))
