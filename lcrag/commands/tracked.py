"""Options that log a command's result to MLflow."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from lcrag.experiment.tracking.analyses import Analysis

Mlflow = Annotated[
    bool, typer.Option("--mlflow", help="Log the result to MLflow; its address is MLFLOW_TRACKING_URI.")
]
TrackingUri = Annotated[str, typer.Option(help="Log the result to MLflow at this address.")]
ExperimentName = Annotated[str, typer.Option(help="The MLflow experiment's name.")]


def log_result(mlflow: bool, tracking_uri: str, experiment: str, analysis: Callable[[], Analysis]) -> None:
    """Log what a command has computed, if one of its options asks for it, and tell where it is.

    Raises:
        LcragError: the tracking server cannot be reached or refuses.
    """
    if not mlflow and not tracking_uri:
        return
    from lcrag.commands.run import quiet_libraries
    from lcrag.experiment.tracking.analyses import log_analysis

    quiet_libraries()
    sys.stdout.flush()
    tracked = log_analysis(analysis(), tracking_uri, experiment)
    sys.stdout.write(f"MLflow   {tracked.address}\n")
