"""MLflow: a parent run for the experiment, a child run for each strategy."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse

from lcrag.errors import LcragError
from lcrag.redaction import redact, secrets_in

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from lcrag.analysis.comparison import Comparison

DATABASES = ("postgresql", "mysql", "mssql")
METRIC_NAME_LIMIT = 200  # characters; MLflow takes 250
PARAMETER_LIMIT = 500  # longer values go into parameters.json
NO_LONG_RETRIES = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}


def default_tracking_uri() -> str:
    """MLFLOW_TRACKING_URI, else the database ``mlflow.db`` in the current folder."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{Path.cwd() / 'mlflow.db'}"


def check_store(uri: str) -> None:
    """Refuse a store that MLflow's UI cannot open.

    Raises:
        LcragError: an unknown kind of store, a tracking server, or a file or folder that is not there.
    """
    scheme, _, rest = uri.partition(":") if "://" in uri or uri.startswith("file:") else ("", "", uri)
    if scheme in ("http", "https"):
        raise LcragError(f"{uri} is a tracking server: open it in a browser.")
    if scheme.partition("+")[0] in DATABASES:
        return
    if scheme not in ("", "file", "sqlite"):
        raise LcragError(f"{uri} is not a store that MLflow knows: give a sqlite:/// address or a folder.")
    place = Path(rest.removeprefix("///") if scheme == "sqlite" else urlparse(uri).path)
    if not (place.is_file() if scheme == "sqlite" else place.is_dir()):
        raise LcragError(
            f"There is no MLflow store at {uri}: run an experiment first, or give --tracking-uri."
        )


