"""What a router's expectations are worth, what the data can show, and how much accuracy is lost at most."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from routing_compared import LABEL, STACKED
from routing_data import LC, RAG

from lcrag.replay import RoutingComparison, not_worse, selective
from lcrag.replay.selective import arms_not_worse
from lcrag.routers import Examples
from lcrag.tables import markdown

MARGIN = 0.02
LOSSES = (0.04, 0.05, 0.06)  # of 30 documents none below 1/31 can be kept


def probabilities(comparison: RoutingComparison) -> str:
    """Calibration error and risk at coverage of every router that expects scores."""
    rows = []
    for name, replayed in comparison.replayed.items():
        result = selective(replayed)
        if result is None or name == LABEL.name:  # a probability of being best is not an expected score
            continue
        rows.append(
            {
                "router": name,
                "calibration error": f"{result.error:.3f}",
                **{f"risk at {c:.0%}": f"{result.risk(c):.3f}" for c in (0.5, 0.8, 1.0)},
                "area": f"{result.area:.3f}",
            }
        )
    return markdown(pd.DataFrame(rows))


def equivalence(comparison: RoutingComparison) -> str:
    """Is retrieval, is the router no worse than long context by more than a margin?"""
    examples = comparison.examples
    dear = examples.scores[:, examples.strategies.index(LC)]
    tests = {
        RAG: arms_not_worse(examples, MARGIN),
        STACKED.name: not_worse(comparison.replayed[STACKED.name].scores, dear, examples.clusters, MARGIN),
    }
    kinds = np.array([q.kind for q in examples.queries])
    for kind in sorted(set(kinds)):
        tests[f"{RAG}, {kind}"] = arms_not_worse(examples.take(np.flatnonzero(kinds == kind)), MARGIN)
    rows = [
        {
            "against long context": name,
            "difference": f"{t.difference:+.3f}",
            "one-sided 95% bound": f"{t.low:+.3f}",
            f"no worse by {MARGIN}": "yes" if t.is_shown else "not shown",
            "smallest effect that is seen": f"{t.detectable:.3f}",
        }
        for name, t in tests.items()
    ]
    return markdown(pd.DataFrame(rows))


def risk_control(comparison: RoutingComparison, repeats: int = 200) -> str:
    """Conformal risk control (Angelopoulos et al. 2024, arXiv 2208.02814) of what is lost against always long context.

    The loss of a query is what long context would have scored more, 0 where it was asked. By the expected gain of
    `stacked` the least part of queries is escalated for which the corrected mean loss of calibration documents keeps
    the bound; it is measured on the other documents, over random halves.
    """
    examples, replayed = comparison.examples, comparison.replayed[STACKED.name]
    long, short = (examples.strategies.index(s) for s in (LC, RAG))
    assert replayed.quality is not None
    value = replayed.quality[:, long] - replayed.quality[:, short]
    loss = np.maximum(examples.scores[:, long] - examples.scores[:, short], 0.0)
    clusters = np.unique(np.array(examples.clusters, dtype=object).astype(str), return_inverse=True)[1]
    rng = np.random.default_rng(0)
    rows = []
    for bound in LOSSES:
        found = [
            _controlled(value, loss, clusters, rng.permutation(clusters.max() + 1), bound, examples)
            for _ in range(repeats)
        ]
        lost, tokens, scores = np.array(found).mean(0)
        rows.append(
            {
                "bound on the mean loss": f"{bound:.2f}",
                "loss on other documents": f"{lost:.4f}",
                "accuracy": f"{scores:.3f}",
                "tokens": f"{tokens:,.0f}",
            }
        )
    return markdown(pd.DataFrame(rows))


def _controlled(
    value: NDArray[np.float64],
    loss: NDArray[np.float64],
    clusters: NDArray[np.int64],
    order: NDArray[np.int64],
    bound: float,
    examples: Examples,
) -> tuple[float, float, float]:
    """Loss, tokens and accuracy on half of the documents, with a threshold from the other half."""
    half = len(order) // 2
    known, unseen = np.isin(clusters, order[:half]), np.isin(clusters, order[half:])
    weights = 1 / np.bincount(clusters)[clusters]  # documents are exchangeable: each counts as one
    ranked = np.flatnonzero(known)[np.argsort(-value[known])]
    lost = (weights * loss)[ranked]
    # Of n documents: (sum of their mean losses + the largest loss) / (n + 1) must keep the bound.
    allowed = (lost.sum() - np.cumsum(lost) + 1.0) / (half + 1) <= bound
    places = np.flatnonzero(allowed)
    threshold = value[ranked[places[0]]] if len(places) else -np.inf
    long, short = (examples.strategies.index(s) for s in (LC, RAG))
    escalated = value[unseen] >= threshold
    scores, costs, weight = examples.scores[unseen], examples.costs[unseen], weights[unseen]
    return (
        float(np.average(np.where(escalated, 0.0, loss[unseen]), weights=weight)),
        float((costs[:, short] + np.where(escalated, costs[:, long], 0.0)).mean()),
        float(np.where(escalated, scores[:, long], scores[:, short]).mean()),
    )
