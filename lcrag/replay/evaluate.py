"""Routers beside every strategy, the best fixed one, a random choice and the oracle, on the same queries."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan
from typing import Any

import numpy as np
import pandas as pd

from lcrag.errors import LcragError
from lcrag.outcomes.baselines import BEST_FIXED, ORACLE, RANDOM, check_names, oracle, random_choice
from lcrag.replay.comparison import RoutingComparison
from lcrag.replay.curve import MIXED, curve_of, options_of, points_of
from lcrag.replay.nested import curve_columns
from lcrag.replay.replayed import Replayed, cross_replay, replay, settle
from lcrag.replay.splits import Split
from lcrag.routers.base import Decision
from lcrag.routers.learning.examples import Examples
from lcrag.statistics import FLIPS, SCORES, clustered_mean, holm, paired_difference, two_way_mean


def evaluate(
    routers: Sequence[Any],
    examples: Examples,
    *,
    split: Split | None = "document",
    folds: int = 5,
    seed: int = 0,
    resamples: int = 9999,
    flips: int = FLIPS,
    fold_seeds: int = 1,
    extra: Examples | None = None,
) -> RoutingComparison:
    """Replay routers, cross-validated, and compare them with every strategy, best fixed, random and the oracle.

    Args:
        routers: their names must differ.
        examples: see ``examples_of``; queries without a score or a cost of every strategy are left out and counted.
        split: how folds are made; ``None`` replays routers that are fitted already, on all examples.
        folds: number of folds of the document split.
        seed: seeds the folds, and the bootstrap of gains and AIQ.
        resamples: bootstrap samples.
        flips: random assignments of the paired test.
        fold_seeds: how often to repeat the document split with other seeds, to tell how far each router's share of the
            headroom depends on the folds; 5 take five times as long. The table's other figures are of the first.
        extra: examples that every fold learns from and none decides: those that the routers' settings were chosen on.

    Raises:
        LcragError: two rows of one name, too few folds, a negative seed, no query with scores and costs of every
            strategy, or as ``cross_replay``.
    """
    for name, value, minimum in (("folds", folds, 2), ("seed", seed, 0), ("fold_seeds", fold_seeds, 1)):
        if value < minimum:
            raise LcragError(f"{name} is {value}, but must be at least {minimum}.")
    check_names(examples.strategies)
    _check_names([r.name for r in routers], examples.strategies)
    complete = _complete(examples)
    data = examples.take(np.flatnonzero(complete))
    replayed = {
        r.name: replay(r, data) if split is None else cross_replay(r, data, split, folds, seed, extra)
        for r in routers
    }
    strategies = {s: settle(s, [Decision(s)] * len(data), data) for s in data.strategies}
    best = data.strategies[data.best_fixed]
    baselines = {f"{BEST_FIXED} ({best})": strategies[best], RANDOM: _random(data), ORACLE: _oracle(data)}
    rows = [
        {"name": name, "group": group, **_summary(row, data, strategies[best], (resamples, flips, seed))}
        for group, members in (("strategy", strategies), ("router", replayed), ("baseline", baselines))
        for name, row in members.items()
    ]
    table = pd.DataFrame(rows)
    table["p_value"] = holm(table["p_value"].where(table["group"] == "router").tolist())
    table["headroom_sd"] = table["name"].map(
        _fold_variance(routers, data, split, folds, seed, fold_seeds, strategies[best], extra)
    )
    curves = {r.name: curve_of(points_of(replayed[r.name], data, r), data) for r in routers}
    curves[MIXED] = curve_of([], data)
    options = {r.name: options_of(replayed[r.name], data, r) for r in routers}
    return RoutingComparison(
        table=table.join(curve_columns(table["name"].tolist(), curves, options, data, resamples, seed)),
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


def _fold_variance(
    routers: Sequence[Any],
    data: Examples,
    split: Split | None,
    folds: int,
    seed: int,
    fold_seeds: int,
    fixed: Replayed,
    extra: Examples | None,
) -> dict[str, float]:
    """Standard deviation of each router's share of the headroom over seeds of the document split."""
    headroom = float((data.scores.max(1) - fixed.scores).mean())
    if split != "document" or fold_seeds < 2 or not headroom > 0:
        return {}
    shares = {
        r.name: [
            float((cross_replay(r, data, split, folds, seed + i, extra).scores - fixed.scores).mean())
            / headroom
            for i in range(fold_seeds)
        ]
        for r in routers
    }
    return {name: float(np.std(values, ddof=1)) for name, values in shares.items()}


def _summary(
    row: Replayed, data: Examples, fixed: Replayed, sampling: tuple[int, int, int]
) -> dict[str, Any]:
    resamples, flips, seed = sampling
    clusters = data.clusters
    mean = clustered_mean(row.scores, clusters, bounds=SCORES)
    pair = paired_difference(row.scores, fixed.scores, clusters, resamples=resamples, flips=flips, seed=seed)
    models = [q.model for q in data.queries]
    both = two_way_mean(row.scores, clusters, models)
    gain_both = two_way_mean(row.scores - fixed.scores, clusters, models)
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
        "p_is_bound": pair.p_is_bound,
        "low_two_way": both.low,
        "high_two_way": both.high,
        "gain_low_two_way": gain_both.low,
        "gain_high_two_way": gain_both.high,
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


def _confusion(row: Replayed, data: Examples) -> pd.DataFrame:
    """How often each strategy was chosen (columns) where another was the best (rows; of equals the cheaper)."""
    names = list(data.strategies)
    counts = np.zeros((len(names), len(names)), int)
    np.add.at(counts, (oracle(data.scores, data.costs), row.chosen), 1)
    return pd.DataFrame(counts, index=pd.Index(names, name="best"), columns=pd.Index(names, name="chosen"))
