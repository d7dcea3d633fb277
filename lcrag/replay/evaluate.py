"""Routers beside every strategy, the best fixed one, a random choice and the oracle, on the same queries."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from typing import Any

import numpy as np
import pandas as pd

from lcrag.errors import LcragError
from lcrag.outcomes.baselines import BEST_FIXED, ORACLE, RANDOM, oracle, random_choice
from lcrag.replay.comparison import RoutingComparison
from lcrag.replay.curve import MIXED, SHARES, Curve, curve_of, points_of
from lcrag.replay.replayed import Replayed, cross_replay, replay, settle
from lcrag.replay.splits import Split
from lcrag.routers.base import Decision
from lcrag.routers.learning.examples import Examples
from lcrag.routers.probe import ProbeRouter
from lcrag.statistics import clustered_mean, holm, paired_difference


def evaluate(
    routers: Sequence[Any],
    examples: Examples,
    *,
    split: Split | None = "document",
    folds: int = 5,
    seed: int = 0,
    resamples: int = 2000,
) -> RoutingComparison:
    """Replay routers, cross-validated, and compare them with every strategy, best fixed, random and the oracle.

    Args:
        routers: their names must differ.
        examples: see ``examples_of``; queries without a score or a cost of every strategy are left out and counted.
        split: how folds are made; ``None`` replays routers that are fitted already, on all examples.
        folds: number of folds of the document split.
        seed: seeds the folds and the bootstrap.
        resamples: bootstrap samples, and random assignments of the paired test.

    Raises:
        LcragError: two rows of one name, no query with scores and costs of every strategy, or as ``cross_replay``.
    """
    _check_names([r.name for r in routers], examples.strategies)
    complete = _complete(examples)
    data = examples.take(np.flatnonzero(complete))
    replayed = {
        r.name: replay(r, data) if split is None else cross_replay(r, data, split, folds, seed)
        for r in routers
    }
    strategies = {s: settle(s, [Decision(s)] * len(data), data) for s in data.strategies}
    best = data.strategies[data.best_fixed]
    baselines = {f"{BEST_FIXED} ({best})": strategies[best], RANDOM: _random(data), ORACLE: _oracle(data)}
    rows = [
        {"name": name, "group": group, **_summary(row, data, strategies[best], resamples, seed)}
        for group, members in (("strategy", strategies), ("router", replayed), ("baseline", baselines))
        for name, row in members.items()
    ]
    table = pd.DataFrame(rows)
    table["p_value"] = holm(table["p_value"].where(table["group"] == "router").tolist())
    curves = {r.name: curve_of(points_of(replayed[r.name], data, _sweep(r, data)), data) for r in routers}
    curves[MIXED] = curve_of([], data)
    return RoutingComparison(
        table=table.join(_curve_columns(table["name"].tolist(), curves)),
        curves=curves,
        confusion={name: _confusion(row, data) for name, row in replayed.items()},
        replayed=replayed,
        examples=data,
        best=best,
        split=split or "none",
        left_out=int((~complete).sum()),
    )


def _check_names(names: Sequence[str], strategies: Sequence[str]) -> None:
    reserved = {*strategies, RANDOM, ORACLE}
    if duplicates := sorted({n for n in names if names.count(n) > 1 or n in reserved}):
        raise LcragError(
            f"Two rows of the table would be named {duplicates[0]!r}: give the router another `name`."
        )


def _complete(examples: Examples) -> Any:
    """Which queries have a score and a cost of every strategy, shape (N,)."""
    scored, priced = (~np.isnan(values).any(1) for values in (examples.scores, examples.costs))
    if not scored.any():
        raise LcragError(
            "No question is scored in every strategy: routers cannot be compared on these outcomes."
        )
    if not (scored & priced).any():
        raise LcragError(
            f"The outcomes do not say what every strategy cost in {examples.unit}: count tokens, dollars or flops "
            "instead, or give prices."
        )
    return scored & priced


def _random(data: Examples) -> Replayed:
    """The expectation of a uniform choice; it has no chosen strategy (index -1)."""
    return Replayed(
        name=RANDOM,
        chosen=np.full(len(data), -1),
        scores=random_choice(data.scores),
        costs=random_choice(data.costs),
        discarded=np.zeros(len(data)),
        ran=np.zeros(data.scores.shape, bool),
    )


def _oracle(data: Examples) -> Replayed:
    best = oracle(data.scores, data.costs)
    return settle(ORACLE, [Decision(data.strategies[i]) for i in best], data)


def _summary(row: Replayed, data: Examples, fixed: Replayed, resamples: int, seed: int) -> dict[str, Any]:
    clusters = list(data.documents)
    mean = clustered_mean(row.scores, clusters, resamples=resamples, seed=seed)
    pair = paired_difference(row.scores, fixed.scores, clusters, resamples=resamples, seed=seed)
    highest = data.scores.max(1)
    headroom = float(highest.mean() - fixed.scores.mean())
    gain = float(row.scores.mean() - fixed.scores.mean())
    dearest = data.mean_costs.max()
    has_choice = row.chosen.min() >= 0  # the random choice has none
    return {
        "accuracy": mean.mean,
        "low": mean.low,
        "high": mean.high,
        "gain": pair.difference,
        "gain_low": pair.low,
        "gain_high": pair.high,
        "p_value": pair.p_value,
        "headroom": gain / headroom if headroom > 0 else nan,
        "regret": float((highest - row.scores).mean()),
        "cost": float(row.costs.mean()),
        "relative_cost": float(row.costs.mean() / dearest) if dearest else nan,
        "dearest_share": float((row.chosen == data.mean_costs.argmax()).mean()) if has_choice else nan,
        "overhead": float(row.discarded.mean()),
        "milliseconds": row.milliseconds or nan,
        "agreement": float((row.chosen == oracle(data.scores, data.costs)).mean()) if has_choice else nan,
        **_probing_errors(row, data),
    }


def _probing_errors(row: Replayed, data: Examples) -> dict[str, float]:
    """Shares of all queries: a worse answer was kept; another answer was paid for that was no better."""
    if not (row.ran.sum(1) > 1).any():
        return {"false_accept": nan, "false_decline": nan}
    discarded = row.ran.copy()
    discarded[np.arange(len(data)), row.chosen] = False
    escalated = discarded.any(1)
    best_discarded = np.where(discarded, data.scores, -1.0).max(1)
    return {
        "false_accept": float((~escalated & (data.scores.max(1) > row.scores)).mean()),
        "false_decline": float((escalated & (best_discarded >= row.scores)).mean()),
    }


def _sweep(router: Any, data: Examples) -> list[tuple[float, float]]:
    """The (cost, score) points of a probe's thresholds."""
    if not isinstance(router, ProbeRouter):
        return []
    table = router.sweep(data)
    return list(zip(table["cost"], table["accuracy"], strict=True))


def _curve_columns(names: Sequence[str], curves: dict[str, Curve]) -> pd.DataFrame:
    mixed = curves[MIXED]
    rows = []
    for name in names:
        curve = curves.get(name)
        rows.append(
            {"aiq": nan, "aiq_gain": nan, "apgr": nan} | {f"cpt_{s:.0%}".rstrip("%"): nan for s in SHARES}
            if curve is None
            else {"aiq": curve.aiq, "aiq_gain": curve.aiq - mixed.aiq, "apgr": curve.apgr}
            | {f"cpt_{s:.0%}".rstrip("%"): curve.cpt(s) for s in SHARES}
        )
    return pd.DataFrame(rows)


def _confusion(row: Replayed, data: Examples) -> pd.DataFrame:
    """How often each strategy was chosen (columns) where another was the best (rows; of equals the cheaper)."""
    names = list(data.strategies)
    counts = np.zeros((len(names), len(names)), int)
    np.add.at(counts, (oracle(data.scores, data.costs), row.chosen), 1)
    return pd.DataFrame(counts, index=pd.Index(names, name="best"), columns=pd.Index(names, name="chosen"))
