"""The application of a run: the strategies, the reader and the documents that it compared."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lcrag.errors import LcragError, did_you_mean

if TYPE_CHECKING:
    from lcrag.experiment.plan import Plan
    from lcrag.serving import Application
    from lcrag.strategies.base import Strategy

CONFIGURATION = "configuration.json"


def save_configuration(folder: Path, spec: Any, where: Path) -> None:
    """Write down what a run was configured with, without secrets, for ``lcrag serve`` and ``lcrag export``.

    Args:
        folder: the run's folder.
        spec: the content of its YAML file.
        where: the folder that the file paths in it are relative to.
    """
    from lcrag.files import write_atomically
    from lcrag.redaction import redact

    content = {"spec": redact(spec), "folder": str(where.resolve())}
    write_atomically(folder / CONFIGURATION, json.dumps(content, indent=1, default=str))


def spec_of(run: Path) -> tuple[dict[str, Any], Path]:
    """What a run was configured with, and the folder that file paths in it are relative to.

    Args:
        run: its folder, or its YAML file.

    Raises:
        LcragError: the folder does not say how it was configured, or a file cannot be read.
    """
    from lcrag.components.yaml_file import read_yaml
    from lcrag.experiment.stored import read_json

    if run.is_file():
        return read_yaml(run), run.parent
    content = read_json(run / CONFIGURATION)
    if not isinstance(content.get("spec"), dict):
        raise LcragError(
            f"{run} does not say how it was configured ({CONFIGURATION} is missing): give the YAML file of the run."
        )
    return content["spec"], Path(str(content.get("folder", ".")))


def load_plan(run: Path) -> Plan:
    """What a run compared.

    Args:
        run: its folder, or its YAML file.

    Raises:
        LcragError: the folder does not say how it was configured, or something in it is wrong.
    """
    from lcrag.experiment.config import from_mapping, load_experiment
    from lcrag.serving.packing import PACKED, unpacked

    if run.is_file():
        return load_experiment(run)
    spec, folder = spec_of(run)
    packed = run / PACKED
    if packed.is_file():  # it may have been moved
        return from_mapping(spec, str(run / CONFIGURATION), run, unpacked(packed))
    return from_mapping(spec, str(run / CONFIGURATION), folder)


def application_of(
    run: Path,
    strategy: str = "",
    router: Path | None = None,
    documents: Path | None = None,
    keep: Path | None = None,
    max_dollars: float | None = None,
) -> Application:
    """An application that answers as the run has.

    Args:
        run: the run's folder, or its YAML file.
        strategy: the name of the strategy that answers; empty for the run's best.
        router: the file of a fitted router that chooses among the strategies instead.
        documents: a folder of documents instead of the run's.
        keep: see ``Application``; feedback is kept in its folder ``feedback``.
        max_dollars: what the application may spend; caps on a question are the run's.

    Raises:
        LcragError: the run or the strategy does not exist, or the application cannot be made.
    """
    from dataclasses import replace

    from lcrag.routers import FixedRouter, Routed, load_router
    from lcrag.runtime import Budget, Limits
    from lcrag.serving import Application

    plan = load_plan(run)
    plan.reader.check()
    answering = {s.name: s for s in plan.strategies}
    if router is not None:
        chosen: Strategy = Routed(load_router(router), _reading(plan))
    else:
        name = strategy or best_of(run, plan)
        if name not in answering:
            raise LcragError(f"The run has no strategy {name!r}; {did_you_mean(name, list(answering))}")
        chosen = Routed(FixedRouter(name), tuple(plan.strategies))
    application = Limits(dollars=max_dollars) if max_dollars is not None else Limits()
    return Application(
        chosen,
        plan.reader,
        plan.dataset.documents if documents is None else documents,
        retriever=plan.retriever,
        embedder=plan.embedder,
        keep=keep,
        prices=plan.prices,
        budget=replace(plan.budget or Budget(), experiment=application),
        demonstrations=plan.dataset if documents is not None else plan.dataset.demonstrations,
        feedback_folder=keep and keep / "feedback",
        seed=plan.seed,
    )


def best_of(run: Path, plan: Plan) -> str:
    """The name of the run's best strategy; the first one of a run without answers."""
    from lcrag.experiment.stored import load_run

    folder = run if run.is_dir() else Path(plan.output)
    try:
        return load_run(folder).compare().best
    except LcragError:
        return plan.strategies[0].name


def _reading(plan: Plan) -> tuple[Strategy, ...]:
    """The strategies that a router may choose."""
    return tuple(s for s in plan.strategies if not s.closed_book)
