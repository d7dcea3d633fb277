"""What came out of an experiment, and the files it leaves."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lcrag.experiment.plan import Plan
from lcrag.experiment.routing import candidates_of, replay_routers
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
    """

    experiment: Plan
    outcomes: tuple[Outcome, ...]
    features: Mapping[str, dict[str, float]]
    rewarmed: Usage = field(default_factory=Usage)

    @cached_property
    def table(self) -> pd.DataFrame:
        """The outcomes as a table, one row for each question and strategy, every cost in its own column."""
        import pandas as pd

        texts = {q.id: {"question": q.text, "gold": _gold(q)} for q in self.experiment.dataset.questions}
        rows = [o.flat() | texts[o.question_id] | self.features[o.question_id] for o in self.outcomes]
        return pd.DataFrame(rows)

    @cached_property
    def _routed(self) -> tuple[Mapping[str, Mapping[str, tuple[str, ...]]], list[str]]:
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
        return self._routed[0]

    @cached_property
    def comparison(self) -> Comparison:
        """Strategies, routers and baselines side by side, with confidence intervals and paired tests."""
        from lcrag.analysis.comparison import compare

        choices, remarks = self._routed
        return compare(
            self.table,
            routers=choices,
            cost=self.experiment.cost,
            seed=self.experiment.seed,
            remarks=[self.experiment.scoring, *remarks],
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
        from lcrag.analysis.plots import accuracy_by_kind, accuracy_cost

        return {
            "accuracy_cost.png": accuracy_cost(self.comparison),
            "accuracy_by_kind.png": accuracy_by_kind(self.comparison),
        }

    def write(self) -> None:
        """Write table, report and pictures into the output folder, and log the run to MLflow.

        Raises:
            LcragError: the folder cannot be written or the tracking server cannot be reached.
        """
        from lcrag.analysis.report import write_report

        experiment = self.experiment
        parameters = experiment.parameters()
        save_outcomes(self.table, self.output / "outcomes.parquet")
        write_atomically(self.output / "experiment.json", json.dumps(parameters, indent=1))
        figures = self.figures()
        for name, figure in figures.items():
            image = io.BytesIO()
            figure.savefig(image, format="png", dpi=150)
            write_atomically(self.output / name, image.getvalue())
        write_report(self.table, self.comparison, self.report, title=experiment.name, parameters=parameters)
        if experiment.mlflow != "":
            self._track(parameters, figures)

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
            strategy_parameters={s["name"]: s for s in parameters["strategies"]},
            dataset_name=experiment.dataset.name,
            dataset_digest=experiment.dataset.digest,
            report=self.report,
            figures=figures,
        )

    def __str__(self) -> str:
        return str(self.comparison)
