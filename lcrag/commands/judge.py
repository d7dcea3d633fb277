"""``lcrag judge``: how far a judge can be trusted."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lcrag.commands.examples import examples
from lcrag.commands.judge_compare import compare
from lcrag.commands.output import AsJson, printing, say
from lcrag.commands.readers import BaseUrl, Model, build_reader, reader_spec
from lcrag.commands.tracked import ExperimentName, Mlflow, TrackingUri, log_result
from lcrag.errors import LcragError

if TYPE_CHECKING:
    from lcrag.experiment.tracking.analyses import Analysis
    from lcrag.judges.base import JudgedMetric
    from lcrag.readers.base import Reader

app = typer.Typer(no_args_is_help=True, help="Hold models that judge answers against labels.")


@app.callback()
def judge() -> None:
    """Hold models that judge answers against labels."""


app.command(epilog=examples("judge compare"))(compare)


@app.command(epilog=examples("judge check"))
def check(
    labels: Annotated[
        Path, typer.Argument(help="Outcomes with sound scores (.parquet, a run), or labels (.csv, .jsonl).")
    ],
    model: Model = "",
    base_url: BaseUrl = "",
    metrics: Annotated[
        Path | None, typer.Option(help="YAML with `metrics:`, one of them judged; default: correctness.")
    ] = None,
    limit: Annotated[
        int, typer.Option(min=2, help="The maximum number of answers, half of them right, half wrong.")
    ] = 400,
    seed: Annotated[int, typer.Option(help="Seeds the draw.")] = 0,
    correct_threshold: Annotated[
        float, typer.Option(min=0, max=1, help="The score from which an answer counts as right.")
    ] = 0.5,
    output: Annotated[Path, typer.Option(help="JSON file to write.")] = Path("calibration.json"),
    mlflow: Mlflow = False,
    tracking_uri: TrackingUri = "",
    experiment: ExperimentName = "lcrag",
    as_json: AsJson = False,
) -> None:
    """Compare a judge's verdicts with labels: agreement, kappa, errors, biases, and whether it may decide."""
    import asyncio

    from lcrag.judging.calibration_text import calibration_text
    from lcrag.judging.check import calibrate, judged, replies_path
    from lcrag.judging.deciding import judge_digest, judge_name
    from lcrag.judging.labels import draw, load_labels
    from lcrag.judging.replies import Replies
    from lcrag.tables import human, many

    drawn = draw(load_labels(labels, correct_threshold=correct_threshold), limit, seed)
    reader = build_reader(reader_spec(model, base_url)) if model or base_url else None
    judged_metric = _metric(metrics, reader)
    replies = Replies(replies_path(output))
    for notice in replies.notices:
        sys.stderr.write(f"lcrag: {notice}\n")
    frame, usage = asyncio.run(judged(drawn, judged_metric, reader, replies))
    calibration = calibrate(
        frame,
        judge=judge_name(judged_metric, reader),
        metric=judged_metric.name,
        digest=judge_digest(judged_metric, reader),
        labels=labels.name,
        correct_threshold=correct_threshold,
    )
    calibration.save(output)
    with printing(as_json) as result:
        say(f"{calibration_text(calibration)}\n")
        spent = f"{many(int(usage.calls), 'call')}, {human(usage.prompt_tokens)} prompt tokens"
        say(f"Calibration  {output}\nReplies      {replies.path} ({spent} in this run)")
        result(json.loads(output.read_text("utf-8")))

        def analysis() -> Analysis:
            from lcrag.experiment.tracking.curves import judge_analysis

            given = {
                "labels": str(labels),
                "limit": limit,
                "seed": seed,
                "correct_threshold": correct_threshold,
            }
            return judge_analysis(calibration, given, calibration_text(calibration), output)

        log_result(mlflow, tracking_uri, experiment, analysis)


def _metric(file: Path | None, reader: Reader | None) -> JudgedMetric:
    """The judged metric of a file, else correctness by the model."""
    if file is None:
        if reader is None:
            raise LcragError(
                "Give the judge: --model (with --base-url for a server), or --metrics FILE.yaml."
            )
        from lcrag.judges.correctness import Correctness

        return Correctness(judge=reader)
    from lcrag.components.build import build
    from lcrag.components.yaml_file import read_yaml
    from lcrag.judges.base import JudgedMetric

    content = read_yaml(file)
    listed = content.get("metrics") if isinstance(content, dict) and "metrics" in content else content
    specs = listed if isinstance(listed, list) else [listed]
    built = [
        build("metric", spec, f"{file}: metrics[{i}]", folder=file.parent) for i, spec in enumerate(specs)
    ]
    metrics = [m for m in built if isinstance(m, JudgedMetric)]
    if len(metrics) != 1:
        names = ", ".join(m.name for m in metrics) or "none"
        raise LcragError(f"{file}: one metric that asks a judge is expected, and there are: {names}.")
    return metrics[0]
