"""An experiment: every strategy on every question."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from lcrag.experiment.engine import Engine
from lcrag.experiment.journal import Journal
from lcrag.experiment.plan import Plan
from lcrag.experiment.results import Results
from lcrag.experiment.routing import features_of
from lcrag.runtime.resources import Resources
from lcrag.schema import Outcome, Usage

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Experiment(Plan):
    """Every strategy on every question, with one reader; ``run()`` it."""

    def run(self, on_row: Callable[[Outcome, bool], None] = lambda outcome, resumed: None) -> Results:
        """Run, or continue, and write everything into the output folder and MLflow.

        What fails after the last answer is told in ``Results.problems``, and everything else is written.

        Raises:
            LcragError: bad input, a reader that cannot be used, a full disk, a second run in the folder.
        """
        return asyncio.run(self.run_async(on_row))

    async def run_async(
        self, on_row: Callable[[Outcome, bool], None] = lambda outcome, resumed: None
    ) -> Results:
        """``run`` for callers that have an event loop (notebooks)."""
        notices = self.check()
        for notice in notices:
            logger.warning(notice)
        output = Path(self.output)
        resources = Resources(
            reader=self.reader,
            documents={d.id: d for d in self.dataset.documents},
            retriever=self.retriever,
            embedder=self.embedder,
            prices=self.prices,
            questions=[q.document_ids for q in self.dataset.questions],
            seed=self.seed,
            keep=output / "built",
            demonstration_pool=self.dataset.demonstrations,
            budget=self.budget,
        )
        if self.budget:
            self.budget.check(resources.priced(Usage(1)), self.reader.name)
        with Journal(output) as journal:
            outcomes = await Engine(self, resources, journal, on_row).run()
            features, problems = await features_of(self.dataset.questions, outcomes, resources)
            results = Results(self, tuple(outcomes), features, resources.rewarmed, notices, problems)
            results.write()
        return results
