"""What is computed without a run of its own, in MLflow: replays, curves over budgets, costs, checks of judges."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lcrag.experiment.tracking.batches import Point, log_values
from lcrag.experiment.tracking.log import Tracked
from lcrag.experiment.tracking.store import default_tracking_uri, experiment_named, mlflow_on
from lcrag.experiment.tracking.ui import VIEW_TAG, how_to_open, set_view
from lcrag.experiment.tracking.values import flat, named

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Analysis:
    """What is logged of a result.

    Attributes:
        kind: What it is, such as ``replay``; the tag ``lcrag.kind``.
        name: The name of its MLflow run.
        parameters: What it was computed from; nested settings become flat.
        points: Metrics with their steps.
        parts: The metrics of those that it compares, such as routers: each gets a run below this one.
        tables: Tables that the UI opens, by file name.
        texts: Texts by file name.
        figures: Pictures by file name.
        files: Files on disk.
    """

    kind: str
    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    points: Sequence[Point] = ()
    parts: Mapping[str, Sequence[Point]] = field(default_factory=dict)
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    figures: Mapping[str, Figure] = field(default_factory=dict)
    files: Sequence[Path] = ()


def log_analysis(analysis: Analysis, tracking_uri: str = "", experiment: str = "lcrag") -> Tracked:
    """Log a result as an MLflow run.

    Args:
        analysis: the result.
        tracking_uri: MLflow's store; empty for its default.
        experiment: the MLflow experiment's name.

    Raises:
        LcragError: the tracking server cannot be reached or refuses.
    """
    uri = tracking_uri or default_tracking_uri()
    with mlflow_on(uri) as mlflow:
        client = mlflow.MlflowClient()
        experiment_id = experiment_named(client, experiment)
        outer = mlflow.active_run()
        run_id = _run(client, experiment_id, analysis.name, outer.info.run_id if outer else "")
        tags = {"lcrag.kind": analysis.kind}
        log_values(
            client, run_id, parameters=flat(analysis.parameters), points=_points(analysis.points), tags=tags
        )
        for name, table in analysis.tables.items():
            client.log_table(run_id, table, name)
        for name, text in analysis.texts.items():
            client.log_text(run_id, text, name)
        for name, figure in analysis.figures.items():
            client.log_figure(run_id, figure, name)
        for path in analysis.files:
            client.log_artifact(run_id, str(path))
        for name, points in analysis.parts.items():
            part = _run(client, experiment_id, name, run_id)
            tags = {"lcrag.kind": f"{analysis.kind} row", "mlflow.runType": "evaluation"}
            log_values(client, part, points=_points(points), tags=tags)
            client.set_terminated(part)
        client.set_terminated(run_id)
        metrics = {name for points in analysis.parts.values() for name, _, _ in points}
        if VIEW_TAG not in client.get_experiment(experiment_id).tags:
            set_view(client, experiment_id, metrics | {name for name, _, _ in analysis.points})
    return Tracked(run_id, experiment_id, how_to_open(uri, experiment_id))


def _run(client: Any, experiment_id: str, name: str, above: str) -> str:
    from mlflow.tracking.context.registry import resolve_tags

    tags = resolve_tags({"mlflow.parentRunId": above} if above else {})
    return str(client.create_run(experiment_id, tags=tags, run_name=name).info.run_id)


def _points(points: Sequence[Point]) -> list[Point]:
    """Points under names that MLflow takes."""
    allowed = dict(zip(dict.fromkeys(n for n, _, _ in points), _names(points), strict=True))
    return [(allowed[name], value, step) for name, value, step in points]


def _names(points: Sequence[Point]) -> list[str]:
    return [name for name, _ in named((n, None) for n in dict.fromkeys(n for n, _, _ in points))]