def ui_command(tracking_uri: str, port: int) -> list[str]:
    """The command that opens MLflow's UI on a store."""
    return [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", tracking_uri, "--port", str(port)]


def log_to_mlflow(
    outcomes: pd.DataFrame,
    comparison: Comparison,
    *,
    tracking_uri: str,
    experiment: str,
    run_name: str,
    parameters: Mapping[str, Any],
    strategy_parameters: Mapping[str, Mapping[str, Any]],
    dataset_name: str,
    dataset_digest: str,
    report: Path,
    figures: Mapping[str, Figure],
) -> str:
    """Log one experiment and return the parent run's id.

    The parent holds parameters, the best strategy's metrics, the outcomes (as a table and as parquet),
    figures, report and dataset; each child a strategy's parameters, metrics and outcomes.

    Raises:
        LcragError: the tracking server cannot be reached or refuses.
    """
    with _tracked(tracking_uri) as mlflow:
        mlflow.set_experiment(experiment)
        parent_of = mlflow.active_run()
        with mlflow.start_run(run_name=run_name, nested=parent_of is not None) as parent:
            mlflow.set_tags({"lcrag.kind": "experiment", "lcrag.output": str(report.parent.resolve())})
            _log_parameters(mlflow, parameters)
            best = comparison.table.set_index("name").loc[comparison.best]
            mlflow.set_tags({"lcrag.best": comparison.best, "mlflow.note.content": comparison.verdict})
            mlflow.log_metrics({f"best_{k}": v for k, v in _metrics(best).items()})
            mlflow.log_metrics(_judge_metrics(outcomes))
            data = mlflow.data.from_pandas(
                outcomes[["question_id", "document_id", "kind"]].drop_duplicates(),
                name=dataset_name,
                digest=dataset_digest[:36],
            )
            _log_input(mlflow, data)
            mlflow.log_table(outcomes, "outcomes.json")
            mlflow.log_text(str(comparison), "comparison.txt")
            for file in (report, report.parent / "outcomes.parquet"):
                if file.is_file():  # else it could not be written, and that is told
                    mlflow.log_artifact(str(file))
            for name, figure in figures.items():
                mlflow.log_figure(figure, name)
            for _, row in comparison.table.iterrows():
                _log_child(mlflow, row, outcomes, comparison, strategy_parameters, data)
        return str(parent.info.run_id)


def _log_child(
    mlflow: Any,
    row: pd.Series[Any],
    outcomes: pd.DataFrame,
    comparison: Comparison,
    strategy_parameters: Mapping[str, Mapping[str, Any]],
    data: Any,
) -> None:
    name = str(row["name"])
    with mlflow.start_run(run_name=name, nested=True):
        mlflow.set_tags({"lcrag.kind": str(row["group"]), "lcrag.strategy": name})
        mlflow.log_metrics(_metrics(row), dataset=data)
        kinds = comparison.by_kind.loc[name].dropna()
        mlflow.log_metrics(_named({f"accuracy_{kind or 'no_kind'}": float(v) for kind, v in kinds.items()}))
        if row["group"] == "strategy":
            further = comparison.by_metric.loc[name].dropna().items()
            mlflow.log_metrics(_named({str(k): float(v) for k, v in further}))
            mlflow.log_metrics(_judge_metrics(outcomes[outcomes["strategy"] == name]))
            _log_parameters(mlflow, strategy_parameters.get(name, {}))
            _log_input(mlflow, data)
            mlflow.log_table(outcomes[outcomes["strategy"] == name], "outcomes.json")


def _log_input(mlflow: Any, data: Any) -> None:
    """Log the dataset. Of runs that log a new one at once a server's database accepts one: the others try again."""
    from mlflow.exceptions import MlflowException

    for attempt in range(3):
        try:
            mlflow.log_input(data, context="evaluation")
            return
        except MlflowException as error:
            if attempt == 2 or not re.search("duplicate key|UniqueViolation|IntegrityError", str(error)):
                raise


def _metrics(row: pd.Series[Any]) -> dict[str, float]:
    names = {
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
    }
    values = {new: float(row[old]) for old, new in names.items()}
    return {k: v for k, v in values.items() if isfinite(v)}  # missing is not zero


def _judge_metrics(outcomes: pd.DataFrame) -> dict[str, float]:
    """Sums of what judging took: ``judge_calls``, ``judge_prompt_tokens``, ``judge_dollars``, ..."""
    from lcrag.analysis.judging import judge_spending

    return {f"judge_{k}": v for k, v in judge_spending(outcomes).items() if isfinite(v)}


def _named(metrics: Mapping[str, float]) -> dict[str, float]:
    """Metrics under names that MLflow takes; of names that become the same, the later ones are numbered."""
    named: dict[str, float] = {}
    for name, value in metrics.items():
        allowed = re.sub(r"[^\w. -]", "_", name, flags=re.ASCII)[:METRIC_NAME_LIMIT]
        unique, number = allowed, 2
        while unique in named:
            unique, number = f"{allowed}_{number}", number + 1
        if isfinite(value):
            named[unique] = value
    return named


def _log_parameters(mlflow: Any, parameters: Mapping[str, Any]) -> None:
    mlflow.log_dict(dict(parameters), "parameters.json")
    flat = {k: str(v) for k, v in parameters.items()}
    mlflow.log_params({k: v for k, v in flat.items() if len(v) <= PARAMETER_LIMIT})


@contextmanager
def _tracked(uri: str) -> Iterator[Any]:
    """MLflow on ``uri``; the tracking address and environment are put back afterwards."""
    before = {k: os.environ.get(k) for k in NO_LONG_RETRIES}
    os.environ.update(NO_LONG_RETRIES)
    import mlflow
    from mlflow.exceptions import MlflowException

    previous = (
        mlflow.get_tracking_uri()
        if os.environ.get("MLFLOW_TRACKING_URI") or mlflow.is_tracking_uri_set()
        else None
    )
    mlflow.set_tracking_uri(uri)
    try:
        yield mlflow
    except MlflowException as error:
        reason = str(error).splitlines()[0][:200]
        start = (
            f"; start it with: mlflow server --port {urlparse(uri).port or 5000}"
            if uri.startswith("http")
            else ""
        )
        told = f"The run could not be logged to MLflow at {uri} ({reason}){start}."
        raise LcragError(redact(told, secrets_in(uri))) from error
    finally:
        mlflow.set_tracking_uri(previous)
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value
