"""Parameters, metrics and tables in the shape that MLflow takes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from lcrag.analysis.comparison import Comparison

NAME_LIMIT = 200  # characters; MLflow takes 250
PARAMETER_LIMIT = 6000  # characters, MLflow's own; parameters.json holds the whole value
TABLE_ROWS = 1000  # a browser has to hold the table; outcomes.parquet has all rows
CELL_LIMIT = 1000  # characters
FIRST_COLUMNS = ("question_id", "question", "gold", "strategy", "answer", "score", "error", "kind")
NONE = "none"  # of a strategy that has no retriever or uses no embedder
_TOKENS = re.compile(r"(?:up to |\d+k-)(\d+)k")
METRICS = {
    "accuracy": "accuracy",
    "low": "accuracy_low",
    "high": "accuracy_high",
    "scored": "scored",
    "failed": "failed",
    "prompt": "prompt_tokens",
    "cached": "cached_tokens",
    "completion": "completion_tokens",
    "build": "build_tokens",
    "flops": "flops",
    "seconds": "seconds",
    "p50": "seconds_p50",
    "p95": "seconds_p95",
    "kv_bytes": "kv_bytes",
    "dollars": "dollars",
    "cold_flops": "flops_cold",
    "cold_dollars": "dollars_cold",
    "foreign_cached": "foreign_cached_tokens",
    "p_value": "p_value",
}  # columns of ``Comparison.table`` and their names in MLflow


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Nested settings as parameters: ``retriever: {type: BM25, k1: 1.2}`` gives ``retriever`` and ``retriever.k1``.

    The items of a list of components go by their ``name``, else by their number.
    """
    values: dict[str, str] = {}
    for key, value in settings.items():
        name = prefix.removesuffix(".") if key == "type" and prefix else f"{prefix}{key}"
        if isinstance(value, Sequence) and value and all(isinstance(v, Mapping) for v in value):
            names = [str(v.get("name", i)) for i, v in enumerate(value)]
            unique = len({*names}) == len(names)
            value = {n if unique else str(i): v for i, (n, v) in enumerate(zip(names, value, strict=True))}
        if isinstance(value, Mapping):
            values |= flat(value, f"{name}.") or {name: "{}"}
        else:
            text = json.dumps(value) if isinstance(value, list | tuple) else str(value)
            values[name] = text if len(text) <= PARAMETER_LIMIT else text[: PARAMETER_LIMIT - 1] + "…"
    return dict(named(values.items()))


def strategy_parameters(
    settings: Mapping[str, Any], run: Mapping[str, Any], model: str, embeds: bool | None = None
) -> dict[str, Any]:
    """A strategy's settings with the run's retriever, embedder, model and dataset where it has none of its own.

    Args:
        settings: The strategy's settings.
        run: What ``experiment.json`` holds.
        model: The reader.
        embeds: Whether the strategy has embedded anything; ``None`` leaves out the embedder.
    """
    resolved = _resolved(settings, run)
    shared = {**data_parameters(run), "model": model, "retriever": _first(resolved, "retriever") or NONE}
    if embeds is not None:
        embedder = _first(resolved, "embedder") or (run.get("embedder") if embeds else None)
        shared["embedder"] = embedder or NONE
    taken = shared.keys() - {"retriever", "embedder"}
    own = {f"strategy.{k}" if k in taken else k: v for k, v in resolved.items()}
    if embeds is None:
        own.pop("embedder", None)
    return own | shared


def has_embedded(rows: pd.DataFrame) -> bool:
    """Whether an embedder was at work for these outcomes."""
    columns = [c for c in ("embed_prompt_tokens", "index_prompt_tokens") if c in rows]
    return any(rows[c].sum() > 0 for c in columns)


def data_parameters(run: Mapping[str, Any]) -> dict[str, Any]:
    """What the questions are."""
    keys = ("dataset", "dataset_digest", "benchmark", "questions", "documents", "metric", "seed")
    return {k: run[k] for k in keys if k in run}


