"""What came out of an experiment, and the files it leaves."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from lcrag.experiment.finished import FinishedRun
from lcrag.experiment.pages import Pages, Sources, drawings
from lcrag.experiment.plan import Plan
from lcrag.experiment.routing import RoutedRuns, candidates_of, replay_routers
from lcrag.experiment.stored import save_replay
from lcrag.files import write_atomically
from lcrag.judging.corrected import correction_remarks
from lcrag.outcomes.table import save_outcomes
from lcrag.schema import Outcome, Question, Usage
from lcrag.tables import in_columns

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from lcrag.analysis.comparison import Comparison
    from lcrag.experiment.tracking.log import Tracked


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

    @cached_property
    def table(self) -> pd.DataFrame:
        """The outcomes as a table, one row for each question and strategy, every cost in its own column."""
        import pandas as pd

        from lcrag.analysis.slices import slices_of

        dataset = self.experiment.dataset
        characters = {d.id: len(d.text) for d in dataset.documents}
        known = {
            q.id: {
                "question": q.text,
                "gold": _gold(q),
                **self.features[q.id],
                **slices_of(q, self.features[q.id]["document_tokens"], characters),
            }
            for q in dataset.questions
        }
        return pd.DataFrame(in_columns(o.flat() | known[o.question_id] for o in self.outcomes))

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
        return (*self.feature_problems, *self._routed.problems, *self._pages.problems)

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
            remarks=(
                *self._compared.remarks,
                self.experiment.scoring,
                *self._remarks,
                *self._pages.problems,
            ),
        )

    @property
    def _remarks(self) -> tuple[str, ...]:
        told = (*self.feature_problems, *self._routed.problems)
        return (*self.notices, *self._corrections, *self._routed.remarks, *told)

    @cached_property
    def _corrections(self) -> tuple[str, ...]:
        return correction_remarks(self.table, self.experiment.judged_metrics)

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
        return self._pages.report

    @property
    def tracked(self) -> Tracked | None:
        """Where the run was logged to in MLflow; ``None`` if it was not."""
        return self._pages.tracked

    def figures(self) -> dict[str, Figure]:
        """The pictures by file name."""
        return {name: draw() for name, draw in drawings(self.comparison).items()}

    @cached_property
    def _pages(self) -> Pages:
        return Pages(
            self.output, self.table, lambda: self.comparison, {}, self.experiment.name, self._sources
        )

    def _sources(self) -> Sources:
        questions = {q.id: q for q in self.experiment.dataset.questions}
        return questions, {(o.question_id, o.strategy): o.evidence for o in self.outcomes if o.evidence}

    def write(self, on_table: Callable[[Results], None] = lambda results: None) -> None:
        """Write the outcomes, hand the table to ``on_table``, then write pictures and report and log to MLflow.

        What cannot be written is told in ``problems``, and its file of an earlier run is removed.
        """
        pages, experiment = self._pages, self.experiment
        pages.problems.clear()
        with pages.surviving("outcomes.parquet", "The table outcomes.parquet could not be written"):
            save_outcomes(self.table, self.output / "outcomes.parquet")
        with pages.surviving("experiment.json", "The settings could not be written"):
            pages.parameters = experiment.parameters()
            write_atomically(self.output / "experiment.json", json.dumps(pages.parameters, indent=1))
        with pages.surviving("comparison.json", "The decisions of the routers could not be written"):
            windows = {experiment.reader.name: next(iter(self.features.values()))["window"]}
            save_replay(
                self.output,
                self.routed,
                experiment.cost,
                experiment.seed,
                experiment.scoring,
                self._remarks,
                windows,
            )
        with pages.surviving("", "The table could not be made"):
            on_table(self)
        pages.write(
            None if experiment.mlflow is None else experiment.mlflow or "",
            experiment.mlflow_experiment,
            experiment.mlflow_traces,
        )

    @staticmethod
    def load(folder: Path | str) -> FinishedRun:
        """A finished run from its folder, with its table, comparison and report.

        Raises:
            LcragError: the folder holds no outcomes, or a file in it is damaged.
        """
        return FinishedRun.load(folder)

    def __str__(self) -> str:
        return str(self.comparison)

    def _repr_html_(self) -> str:
        return self.comparison._repr_html_()
