"""An experiment: what is compared on what, and what came out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lcrag.components.settings import settings
from lcrag.cost.price import Price, find_price
from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError, did_you_mean
from lcrag.experiment.engine import Engine
from lcrag.experiment.journal import Journal
from lcrag.experiment.routing import check_routers, features_of
from lcrag.metrics.score import METRICS
from lcrag.readers.base import Reader
from lcrag.routers.base import Router
from lcrag.runtime.caps import Budget
from lcrag.runtime.defaults import default_embedder, default_retriever
from lcrag.runtime.resources import Resources
from lcrag.schema import Outcome, Usage
from lcrag.strategies.base import Strategy

if TYPE_CHECKING:
    from lcrag.experiment.results import Results


@dataclass(frozen=True)
class Experiment:
    """Every strategy on every question, with one reader.

    Attributes:
        dataset: documents and questions.
        reader: the language model.
        strategies: what is compared; names must differ.
        output: folder of this run; running again into it continues where it stopped.
        routers: replayed on the outcomes at no cost, over every strategy but closed-book; one that has to learn does
            so from the questions on other documents.
        retriever: default: BM25 and dense, fused.
        embedder: default: MiniLM.
        metric: the metric that decides (a key of ``Outcome.scores``).
        seed: for the reader, the routers and the bootstrap.
        budget: caps on what a question and the whole run may spend, kept before each call.
        prices: overrides published prices.
        mlflow: tracking URI; ``None`` for MLflow's default, ``""`` to log nothing.
        mlflow_experiment: the MLflow experiment's name.
    """

    dataset: Dataset
    reader: Reader
    strategies: Sequence[Strategy]
    output: Path | str = "runs/experiment"
    routers: Sequence[Router] = ()
    retriever: Any = field(default=None)
    embedder: Any = field(default=None)
    metric: str = "accuracy"
    seed: int = 0
    name: str = "experiment"
    budget: Budget = field(default_factory=Budget)
    prices: Price | None = None
    mlflow: str | None = None
    mlflow_experiment: str = "lcrag"

    def check(self) -> None:
        """Find what is wrong before anything is spent.

        Raises:
            LcragError: no questions or strategies, two strategies of one name, an unknown metric, a broken
                dataset, or a router that could not be replayed.
        """
        self.dataset.validate()
        if self.metric not in METRICS:
            raise LcragError(
                f"There is no metric {self.metric!r}; {did_you_mean(self.metric, list(METRICS))}"
            )
        if not self.dataset.questions:
            raise LcragError(f"The dataset {self.dataset.name} has no questions.")
        if not self.strategies:
            raise LcragError("The experiment has no strategies: give at least one.")
        names = [s.name for s in self.strategies]
        twice = sorted({n for n in names if names.count(n) > 1})
        if twice:
            raise LcragError(f"Two strategies are named {twice[0]!r}: give one of them another `name`.")
        check_routers(self.routers, self.strategies, self.dataset.questions)

    def parameters(self) -> dict[str, Any]:
        """Everything that was set, as plain values."""
        from lcrag.version import __version__

        price = find_price(self.reader.name, self.prices)
        return {
            "name": self.name,
            "lcrag_version": __version__,
            "dataset": self.dataset.name,
            "dataset_digest": self.dataset.digest,
            "questions": len(self.dataset.questions),
            "documents": len(self.dataset.documents),
            "metric": self.metric,
            "seed": self.seed,
            **({"budget": settings(self.budget)} if self.budget else {}),
            "reader": settings(self.reader),
            "embedder": settings(self.embedder),
            "retriever": settings(self.retriever),
            "strategies": [settings(s) for s in self.strategies],
            "routers": [settings(r) for r in self.routers],
            "prices": price.describe() if price else None,
        }

    def run(self, on_row: Callable[[Outcome, bool], None] = lambda outcome, resumed: None) -> Results:
        """Run, or continue, and write everything into the output folder and MLflow.

        Raises:
            LcragError: bad input, a reader that cannot be used, a full disk, a second run in the folder.
        """
        return asyncio.run(self.run_async(on_row))

    async def run_async(
        self, on_row: Callable[[Outcome, bool], None] = lambda outcome, resumed: None
    ) -> Results:
        """``run`` for callers that have an event loop (notebooks)."""
        from lcrag.experiment.results import Results

        self.check()
        output = Path(self.output)
        embedder = self.embedder or default_embedder()
        resources = Resources(
            reader=self.reader,
            documents={d.id: d for d in self.dataset.documents},
            retriever=self.retriever or default_retriever(embedder),
            embedder=embedder,
            prices=self.prices,
            questions=[q.document_ids for q in self.dataset.questions],
            seed=self.seed,
            keep=output / "built",
            examples=self.dataset.demonstrations,
            budget=self.budget,
        )
        if self.budget:
            self.budget.check(resources.priced(Usage(1)), self.reader.name)
        with Journal(output) as journal:
            engine = Engine(self.dataset, self.strategies, resources, journal, self.metric, on_row)
            outcomes = await engine.run()
            seen = await features_of(self.dataset.questions, outcomes, resources)
            results = Results(self, tuple(outcomes), seen, resources.rewarmed)
            results.write()
        return results
