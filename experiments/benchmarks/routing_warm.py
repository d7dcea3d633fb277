"""Routers on the shown half with a warm prefix cache: trained with warm costs, or with cold ones and charged warm."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from routing_compared import BLIND, LABEL, STACKED, UNREAD, WORDS
from routing_data import LC, RAG, limit
from routing_transfer import figures

from lcrag.outcomes.baselines import oracle
from lcrag.replay import Replayed, cross_replay
from lcrag.routers import Examples
from lcrag.tables import markdown

TRAINED = (STACKED, WORDS, UNREAD, BLIND, LABEL)


def warm_table(choose: Examples, shown: Examples, cold: dict[str, Replayed]) -> str:
    """Accuracy, gain, headroom and warm tokens of strategies, oracle and routers.

    Args:
        choose: the other half with warm costs.
        shown: the shown half with warm costs.
        cold: what the same routers decided on the shown half when they had learned cold costs.
    """
    columns = {s: shown.strategies.index(s) for s in (RAG, LC)}
    best = oracle(shown.scores, shown.costs)
    rows = [
        _row(f"always {s}", "", shown.scores[:, i], shown.costs[:, i], shown, escalated=float(s == LC))
        for s, i in columns.items()
    ]
    everything = np.arange(len(shown))
    rows.append(
        _row("oracle", "", shown.scores[everything, best], shown.costs[everything, best], shown,
             float((best == columns[LC]).mean()))
    )  # fmt: skip
    budget = (
        math.floor(100 * limit(choose) / choose.mean_costs.max()) / 100
    )  # as with cold costs: 0.376, so 0.37
    for router in TRAINED:
        learned = replace(router, budget=budget) if hasattr(router, "budget") else router
        decided = {"cold": cold[router.name], "warm": cross_replay(learned, shown, extra=choose)}
        for costs, replayed in decided.items():
            paid = np.where(replayed.ran, shown.costs, 0.0).sum(1)
            escalated = float((replayed.chosen == columns[LC]).mean())
            rows.append(_row(router.name, costs, replayed.scores, paid, shown, escalated))
    return markdown(pd.DataFrame(rows))


def _row(
    name: str,
    learned: str,
    scores: NDArray[np.float64],
    costs: NDArray[np.float64],
    examples: Examples,
    escalated: float,
) -> dict[str, str]:
    return {
        "router": name,
        "costs it learned": learned,
        "accuracy": f"{scores.mean():.3f}",
        **figures(scores, costs, examples),
        "within the budget": "yes" if costs.mean() <= limit(examples) else "no",
        "long context": f"{escalated:.0%}",
    }
