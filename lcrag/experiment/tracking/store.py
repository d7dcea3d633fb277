"""MLflow's store: where it is, and MLflow on it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from lcrag.errors import LcragError
from lcrag.redaction import redact, secrets_in

DATABASES = ("postgresql", "mysql", "mssql")
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


def experiment_named(client: Any, name: str) -> str:
    """The id of the MLflow experiment of that name, made if there is none; another run may make it at the same time."""
    from mlflow.exceptions import MlflowException

    if (experiment := client.get_experiment_by_name(name)) is None:
        try:
            return str(client.create_experiment(name))
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
            experiment = client.get_experiment_by_name(name)
    return str(experiment.experiment_id)


@contextmanager
def without_long_retries() -> Iterator[None]:
    """A server that is not there is told soon; the environment is put back afterwards."""
    before = {k: os.environ.get(k) for k in NO_LONG_RETRIES}
    os.environ.update(NO_LONG_RETRIES)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value


@contextmanager
def mlflow_on(uri: str) -> Iterator[Any]:
    """MLflow on ``uri``; the tracking address and environment are put back afterwards.

    Raises:
        LcragError: the store cannot be reached or refuses.
    """
    import mlflow
    from mlflow.exceptions import MlflowException

    is_set = os.environ.get("MLFLOW_TRACKING_URI") or mlflow.is_tracking_uri_set()
    previous = mlflow.get_tracking_uri() if is_set else None
    mlflow.set_tracking_uri(uri)
    try:
        with without_long_retries():
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
