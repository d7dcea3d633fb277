"""MLflow: a parent run for the experiment, a child run for each strategy, router and baseline."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lcrag.experiment.tracking.batches import log_values, search_tags
from lcrag.experiment.tracking.environment import environment
from lcrag.experiment.tracking.runs import PARENT, RunFamily
from lcrag.experiment.tracking.specs import key_of, run_specs
from lcrag.experiment.tracking.store import experiment_named, mlflow_on
from lcrag.experiment.tracking.traces import log_traces, traced_rows
from lcrag.experiment.tracking.ui import how_to_open, set_view
from lcrag.experiment.tracking.values import (
    judge_metrics,
    mean_scores,
    models,
    named,
    row_metrics,
    scores_by_length,
    small_table,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from lcrag.analysis.comparison import Comparison

BY_LENGTH = "accuracy_by_length"  # its steps are tokens
TABLE = "outcomes.json"
ENVIRONMENT = "environment.json"


@dataclass(frozen=True)
class Tracked:
    """Where a run was logged to.

    Attributes:
        run_id: The parent run.
        experiment_id: The MLflow experiment.
        address: The command and the address that show the experiment's runs.
    """

    run_id: str
    experiment_id: str
    address: str


def log_to_mlflow(
    outcomes: pd.DataFrame,
    comparison: Comparison,
    *,
    tracking_uri: str,
    experiment: str,
    run_name: str,
    parameters: Mapping[str, Any],
    folder: Path,
    figures: Mapping[str, Figure],
    traces: bool = False,
) -> Tracked:
    """Log one experiment, into the same MLflow runs if its folder was logged before.

    The parent holds parameters, the best strategy's metrics, the outcomes (as a table and as parquet),
    figures, report and dataset; each child its parameters and metrics, a strategy's also its outcomes.

    Args:
        outcomes: The table of outcomes.
        comparison: The comparison of the outcomes.
        tracking_uri: MLflow's store.
        experiment: The MLflow experiment's name.
        run_name: The parent's name.
        parameters: What ``experiment.json`` holds.
        folder: The run's folder, with its report.
        figures: Pictures by file name.
        traces: Whether each answer is logged as a trace, too.

    Raises:
        LcragError: the tracking server cannot be reached or refuses.
    """
    with mlflow_on(tracking_uri) as mlflow:
        client = mlflow.MlflowClient()
        experiment_id = experiment_named(client, experiment)
        outer = mlflow.active_run()
        log = _Log(client, outcomes, comparison, parameters)
        specs = run_specs(outcomes, comparison, parameters, run_name, folder)
        outer_id = outer.info.run_id if outer else ""
        family = RunFamily(client, folder, tracking_uri, experiment_id, specs, outer_id)
        with family.running(PARENT) as parent:
            log.parent(parent, specs[PARENT].parameters, folder, figures)
            for _, row in comparison.table.iterrows():
                key = key_of(row)
                with family.running(key) as child:
                    log.child(child, specs[key].parameters, row)
        set_view(client, experiment_id, log.logged)
        if traces:
            strategies = {name: family.ids[name] for name in outcomes["strategy"].unique()}
            log_traces(mlflow, experiment_id, strategies, traced_rows(folder, outcomes, parameters))
    return Tracked(family.ids[PARENT], experiment_id, how_to_open(tracking_uri, experiment_id))


class _Log:
    """What is logged of one experiment."""

    def __init__(
        self, client: Any, outcomes: pd.DataFrame, comparison: Comparison, parameters: Mapping[str, Any]
    ) -> None:
        import mlflow

        self.client, self.outcomes, self.comparison, self.run = client, outcomes, comparison, parameters
        self.logged: set[str] = set()  # names of metrics of strategies
        self.data = mlflow.data.from_pandas(
            outcomes[["question_id", "document_id", "kind"]].drop_duplicates(),
            name=str(parameters.get("dataset") or "dataset"),
            digest=str(parameters.get("dataset_digest") or "unknown")[:36],
        )

    def _rows(self, name: str) -> pd.DataFrame:
        return self.outcomes[self.outcomes["strategy"] == name]

    def parent(
        self, run: Any, parameters: Mapping[str, str], folder: Path, figures: Mapping[str, Figure]
    ) -> None:
        """The experiment's own run."""
        comparison = self.comparison
        best = comparison.table.set_index("name").loc[comparison.best]
        metrics = {f"best_{k}": v for k, v in row_metrics(best).items()} | judge_metrics(self.outcomes)
        tags = {"lcrag.output": str(folder.resolve()), "lcrag.best": comparison.best}
        tags |= {"mlflow.note.content": comparison.verdict}
        self._values(run, "experiment", parameters, metrics.items(), tags)
        id = run.info.run_id
        self.client.log_dict(id, dict(self.run), "parameters.json")
        if ENVIRONMENT not in {file.path for file in self.client.list_artifacts(id)}:
            self.client.log_dict(id, environment(), ENVIRONMENT)  # that of the answers, not of a later report
        self._table(run, self.outcomes)
        self.client.log_text(id, str(comparison), "comparison.txt")
        for file in (folder / "report.html", folder / "outcomes.parquet"):
            if file.is_file():  # else it could not be written, and that is told
                self.client.log_artifact(id, str(file))
        for name, figure in figures.items():
            self.client.log_figure(id, figure, name)

    def child(self, run: Any, parameters: Mapping[str, str], row: pd.Series[Any]) -> None:
        """The run of a strategy, a router or a baseline."""
        name, group = str(row["name"]), str(row["group"])
        metrics = [*row_metrics(row).items(), *mean_scores(self.comparison, name)]
        if group == "strategy":
            metrics += judge_metrics(self._rows(name)).items()
        self.logged |= {metric for metric, _ in metrics}
        lengths = scores_by_length(self.comparison, name)
        self._values(run, group, parameters, metrics, {"lcrag.strategy": name}, lengths)
        if group == "strategy":
            self._table(run, self._rows(name))

    def _values(
        self,
        run: Any,
        kind: str,
        parameters: Mapping[str, str],
        metrics: Iterable[tuple[str, float]],
        tags: Mapping[str, str],
        lengths: Mapping[int, float] | None = None,
    ) -> None:
        """Parameters that the run has not yet, metrics that are new or have changed, tags and the dataset."""
        from mlflow.entities import DatasetInput, InputTag

        id, data = run.info.run_id, self.data
        points = [(name, value, 0) for name, value in named(metrics) if run.data.metrics.get(name) != value]
        logged = self.client.get_metric_history(id, BY_LENGTH) if BY_LENGTH in run.data.metrics else ()
        before = {m.step: m.value for m in logged}
        points += [(BY_LENGTH, v, tokens) for tokens, v in (lengths or {}).items() if before.get(tokens) != v]
        log_values(
            self.client,
            id,
            parameters={k: v for k, v in parameters.items() if k not in run.data.params},
            points=points,
            tags=search_tags(kind, models(self.outcomes), self.run) | {**tags},
            dataset=data,
        )
        context = [InputTag("mlflow.data.context", "evaluation")]
        self._log_dataset(id, DatasetInput(data._to_mlflow_entity(), context))

    def _log_dataset(self, id: str, data: Any) -> None:
        """Log the dataset. Of runs that log a new one at once a server's database accepts one: the others try again."""
        from mlflow.exceptions import MlflowException

        for attempt in range(3):
            try:
                self.client.log_inputs(id, [data])
                return
            except MlflowException as error:
                if attempt == 2 or not re.search("duplicate key|UniqueViolation|IntegrityError", str(error)):
                    raise

    def _table(self, run: Any, rows: pd.DataFrame) -> None:
        """The outcomes as a table that the UI opens, in place of an earlier one."""
        table, id = small_table(rows), run.info.run_id
        if TABLE in run.data.tags.get("mlflow.loggedArtifacts", ""):
            self.client.log_text(id, table.to_json(orient="split", index=False, date_format="iso"), TABLE)
        else:
            self.client.log_table(id, table, TABLE)  # a second one would be appended
