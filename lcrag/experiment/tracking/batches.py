"""Values written to MLflow in as few calls as it allows."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

PARAMETERS_PER_BATCH = 100  # MLflow's own bounds
METRICS_PER_BATCH = 500
Point = tuple[str, float, int]  # a metric's name, value and step


def log_values(
    client: Any,
    run_id: str,
    *,
    parameters: Mapping[str, str] | None = None,
    points: Iterable[Point] = (),
    tags: Mapping[str, str] | None = None,
    dataset: Any = None,
) -> None:
    """Write parameters, metrics and tags of one run; a value that is not finite is left out.

    Args:
        client: an ``MlflowClient``.
        run_id: the run.
        parameters: parameters that the run does not have yet.
        points: values of metrics.
        tags: tags.
        dataset: an MLflow dataset that the metrics belong to.
    """
    from mlflow.entities import Metric, Param, RunTag

    now = int(time.time() * 1000)
    source = (
        {"dataset_name": dataset.name, "dataset_digest": dataset.digest, "run_id": run_id} if dataset else {}
    )
    metrics = [Metric(name, value, now, step, **source) for name, value, step in points if isfinite(value)]
    first, rest = metrics[:METRICS_PER_BATCH], metrics[METRICS_PER_BATCH:]
    client.log_batch(run_id, first, tags=[RunTag(k, v) for k, v in (tags or {}).items()])
    for i in range(0, len(rest), METRICS_PER_BATCH):
        client.log_batch(run_id, rest[i : i + METRICS_PER_BATCH])
    new = [Param(k, v) for k, v in (parameters or {}).items()]
    for i in range(0, len(new), PARAMETERS_PER_BATCH):
        client.log_batch(run_id, params=new[i : i + PARAMETERS_PER_BATCH])


def search_tags(kind: str, models: str, run: Mapping[str, Any]) -> dict[str, str]:
    """Tags that runs are found by.

    Args:
        kind: ``experiment``, ``strategy``, ``router`` or ``baseline``.
        models: the readers.
        run: what ``experiment.json`` holds.
    """
    tags = {"lcrag.kind": kind, "lcrag.model": models, "lcrag.dataset": str(run.get("dataset") or "dataset")}
    if kind == "strategy":
        tags["mlflow.runType"] = "evaluation"  # the table of runs opens the parents of such runs
    return tags | ({"lcrag.benchmark": str(run["benchmark"])} if run.get("benchmark") else {})
