"""What an experiment compares on what, with its defaults resolved and checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from embedders.base import Embedder
from lcrag.components.settings import settings
from lcrag.cost.price import Price, find_price
from lcrag.cost.prices import Prices
from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError
from lcrag.experiment.executors.base import Executor
from lcrag.experiment.executors.local import LocalExecutor
from lcrag.experiment.routing import check_routers
from lcrag.experiment.unscored import unscored
from lcrag.judges.base import JudgedMetric
from lcrag.judging.scoring import AnyMetric, check_metrics, describe_scoring
from lcrag.metrics.score import METRICS, default_metric
from lcrag.outcomes.baselines import check_names
from lcrag.outcomes.costs import CostUnit
from lcrag.readers.base import Reader
from lcrag.routers.base import Router
from lcrag.runtime.caps import Budget
from lcrag.runtime.defaults import with_defaults
from lcrag.strategies.base import Strategy
from retrievers.base import Retriever


@dataclass(frozen=True)
class Plan:
    """Everything that an experiment was given.

    Attributes:
        dataset: Documents and questions.
        reader: The language model.
        strategies: What is compared; their names must differ.
        output: The folder of this run; running again into it continues where it stopped.
        routers: They are replayed on the outcomes at no cost, over every strategy but closed-book. One that has to
            learn does so from the questions on other documents.
        retriever: The default fuses BM25 and dense search.
        embedder: The default is MiniLM.
        metric: The metric that decides: a key of ``Outcome.scores``, one of ``metrics``, or a metric of your own;
            ``auto`` takes ``accuracy``, or ``task`` where a benchmark's questions say how they are scored.
        metrics: Further metrics beside the standard ones, also such as ask a model (``lcrag.judges``).
        cost: The unit in which strategies are compared and routers weigh cost; ``auto`` takes FLOPs where every
            strategy's are known, else tokens.
        seed: Seeds the reader, the routers and the paired tests.
        name: What the run is called in MLflow and in the report.
        budget: Caps on what a question and the whole run may spend, kept before each call.
        prices: The reader's price card, or ``Prices`` of reader, embedder and reranker; it overrides published prices.
        executor: Where and in which order the questions are run.
        deadline_s: Seconds that a question may take with one strategy, from its first step on. One that takes longer is
            a failed row, and is tried again when the run is continued; ``None`` waits for every answer.
        mlflow: The tracking URI; ``None`` for MLflow's default, ``""`` or ``False`` to log nothing.
        mlflow_experiment: The MLflow experiment's name.
        mlflow_traces: Whether each answer is logged to MLflow as a trace, too.
    """

    dataset: Dataset
    reader: Reader
    strategies: Sequence[Strategy]
    output: Path | str = "runs/experiment"
    routers: Sequence[Router] = ()
    retriever: Retriever | None = None
    embedder: Embedder | None = None
    metric: str | AnyMetric = "auto"
    metrics: Sequence[AnyMetric] = ()
    cost: CostUnit = "auto"
    seed: int = 0
    name: str = "experiment"
    budget: Budget = field(default_factory=Budget)
    prices: Price | Prices | None = None
    executor: Executor = field(default_factory=LocalExecutor)
    mlflow: str | Literal[False] | None = None
    mlflow_experiment: str = "lcrag"
    deadline_s: float | None = None
    mlflow_traces: bool = False

    def __post_init__(self) -> None:
        retriever, embedder = with_defaults(self.retriever, self.embedder)
        object.__setattr__(self, "retriever", retriever)
        object.__setattr__(self, "embedder", embedder)

    @property
    def own_metrics(self) -> tuple[AnyMetric, ...]:
        """All metrics beside the standard ones."""
        return (*self.metrics, *(() if isinstance(self.metric, str) else (self.metric,)))

    @property
    def judged_metrics(self) -> tuple[JudgedMetric, ...]:
        """Those of them that ask a model."""
        return tuple(m for m in self.own_metrics if isinstance(m, JudgedMetric))

    @cached_property
    def deciding(self) -> str:
        """The name of the metric that decides; the questions are looked through once, not for each row."""
        if self.metric == "auto":
            return default_metric(self.dataset.questions)
        return self.metric if isinstance(self.metric, str) else self.metric.name

    @property
    def scoring(self) -> str:
        """How answers are scored, for the foot of a table."""
        return describe_scoring(self.own_metrics, self.deciding)

    def check(self) -> tuple[str, ...]:
        """Find what is wrong before anything is spent.

        Returns:
            What a run would go on with, but not as one may expect, in sentences: questions that cannot be scored,
            what reading the dataset has changed.

        Raises:
            LcragError: no questions or strategies, two strategies of one name, an unknown metric, a broken
                dataset, or a router that could not be replayed.
        """
        self.dataset.validate()
        check_metrics(self.own_metrics, self.deciding, self.reader)
        if not self.dataset.questions:
            raise LcragError(f"The dataset {self.dataset.name} has no questions.")
        if not self.strategies:
            raise LcragError("The experiment has no strategies: give at least one.")
        if self.deadline_s is not None and not self.deadline_s > 0:
            raise LcragError(f"deadline_s is {self.deadline_s!r}: give seconds above 0, or leave it out.")
        names = [s.name for s in self.strategies]
        check_names(names)
        duplicates = sorted({n for n in names if names.count(n) > 1})
        if duplicates:
            raise LcragError(f"Two strategies are named {duplicates[0]!r}: give one of them another `name`.")
        for bound in ("max_concurrency", "documents_in_flight"):
            if not getattr(self.reader, bound) >= 1:
                raise LcragError(
                    f"The reader {self.reader.name} has {bound} {getattr(self.reader, bound)!r}: nothing would ever be "
                    "asked; give at least 1."
                )
        check_routers(self.routers, self.strategies, self.dataset.questions)
        standard = self.deciding in METRICS
        notices = unscored(self.dataset.questions, self.deciding) if standard else ()
        return (*self.dataset.notices, *notices)

    def parameters(self) -> dict[str, Any]:
        """Everything that was set, defaults included, as plain values."""
        from lcrag.version import __version__

        prices = Prices.of(self.prices)
        price = find_price(self.reader.name, prices.reader)
        described = {**(price.describe() if price else {}), **prices.describe()}
        return {
            "name": self.name,
            "lcrag_version": __version__,
            "dataset": self.dataset.name,
            "dataset_digest": self.dataset.digest,
            **({"benchmark": self.dataset.benchmark} if self.dataset.benchmark else {}),
            "questions": len(self.dataset.questions),
            "documents": len(self.dataset.documents),
            "metric": self.deciding,
            "metrics": [settings(m) for m in self.own_metrics],
            "cost": self.cost,
            "seed": self.seed,
            **({"budget": settings(self.budget)} if self.budget else {}),
            **({"deadline_s": self.deadline_s} if self.deadline_s is not None else {}),
            "reader": settings(self.reader) | {"batch_invariant": self.reader.batch_invariant},
            "embedder": settings(self.embedder),
            "retriever": settings(self.retriever),
            "strategies": [settings(s) for s in self.strategies],
            "routers": [settings(r) for r in self.routers],
            "executor": settings(self.executor),
            "prices": described or None,
        }
