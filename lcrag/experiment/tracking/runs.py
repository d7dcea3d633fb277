"""The MLflow runs of a run's folder: made once, and found again when the folder is logged again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lcrag.files import write_atomically
from lcrag.redaction import redact, secrets_in

MEMORY = "mlflow.json"
PARENT = ""  # the parent's key among the runs


@dataclass(frozen=True)
class RunSpec:
    """One MLflow run as it is to be.

    Attributes:
        name: Its name in the UI.
        parameters: Its flat parameters.
        start: When its first answer was begun, in milliseconds since 1970.
        end: When its last answer was finished.
    """

    name: str
    parameters: Mapping[str, str]
    start: int
    end: int


class RunFamily:
    """A parent run and its children.

    ``mlflow.json`` in the run's folder holds their ids for each store. They go on if the store still has all of them
    with these parameters, which MLflow does not let anybody change; else there are new ones. While the experiment still
    runs (``unfinished``), only some of the runs and of the parameters are known yet.

    Args:
        client: an ``MlflowClient``.
        folder: the run's folder.
        uri: the store's address.
        experiment_id: the MLflow experiment.
        specs: the runs by key; the parent's key is ``PARENT``.
        outer: the run that the parent is nested in, if any.
        unfinished: whether further runs and parameters may come.

    Attributes:
        specs: the runs by key.
        ids: the ids of the runs that exist, by key.
    """

    def __init__(
        self,
        client: Any,
        folder: Path,
        uri: str,
        experiment_id: str,
        specs: Mapping[str, RunSpec],
        outer: str = "",
        unfinished: bool = False,
    ) -> None:
        self._client, self._path, self._outer = client, folder / MEMORY, outer
        self._experiment_id, self.specs, self._unfinished = experiment_id, specs, unfinished
        self._store = redact(uri, secrets_in(uri))
        self._stores = _read(self._path)
        stored = self._stores.get(self._store)
        self.ids: dict[str, str] = stored if isinstance(stored, dict) and self._go_on(stored) else {}

    @contextmanager
    def running(self, key: str) -> Iterator[Any]:
        """The run of that key, made if there is none yet; it ends at the time of its last answer."""
        run = self.open(key)
        status = "FAILED"
        try:
            yield run
            status = "FINISHED"
        finally:
            self.close(key, status, self.specs[key].end)

    def close(self, key: str, status: str, end: int) -> None:
        """End a run, at that time in milliseconds since 1970."""
        self._client.set_terminated(self.ids[key], status, end)

    def open(self, key: str) -> Any:
        """The run of that key, made if there is none yet."""
        from mlflow.tracking.context.registry import resolve_tags

        spec = self.specs[key]
        if key in self.ids:
            self._client.update_run(self.ids[key], status="RUNNING", name=spec.name)
            return self._client.get_run(self.ids[key])
        above = self._outer if key == PARENT else self.ids[PARENT]
        tags = resolve_tags({"mlflow.parentRunId": above} if above else {})
        run = self._client.create_run(self._experiment_id, spec.start, tags, spec.name)
        self.ids[key] = run.info.run_id
        self._stores[self._store] = self.ids
        write_atomically(self._path, json.dumps(self._stores, indent=1))
        return run

    def _go_on(self, stored: Mapping[str, Any]) -> bool:
        """Whether the store has these runs, none is of another strategy, and their parameters still hold."""
        others = stored.keys() - self.specs.keys()
        if PARENT not in stored or (others and not self._unfinished):
            return False
        return all(self._fits(key, str(id)) for key, id in stored.items() if key not in others)

    def _fits(self, key: str, id: str) -> bool:
        from mlflow.exceptions import MlflowException

        try:
            run = self._client.get_run(id)
        except MlflowException as error:
            if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
                return False
            raise
        logged, parameters = run.data.params, self.specs[key].parameters
        if self._unfinished:
            logged = {name: value for name, value in logged.items() if name in parameters}
        return (
            run.info.lifecycle_stage == "active"
            and run.info.experiment_id == self._experiment_id
            and (key != PARENT or run.data.tags.get("mlflow.parentRunId", "") == self._outer)
            and all(parameters.get(name) == value for name, value in logged.items())
        )


def _read(path: Path) -> dict[str, Any]:
    """Run ids by store; none where the file is missing or damaged, for they only save runs from being made again."""
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
