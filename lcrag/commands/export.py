"""``lcrag export``: a run's application as an MLflow model."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from lcrag.commands.output import say
from lcrag.commands.serve import Documents, RouterFile, Run, StrategyName


def export(
    run: Run,
    strategy: StrategyName = "",
    router: RouterFile = None,
    documents: Documents = None,
    name: Annotated[str, typer.Option(help="The model's name in MLflow.")] = "lcrag",
    register: Annotated[str, typer.Option(help="Register the model under this name, too.")] = "",
    tracking_uri: Annotated[
        str, typer.Option(help="MLflow's address; default: MLFLOW_TRACKING_URI, else ./mlflow.db.")
    ] = "",
    experiment: Annotated[str, typer.Option(help="The MLflow experiment's name.")] = "lcrag",
) -> None:
    """Log a run's application to MLflow as a model, with its documents; `mlflow models serve` serves it."""
    from lcrag.commands.run import quiet_libraries
    from lcrag.experiment.tracking.store import default_tracking_uri

    quiet_libraries()
    uri = tracking_uri or default_tracking_uri()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary, "application")
        folder.mkdir()
        answering = pack_run(run, strategy, router, documents, folder)
        model = log_model(folder, answering, name, register, uri, experiment)
    say(
        f"{model} answers by {answering['strategy'] or answering['router']}. Serve it:\n"
        f"MLFLOW_TRACKING_URI={uri} mlflow models serve -m {model} --env-manager local --port 5001"
    )


def pack_run(
    run: Path, strategy: str, router: Path | None, documents: Path | None, folder: Path
) -> dict[str, str]:
    """Everything that the application needs, in a folder.

    Returns:
        Which ``strategy`` answers, or which ``router`` (a file in the folder) chooses.

    Raises:
        LcragError: the run or the strategy does not exist, or a file cannot be read.
    """
    from dataclasses import replace

    from lcrag.commands.application import application_of, best_of, load_plan, save_configuration, spec_of
    from lcrag.datasets.folder import read_folder
    from lcrag.serving.packing import pack

    plan = load_plan(run)
    dataset = plan.dataset
    if documents is not None:
        dataset = replace(
            dataset, documents=tuple(read_folder(documents).documents.values()), demonstrations=()
        )
    spec, where = spec_of(run)
    save_configuration(folder, pack(spec, where, dataset, folder), folder)
    if router is not None:
        shutil.copy(router, folder / "chosen.router")
    answering = "" if router is not None else strategy or best_of(run, plan)
    application_of(folder, answering, router)  # whatever is wrong is told now, not when it is served
    return {"strategy": answering, "router": "chosen.router" if router is not None else ""}


def log_model(
    folder: Path, answering: dict[str, str], name: str, register: str, uri: str, experiment: str
) -> str:
    """Log the model; returns its address.

    Raises:
        LcragError: MLflow cannot be reached or refuses.
    """
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, DataType, Schema

    from lcrag.experiment.tracking.store import mlflow_on
    from lcrag.version import __version__

    optional = ("documents", "strategy", "kind", "conversation")
    columns = [ColSpec(DataType.string, "question")]
    columns += [ColSpec(DataType.string, column, required=False) for column in optional]
    with mlflow_on(uri) as mlflow:
        mlflow.set_experiment(experiment)
        with mlflow.start_run(run_name=f"export {name}", tags={"lcrag.kind": "export"}):
            info: Any = mlflow.pyfunc.log_model(
                name=name,
                python_model=str(Path(__file__).with_name("mlflow_model.py")),
                artifacts={"application": str(folder)},
                model_config=answering,
                signature=ModelSignature(inputs=Schema(columns)),
                pip_requirements=[f"lcrag=={__version__}"],
                registered_model_name=register or None,
            )
    return str(info.model_uri)
