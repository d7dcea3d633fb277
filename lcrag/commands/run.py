"""``lcrag run`` and ``lcrag demo``: one experiment, with its progress, its table and its files."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from lcrag.commands.stopping import stopped
from lcrag.errors import LcragError
from lcrag.redaction import redact

if TYPE_CHECKING:
    from lcrag.experiment import Experiment, Results
    from lcrag.schema import Outcome


def run_experiment(
    spec: Any,
    where: Path,
    output: Path | None,
    no_mlflow: bool,
    dry_run: bool = False,
    limit: int | None = None,
) -> None:
    """Run an experiment's configuration and print what came out; a dry run prints what it may take.

    With ``limit`` only so many questions are asked, balanced over kinds and documents; a larger limit contains a
    smaller one, so that a run can be continued with more.

    The table is printed as soon as the outcomes are on disk; what fails after that is told last.

    Raises:
        LcragError: bad input, a reader that cannot be used, or answers that failed.
        typer.Exit: with status 1 where a file could not be written, 130 or 143 where the run was stopped.
    """
    from lcrag.experiment.config import from_mapping
    from lcrag.experiment.progress import RunProgress
    from lcrag.tables import many

    quiet_libraries()
    if isinstance(spec, dict) and no_mlflow:
        spec["mlflow"] = False
    if isinstance(spec, dict) and output is not None:
        spec["output"] = str(output)
    experiment = from_mapping(spec, str(where), where.parent)
    if limit is not None:
        experiment = replace(experiment, dataset=experiment.dataset.take(limit))
    dataset, strategies = experiment.dataset, experiment.strategies
    total = len(dataset.questions) * len(strategies)
    _say(
        f"{many(len(dataset.questions), 'question')} on {many(len(dataset.documents), 'document')}, "
        f"{many(len(strategies), 'strategy', 'strategies')}: {many(total, 'answer')} by {experiment.reader.name}."
    )
    for notice in experiment.check():
        _say(notice)
    if dry_run:
        from lcrag.experiment.forecast import forecast

        _say(str(forecast(experiment)))
        return
    rows: list[Outcome] = []
    printed: list[Results] = []
    with RunProgress(total) as progress:

        def on_row(outcome: Outcome, resumed: bool) -> None:
            rows.append(outcome)
            progress.on_row(outcome, resumed)

        def on_table(results: Results) -> None:
            progress.stop()
            _print_table(results, progress.resumed, total)
            printed.append(results)

        try:
            results = experiment.run(on_row, on_table, progress.on_verdict)
        except KeyboardInterrupt:
            progress.stop()
            if printed:
                raise stopped(
                    f"stopped; `lcrag report {experiment.output}` makes the pictures and the report."
                ) from None
            _print_so_far(experiment, rows, total)
            raise stopped("stopped; run the same command again to continue.") from None
        except LcragError:
            progress.stop()
            _print_so_far(experiment, rows, total)
            raise
    _print_files(results)
    for problem in results.problems:
        sys.stderr.write(f"lcrag: {redact(problem)}\n")
    if results.failed:
        first = results.failed[0]
        raise LcragError(
            f"{len(results.failed)} of {total} answers failed, the first {first.strategy} on question "
            f"{first.question_id}: {first.error}"
        )
    if results.problems:
        raise typer.Exit(1)


def _print_table(results: Results, resumed: int, total: int) -> None:
    from lcrag.tables import human, paragraph

    if resumed:
        _say(f"{resumed} of {total} answers were there already.")
    if results.rewarmed.prompt_tokens:
        tokens = human(results.rewarmed.prompt_tokens)
        _say(f"The interruption cost {tokens} prompt tokens of prefixes computed twice; they are in no row.")
    comparison = results.comparison
    _say(f"{comparison}\n\n{paragraph(comparison.verdict)}\n")


def _print_so_far(experiment: Experiment, rows: list[Outcome], total: int) -> None:
    """The table of the rows that a stopped run has."""
    from lcrag.analysis.comparison import compare
    from lcrag.experiment.stored import table_of

    finished = sum(not row.error for row in rows)
    if rows:
        remark = f"The run was stopped: {finished} of {total} answers are finished."
        with suppress(Exception):  # why it was stopped must be told in any case
            table = compare(table_of(rows), cost=experiment.cost, seed=experiment.seed, remarks=[remark])
            _say(f"{table}\n")


def _print_files(results: Results) -> None:
    for title, path in (
        ("Report", results.report),
        ("Picture", results.output / "accuracy_cost.png"),
        ("Table", results.output / "outcomes.parquet"),
    ):
        if path.is_file():
            _say(f"{title:<9}{path}")
    if results.tracked:
        _say(f"MLflow   {results.tracked.address}")


def quiet_libraries() -> None:
    """Bars and notices of the libraries below would write across ours."""
    import logging
    import os

    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    os.environ.setdefault("TQDM_DISABLE", "1")
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger("pypdf").setLevel(logging.ERROR)  # it warns of what it can mend
    logging.getLogger("lcrag").setLevel(logging.ERROR)  # its notices are printed before the run
    logging.getLogger("lcrag.readers").setLevel(logging.WARNING)  # that a server is waited for
    os.environ.setdefault("MLFLOW_LOGGING_LEVEL", "WARNING")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
