"""``lcrag bench``: long context against retrieval on a benchmark, in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from lcrag.commands.output import AsJson
from lcrag.commands.readers import BaseUrl, ContextWindow, Model, reader_spec, with_window
from lcrag.commands.run import run_experiment
from lcrag.errors import LcragError


def bench(
    name: Annotated[
        str, typer.Argument(metavar="BENCHMARK", help="A benchmark or a generator: see `lcrag data list`.")
    ],
    path: Annotated[Path | None, typer.Option(help="Folder with the benchmark's files.")] = None,
    task: Annotated[list[str] | None, typer.Option(help="A task; may be given several times.")] = None,
    prompt: Annotated[
        Literal["lcrag", "official"] | None, typer.Option(help="Whose words the questions are asked in.")
    ] = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", help="A setting of the data set, such as tokens=4096.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Ask only so many questions of each task.")] = None,
    strategy: Annotated[
        list[str] | None,
        typer.Option(help="A strategy; default: long_context, chunked_retrieval, closed_book."),
    ] = None,
    retriever: Annotated[str, typer.Option(help="A retriever instead of hybrid, such as bm25.")] = "",
    model: Model = "",
    base_url: BaseUrl = "",
    context_window: ContextWindow = None,
    output: Annotated[Path | None, typer.Option(help="Folder of the run; default: runs/bench-NAME.")] = None,
    no_mlflow: Annotated[bool, typer.Option("--no-mlflow", help="Do not log to MLflow.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what the run may take, and stop.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare long context and retrieval on a benchmark, scored and averaged as its authors do it."""
    from lcrag.benchmarks.catalogue import benchmarks

    given = {"path": str(path) if path else None, "tasks": task or None, "prompt": prompt}
    dataset = {"type": name, **{k: v for k, v in given.items() if v is not None}, **_settings(setting or [])}
    if limit is not None and name in benchmarks():
        dataset["limit"] = limit
        limit = None
    spec: dict[str, Any] = {
        "name": f"bench-{name}",
        "output": f"runs/bench-{name}",
        "dataset": dataset,
        "strategies": strategy or ["long_context", "chunked_retrieval", "closed_book"],
    }
    if model or base_url:
        spec["reader"] = reader_spec(model, base_url)
    if retriever:
        spec["retriever"] = retriever
    where = Path("the command line")
    run_experiment(with_window(spec, context_window), where, output, no_mlflow, dry_run, limit, as_json)


def _settings(pairs: list[str]) -> dict[str, Any]:
    """``key=value`` with the value as YAML."""
    import yaml

    settings = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise LcragError(f"--set {pair!r}: write key=value, such as tokens=4096.")
        try:
            settings[key] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise LcragError(f"--set {pair!r}: the value is not YAML.") from error
    return settings
