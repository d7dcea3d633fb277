"""What was tried to win more than `stacked` does, on the half of LaRA's documents that choices are made on."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from routing_compared import STACKED, WORDS
from routing_data import RAG, embedder, halves, limit, sound, sound_rows, write_block
from routing_second import Ensemble, Isotonic, SecondLevel, WinOrLoss

from lcrag.replay import Replayed, cross_replay
from lcrag.routers import Examples, Query
from lcrag.statistics import clustered_mean
from lcrag.tables import markdown

Matrix = NDArray[np.float64]
TREES: dict[str, Any] = {
    "n_estimators": 100, "learning_rate": 0.05, "max_depth": 3, "min_samples_leaf": 60, "subsample": 0.5,
    "max_features": 0.3, "random_state": 0,
}  # fmt: skip


def boosted() -> Any:
    """Gradient boosting of the gain."""
    from sklearn.ensemble import GradientBoostingRegressor

    return GradientBoostingRegressor(**TREES)


def classified() -> Any:
    """Gradient boosting of who wins, weighted by the gain."""
    from sklearn.ensemble import GradientBoostingClassifier

    return WinOrLoss(GradientBoostingClassifier(**TREES))


def ridge(strength: float) -> Any:
    """Ridge regression of the gain."""
    from sklearn.linear_model import Ridge

    return Ridge(strength)


@lru_cache
def answers() -> dict[tuple[str, str], tuple[str, Any]]:
    """The probe's answer and its embedding, by question and reader."""
    rows = sound_rows()
    rows = rows[(rows["strategy"] == RAG) & (rows["error"] == "")]
    texts = rows["answer"].str.slice(0, 1000)
    distinct = [t or "-" for t in dict.fromkeys(texts)]
    vectors = dict(zip(distinct, embedder().embed(distinct, "query").vectors, strict=True))
    keys = zip(rows["question_id"], rows["model"], strict=True)
    return {key: (text, vectors[text or "-"]) for key, text in zip(keys, texts, strict=True)}


def similarity(queries: Sequence[Query]) -> Matrix:
    """Cosine of the probe's answer and the question."""
    table = answers()
    return np.array([[float(np.dot(table[q.id, q.model][1], q.embedding))] for q in queries])  # type: ignore[arg-type]


def meaning(queries: Sequence[Query]) -> Matrix:
    """The embedding of the probe's answer, and its cosine with the question."""
    table = answers()
    return np.hstack([np.array([table[q.id, q.model][1] for q in queries], float), similarity(queries)])


def genre(queries: Sequence[Query]) -> Matrix:
    """The genre of the document, which an application may know."""
    return np.array([[float(f"-{g}-" in q.id) for g in ("book", "financial", "paper")] for q in queries])


def variant(name: str, **options: Any) -> SecondLevel:
    """A second level on `stacked` with embedding."""
    return SecondLevel(name=name, budget=STACKED.budget, embedding=True, **options)


VARIANTS = (
    WORDS,
    variant("isotonic calibration of the gain", make=Isotonic, narrow=True),
    variant("boosted gain", make=boosted),
    variant("boosted gain, half", make=boosted, blend=0.5),
    variant("boosted win, weighted by the gain", make=classified),
    variant("boosted win, half", make=classified, blend=0.5),
    variant("ridge of the gain, strong", make=lambda: ridge(3000.0)),
    variant("answer's similarity to the question", make=boosted, extra=similarity, blend=0.5),
    variant("answer's embedding, ridge", make=lambda: ridge(300.0), extra=meaning, blend=0.5),
    variant("genre known, boosted", make=boosted, extra=genre, blend=0.5),
    variant("genre known, ridge", make=lambda: ridge(300.0), extra=genre, narrow=True),
    Ensemble(name="mean of with and without embedding", budget=STACKED.budget, embedding=True),
)


def compared(examples: Examples, decided: Replayed, base: Replayed) -> dict[str, str]:
    """Share of the headroom, cost, and the paired difference to `stacked`."""
    fixed = examples.scores[:, examples.best_fixed]
    headroom = float((examples.scores.max(1) - fixed).mean())
    difference = clustered_mean(decided.scores - base.scores, examples.clusters)
    return {
        "accuracy": f"{decided.scores.mean():.4f}",
        "of the headroom": f"{float((decided.scores - fixed).mean()) / headroom:.1%}",
        "tokens": f"{decided.costs.mean():,.0f}",
        "against stacked [95%]": f"{difference.mean:+.4f} [{difference.low:+.4f}, {difference.high:+.4f}]",
    }


def page() -> str:
    """The block `tried`."""
    choose, _ = halves(sound())
    base = cross_replay(STACKED, choose)
    rows = [{"variant": "stacked", **compared(choose, base, base)}]
    for router in VARIANTS:
        rows.append({"variant": router.name, **compared(choose, cross_replay(router, choose), base)})
        print(rows[-1], flush=True)
    parts = {
        "table": markdown(pd.DataFrame(rows)),
        "count": str(len(VARIANTS)),
        "budget": f"{limit(choose):,.0f}",
    }
    return Path(__file__).with_suffix(".md").read_text("utf-8").format(**parts)


if __name__ == "__main__":
    write_block("tried", page)
