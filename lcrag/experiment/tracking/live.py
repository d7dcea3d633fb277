"""An experiment's MLflow runs while it still answers: opened after some seconds, then progress now and then."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lcrag.experiment.tracking.progress import Progress
from lcrag.experiment.tracking.runs import PARENT, RunFamily
from lcrag.experiment.tracking.specs import planned_runs
from lcrag.experiment.tracking.store import default_tracking_uri, experiment_named, without_long_retries

if TYPE_CHECKING:
    from lcrag.experiment.plan import Plan
    from lcrag.schema import Outcome

FIRST_SECONDS = 5.0  # a run that ends sooner is logged at its end alone
INTERVAL_SECONDS = 10.0
OnRow = Callable[["Outcome", bool], None]


@contextmanager
def logged_meanwhile(plan: Plan, on_row: OnRow) -> Iterator[OnRow]:
    """Log how far the experiment is, from a thread of its own, while the rows are handed to what this yields.

    It is only a preview: what goes wrong is told when the finished run is logged. When the experiment is stopped, its
    MLflow runs say so; a continued one goes on in them.

    Args:
        plan: the experiment.
        on_row: called with each row as well.
    """
    if plan.mlflow == "" or plan.mlflow is False:
        yield on_row
        return
    live = LiveRuns(plan)

    def both(outcome: Outcome, resumed: bool) -> None:
        live.add(outcome, resumed)
        on_row(outcome, resumed)

    try:
        yield both
    except BaseException:
        live.stop("KILLED")
        raise
    live.stop("FINISHED")


class LiveRuns:
    """The MLflow runs of an experiment that is at work."""

    def __init__(self, plan: Plan) -> None:
        import mlflow  # now, as the store: later they would take their seconds from answers that are timed

        outer = mlflow.active_run()  # of the caller's thread
        self._uri = plan.mlflow or default_tracking_uri()
        self._client: Any = None
        with suppress(Exception):  # what is wrong is told when the finished run is logged
            self._parameters = plan.parameters()
            self._client = mlflow.MlflowClient(self._uri)
        self._plan, self._outer = plan, outer.info.run_id if outer else ""
        self._progress = Progress()
        self._start = int(time.time() * 1000)
        self._ended, self._status = threading.Event(), "RUNNING"
        self._thread: threading.Thread | None = None

    def add(self, outcome: Outcome, resumed: bool) -> None:
        """Count a row; the first one that is new starts the thread."""
        self._progress.add(outcome)
        if not resumed and self._thread is None and self._client is not None:
            self._thread = threading.Thread(target=self._work, name="lcrag-mlflow", daemon=True)
            self._thread.start()

    def stop(self, status: str) -> None:
        """End the thread and the runs, if they were opened."""
        self._status = status
        self._ended.set()
        if self._thread is not None:
            self._thread.join()

    def _work(self) -> None:
        if self._ended.wait(FIRST_SECONDS):
            return
        with suppress(Exception), without_long_retries():
            family = self._family()
            opened: set[str] = set()
            while not self._ended.is_set():
                self._write(family, opened)
                self._ended.wait(INTERVAL_SECONDS)
            for key in opened:
                family.close(key, self._status, int(time.time() * 1000))

    def _family(self) -> RunFamily:
        plan = self._plan
        experiment_id = experiment_named(self._client, plan.mlflow_experiment)
        specs = planned_runs(self._parameters, plan.name, plan.reader.name, self._start)
        folder = Path(plan.output)
        return RunFamily(self._client, folder, self._uri, experiment_id, specs, self._outer, unfinished=True)

    def _write(self, family: RunFamily, opened: set[str]) -> None:
        """Open the runs of those strategies that have answered, and log what is new."""
        from lcrag.experiment.tracking.batches import log_values, search_tags

        for key, points in self._progress.news().items():
            parameters: dict[str, str] = {}
            tags: dict[str, str] = {}
            if key not in opened:
                run = family.open(key)
                opened.add(key)
                wanted = family.specs[key].parameters
                parameters = {k: v for k, v in wanted.items() if k not in run.data.params}
                kind = "experiment" if key == PARENT else "strategy"
                tags = search_tags(kind, self._plan.reader.name, self._parameters)
                tags |= {} if key == PARENT else {"lcrag.strategy": key}
            log_values(self._client, family.ids[key], parameters=parameters, points=points, tags=tags)
