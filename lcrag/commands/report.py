"""``lcrag report``: a run's table and report made again from its folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer


def report(
    folder: Annotated[Path, typer.Argument(help="Output folder of a run.")],
    mlflow: Annotated[
        bool, typer.Option("--mlflow", help="Log the run to MLflow; its address is MLFLOW_TRACKING_URI.")
    ] = False,
    tracking_uri: Annotated[str, typer.Option(help="Log the run to MLflow at this address.")] = "",
    experiment: Annotated[str, typer.Option(help="The MLflow experiment's name.")] = "lcrag",
    traces: Annotated[
        bool, typer.Option("--traces", help="Log each answer to MLflow as a trace, too.")
    ] = False,
) -> None:
    """Print a run's table and write its pictures and report again, as HTML, Markdown, LaTeX, CSV and JSON.

    No model is asked.
    """
    from lcrag.experiment.pages import EXPORTS
    from lcrag.experiment.stored import load_run
    from lcrag.tables import paragraph

    pages = load_run(folder)
    comparison = pages.compare()
    sys.stdout.write(f"{comparison}\n\n{paragraph(comparison.verdict)}\n\n")
    sys.stdout.flush()
    pages.write(tracking_uri or (None if mlflow or traces else ""), experiment, traces)
    if pages.report.is_file():
        sys.stdout.write(f"Report   {pages.report}\n")
    if written := [name for name in EXPORTS if (pages.output / name).is_file()]:
        sys.stdout.write(f"Tables   {', '.join(written)} in {pages.output}\n")
    if pages.tracked:
        sys.stdout.write(f"MLflow   {pages.tracked.address}\n")
    for problem in pages.problems:
        sys.stderr.write(f"lcrag: {problem}\n")
    if pages.problems:
        raise typer.Exit(1)
