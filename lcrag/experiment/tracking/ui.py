"""MLflow's UI: the command that serves it, the address of a run's experiment, and the columns shown there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from lcrag.experiment.tracking.store import default_tracking_uri
from lcrag.redaction import redact, secrets_in

PORT = 5000
UI_STOP_SECONDS = 5.0
VIEW = "lcrag"  # the key of our view in addresses
VIEW_TAG = f"mlflow.sharedViewState.{VIEW}"  # where MLflow's UI looks for a view that is shared by its key
COLUMNS = ("accuracy", "accuracy_low", "accuracy_high", "dollars", "flops", "prompt_tokens", "seconds_p50",
           "seconds_p95")  # fmt: skip
NAME_WIDTH, COLUMN_WIDTH = 230, 112  # pixels: without them names shrink to a letter


def set_view(client: Any, experiment_id: str, metrics: Iterable[str]) -> None:
    """Let the address of ``runs_page`` show the runs with accuracy, cost and model.

    Args:
        client: an ``MlflowClient``.
        experiment_id: the MLflow experiment.
        metrics: the names of metrics that its runs have.
    """
    known = {*metrics}
    columns = [f"metrics.`{name}`" for name in COLUMNS if name in known]
    columns += ["params.`model`", "params.`dataset`"]
    widths = {"attributes.`Run Name`": NAME_WIDTH} | dict.fromkeys([*columns, "duration"], COLUMN_WIDTH)
    view = {"selectedColumns": columns, "columnOrder": [*widths], "columnWidths": widths}
    client.set_experiment_tag(experiment_id, VIEW_TAG, json.dumps(view))


def runs_page(experiment_id: str, uri: str = "", port: int = PORT) -> str:
    """The address of an experiment's runs: on the tracking server, else on ``lcrag ui``."""
    server = (
        redact(uri, secrets_in(uri)).rstrip("/") if uri.startswith("http") else f"http://127.0.0.1:{port}"
    )
    return f"{server}/#/experiments/{experiment_id}/runs?viewStateShareKey={VIEW}"


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
    command = [
        sys.executable,
        "-m",
        "mlflow",
        "ui",
        "--backend-store-uri",
        uri,
        "--port",
        str(port),
        "--workers",
        "1",
    ]
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
