"""Several readers in one YAML: a run for each in a folder of its own, and one table of strategies and models."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lcrag.components.build import build
from lcrag.errors import LcragError
from lcrag.experiment.pages import Pages
from lcrag.experiment.questions_file import save_questions
from lcrag.experiment.routing import RoutedRuns, replay_routers
from lcrag.experiment.stored import save_replay
from lcrag.files import write_atomically
from lcrag.outcomes.table import save_outcomes
from lcrag.tables import interval, many, ruled

if TYPE_CHECKING:
    import pandas as pd

    from lcrag.analysis.comparison import Comparison
    from lcrag.experiment.results import Results

AT = " @ "  # between a strategy and its model


def per_reader(spec: Mapping[str, Any], where: str, folder: Path) -> dict[str, dict[str, Any]]:
    """The configuration of each reader's run, by the reader's name.

    Raises:
        LcragError: `reader` beside `readers`, no list, fewer than two, or two of one name.
    """
    specs = spec["readers"]
    if "reader" in spec:
        raise LcragError(f"{where}: give either `reader` or `readers`.")
    if not isinstance(specs, list) or len(specs) < 2:
        raise LcragError(f"{where}: readers must be a list of two or more; for one there is `reader`.")
    shared = {k: v for k, v in spec.items() if k != "readers"}
    name = str(spec.get("name", Path(where).stem))
    output = str(spec.get("output", f"runs/{name}"))
    runs: dict[str, dict[str, Any]] = {}
    for i, reader in enumerate(specs):
        label = build("reader", reader, f"{where}: readers[{i}]", None, folder).name
        place = f"{output}/{re.sub(r'[^A-Za-z0-9._-]+', '-', label).strip('-.') or i}"
        if label in runs or place in {run["output"] for run in runs.values()}:
            raise LcragError(
                f"{where}: readers[{i}] is named {label!r}, as another one is: give it another name."
            )
        runs[label] = {**shared, "name": f"{name}-{label}", "output": place, "reader": reader}
    return runs


@dataclass(frozen=True)
class Part:
    """What is kept of one reader's run: its table and its settings, but not the reader."""

    table: pd.DataFrame
    parameters: Mapping[str, Any]
    remarks: tuple[str, ...]

    @staticmethod
    def of(results: Results) -> Part:
        """The part of a finished run."""
        return Part(results.table, results.experiment.parameters(), results.comparison.remarks)


@dataclass(frozen=True)
class SeveralReaders:
    """The runs of several readers as one table: each strategy with each model is a row, and routers choose among all.

    Attributes:
        output: The folder of all runs.
        parts: The run of each reader, by its name.
        results: The last run; its routers, unit of cost, seed and questions are those of all.
        name: What the whole is called.
    """

    output: Path
    parts: Mapping[str, Part]
    results: Results
    name: str
    problems: list[str] = field(default_factory=list)

    @cached_property
    def table(self) -> pd.DataFrame:
        """All outcomes; ``strategy`` is such as ``long_context @ gpt-4.1``."""
        import pandas as pd

        tables = [
            p.table.assign(strategy=p.table["strategy"] + AT + label) for label, p in self.parts.items()
        ]
        return pd.concat(tables, ignore_index=True)

    @cached_property
    def routed(self) -> RoutedRuns:
        """The routers on strategies and models together."""
        from lcrag.outcomes.baselines import candidates

        plan = self.results.experiment
        one_model = self.table.assign(
            model=" + ".join(self.parts)
        )  # else each model has questions of its own
        return replay_routers(
            plan.routers, one_model, candidates(self.table), plan.embedder, plan.seed, plan.cost
        )

    @cached_property
    def comparison(self) -> Comparison:
        """One table of all strategies with all models, routers and baselines."""
        from lcrag.analysis.comparison import compare

        plan = self.results.experiment
        return compare(
            self.table, routers=self._choices, cost=plan.cost, seed=plan.seed, remarks=self._remarks
        )

    @property
    def _choices(self) -> dict[str, Mapping[str, tuple[str, ...]]]:
        return {name: chosen for name, chosen in self.routed.choices.items() if chosen}

    @property
    def _remarks(self) -> tuple[str, ...]:
        remarks = dict.fromkeys(r for part in self.parts.values() for r in part.remarks)
        return (*remarks, *self.routed.remarks, *self.routed.problems)

    def by_model(self) -> pd.DataFrame:
        """Accuracy with its interval as text, strategies by models; the best of each row has a dagger."""
        import pandas as pd

        rows = self.comparison.table.set_index("name")
        cells: dict[str, list[str]] = {"strategy": []}
        for strategy in dict.fromkeys(s for p in self.parts.values() for s in p.table["strategy"]):
            cells["strategy"].append(strategy)
            known = {
                m: rows.loc[f"{strategy}{AT}{m}"] for m in self.parts if f"{strategy}{AT}{m}" in rows.index
            }
            top = max((r["accuracy"] for r in known.values() if r["accuracy"] == r["accuracy"]), default=None)
            for model in self.parts:
                row = known.get(model)
                text = "-" if row is None else interval(row["accuracy"], row["low"], row["high"])
                best = row is not None and top is not None and row["accuracy"] == top
                cells.setdefault(model, []).append(text + " †" * bool(best))
        return pd.DataFrame(cells)

    def write(self) -> Pages:
        """Write the merged run's outcomes, report, tables and pictures into ``output``, as of any run."""
        from lcrag.tables import markdown

        plan, parameters = self.results.experiment, self._parameters()
        pages = Pages(self.output, self.table, lambda: self.comparison, parameters, self.name)
        with pages.surviving("outcomes.parquet", "The merged table could not be written"):
            save_outcomes(self.table, self.output / "outcomes.parquet")
            save_questions(self.output, plan.dataset.questions)
            write_atomically(self.output / "experiment.json", json.dumps(parameters, indent=1))
            save_replay(self.output, self._choices, plan.cost, plan.seed, "", self.comparison.remarks, {})
            write_atomically(self.output / "models.md", markdown(self.by_model()) + "\n")
            write_atomically(self.output / "models.csv", self.by_model().to_csv(index=False))
        pages.write("", "")
        return pages

    def _parameters(self) -> dict[str, Any]:
        """The settings that all runs share, the readers, and every strategy with every model."""
        shared: dict[str, Any] = {**next(iter(self.parts.values())).parameters}
        shared.pop("reader", None)
        strategies: Sequence[dict[str, Any]] = shared.get("strategies") or []
        return {
            **shared,
            "name": self.name,
            "readers": [p.parameters["reader"] for p in self.parts.values()],
            "strategies": [
                {**s, "name": f"{s['name']}{AT}{m}", "model": m} for m in self.parts for s in strategies
            ],
        }

    def __str__(self) -> str:
        cells = self.by_model()
        title = f"Accuracy by strategy and model ({many(len(self.parts), 'model')}; † the best model of a strategy)"
        return "\n".join([title, *ruled([[*cells.columns], *cells.to_numpy().tolist()])])
