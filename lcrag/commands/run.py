"""``lcrag run`` and ``lcrag demo``: one experiment, with its progress, its table and its files."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from lcrag.commands.application import save_configuration
from lcrag.commands.output import printing, say
from lcrag.commands.stopping import stopped
from lcrag.errors import LcragError
from lcrag.redaction import redact
from lcrag.tables import many, paragraph

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
    as_json: bool = False,
) -> None:
    """Run an experiment's configuration and print what came out; a dry run prints what it may take.

    With ``limit`` only so many questions are asked, balanced over kinds and documents; a larger limit contains a
    smaller one, so that a run can be continued with more.

    With ``as_json`` the result is printed as JSON.

    The table is printed as soon as the outcomes are on disk; what fails after that is told last.

    Raises:
        LcragError: bad input, a reader that cannot be used, or answers that failed.
        typer.Exit: with status 1 where a file could not be written, 130 or 143 where the run was stopped.
    """
    from lcrag.analysis.exports import as_mapping

    quiet_libraries()
    if isinstance(spec, dict):
        spec |= {"mlflow": False} if no_mlflow else {}
        spec |= {"output": str(output)} if output is not None else {}
    with printing(as_json) as print_json:
        if isinstance(spec, dict) and "readers" in spec:
            _run_readers(spec, where, dry_run, limit, print_json)
            return
        experiment = _experiment(spec, where, limit)
        if dry_run:
            print_json(_forecast(experiment))
            return
        save_configuration(Path(experiment.output), spec, where.parent)
        results = _ask(experiment)
        _print_files(results)
        print_json(as_mapping(results.comparison, results.experiment.parameters()))
    _tell_problems([results], results.problems)


def _experiment(spec: Any, where: Path, limit: int | None) -> Experiment:
    from lcrag.experiment.config import from_mapping

    experiment = from_mapping(spec, str(where), where.parent)
    if limit is not None:
        experiment = replace(experiment, dataset=experiment.dataset.take(limit))
    dataset, strategies = experiment.dataset, experiment.strategies
    size = f"{many(len(dataset.questions), 'question')} on {many(len(dataset.documents), 'document')}"
    answers = many(len(dataset.questions) * len(strategies), "answer")
    work = f"{many(len(strategies), 'strategy', 'strategies')}: {answers}"
    say(paragraph(f"{size}, {work} by {experiment.reader.name}."))
    for notice in experiment.check():
        say(paragraph(notice))
    return experiment


def _run_readers(
    spec: dict[str, Any], where: Path, dry_run: bool, limit: int | None, print_json: Callable[[Any], None]
) -> None:
    """A run for each of `readers`, then one table of all; every run is checked before the first begins."""
    from lcrag.analysis.exports import as_mapping
    from lcrag.experiment.several import Part, SeveralReaders, per_reader

    runs = per_reader(spec, str(where), where.parent)
    if dry_run:
        print_json({name: _forecast(_experiment(run, where, limit)) for name, run in runs.items()})
        return
    experiments = {name: _experiment(run, where, limit) for name, run in runs.items()}
    if "experiment" in (spec.get("budget") or {}):
        say(paragraph(f"The experiment's cap holds for each of these {len(runs)} runs."))
    finished, parts = [], {}
    for name, run in runs.items():
        say("")
        experiment = experiments.pop(name)
        save_configuration(Path(experiment.output), run, where.parent)
        finished.append(_ask(experiment))
        parts[name] = Part.of(finished[-1])
    folder = Path(spec.get("output", f"runs/{spec.get('name', where.stem)}"))
    several = SeveralReaders(folder, parts, finished[-1], str(spec.get("name", where.stem)))
    pages = several.write()
    say(f"\n{several.comparison}\n\n{several}\n\n{paragraph(several.comparison.verdict)}\n")
    say(f"Report   {pages.report}\nModels   {several.output / 'models.md'}")
    models = several.by_model().to_dict("records")
    print_json(as_mapping(several.comparison, pages.parameters) | {"by_model": models})
    _tell_problems(finished, [*(p for results in finished for p in results.problems), *pages.problems])


def _forecast(experiment: Experiment) -> dict[str, Any]:
    from lcrag.experiment.forecast import forecast

    prediction = forecast(experiment)
    say(str(prediction))
    return {"reader": prediction.reader, "questions": prediction.questions, "lines": prediction.lines}


def _ask(experiment: Experiment) -> Results:
    """The experiment's results, with progress meanwhile and its table at the end."""
    from lcrag.experiment.progress import RunProgress

    total = len(experiment.dataset.questions) * len(experiment.strategies)
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
            return experiment.run(on_row, on_table, progress.on_verdict)
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


def _tell_problems(finished: Sequence[Results], problems: Sequence[str]) -> None:
    """What could not be made, and answers that failed, at the very end."""
    for problem in dict.fromkeys(problems):
        sys.stderr.write(f"lcrag: {redact(problem)}\n")
    failed = [outcome for results in finished for outcome in results.failed]
    if failed:
        first, total = failed[0], sum(len(results.outcomes) for results in finished)
        raise LcragError(
            f"{len(failed)} of {total} answers failed, the first {first.strategy} on question "
            f"{first.question_id}: {first.error}"
        )
    if problems:
        raise typer.Exit(1)


def _print_table(results: Results, resumed: int, total: int) -> None:
    from lcrag.tables import human

    if resumed:
        say(f"{resumed} of {total} answers were there already.")
    if results.rewarmed.prompt_tokens:
        tokens = human(results.rewarmed.prompt_tokens)
        lost = f"The interruption cost {tokens} prompt tokens of prefixes computed twice; they are in no row."
        say(paragraph(lost))
    comparison = results.comparison
    say(f"{comparison}\n\n{paragraph(comparison.verdict)}\n")


def _print_so_far(experiment: Experiment, rows: list[Outcome], total: int) -> None:
    """The table of the rows that a stopped run has."""
    from lcrag.analysis.comparison import compare
    from lcrag.experiment.stored import table_of

    finished = sum(not row.error for row in rows)
    if rows:
        remark = f"The run was stopped: {finished} of {total} answers are finished."
        with suppress(Exception):  # why it was stopped must be told in any case
            table = compare(table_of(rows), cost=experiment.cost, seed=experiment.seed, remarks=[remark])
            say(f"{table}\n")


def _print_files(results: Results) -> None:
    for title, path in (
        ("Report", results.report),
        ("Picture", results.output / "accuracy_cost.png"),
        ("Curves", results.output / "curves.png"),
        ("Table", results.output / "outcomes.parquet"),
    ):
        if path.is_file():
            say(f"{title:<9}{path}")
    if results.tracked:
        say(f"MLflow   {results.tracked.address}")


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
