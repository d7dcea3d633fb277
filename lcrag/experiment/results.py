"""What came out of an experiment, and the files it leaves."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lcrag.errors import LcragError, reason
from lcrag.experiment.plan import Plan
from lcrag.experiment.routing import RoutedRuns, candidates_of, replay_routers
from lcrag.files import write_atomically
from lcrag.outcomes.table import save_outcomes
from lcrag.schema import Outcome, Question, Usage

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from lcrag.analysis.comparison import Comparison


def _gold(question: Question) -> str:
    return " | ".join(question.answers) if question.answerable else "(not answerable from the text)"


@dataclass(frozen=True)
class Results:
    """Outcomes of one experiment; ``print(results)`` is the table.

    Attributes:
        experiment: What was run.
        outcomes: One for each question and strategy.
        features: What a router may see of each question: ``document_tokens``, ``window``, ``feature_*``.
        rewarmed: KV prefixes computed again because a run was interrupted; they are part of no row.
        notices: Sentences for the foot of the table.
        feature_problems: What went wrong with the features, in sentences.
    """

    experiment: Plan
    outcomes: tuple[Outcome, ...]
    features: Mapping[str, dict[str, float]]
    rewarmed: Usage = field(default_factory=Usage)
    notices: tuple[str, ...] = ()
    feature_problems: tuple[str, ...] = ()
    _unwritten: list[str] = field(default_factory=list, repr=False, compare=False)

    @cached_property
    def table(self) -> pd.DataFrame:
        """The outcomes as a table, one row for each question and strategy, every cost in its own column."""
        import pandas as pd

        texts = {q.id: {"question": q.text, "gold": _gold(q)} for q in self.experiment.dataset.questions}
        rows = [o.flat() | texts[o.question_id] | self.features[o.question_id] for o in self.outcomes]
        return pd.DataFrame(rows)

    @cached_property
    def _routed(self) -> RoutedRuns:
        experiment = self.experiment
        candidates = candidates_of(experiment.strategies)
        return replay_routers(
            experiment.routers,
            self.table,
            candidates,
            experiment.embedder,
            experiment.seed,
            experiment.cost,
        )

    @property
    def routed(self) -> Mapping[str, Mapping[str, tuple[str, ...]]]:
        """For each router and question the strategies that it runs; the last one answers."""
        return self._routed.choices

    @property
    def problems(self) -> tuple[str, ...]:
        """What failed after the last answer, in sentences: features, routers, files, MLflow. All else is written."""
        return (*self.feature_problems, *self._routed.problems, *self._unwritten)

    @cached_property
    def _compared(self) -> Comparison:
        from lcrag.analysis.comparison import compare

        experiment, routed = self.experiment, self._routed
        return compare(self.table, routers=routed.choices, cost=experiment.cost, seed=experiment.seed)

    @property
    def comparison(self) -> Comparison:
        """Strategies, routers and baselines side by side, with confidence intervals and paired tests."""
        return replace(
            self._compared,
            remarks=(self.experiment.scoring, *self.notices, *self._routed.remarks, *self.problems),
        )

    @property
    def failed(self) -> list[Outcome]:
        """Outcomes that ended in an error."""
        return [o for o in self.outcomes if o.error]

    @property
    def output(self) -> Path:
        """The run's folder."""
        return Path(self.experiment.output)

    @property
    def report(self) -> Path:
        """The HTML report."""
        return self.output / "report.html"

    def figures(self) -> dict[str, Figure]:
        """The pictures by file name."""
        return {name: draw() for name, draw in self._drawings().items()}

    def _drawings(self) -> dict[str, Callable[[], Figure]]:
        from lcrag.analysis.plots import accuracy_by_kind, accuracy_cost

        comparison = self.comparison
        return {
            "accuracy_cost.png": lambda: accuracy_cost(comparison),
            "accuracy_by_kind.png": lambda: accuracy_by_kind(comparison),
        }

    def write(self) -> None:
        """Write table, report and pictures into the output folder, and log the run to MLflow.

        What cannot be written is told in ``problems``, and its file of an earlier run is removed.
        """
        self._unwritten.clear()
        parameters: dict[str, Any] = {}
        figures: dict[str, Figure] = {}
        with self._surviving("outcomes.parquet", "The table outcomes.parquet could not be written"):
            save_outcomes(self.table, self.output / "outcomes.parquet")
        with self._surviving("experiment.json", "The settings could not be written"):
            parameters |= self.experiment.parameters()
            write_atomically(self.output / "experiment.json", json.dumps(parameters, indent=1))
        for name, draw in self._drawings().items():
            with self._surviving(name, f"The picture {name} could not be made"):
                figure, image = draw(), io.BytesIO()
                figure.savefig(image, format="png", dpi=150)
                write_atomically(self.output / name, image.getvalue())
                figures[name] = figure
        with self._surviving(self.report.name, "The report could not be made"):
            from lcrag.analysis.report import write_report

            title = self.experiment.name
            write_report(self.table, self.comparison, self.report, title=title, parameters=parameters)
        if self.experiment.mlflow != "":
            with self._surviving("", "The run could not be logged to MLflow"):
                self._track(parameters, figures)

    @contextmanager
    def _surviving(self, file: str, what: str) -> Iterator[None]:
        """Tell an error instead of raising it: the answers are paid for, and the rest can be written."""
        try:
            yield
        except Exception as error:
            told = str(error) if isinstance(error, LcragError) else f"{what} ({reason(error)})."
            self._unwritten.append(told)
            path = self.output / file
            if path.is_file():  # it is an earlier run's
                path.unlink()

    def _track(self, parameters: Mapping[str, Any], figures: Mapping[str, Figure]) -> None:
        from lcrag.experiment.tracking import default_tracking_uri, log_to_mlflow

        experiment = self.experiment
        log_to_mlflow(
            self.table,
            self.comparison,
            tracking_uri=experiment.mlflow or default_tracking_uri(),
            experiment=experiment.mlflow_experiment,
            run_name=experiment.name,
            parameters=parameters,
            strategy_parameters={s["name"]: s for s in parameters.get("strategies", ())},
            dataset_name=experiment.dataset.name,
            dataset_digest=experiment.dataset.digest,
            report=self.report,
            figures=figures,
        )

    def __str__(self) -> str:
        return str(self.comparison)
