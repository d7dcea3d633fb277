"""Where a router gains: by kind, length, reader or any other label of the queries."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from lcrag.statistics import clustered_mean

if TYPE_CHECKING:
    from lcrag.replay.replayed import Replayed
    from lcrag.routers.learning.examples import Examples


def gains_by(labels: Sequence[str], replayed: Replayed, examples: Examples) -> pd.DataFrame:
    """A router's gain over the best fixed strategy in each slice of the queries.

    Args:
        labels: the slice of each query.
        replayed: what the router decided for the same queries.
        examples: these queries.

    Returns:
        A row for each label, in the order of the labels. Columns: ``slice``, ``queries``, ``gain`` with ``low`` and
        ``high`` (95% by document), ``headroom`` (what the oracle gains there), ``contribution`` (the slice's share in
        the gain on all queries: these add up to 1), ``escalated`` (share of queries that another strategy answers).
    """
    best = examples.best_fixed
    fixed = examples.scores[:, best]
    gains, possible = replayed.scores - fixed, examples.scores.max(1) - fixed
    total, of = gains.sum(), np.array(labels, dtype=object).astype(str)
    rows = []
    for label in np.unique(of):
        use = np.flatnonzero(of == label)
        mean = clustered_mean(gains[use], [examples.clusters[i] for i in use])
        rows.append(
            {
                "slice": str(label),
                "queries": len(use),
                "gain": mean.mean,
                "low": mean.low,
                "high": mean.high,
                "headroom": float(possible[use].mean()),
                "contribution": float(gains[use].sum() / total) if total else float("nan"),
                "escalated": float((replayed.chosen[use] != best).mean()),
            }
        )
    return pd.DataFrame(rows)


def only_kind(replayed: Replayed, examples: Examples) -> str:
    """The one kind of question that a router gains on, where it gains on no other; else empty."""
    kinds = [q.kind for q in examples.queries]
    if len(set(kinds)) < 2:
        return ""
    table = gains_by(kinds, replayed, examples)
    gaining = table.loc[table["low"] > 0, "slice"].tolist()
    return str(gaining[0]) if len(gaining) == 1 else ""
