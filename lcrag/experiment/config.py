"""An experiment from YAML; unknown keys are refused before anything is spent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from lcrag.cost.price import PriceCard
from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError
from lcrag.experiment.experiment import Experiment, default_embedder, default_retriever
from lcrag.experiment.registry import build, check_keys

KEYS = [
    "name",
    "output",
    "seed",
    "metric",
    "dataset",
    "reader",
    "embedder",
    "retriever",
    "strategies",
    "routers",
    "prices",
    "mlflow",
]
MLFLOW_KEYS = ["tracking_uri", "experiment"]


def load(path: Path | str) -> Experiment:
    """An experiment from a YAML file; file paths in ``dataset`` are relative to the YAML's folder.

    Raises:
        LcragError: the file is missing, is not YAML, or has an unknown or missing key.
    """
    return from_mapping(read(Path(path)), str(path), Path(path).parent)


def read(path: Path) -> Any:
    """What stands in a YAML file.

    Raises:
        LcragError: the file is missing or is not YAML.
    """
    try:
        return yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise LcragError(f"There is no file {path}.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise LcragError(f"{path} cannot be read: {error}.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise LcragError(f"{path}{line} is not YAML: {getattr(error, 'problem', error)}.") from error


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
    embedder = (
        build("embedder", spec["embedder"], f"{where}: embedder")
        if "embedder" in spec
        else default_embedder()
    )
    shared = {"embedder": embedder}
    mlflow = spec.get("mlflow", {})
    mlflow = {"tracking_uri": ""} if mlflow is False else mlflow or {}
    check_keys(mlflow, MLFLOW_KEYS, f"{where}: mlflow")
    name = str(spec.get("name", Path(where).stem))

    def each(key: str, kind: str) -> tuple[Any, ...]:
        items = spec.get(key) or []
        if not isinstance(items, list):
            raise LcragError(f"{where}: {key} must be a list.")
        return tuple(build(kind, item, f"{where}: {key}[{i}]", shared) for i, item in enumerate(items))

    return Experiment(
        dataset=build("dataset", _located(spec["dataset"], folder), f"{where}: dataset"),
        reader=build("reader", spec.get("reader", "transformers"), f"{where}: reader"),
        strategies=each("strategies", "strategy"),
        output=Path(str(spec.get("output", f"runs/{name}"))),
        routers=each("routers", "router"),
        retriever=build("retriever", spec["retriever"], f"{where}: retriever", shared)
        if "retriever" in spec
        else default_retriever(embedder),
        embedder=embedder,
        metric=str(spec.get("metric", "accuracy")),
        seed=_whole(spec.get("seed", 0), f"{where}: seed"),
        name=name,
        prices=_prices(spec.get("prices"), f"{where}: prices"),
        mlflow=mlflow.get("tracking_uri"),
        mlflow_experiment=str(mlflow.get("experiment", "lcrag")),
    )


def load_dataset(path: Path) -> Dataset:
    """The dataset of an experiment's YAML file alone.

    Raises:
        LcragError: the file is missing or is not YAML, or its dataset is.
    """
    spec = read(path)
    if not isinstance(spec, Mapping) or "dataset" not in spec:
        raise LcragError(f"{path}: the key 'dataset' is missing.")
    dataset: Dataset = build("dataset", _located(spec["dataset"], path.parent), f"{path}: dataset")
    return dataset


def _located(dataset: Any, folder: Path) -> Any:
    """The dataset's relative paths, taken from the YAML's folder."""
    if not isinstance(dataset, Mapping) or dataset.get("type") != "files":
        return dataset
    paths = {
        k: str(folder / str(dataset[k])) for k in ("documents", "questions", "demonstrations") if k in dataset
    }
    return {**dataset, **paths}


def _whole(value: Any, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise LcragError(f"{where}: {value!r} is not a whole number.")
    return value


def _prices(spec: Any, where: str) -> PriceCard | None:
    if spec is None:
        return None
    if not isinstance(spec, Mapping):
        raise LcragError(
            f"{where}: dollars per million tokens are expected: input_mtok, cached_mtok, output_mtok."
        )
    check_keys(spec, ["input_mtok", "cached_mtok", "output_mtok"], where)
    for key in ("input_mtok", "output_mtok"):
        if key not in spec:
            raise LcragError(f"{where}: the key {key!r} is missing.")
    try:
        return PriceCard(**spec)
    except (TypeError, ValueError) as error:
        raise LcragError(f"{where}: {error}.") from error
