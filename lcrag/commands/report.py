"""``lcrag report``: a run's table and report made again from its folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from lcrag.commands.output import AsJson, printing, say


def report(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder.")],
    mlflow: Annotated[
        bool, typer.Option("--mlflow", help="Log the run to MLflow; its address is MLFLOW_TRACKING_URI.")
    ] = False,
    tracking_uri: Annotated[str, typer.Option(help="Log the run to MLflow at this address.")] = "",
    experiment: Annotated[str, typer.Option(help="The MLflow experiment's name.")] = "lcrag",
    traces: Annotated[
        bool, typer.Option("--traces", help="Log each answer to MLflow as a trace, too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Print a run's table and write its pictures and report again, as HTML, Markdown, LaTeX, CSV and JSON.

    No model is asked.
    """
    from lcrag.analysis.exports import as_mapping
    from lcrag.analysis.sweeps import LENGTH, sweep_text
    from lcrag.experiment.pages import CURVES, EXPORTS
    from lcrag.experiment.stored import load_run
    from lcrag.tables import paragraph, wrapped

    pages = load_run(folder)
    with printing(as_json) as result:
        comparison = pages.compare()
        say(f"{comparison}\n\n{paragraph(comparison.verdict)}\n")
        if len(settings := pages.sweep[pages.sweep["setting"] != LENGTH]):
            say(f"{sweep_text(settings)}\n")
        pages.write(tracking_uri or (None if mlflow or traces else ""), experiment, traces)
        if pages.report.is_file():
            say(f"Report   {pages.report}")
        if written := [name for name in (*EXPORTS, *CURVES) if (pages.output / name).is_file()]:
            say("\n".join(wrapped([f"Tables   {', '.join(written)} in {pages.output}"])))
        if pages.tracked:
            say(f"MLflow   {pages.tracked.address}")
        result(as_mapping(comparison, pages.parameters))
    for problem in pages.problems:
        sys.stderr.write(f"lcrag: {problem}\n")
    if pages.problems:
        raise typer.Exit(1)
