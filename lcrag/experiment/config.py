"""An experiment from YAML; unknown keys are refused before anything is spent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from lcrag.components.build import build, check_keys
from lcrag.components.expand import expanded
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
    "readers",
    "response_cache",
    "embedder",
    "retriever",
    "strategies",
    "routers",
    "budget",
    "deadline_s",
    "prices",
    "mlflow",
]


def load_experiment(path: Path | str) -> Experiment:
    """An experiment from a YAML file; file paths in ``dataset`` are relative to the YAML's folder.

    Raises:
        LcragError: the file is missing, is not YAML, or has an unknown or missing key.
    """
    return from_mapping(read_yaml(path), str(path), Path(path).parent)


def from_mapping(
    spec: Any, where: str = "configuration", folder: Path = Path(), dataset: Dataset | None = None
) -> Experiment:
    """An experiment from the content of a YAML file; ``folder`` is what its file paths are relative to.

    ``dataset`` stands for the one that the file names.

    Raises:
        LcragError: an unknown or missing key.
    """
    if not isinstance(spec, Mapping):
        raise LcragError(f"{where}: a mapping with the keys {', '.join(KEYS)} is expected.")
    check_keys(spec, KEYS, where)
    if "readers" in spec:
        raise LcragError(
            f"{where}: `readers` is for `lcrag run`, which makes a run for each; give one `reader` here."
        )
    for key in ("strategies",) if dataset is not None else ("dataset", "strategies"):
        if key not in spec:
            raise LcragError(f"{where}: the key {key!r} is missing.")
    parts = _Parts(spec, where, folder)
    component, each, embedder = parts.component, parts.each, parts.shared["embedder"]
    mlflow = values.mlflow(spec.get("mlflow"), f"{where}: mlflow")
    name = values.text(spec.get("name", Path(where).stem), f"{where}: name")
    reader = parts.reader()
    return Experiment(
        dataset=dataset or build("dataset", spec["dataset"], f"{where}: dataset", None, folder),
        reader=reader,
        strategies=each("strategies", "strategy"),
        output=Path(values.text(spec.get("output", f"runs/{name}"), f"{where}: output")),
        routers=each("routers", "router"),
        retriever=component("retriever"),
        embedder=embedder,
        metric=_metric(spec.get("metric", "auto"), f"{where}: metric", folder),
        metrics=each("metrics", "metric"),
        cost=values.one_of(spec.get("cost", "auto"), get_args(CostUnit), f"{where}: cost"),
        seed=values.seed(spec.get("seed", 0), f"{where}: seed"),
        name=name,
        budget=values.budget(spec.get("budget"), f"{where}: budget"),
        prices=values.prices(spec.get("prices"), f"{where}: prices", folder, reader.name, embedder.name),
        deadline_s=values.seconds(spec.get("deadline_s"), f"{where}: deadline_s"),
        executor=component("executor") or LocalExecutor(),
        mlflow=mlflow.get("tracking_uri"),
        mlflow_experiment=mlflow.get("experiment", "lcrag"),
        mlflow_traces=mlflow.get("traces", False),
    )


class _Parts:
    """The components of a mapping; those that are built later share its embedder, or the default one."""

    def __init__(self, spec: Mapping[str, Any], where: str, folder: Path) -> None:
        self.spec, self.where, self.folder = spec, where, folder
        self.shared: dict[str, Any] = {}
        self.shared["embedder"] = self.component("embedder") or default_embedder()

    def reader(self) -> Any:
        """The reader, behind the response cache where the mapping has one."""
        reader = self.spec.get("reader", "transformers")
        cache = self.spec.get("response_cache")
        if cache is not None:
            cache = cache if isinstance(cache, Mapping) else {"path": cache}
            check_keys(cache, ["path", "max_bytes"], f"{self.where}: response_cache")
            reader = {"type": "response_cache", "reader": reader, **cache}
        return build("reader", reader, f"{self.where}: reader", None, self.folder)

    def component(self, kind: str) -> Any:
        """The component of a kind, ``None`` where the mapping has none."""
        if kind not in self.spec:
            return None
        return build(kind, self.spec[kind], f"{self.where}: {kind}", self.shared, self.folder)

    def each(self, key: str, kind: str) -> tuple[Any, ...]:
        """The components in a list.

        Raises:
            LcragError: it is not a list.
        """
        items = self.spec.get(key) or []
        if not isinstance(items, list):
            raise LcragError(f"{self.where}: {key} must be a list.")
        where = f"{self.where}: {key}"
        if kind == "strategy":
            items = [
                x for i, item in enumerate(items) for x in expanded(kind, item, f"{where}[{i}]", self.folder)
            ]
        return tuple(build(kind, x, f"{where}[{i}]", self.shared, self.folder) for i, x in enumerate(items))


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
    parts = _Parts(spec, where, folder)
    metrics, embedder = parts.each("metrics", "metric"), parts.shared["embedder"]
    reader = build("reader", spec["reader"], f"{where}: reader", None, folder) if "reader" in spec else None
    judging = Judging(
        reader=reader,
        embedder=embedder,
        prices=values.prices(
            spec.get("prices"), f"{where}: prices", folder, reader.name if reader else "", embedder.name
        ),
        spending=Spending(values.budget(spec.get("budget"), f"{where}: budget")),
    )
    return metrics, judging, str(spec.get("metric", ""))
