"""An experiment: every strategy on every question."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lcrag.experiment.blocking import wait_for
from lcrag.experiment.engine import REUSED, Engine
from lcrag.experiment.journal import Journal
from lcrag.experiment.plan import Plan
from lcrag.experiment.question_features import features_of
from lcrag.experiment.questions_file import save_questions
from lcrag.experiment.results import Results
from lcrag.experiment.stored import known_window
from lcrag.experiment.tracking.live import logged_meanwhile
from lcrag.judging.deciding import judges_of
from lcrag.judging.scoring import OnVerdict, Scored, scoring_in
from lcrag.judging.tools import Judging
from lcrag.runtime.calls import CallJournal
from lcrag.runtime.resources import Resources
from lcrag.schema import Outcome, Usage
from lcrag.tables import many

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Experiment(Plan):
    """Every strategy on every question, with one reader; ``run()`` it."""

    def run(
        self,
        on_row: Callable[[Outcome, bool], None] = lambda outcome, resumed: None,
        on_table: Callable[[Results], None] = lambda results: None,
        on_verdict: OnVerdict = lambda verdict, resumed: None,
    ) -> Results:
        """Run, or continue, and write everything into the output folder and MLflow; it works in notebooks, too.

        What fails after the last answer is told in ``Results.problems``, and everything else is written.

        Args:
            on_row: called with each outcome, and whether an earlier run had finished it.
            on_table: called when the outcomes are on disk, before pictures, report and MLflow.
            on_verdict: called with each verdict of a judge, and whether an earlier run had it.

        Raises:
            LcragError: bad input, a reader that cannot be used, a full disk, a second run in the folder.
        """
        notices, output = self._noticed(), Path(self.output)
        with Journal(output) as journal:
            with logged_meanwhile(self, on_row) as on_row:
                results = wait_for(self._results(journal, notices, on_row, on_verdict))
            results.write(on_table)  # outside of the event loop, where Ctrl-C is heard at once
        return results

    async def run_async(
        self,
        on_row: Callable[[Outcome, bool], None] = lambda outcome, resumed: None,
        on_table: Callable[[Results], None] = lambda results: None,
        on_verdict: OnVerdict = lambda verdict, resumed: None,
    ) -> Results:
        """``run`` for callers whose event loop must go on meanwhile (servers)."""
        notices, output = self._noticed(), Path(self.output)
        with Journal(output) as journal:
            with logged_meanwhile(self, on_row) as on_row:
                results = await self._results(journal, notices, on_row, on_verdict)
            results.write(on_table)
        return results

    def _noticed(self) -> tuple[str, ...]:
        notices = self.check()
        for notice in notices:
            logger.warning(notice)
        return notices

    async def _results(
        self,
        journal: Journal,
        notices: tuple[str, ...],
        on_row: Callable[[Outcome, bool], None],
        on_verdict: OnVerdict,
    ) -> Results:
        """Every outcome, with what routers may see of its question."""
        output, content = Path(self.output), journal.content
        save_questions(output, self.dataset.questions)
        if not content.rows:  # a judge without its key is told before answers are paid for
            for metric in self.judged_metrics:
                for judge in judges_of(metric, self.reader):
                    judge.check()
        calls = CallJournal(
            output / "calls.jsonl",
            finished={key for key, row in content.rows.items() if not row.error},
            counted=content.counted,
        )
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
            calls=calls,
        )
        if self.budget:
            self.budget.check(resources.priced(Usage(1)), self.reader.name)
        damaged = (*content.damaged, *calls.notices)
        for notice in damaged:
            logger.warning(notice)
        new = 0

        def count(outcome: Outcome, resumed: bool) -> None:
            nonlocal new
            new += not resumed
            on_row(outcome, resumed)

        outcomes = await Engine(self, resources, journal, count).run()
        judged = await self._judged(outcomes, resources, on_verdict)
        window = None if new else known_window(output, self.reader.name)
        features, problems = await features_of(self.dataset.questions, outcomes, resources, window, output)
        return Results(
            self,
            judged.outcomes,
            features,
            resources.rewarmed,
            (*notices, *damaged, *resources.notices, *_reuse(outcomes, resources), *judged.remarks),
            (*judged.problems, *problems),
        )

    async def _judged(
        self, outcomes: Sequence[Outcome], resources: Resources, on_verdict: OnVerdict
    ) -> Scored:
        """The outcomes with the scores of the metrics that ask a model."""
        if not self.judged_metrics:
            return Scored(tuple(outcomes))
        judging = Judging(
            reader=self.reader,
            embedder=self.embedder,
            prices=self.prices,
            spending=resources.spending,
            seed=self.seed,
        )
        questions = {q.id: q for q in self.dataset.questions}
        scoring = scoring_in(Path(self.output), judging, self.judged_metrics, self.deciding, on_verdict)
        return await scoring.run(outcomes, questions)


def _reuse(outcomes: Sequence[Outcome], resources: Resources) -> tuple[str, ...]:
    """What a response cache has answered, and what was spent beside it, for the foot of the table."""
    reused = sum(int(row.notes.get(REUSED, 0)) for row in outcomes)
    if not reused:
        return ()
    paid = resources.spending.paid
    tokens = int(paid.prompt_tokens + paid.completion_tokens)
    spent = (
        f"{many(int(paid.calls), 'further call')} spent {tokens:,} tokens" if tokens else "no token was spent"
    )
    return (
        f"The response cache answered {many(reused, 'call')}, {spent}; a row's cost is what its answers cost "
        "when they were made.",
    )
