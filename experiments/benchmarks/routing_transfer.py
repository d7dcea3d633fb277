"""The stacked router on what it has not learned from: other readers, lengths and genres; and how it tells kinds."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from routing_compared import STACKED
from sklearn.metrics import roc_auc_score

from lcrag.replay import replay
from lcrag.routers import Examples, StackedRouter
from lcrag.statistics import clustered_mean
from lcrag.tables import markdown

UNANSWERABLE = "hallucination"


def genres(examples: Examples) -> list[str]:
    """The genre of each query's document."""
    return [d.split("/")[1] for d in examples.documents]


def left_out(choose: Examples, shown: Examples) -> str:
    """`stacked`, learned from the other half without a reader, length or genre, on shown documents of just that."""
    replayed = replay(fitted(choose, "all"), shown)
    rows = [{"learned from": "the other half", **figures(replayed.scores, replayed.costs, shown)}]
    for name, learned, told in (
        ("reader", *([q.model for q in e.queries] for e in (choose, shown))),
        ("length", choose.lengths, shown.lengths),
        ("genre", genres(choose), genres(shown)),
    ):
        scores, costs = np.empty(len(shown)), np.empty(len(shown))
        for label in sorted(set(told)):
            train, test = np.flatnonzero(np.array(learned) != label), np.flatnonzero(np.array(told) == label)
            part = replay(fitted(choose.take(train), f"{name} {label}"), shown.take(test))
            scores[test], costs[test] = part.scores, part.costs
        what = f"the other half without the {name} that is decided"
        rows.append({"learned from": what, **figures(scores, costs, shown)})
    return markdown(pd.DataFrame(rows))


_FITTED: dict[str, StackedRouter] = {}


def fitted(examples: Examples, key: str) -> StackedRouter:
    """`stacked` fitted on the examples, once for each key."""
    if key not in _FITTED:
        _FITTED[key] = STACKED.fit(examples)
    return _FITTED[key]


def figures(scores: NDArray[np.float64], costs: NDArray[np.float64], examples: Examples) -> dict[str, str]:
    """Gain, share of the headroom and tokens of what a router decided, as text."""
    fixed = examples.scores[:, examples.best_fixed]
    gains = scores - fixed
    mean = clustered_mean(gains, examples.clusters)
    headroom = float((examples.scores.max(1) - fixed).mean())
    shares = "-"
    if headroom > 0:
        low, share, high = (value / headroom for value in (mean.low, mean.mean, mean.high))
        shares = f"{share:.0%} [{low:.0%}, {high:.0%}]"
    return {
        "gain [95%]": f"{mean.mean:+.3f} [{mean.low:+.3f}, {mean.high:+.3f}]",
        "of the headroom": shares,
        "tokens": f"{costs.mean():,.0f}",
    }


def style(choose: Examples, shown: Examples) -> str:
    """How well unanswerable questions are told, by the words of one generator's questions and by other genres."""
    rows = []
    rows.append({"learned from": "the other half", "told of": "all", **telling(fitted(choose, "all"), shown)})
    for genre in sorted(set(genres(shown))):
        test = shown.take(np.flatnonzero(np.array(genres(shown)) == genre))
        rows.append(
            {"learned from": "the other half", "told of": genre, **telling(fitted(choose, "all"), test)}
        )
        train = choose.take(np.flatnonzero(np.array(genres(choose)) != genre))
        rows.append(
            {
                "learned from": f"the same without {genre}",
                "told of": genre,
                **telling(fitted(train, f"genre {genre}"), test),
            }
        )
    return markdown(pd.DataFrame(rows))


def telling(router: StackedRouter, examples: Examples) -> dict[str, str]:
    """Area under the ROC curve of p(unanswerable), before and after the probe's answer, and the calibration error."""
    labels = np.array([q.kind == UNANSWERABLE for q in examples.queries])
    first = np.unique([q.id for q in examples.queries], return_index=True)[1]
    alone = router.logits(examples.queries)[:, 0] * (
        1 if router.fitted_state.kinds[1] == UNANSWERABLE else -1
    )
    known = router.kinds(examples.queries)[UNANSWERABLE]
    bins = np.array_split(np.argsort(known), 10)
    error = sum(len(b) * abs(known[b].mean() - labels[b].mean()) for b in bins) / len(known)
    return {
        "AUC, question alone": f"{roc_auc_score(labels[first], alone[first]):.3f}",
        "AUC, with the answer": f"{roc_auc_score(labels, known):.3f}",
        "calibration error": f"{error:.3f}",
    }
