"""MLflow's store: where it is, MLflow on it, its UI and the addresses there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

from lcrag.errors import LcragError
from lcrag.redaction import redact, secrets_in

DATABASES = ("postgresql", "mysql", "mssql")
NO_LONG_RETRIES = {"MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1", "MLFLOW_HTTP_REQUEST_TIMEOUT": "20"}
PORT = 5000
UI_STOP_SECONDS = 5.0


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


def runs_page(experiment_id: str, uri: str = "", port: int = PORT) -> str:
    """The address of an experiment's runs: on the tracking server, else on ``lcrag ui``."""
    server = (
        redact(uri, secrets_in(uri)).rstrip("/") if uri.startswith("http") else f"http://127.0.0.1:{port}"
    )
    return f"{server}/#/experiments/{experiment_id}/runs"


def how_to_open(uri: str, experiment_id: str) -> str:
    """The command and the address that show an experiment's runs."""
    page = runs_page(experiment_id, uri)
    if uri.startswith("http"):
        return page
    option = "" if uri == default_tracking_uri() else f" --tracking-uri {redact(uri, secrets_in(uri))}"
    return f"lcrag ui{option}, then {page}"


def last_experiment(uri: str) -> str:
    """The id of the MLflow experiment with the latest run of ours; empty where there is none."""
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

    with suppress(MlflowException):  # the UI itself tells what is wrong with the store
        client = MlflowClient(uri)
        runs = client.search_runs(
            [e.experiment_id for e in client.search_experiments()],
            "tags.`lcrag.kind` = 'experiment'",
            max_results=1,
            order_by=["attributes.start_time DESC"],
        )
        return str(runs[0].info.experiment_id) if runs else ""
    return ""


def serve_ui(uri: str, port: int) -> int:
    """Run MLflow's UI on a store until it ends or we are interrupted; then none of its processes is left.

    Returns:
        The UI's exit status.
    """
    command = [sys.executable, "-m", "mlflow", "ui", "--backend-store-uri", uri, "--port", str(port)]
    environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    # a process group of its own: MLflow starts workers, which would outlive it
    server = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        return server.wait()
    finally:
        _end_group(server)


def _end_group(server: subprocess.Popen[bytes]) -> None:
    """End a process and all that it has started: politely, then at once."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(server.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired, KeyboardInterrupt):  # a second signal waits no longer
            server.wait(UI_STOP_SECONDS)
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


@contextmanager
def mlflow_on(uri: str) -> Iterator[Any]:
    """MLflow on ``uri``; the tracking address and environment are put back afterwards.

    Raises:
        LcragError: the store cannot be reached or refuses.
    """
    before = {k: os.environ.get(k) for k in NO_LONG_RETRIES}
    os.environ.update(NO_LONG_RETRIES)
    import mlflow
    from mlflow.exceptions import MlflowException

    is_set = os.environ.get("MLFLOW_TRACKING_URI") or mlflow.is_tracking_uri_set()
    previous = mlflow.get_tracking_uri() if is_set else None
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
