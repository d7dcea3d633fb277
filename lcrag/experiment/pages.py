"""What is made of a table of outcomes: pictures, report, exports, MLflow. What fails is told, and the rest is made."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lcrag.errors import LcragError, reason
from lcrag.experiment.evidence import gold_questions, named_passages
from lcrag.experiment.questions_file import load_questions
from lcrag.files import write_atomically
from lcrag.schema import Passage, Question

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from lcrag.analysis.comparison import Comparison
    from lcrag.experiment.tracking.log import Tracked

PICTURES = ("accuracy_cost.png", "accuracy_by_kind.png")
Sources = tuple[Mapping[str, Question], Mapping[tuple[str, str], tuple[Passage, ...]]]
EXPORTS = ("report.md", "tables.tex", "comparison.csv", "comparison_table.json")
CURVES = ("curves.csv", "curves.png")  # where a setting or the documents' length varies


@dataclass
class Pages:
    """The files of one comparison in a run's folder.

    Attributes:
        output: The run's folder.
        table: The table of outcomes.
        compare: Makes the comparison of the table; it may raise an error.
        parameters: What ``experiment.json`` holds.
        title: The report's heading, and the run's name in MLflow.
        sources: Questions and the passages that answers named, where they are in memory; else the folder is read.
        problems: What could not be made, in sentences.
        tracked: Where the run was logged to in MLflow; ``None`` if it was not.
    """

    output: Path
    table: pd.DataFrame
    compare: Callable[[], Comparison]
    parameters: Mapping[str, Any]
    title: str
    sources: Callable[[], Sources] | None = None
    problems: list[str] = field(default_factory=list)
    tracked: Tracked | None = None
    _figures: dict[str, Figure] = field(default_factory=dict, repr=False)

    @property
    def report(self) -> Path:
        """The HTML report."""
        return self.output / "report.html"

    @contextmanager
    def surviving(self, file: str, what: str) -> Iterator[None]:
        """Tell an error instead of raising it: the answers are paid for, and the rest can be written.

        Args:
            file: the file that is written; the one of an earlier run is removed where that fails.
            what: what failed, as the beginning of a sentence.
        """
        try:
            yield
        except Exception as error:
            told = str(error) if isinstance(error, LcragError) else f"{what} ({reason(error)})."
            if told not in self.problems:
                self.problems.append(told)
            path = self.output / file
            if path.is_file():
                path.unlink()

    def write(self, tracking_uri: str | None, experiment: str, traces: bool = False) -> None:
        """Draw the pictures, write the report and the exports, and log the run to MLflow, in this order.

        Args:
            tracking_uri: MLflow's address; ``None`` for its default, ``""`` to log nothing.
            experiment: the MLflow experiment's name.
            traces: whether each answer is logged as a trace, too.
        """
        compared = False
        with self.surviving(self.report.name, "The table could not be made"):
            compared = bool(self.compare())
        if not compared:  # nothing can be made without it
            for name in (*PICTURES, *EXPORTS, *CURVES):
                (self.output / name).unlink(missing_ok=True)
            return
        for name in PICTURES:
            with self.surviving(name, f"The picture {name} could not be made"):
                figure, image = drawings(self.compare())[name](), io.BytesIO()
                figure.savefig(image, format="png", dpi=150)
                write_atomically(self.output / name, image.getvalue())
                self._figures[name] = figure
        questions: Mapping[str, Question] = {}
        evidence: Mapping[tuple[str, str], tuple[Passage, ...]] = {}
        with self.surviving("", "The evidence could not be read"):
            questions, evidence = self.sources() if self.sources else self._stored_sources()
        with self.surviving(self.report.name, "The report could not be made"):
            from lcrag.analysis.report import write_report

            write_report(
                self.table,
                self.compare(),
                self.report,
                title=self.title,
                parameters=self.parameters,
                questions=questions,
                evidence=evidence,
            )
        for name in EXPORTS:
            with self.surviving(name, f"The file {name} could not be made"):
                write_atomically(self.output / name, self._export(name))
        with self.surviving(CURVES[1], "The curves could not be made"):
            self._write_curves()
        with self.surviving("leaderboard.md", "The benchmark's table could not be made"):
            self._write_leaderboard(questions)
        if tracking_uri != "":
            with self.surviving("", "The run could not be logged to MLflow"):
                self.tracked = self._track(tracking_uri, experiment, traces)

    def _export(self, name: str) -> str:
        from lcrag.analysis.exports import as_csv, as_json, as_latex, as_markdown

        comparison = self.compare()
        return {
            "report.md": lambda: as_markdown(comparison, self.title),
            "tables.tex": lambda: as_latex(comparison, self.title),
            "comparison.csv": lambda: as_csv(comparison),
            "comparison_table.json": lambda: as_json(comparison, self.parameters),
        }[name]()

    def _stored_sources(self) -> Sources:
        return gold_questions(self.output), named_passages(self.output, self.table)

    @cached_property
    def sweep(self) -> pd.DataFrame:
        """Accuracy and cost for each value of what varies; without a row where nothing does."""
        from lcrag.analysis.sweeps import sweep

        return sweep(self.table, self.parameters.get("strategies") or (), self.compare().unit)

    def _write_curves(self) -> None:
        from lcrag.analysis.sweeps import curves

        if not len(self.sweep):
            for name in CURVES:  # of an earlier run in this folder
                (self.output / name).unlink(missing_ok=True)
        else:
            image = io.BytesIO()
            curves(self.sweep).savefig(image, format="png", dpi=150)
            write_atomically(self.output / CURVES[1], image.getvalue())
            write_atomically(self.output / CURVES[0], self.sweep.to_csv(index=False, lineterminator="\n"))

    def _write_leaderboard(self, questions: Mapping[str, Question]) -> None:
        """Where the questions are a benchmark's, its own averages beside published figures."""
        from lcrag.analysis.leaderboard import leaderboard
        from lcrag.benchmarks.catalogue import benchmarks

        benchmark = benchmarks().get(str(self.parameters.get("benchmark", "")))
        if benchmark is not None:
            asked = questions or load_questions(self.output)  # which tells what is wrong with the file
            page = leaderboard(self.table, [*asked.values()], benchmark)
            write_atomically(self.output / "leaderboard.md", page)

    def _track(self, tracking_uri: str | None, experiment: str, traces: bool) -> Tracked:
        from lcrag.experiment.tracking.log import log_to_mlflow
        from lcrag.experiment.tracking.store import default_tracking_uri

        return log_to_mlflow(
            self.table,
            self.compare(),
            tracking_uri=tracking_uri or default_tracking_uri(),
            experiment=experiment,
            run_name=self.title,
            parameters=self.parameters,
            folder=self.output,
            figures=self._figures,
            traces=traces,
        )


def drawings(comparison: Comparison) -> dict[str, Callable[[], Figure]]:
    """Functions that draw the pictures, by file name."""
    from lcrag.analysis.plots import accuracy_by_kind, accuracy_cost

    return {
        "accuracy_cost.png": lambda: accuracy_cost(comparison),
        "accuracy_by_kind.png": lambda: accuracy_by_kind(comparison),
    }
