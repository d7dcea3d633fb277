"""One report for one or many routers, beside everything that they have to be held against."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from typing import Any

import numpy as np
import pandas as pd

from lcrag.errors import LcragError
from lcrag.replay.curve import SHARES, Curve, curve_of, points_of
from lcrag.replay.replayed import Replayed, cross_replay, replay, settle
from lcrag.replay.report import RoutingReport
from lcrag.replay.splits import Split
from lcrag.routers.base import Decision
from lcrag.routers.learning.examples import Examples
from lcrag.routers.probe import ProbeRouter
from lcrag.statistics import clustered_mean, holm, paired_difference

RANDOM, ORACLE = "random (mean)", "oracle"


def evaluate(
    routers: Sequence[Any],
    examples: Examples,
    *,
    split: Split | None = "document",
    folds: int = 5,
    seed: int = 0,
    resamples: int = 2000,
) -> RoutingReport:
    """Replay routers, cross-validated, and compare them with every strategy, best fixed, random and the oracle.

    Args:
        routers: each with a name of its own.
        examples: see ``examples_of``; those that are not scored in every strategy are left out and counted.
        split: how folds are made; ``None`` replays routers that are fitted already, on all examples.
        folds: of the document split.
        seed: of folds and bootstrap.
        resamples: bootstrap samples and random assignments of the paired test.

    Raises:
        LcragError: two rows of one name, no query with scores and costs of every strategy, or as ``cross_replay``.
    """
    names = [r.name for r in routers]
    taken = {*examples.strategies, RANDOM, ORACLE}
    if twice := sorted({n for n in names if names.count(n) > 1 or n in taken}):
        raise LcragError(
            f"Two rows of the report would be named {twice[0]!r}: give the router another `name`."
        )
    scored, priced = (~np.isnan(values).any(1) for values in (examples.scores, examples.costs))
    if not scored.any():
        raise LcragError(
            "No question is scored in every strategy: routers cannot be compared on these outcomes."
        )
    scored = scored & priced
    if not scored.any():
        raise LcragError(
            f"The outcomes do not say what every strategy cost in {examples.unit}: count tokens, dollars or flops "
            "instead, or give prices."
        )
    data = examples.take(np.flatnonzero(scored))
    rows = {
        r.name: replay(r, data) if split is None else cross_replay(r, data, split, folds, seed)
        for r in routers
    }
    arms = {s: _fixed(s, data) for s in data.strategies}
    best = data.strategies[data.best_fixed]
    baselines = {f"best fixed ({best})": arms[best], RANDOM: _random(data), ORACLE: _oracle(data)}
    everything = {**arms, **rows, **baselines}
    group = (
        dict.fromkeys(arms, "strategy") | dict.fromkeys(rows, "router") | dict.fromkeys(baselines, "baseline")
    )
    summaries = [_summary(r, data, arms[best], resamples, seed) for r in everything.values()]
    named = zip(everything, summaries, strict=True)
    table = pd.DataFrame([{"name": n, "group": group[n], **summary} for n, summary in named])
    table["p_value"] = holm(
        [p if g == "router" else nan for p, g in zip(table["p_value"], table["group"], strict=True)]
    )
    curves = {r.name: curve_of(points_of(rows[r.name], data, _sweep(r, data)), data) for r in routers}
    curves["strategies mixed"] = curve_of([], data)
    table = table.join(_curve_columns(table["name"].tolist(), curves))
    return RoutingReport(
        table=table,
        curves=curves,
        confusion={n: _confusion(r, data) for n, r in rows.items()},
        replayed=rows,
        best=best,
        unit=data.unit,
        split=split or "none",
        queries=len(data),
        left_out=int((~scored).sum()),
        documents=len(set(data.documents)),
    )


def _fixed(strategy: str, data: Examples) -> Replayed:
    return settle(strategy, [Decision(strategy)] * len(data), data)


def _random(data: Examples) -> Replayed:
    """The expectation of a uniform choice."""
    one, none = np.full(len(data), -1), np.zeros(len(data))
    ran = np.zeros(data.scores.shape, bool)
    return Replayed("random", one, data.scores.mean(1), data.costs.mean(1), none, ran, 0.0)


def _oracle(data: Examples) -> Replayed:
    """The best strategy of each query, the cheaper of equals."""
    return settle("oracle", [Decision(data.strategies[i]) for i in best_of(data)], data)


def _summary(row: Replayed, data: Examples, fixed: Replayed, resamples: int, seed: int) -> dict[str, Any]:
    clusters = list(data.documents)
    mean = clustered_mean(row.scores, clusters, resamples=resamples, seed=seed)
    pair = paired_difference(row.scores, fixed.scores, clusters, resamples=resamples, seed=seed)
    oracle = data.scores.max(1)
    headroom = float(oracle.mean() - fixed.scores.mean())
    gained = float(row.scores.mean() - fixed.scores.mean())
    dearest = data.mean_costs.max()
    known = row.chosen.min() >= 0
    right = row.chosen == best_of(data)
    probed = bool((row.ran.sum(1) > 1).any())
    left = row.ran.copy()
    left[np.arange(len(data)), row.chosen] = False
    refused = np.where(left, data.scores, -1.0).max(1)
    return {
        "accuracy": mean.mean,
        "low": mean.low,
        "high": mean.high,
        "gain": pair.difference,
        "gain_low": pair.low,
        "gain_high": pair.high,
        "p_value": pair.p_value,
        "headroom": gained / headroom if headroom > 0 else nan,
        "regret": float((oracle - row.scores).mean()),
        "cost": float(row.costs.mean()),
        "relative_cost": float(row.costs.mean() / dearest) if dearest else nan,
        "dearest_share": float((row.chosen == data.mean_costs.argmax()).mean()) if known else nan,
        "overhead": float(row.discarded.mean()),
        "milliseconds": row.milliseconds or nan,
        "agreement": float(right.mean()) if known else nan,
        "false_accept": float((~left.any(1) & (oracle > row.scores)).mean()) if probed else nan,
        "false_decline": float((left.any(1) & (refused >= row.scores)).mean()) if probed else nan,
    }


def best_of(data: Examples) -> Any:
    """Index of each query's best strategy, the cheaper of equals."""
    return np.lexsort((data.costs, -data.scores), axis=1)[:, 0]


def _sweep(router: Any, data: Examples) -> list[tuple[float, float]] | None:
    if not isinstance(router, ProbeRouter):
        return None
    table = router.sweep(data)
    return list(zip(table["cost"], table["accuracy"], strict=True))


def _curve_columns(names: Sequence[str], curves: dict[str, Curve]) -> pd.DataFrame:
    flat = curves["strategies mixed"]
    rows = []
    for name in names:
        curve = curves.get(name)
        rows.append(
            {"aiq": nan, "aiq_gain": nan, "apgr": nan} | {f"cpt_{s:.0%}".rstrip("%"): nan for s in SHARES}
            if curve is None
            else {"aiq": curve.aiq, "aiq_gain": curve.aiq - flat.aiq, "apgr": curve.apgr}
            | {f"cpt_{s:.0%}".rstrip("%"): curve.cpt(s) for s in SHARES}
        )
    return pd.DataFrame(rows)


def _confusion(row: Replayed, data: Examples) -> pd.DataFrame:
    """How often each strategy was chosen (columns) where another was the best (rows; the cheaper of equals)."""
    names = list(data.strategies)
    counts = np.zeros((len(names), len(names)), int)
    np.add.at(counts, (best_of(data), row.chosen), 1)
    return pd.DataFrame(counts, index=pd.Index(names, name="best"), columns=pd.Index(names, name="chosen"))
