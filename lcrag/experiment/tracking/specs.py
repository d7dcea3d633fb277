"""The MLflow runs of a comparison: their names, parameters and times."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lcrag.experiment.tracking.runs import PARENT, RunSpec
from lcrag.experiment.tracking.times import answering_times
from lcrag.experiment.tracking.values import data_parameters, flat, has_embedded, models, strategy_parameters

if TYPE_CHECKING:
    import pandas as pd

    from lcrag.analysis.comparison import Comparison


def run_specs(
    outcomes: pd.DataFrame,
    comparison: Comparison,
    parameters: Mapping[str, Any],
    run_name: str,
    folder: Path,
) -> dict[str, RunSpec]:
    """Every run by its key: the parent, then a child for each row of the comparison.

    Routers and baselines are replayed when the last answer is there; that takes them no time.
    """
    times = answering_times(folder / "outcomes.jsonl", outcomes)
    start, end = min(t[0] for t in times.values()), max(t[1] for t in times.values())
    specs = {PARENT: RunSpec(run_name, flat(parameters), start, end)}
    settings = {kind: _by_name(parameters, kind) for kind in ("strategies", "routers")}
    for _, row in comparison.table.iterrows():
        name = str(row["name"])
        if row["group"] == "strategy":
            rows = outcomes[outcomes["strategy"] == name]
            own = settings["strategies"].get(name, {})
            values = strategy_parameters(own, parameters, models(rows), has_embedded(rows))
        else:
            shared = data_parameters(parameters) | {"model": models(outcomes)}
            values = settings["routers"].get(name, {}) | shared
        specs[key_of(row)] = RunSpec(name, flat(values), *times.get(name, (end, end)))
    return specs


def planned_runs(parameters: Mapping[str, Any], run_name: str, model: str, now: int) -> dict[str, RunSpec]:
    """The parent and the strategies' runs of an experiment that has only begun.

    Args:
        parameters: What ``experiment.json`` will hold.
        run_name: The parent's name.
        model: The reader's name.
        now: The time in milliseconds since 1970.
    """
    specs = {PARENT: RunSpec(run_name, flat(parameters), now, now)}
    for name, settings in _by_name(parameters, "strategies").items():
        values = strategy_parameters(settings, parameters, model)
        specs[name] = RunSpec(name, flat(values), now, now)
    return specs


def key_of(row: pd.Series[Any]) -> str:
    """What a row's run goes by: the name, but a baseline's without the strategy that it names."""
    name = str(row["name"])
    return f"baseline {name.split(' (')[0]}" if row["group"] == "baseline" else name


def _by_name(parameters: Mapping[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    return {str(s.get("name", "")): {**s} for s in parameters.get(kind) or ()}
