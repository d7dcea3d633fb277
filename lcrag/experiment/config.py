"""An experiment from YAML; unknown keys are refused before anything is spent."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from lcrag.components.build import build, check_keys
from lcrag.components.yaml_file import read_yaml
from lcrag.cost.price import read_prices
from lcrag.cost.prices import Prices
from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError
from lcrag.experiment.executors.local import LocalExecutor
from lcrag.experiment.experiment import Experiment
from lcrag.metrics.base import Metric
from lcrag.outcomes.costs import CostUnit
from lcrag.runtime.caps import Budget
from lcrag.runtime.defaults import default_embedder

KEYS = [
    "name",
    "output",
    "seed",
    "metric",
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
PACE = "seconds_per_token"
MLFLOW_KEYS = ["tracking_uri", "experiment"]
MAX_SEED = 2**32 - 1  # what numpy, torch and scikit-learn all take


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
    mlflow = _mlflow(spec.get("mlflow"), f"{where}: mlflow")
    name = _text(spec.get("name", Path(where).stem), f"{where}: name")

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
        output=Path(_text(spec.get("output", f"runs/{name}"), f"{where}: output")),
        routers=each("routers", "router"),
        retriever=component("retriever"),
        embedder=shared["embedder"],
        metric=_metric(spec.get("metric", "accuracy"), f"{where}: metric", folder),
        cost=_one_of(spec.get("cost", "auto"), get_args(CostUnit), f"{where}: cost"),
        seed=_seed(spec.get("seed", 0), f"{where}: seed"),
        name=name,
        budget=_budget(spec.get("budget"), f"{where}: budget"),
        prices=_prices(spec.get("prices"), f"{where}: prices", folder, reader.name, shared["embedder"].name),
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


def _metric(spec: Any, where: str, folder: Path) -> str | Metric:
    """A standard metric stays a name; one of the user's own is built."""
    own = isinstance(spec, Mapping) or ":" in str(spec)
    return build("metric", spec, where, None, folder) if own else str(spec)  # type: ignore[no-any-return]


def _one_of(value: Any, allowed: tuple[str, ...], where: str) -> Any:
    if value not in allowed:
        raise LcragError(f"{where}: {value!r} is not one of {', '.join(allowed)}.")
    return value


def _seed(value: Any, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_SEED:
        raise LcragError(f"{where}: {value!r} is not a whole number from 0 to {MAX_SEED}.")
    return value


def _text(value: Any, where: str) -> str:
    """A name: a text, or a number or date that YAML has made of one."""
    if (
        value is None
        or isinstance(value, bool | list | Mapping | set | bytes)
        or not str(value).strip()
        or "\0" in str(value)
    ):
        raise LcragError(f"{where}: {value!r} is not a text.")
    return str(value)


def _mlflow(spec: Any, where: str) -> dict[str, str]:
    if spec is False:
        return {"tracking_uri": ""}
    if spec is None:
        return {}
    if not isinstance(spec, Mapping):
        raise LcragError(
            f"{where}: false is expected, or a mapping with {' and '.join(MLFLOW_KEYS)}, not {spec!r}."
        )
    check_keys(spec, MLFLOW_KEYS, where)
    return {key: _text(value, f"{where}.{key}") for key, value in spec.items()}


def _budget(spec: Any, where: str) -> Budget:
    spec = {} if spec is None else spec
    scopes = spec.items() if isinstance(spec, Mapping) else ()
    if not isinstance(spec, Mapping) or not all(isinstance(v, Mapping) for k, v in scopes if k != PACE):
        raise LcragError(f"{where}: caps are expected, such as {{question: {{tokens: 8000}}}}.")
    check_keys(spec, ["question", "experiment", PACE], where)
    try:
        return Budget(**spec)
    except (LcragError, TypeError) as error:
        raise LcragError(f"{where}: {error}") from error


def _prices(spec: Any, where: str, folder: Path, reader: str, embedder: str) -> Prices | None:
    """The reader's card with those of embedder and reranker, or a YAML file of cards by model."""
    if isinstance(spec, str):
        cards = read_prices(folder / spec)
        return Prices(cards.get(reader), cards.get(embedder))
    if spec is None:
        return None
    if not isinstance(spec, Mapping):
        raise LcragError(
            f"{where}: dollars per million tokens are expected (input_mtok, cached_mtok, write_mtok, output_mtok), "
            "or gpu_hour, such cards for `embedder` and `reranker`, or a YAML file of such cards by model."
        )
    return Prices.from_mapping(spec, where)