def models(rows: pd.DataFrame) -> str:
    """The readers of the rows."""
    return ", ".join(dict.fromkeys(rows["model"].astype(str))) if "model" in rows else ""


def row_metrics(row: pd.Series[Any]) -> dict[str, float]:
    """The figures of a row of ``Comparison.table``; what is not known is missing, not zero."""
    return {new: float(row[old]) for old, new in METRICS.items() if isfinite(float(row[old]))}


def judge_metrics(outcomes: pd.DataFrame) -> dict[str, float]:
    """Sums of what judging took: ``judge_calls``, ``judge_prompt_tokens``, ``judge_dollars``, ..."""
    from lcrag.analysis.judging import judge_spending

    return {f"judge_{k}": v for k, v in judge_spending(outcomes).items() if isfinite(v)}


def mean_scores(comparison: Comparison, name: str) -> list[tuple[str, float]]:
    """``accuracy_<kind>``, ``accuracy_<slice>_<value>`` and further metrics; not accuracy by length."""
    kinds = comparison.by_kind.loc[name].dropna().items()
    pairs = [(f"accuracy_{kind or 'no_kind'}", float(score)) for kind, score in kinds]
    for title, table in comparison.by_slice.items():
        pairs += [
            (f"accuracy_{title}_{value}", float(score))
            for value, score in table.loc[name].dropna().items()
            if title != "length" or not _TOKENS.fullmatch(str(value))
        ]
    if name in comparison.by_metric.index:
        pairs += [(str(k), float(v)) for k, v in comparison.by_metric.loc[name].dropna().items()]
    return pairs


def scores_by_length(comparison: Comparison, name: str) -> dict[int, float]:
    """Accuracy by the largest number of tokens of its slice: ``2k-4k`` is 4096."""
    if "length" not in comparison.by_slice:
        return {}
    scores = comparison.by_slice["length"].loc[name].dropna()
    sizes = {value: _TOKENS.fullmatch(str(value)) for value in scores.index}
    return {int(size[1]) * 1024: float(scores[value]) for value, size in sizes.items() if size}


def named(pairs: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Values under names that MLflow takes; of names that become the same, the later ones are numbered."""
    values: dict[str, Any] = {}
    for name, value in pairs:
        allowed = re.sub(r"[^\w. -]", "_", name, flags=re.ASCII)[:NAME_LIMIT]
        unique, number = allowed, 2
        while unique in values:
            unique, number = f"{allowed}_{number}", number + 1
        values[unique] = value
    return [*values.items()]


def small_table(outcomes: pd.DataFrame) -> pd.DataFrame:
    """The first questions' outcomes with long texts cut, what a reader looks for first in front."""
    strategies = max(1, outcomes["strategy"].nunique())
    questions = outcomes["question_id"].drop_duplicates()[: max(1, TABLE_ROWS // strategies)]
    rows = outcomes[outcomes["question_id"].isin(questions)]
    first = [c for c in FIRST_COLUMNS if c in rows]
    rows = rows[[*first, *(c for c in rows if c not in first)]]
    return rows.apply(lambda column: column.map(_cut)).reset_index(drop=True)


def _cut(value: Any) -> Any:
    is_long = isinstance(value, str) and len(value) > CELL_LIMIT
    return value[: CELL_LIMIT - 1] + "…" if is_long else value


def _resolved(value: Any, run: Mapping[str, Any]) -> Any:
    """Settings with the run's retriever and embedder where a part has ``None``, which stands for them."""
    if isinstance(value, Mapping):
        return {
            k: run.get(k) if v is None and k in {"retriever", "embedder"} else _resolved(v, run)
            for k, v in value.items()
        }
    return [_resolved(v, run) for v in value] if isinstance(value, list | tuple) else value


def _first(value: Any, key: str) -> Any:
    """The first setting of that name, at any depth."""
    if isinstance(value, Mapping):
        return value.get(key) or next(filter(None, (_first(v, key) for v in value.values())), None)
    if isinstance(value, list | tuple):
        return next(filter(None, (_first(v, key) for v in value)), None)
    return None
