"""The figures in the rows of a comparison."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from lcrag.outcomes.baselines import BEST_FIXED, RANDOM
from lcrag.outcomes.costs import AMOUNTS, LEFT_OUT
from lcrag.outcomes.duplicates import clusters
from lcrag.outcomes.failures import counted_wrong
from lcrag.statistics import SCORES, clustered_mean, holm, paired_difference


def summary(rows: pd.DataFrame) -> dict[str, Any]:
    """Counts, accuracy with its interval, and mean amounts of the rows that did not fail."""
    interval = clustered_mean(rows["score"].to_numpy(float), clusters(rows), bounds=SCORES)
    failed = rows["error"] != ""
    answered = rows[~failed]
    return {
        "scored": interval.n,
        "failed": int(failed.sum()),
        "counted_wrong": int(counted_wrong(rows).sum()),
        "unscored": len(rows) - interval.n - int(failed.sum()),
        "truncated": int((answered["truncation"] != "").sum()) if "truncation" in rows else 0,
        "cut": int((answered["finish_reason"] == "length")[~counted_wrong(answered)].sum())
        if "finish_reason" in rows
        else 0,
        "accuracy": interval.mean,
        "low": interval.low,
        "high": interval.high,
        **{a: float(answered[a].mean(skipna=False)) for a in AMOUNTS},
        "foreign_cached": float(answered["foreign_cached"].mean()) if len(answered) else 0.0,
        **{f"p{p}": _quantile(answered["seconds"], p / 100) for p in (50, 95)},
        "kv_bytes": float(answered["kv_bytes"].max(skipna=False)),
        **{column: bool(answered[column].gt(0).any()) for column in LEFT_OUT.values()},
    }


def _quantile(values: pd.Series[float], q: float) -> float:
    return float("nan") if values.isna().any() else float(values.quantile(q))


def first_errors(outcomes: pd.DataFrame) -> dict[str, str]:
    """The first error of each strategy that failed, whether its failures are left out or count as wrong."""
    failed = outcomes[(outcomes["error"] != "") | counted_wrong(outcomes)]
    first = failed.drop_duplicates("strategy")
    errors = first["error"].where(first["error"] != "", first.get("failure", ""))
    return dict(zip(first["strategy"], errors.astype(str), strict=True))


def by_metric(outcomes: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """Mean of every further metric and note, strategies by metrics."""
    columns = {
        c: c.split("_", 1)[1]
        for c in outcomes.columns
        if c.startswith(("score_", "note_")) and c not in {"score_accuracy", "note_stage"}
    }
    means = outcomes.groupby("strategy")[list(columns)].mean().reindex(names)
    return means.rename(columns=columns).dropna(axis="columns", how="all")


def paired(table: pd.DataFrame, rows: Mapping[str, pd.DataFrame], best: str, seed: int) -> pd.DataFrame:
    """Wins against the best, and p-values for strategies and routers.

    A baseline is not tested: the oracle wins or ties every question by construction.
    """
    reference = rows[best].set_index("question_id")
    pairs: list[tuple[float, ...]] = []
    bounds: list[bool] = []
    for name, group in zip(table["name"], table["group"], strict=True):
        if name in {best, RANDOM, f"{BEST_FIXED} ({best})"}:
            pairs.append((float("nan"),) * 4)
            bounds.append(False)
            continue
        scores = rows[name].set_index("question_id")["score"].reindex(reference.index)
        pair = paired_difference(
            scores.to_numpy(float),
            reference["score"].to_numpy(float),
            clusters(reference),
            seed=seed,
        )
        p_value = float("nan") if group == "baseline" else pair.p_value
        won = (pair.wins, pair.ties, pair.losses) if pair.n else (float("nan"),) * 3
        pairs.append((p_value, *map(float, won)))
        bounds.append(pair.p_is_bound)
    frame = pd.DataFrame(pairs, columns=["p_value", "wins", "ties", "losses"])
    frame["p_is_bound"] = bounds
    frame["p_value"] = holm(frame["p_value"].tolist())
    return frame
