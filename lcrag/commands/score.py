"""``lcrag score``: metrics added to a finished run; its reader is not asked."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from lcrag.commands.output import AsJson
from lcrag.commands.report import report
from lcrag.errors import LcragError

KEYS = ["metrics", "metric", "reader", "embedder", "prices", "budget"]


def score(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="A run's folder.")],
    metrics: Annotated[
        Path, typer.Argument(help="YAML with `metrics`, and `metric` if one of them is to decide.")
    ],
    as_json: AsJson = False,
) -> None:
    """Score a run's answers by further metrics, judges among them; its reader is not asked."""
    import asyncio

    from lcrag.components.build import check_keys
    from lcrag.components.yaml_file import read_yaml
    from lcrag.experiment.config import scoring_from_mapping
    from lcrag.experiment.rescoring import score_run

    spec: Any = read_yaml(metrics)
    if not isinstance(spec, Mapping) or not spec.get("metrics"):
        raise LcragError(f"{metrics}: the key 'metrics' is missing: give a list of metrics.")
    check_keys(spec, KEYS, str(metrics))
    added, judging, deciding = scoring_from_mapping(spec, str(metrics), metrics.parent)
    result = asyncio.run(score_run(folder, added, judging, deciding))
    report(folder, mlflow=False, tracking_uri="", experiment="lcrag", traces=False, as_json=as_json)
    for problem in result.problems:
        sys.stderr.write(f"lcrag: {problem}\n")
    if result.problems:
        raise typer.Exit(1)
