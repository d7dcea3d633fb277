"""The mean quality along a router's curve, on queries that the curve was not chosen on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import nan
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from lcrag.replay.curve import SHARES, Curve, hull
from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.parts import document_parts
from lcrag.statistics import clustered_mean

Matrix = NDArray[np.float64]
PARTS = 5


def nested_aiq(options: tuple[Matrix, Matrix], examples: Examples, seed: int = 0) -> NDArray[np.float64]:
    """Each query's share in AIQ, shape (N,): their mean is the AIQ (see ``Curve.aiq``), their spread its interval.

    Which options are on the hull, and how much of the curve each stands for, is chosen on four fifths of the documents
    and measured on the last fifth, in turn. A hull that is chosen on the queries that it is measured on takes the
    luckiest of many options, and so gains even where there is nothing to gain.

    Args:
        options: costs and scores of all that the router can be set to, each of shape (options, N).
        examples: the queries; the strategies by themselves are options, too.
        seed: seeds the parts.

    Returns:
        NaN where there is one document only, or where all strategies cost the same.
    """
    costs, scores = (
        np.vstack([own, strategies.T])
        for own, strategies in zip(options, (examples.costs, examples.scores), strict=True)
    )
    values = np.full(len(examples), np.nan)
    parts = document_parts(examples.clusters, PARTS, seed)
    for test in parts if len(parts) > 1 else []:
        train = np.setdiff1d(np.arange(len(examples)), test)
        means = costs[:, train].mean(axis=1), scores[:, train].mean(axis=1)
        count = len(examples.strategies)
        weights = _weights(*means, float(means[0][-count:].min()), float(means[0][-count:].max()))
        values[test] = weights @ scores[:, test] if weights is not None else np.nan
    return values


def _weights(costs: Matrix, scores: Matrix, low: float, high: float) -> NDArray[np.float64] | None:
    """How much of the curve between two costs each option stands for; they add up to 1."""
    if not high > low:
        return None
    index: dict[tuple[float, float], int] = {}
    for i, point in enumerate(zip(costs.tolist(), scores.tolist(), strict=True)):
        index.setdefault(point, i)
    points = hull(list(index))
    weights = np.zeros(len(costs))
    x = [cost for cost, _ in points]
    grid = np.unique([low, high, *(c for c in x if low < c < high)])
    for place, point in enumerate(points):
        share: Any = np.interp(grid, x, np.eye(len(points))[place])
        weights[index[point]] = np.trapezoid(share, grid) / (high - low)
    return weights


def curve_columns(
    names: Sequence[str],
    curves: Mapping[str, Curve],
    options: Mapping[str, tuple[Matrix, Matrix]],
    data: Examples,
    resamples: int,
    seed: int,
) -> pd.DataFrame:
    """The columns of a comparison that come from curves, a row for each name; NaN for what has no curve.

    AIQ, its gain over mixing strategies and APGR are nested (see ``nested_aiq``), with intervals by document; CPT is
    read from the curve.
    """
    nothing = np.empty((0, len(data)))
    mixed = nested_aiq((nothing, nothing), data, seed)
    weak, strong = (data.scores[:, i].mean() for i in (data.mean_costs.argmin(), data.mean_costs.argmax()))
    empty = dict.fromkeys(
        ["aiq", "aiq_low", "aiq_high", "aiq_gain", "aiq_gain_low", "aiq_gain_high", "apgr"], nan
    ) | {_cpt(s): nan for s in SHARES}
    rows = []
    for name in names:
        if name not in options:
            rows.append(empty)
            continue
        values = nested_aiq(options[name], data, seed)
        aiq, gain = (
            clustered_mean(v, data.clusters, resamples=resamples, seed=seed) for v in (values, values - mixed)
        )
        rows.append(
            {"aiq": aiq.mean, "aiq_low": aiq.low, "aiq_high": aiq.high}
            | {"aiq_gain": gain.mean, "aiq_gain_low": gain.low, "aiq_gain_high": gain.high}
            | {"apgr": (aiq.mean - weak) / (strong - weak) if strong > weak else nan}
            | {_cpt(s): curves[name].cpt(s) for s in SHARES}
        )
    return pd.DataFrame(rows)


def _cpt(share: float) -> str:
    return f"cpt_{share * 100:.0f}"
