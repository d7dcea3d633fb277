"""The values of an experiment's YAML that are no components, checked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lcrag.components.build import check_keys
from lcrag.cost.price import read_prices
from lcrag.cost.prices import Prices
from lcrag.errors import LcragError
from lcrag.runtime.caps import Budget

PACE = "seconds_per_token"
MLFLOW_KEYS = ["tracking_uri", "experiment", "traces"]
MAX_SEED = 2**32 - 1  # what numpy, torch and scikit-learn all take


def one_of(value: Any, allowed: tuple[str, ...], where: str) -> Any:
    """One of some words.

    Raises:
        LcragError: something else is given.
    """
    if value not in allowed:
        raise LcragError(f"{where}: {value!r} is not one of {', '.join(allowed)}.")
    return value


def seed(value: Any, where: str) -> int:
    """A seed that every library takes.

    Raises:
        LcragError: something else is given.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_SEED:
        raise LcragError(f"{where}: {value!r} is not a whole number from 0 to {MAX_SEED}.")
    return value


def seconds(value: Any, where: str) -> float | None:
    """A number of seconds, or none.

    Raises:
        LcragError: something else is given.
    """
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 < value < float("inf"):
        raise LcragError(f"{where}: {value!r} is not a number of seconds above 0.")
    return float(value)


def text(value: Any, where: str) -> str:
    """A name: a text, or a number or date that YAML has made of one."""
    if (
        value is None
        or isinstance(value, bool | list | Mapping | set | bytes)
        or not str(value).strip()
        or "\0" in str(value)
    ):
        raise LcragError(f"{where}: {value!r} is not a text.")
    return str(value)


def mlflow(spec: Any, where: str) -> dict[str, Any]:
    """Where MLflow is, what the experiment is called there, and whether answers are traced; ``false`` logs nothing.

    Raises:
        LcragError: something else is given.
    """
    if spec is False:
        return {"tracking_uri": ""}
    if spec is None:
        return {}
    if not isinstance(spec, Mapping):
        raise LcragError(
            f"{where}: false is expected, or a mapping with {', '.join(MLFLOW_KEYS)}, not {spec!r}."
        )
    check_keys(spec, MLFLOW_KEYS, where)
    traces = spec.get("traces", False)
    if not isinstance(traces, bool):
        raise LcragError(f"{where}.traces: true or false is expected, not {traces!r}.")
    texts = {key: text(value, f"{where}.{key}") for key, value in spec.items() if key != "traces"}
    return texts | {"traces": traces}


def budget(spec: Any, where: str) -> Budget:
    """Caps of a question and of the experiment.

    Raises:
        LcragError: something else is given.
    """
    spec = {} if spec is None else spec
    scopes = spec.items() if isinstance(spec, Mapping) else ()
    if not isinstance(spec, Mapping) or not all(isinstance(v, Mapping) for k, v in scopes if k != PACE):
        raise LcragError(f"{where}: caps are expected, such as {{question: {{tokens: 8000}}}}.")
    check_keys(spec, ["question", "experiment", PACE], where)
    try:
        return Budget(**spec)
    except (LcragError, TypeError) as error:
        raise LcragError(f"{where}: {error}") from error


def prices(spec: Any, where: str, folder: Path, reader: str, embedder: str) -> Prices | None:
    """The reader's card with those of embedder, reranker and judge, or a YAML file of cards by model."""
    if isinstance(spec, str):
        cards = read_prices(folder / spec)
        return Prices(cards.get(reader), cards.get(embedder))
    if spec is None:
        return None
    if not isinstance(spec, Mapping):
        raise LcragError(
            f"{where}: dollars per million tokens are expected (input_mtok, cached_mtok, write_mtok, output_mtok), "
            "or gpu_hour, such cards for `embedder`, `reranker` and `judge`, or a YAML file of such cards by model."
        )
    return Prices.from_mapping(spec, where)
