"""An experiment from YAML; unknown keys are refused before anything is spent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from lcrag.components.build import build, check_keys
from lcrag.components.yaml_file import read_yaml
from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError
from lcrag.experiment import values
from lcrag.experiment.executors.local import LocalExecutor
from lcrag.experiment.experiment import Experiment
from lcrag.judging.scoring import AnyMetric
from lcrag.judging.tools import Judging
from lcrag.outcomes.costs import CostUnit
from lcrag.runtime.defaults import default_embedder
from lcrag.runtime.meter import Spending

KEYS = [
    "name",
    "output",
    "seed",
    "metric",
    "metrics",
    "cost",
    "executor",
    "dataset",
    "reader",
    "embedder",
    "retriever",
    "strategies",
    "routers",
    "budget",
    "prices",
    "mlflow",
]


def load_experiment(path: Path | str) -> Experiment:
    """An experiment from a YAML file; file paths in ``dataset`` are relative to the YAML's folder.

    Raises:
        LcragError: the file is missing, is not YAML, or has an unknown or missing key.
    """
    return from_mapping(read_yaml(path), str(path), Path(path).parent)


def from_mapping(spec: Any, where: str = "configuration", folder: Path = Path()) -> Experiment:
    """An experiment from the content of a YAML file; ``folder`` is what its file paths are relative to.

    Raises:
        LcragError: an unknown or missing key.
    """
    if not isinstance(spec, Mapping):
        raise LcragError(f"{where}: a mapping with the keys {', '.join(KEYS)} is expected.")
    check_keys(spec, KEYS, where)
    for key in ("dataset", "strategies"):
        if key not in spec:
            raise LcragError(f"{where}: the key {key!r} is missing.")
    shared: dict[str, Any] = {}

    def component(kind: str) -> Any:
        return build(kind, spec[kind], f"{where}: {kind}", shared, folder) if kind in spec else None

    shared["embedder"] = component("embedder") or default_embedder()
    mlflow = values.mlflow(spec.get("mlflow"), f"{where}: mlflow")
    name = values.text(spec.get("name", Path(where).stem), f"{where}: name")

    def each(key: str, kind: str) -> tuple[Any, ...]:
        items = spec.get(key) or []
        if not isinstance(items, list):
            raise LcragError(f"{where}: {key} must be a list.")
        return tuple(build(kind, x, f"{where}: {key}[{i}]", shared, folder) for i, x in enumerate(items))

    reader = build("reader", spec.get("reader", "transformers"), f"{where}: reader", None, folder)
    return Experiment(
        dataset=build("dataset", spec["dataset"], f"{where}: dataset", None, folder),
        reader=reader,
        strategies=each("strategies", "strategy"),
        output=Path(values.text(spec.get("output", f"runs/{name}"), f"{where}: output")),
        routers=each("routers", "router"),
        retriever=component("retriever"),
        embedder=shared["embedder"],
        metric=_metric(spec.get("metric", "accuracy"), f"{where}: metric", folder),
        metrics=each("metrics", "metric"),
        cost=values.one_of(spec.get("cost", "auto"), get_args(CostUnit), f"{where}: cost"),
        seed=values.seed(spec.get("seed", 0), f"{where}: seed"),
        name=name,
        budget=values.budget(spec.get("budget"), f"{where}: budget"),
        prices=values.prices(
            spec.get("prices"), f"{where}: prices", folder, reader.name, shared["embedder"].name
        ),
        executor=component("executor") or LocalExecutor(),
        mlflow=mlflow.get("tracking_uri"),
        mlflow_experiment=mlflow.get("experiment", "lcrag"),
    )


def load_dataset(path: Path) -> Dataset:
    """The dataset of an experiment's YAML file alone.

    Raises:
        LcragError: the file is missing or is not YAML, or its dataset is.
    """
    spec = read_yaml(path)
    if not isinstance(spec, Mapping) or "dataset" not in spec:
        raise LcragError(f"{path}: the key 'dataset' is missing.")
    dataset: Dataset = build("dataset", spec["dataset"], f"{path}: dataset", None, path.parent)
    return dataset


def _metric(spec: Any, where: str, folder: Path) -> str | AnyMetric:
    """A standard metric, and one of ``metrics``, stays a name; one of the user's own is built."""
    own = isinstance(spec, Mapping) or ":" in str(spec)
    return build("metric", spec, where, None, folder) if own else str(spec)  # type: ignore[no-any-return]


def scoring_from_mapping(
    spec: Mapping[str, Any], where: str, folder: Path
) -> tuple[tuple[AnyMetric, ...], Judging, str]:
    """What a finished run is scored by: its metrics, what judging uses, and the name of the metric that decides.

    Raises:
        LcragError: an unknown or missing key.
    """
    shared: dict[str, Any] = {}
    shared["embedder"] = (
        build("embedder", spec["embedder"], f"{where}: embedder", None, folder)
        if "embedder" in spec
        else default_embedder()
    )
    reader = build("reader", spec["reader"], f"{where}: reader", None, folder) if "reader" in spec else None
    items = spec["metrics"]
    if not isinstance(items, list):
        raise LcragError(f"{where}: metrics must be a list.")
    metrics = tuple(build("metric", x, f"{where}: metrics[{i}]", shared, folder) for i, x in enumerate(items))
    names = (reader.name if reader else "", shared["embedder"].name)
    judging = Judging(
        reader=reader,
        embedder=shared["embedder"],
        prices=values.prices(spec.get("prices"), f"{where}: prices", folder, *names),
        spending=Spending(values.budget(spec.get("budget"), f"{where}: budget")),
    )
    return metrics, judging, str(spec.get("metric", ""))
