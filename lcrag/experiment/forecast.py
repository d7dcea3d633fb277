"""What an experiment will take, before anything is spent: calls, tokens and dollars of each strategy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan, nan

from lcrag.errors import LcragError
from lcrag.experiment.blocking import wait_for
from lcrag.experiment.plan import Plan
from lcrag.experiment.stand_ins import SCRIPTS, Script, UnaskedReader, without_models
from lcrag.runtime.resources import Resources
from lcrag.runtime.toolbox import MeteredToolbox
from lcrag.schema import READER_ROLES, Question
from lcrag.strategies.base import Strategy
from lcrag.tables import dollars, human, many, ruled, wrapped
from lcrag.testing.world import CountingEmbedder

MAX_QUESTIONS = 60  # more take long to count, and tell little that these do not
_ADAPTIVE = re.compile(r"\bor\b|\bto\b|;|Σ|\bper fact\b")  # in what a strategy's card says of its calls


@dataclass(frozen=True)
class Line:
    """What one strategy may take on all questions.

    Attributes:
        strategy: The strategy's name.
        calls: Calls to the reader, shared builds included.
        prompt_tokens: Tokens of all prompts, none of them cached.
        completion_tokens: Tokens written if every answer is as long as it may be.
        dollars: Their price; NaN where it is not known.
        is_bound: Whether it cannot take more; else it goes on as the answers require, and this is the longest course
            that was tried.
        failed: How many questions of the sample failed whatever the reader wrote; what they would take is not counted.
        reason: Why the first of them did, or why one of the courses could not be followed.
    """

    strategy: str
    calls: float
    prompt_tokens: float
    completion_tokens: float
    dollars: float
    is_bound: bool
    failed: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Forecast:
    """What an experiment may take; ``print`` it.

    Attributes:
        lines: One for each strategy.
        questions: All questions.
        sample: How many of them were looked at; the figures are scaled up.
        reader: The reader's name.
        notes: Sentences on what the figures leave out.
    """

    lines: tuple[Line, ...]
    questions: int
    sample: int
    reader: str
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> Line:
        """All strategies together; what they share is counted for each of them."""
        amounts = ("calls", "prompt_tokens", "completion_tokens", "dollars")
        sums = {name: sum(getattr(line, name) for line in self.lines) for name in amounts}
        return Line("all", **sums, is_bound=all(line.is_bound for line in self.lines))

    def __str__(self) -> str:
        rows = [
            [
                f"{line.strategy}{'' if line.is_bound else ' †'}",
                human(line.calls),
                human(line.prompt_tokens),
                human(line.completion_tokens),
                dollars(line.dollars),
            ]
            for line in (*self.lines, self.total)
        ]
        table = ruled([["strategy", "calls", "prompt tokens", "written tokens", "dollars"], *rows])
        table.insert(-2, table[0])
        title = f"{many(self.questions, 'question')} by {self.reader}, at most; nothing has been asked."
        return "\n".join([title, *table, *wrapped(self._footnotes())])

    def _footnotes(self) -> list[str]:
        notes = []
        if not all(line.is_bound for line in self.lines):
            notes.append(
                "† an estimate, not a bound: what it takes depends on what the reader writes, or a question failed."
            )
        if self.sample < self.questions:
            notes.append(f"Scaled up from {self.sample} questions, evenly spread over all {self.questions}.")
        for line in self.lines:
            if line.failed:
                failed = f"{line.failed} of {many(self.sample, 'question')} failed"
                notes.append(f"{line.strategy}: {failed}, the first: {line.reason}")
            elif line.reason:
                notes.append(
                    f"{line.strategy} may take more, since not every course could be followed: {line.reason}"
                )
        return [*notes, *self.notes]


@dataclass
class _Amounts:
    """What one question takes under one script."""

    calls: float = 0.0
    prompt_tokens: float = 0.0
    completion_tokens: float = 0.0
    dollars: float = 0.0
    error: str = ""


def forecast(plan: Plan, max_questions: int = MAX_QUESTIONS) -> Forecast:
    """What a run of the plan may take. The reader counts tokens and is not asked; no model retrieves or embeds.

    Every strategy is run with readers that write as much as they may: prose, lists, refusals. Of these the most counts,
    with the longest passages that a retrieval could return and with nothing cached.

    Args:
        plan: The experiment.
        max_questions: How many questions are looked at; if there are more, these are spread evenly and scaled up.

    Raises:
        LcragError: bad input, as ``Plan.check`` says.
    """
    plan.check()
    questions = plan.dataset.questions
    count = min(len(questions), max_questions)
    sample = [questions[i * len(questions) // count] for i in range(count)]
    lines = tuple(wait_for(_line(plan, s, sample)) for s in plan.strategies)
    return Forecast(lines, len(questions), count, plan.reader.name, _notes(plan))


def _notes(plan: Plan) -> tuple[str, ...]:
    notes = [
        "Nothing counts as cached; embedders, rerankers and what earlier runs have finished are left out."
    ]
    if plan.judged_metrics:
        notes.append(f"Judging by {', '.join(m.name for m in plan.judged_metrics)} comes on top.")
    return tuple(notes)


async def _line(plan: Plan, strategy: Strategy, sample: Sequence[Question]) -> Line:
    embedder = CountingEmbedder()
    stand_in = without_models(strategy, embedder)
    courses = [await _course(plan, stand_in, sample, embedder, script) for script in SCRIPTS.values()]
    scale = len(plan.dataset.questions) / len(sample)

    def most(amount: str) -> float:
        per_question = [[getattr(c, amount) for c in cells] for cells in zip(*courses, strict=True)]
        known = not any(isnan(x) for cells in per_question for x in cells)
        return scale * sum(map(max, per_question)) if known else nan

    calls = [[round(c.calls, 6) for c in course] for course in courses]
    card = strategy.card
    fixed = card is not None and not _ADAPTIVE.search(card.calls + card.build)
    # a question fails if it fails under every script: some strategies cannot read what some scripts write
    failed = [cells for cells in zip(*courses, strict=True) if all(c.error for c in cells)]
    not_followed = [course for course in courses if all(c.error for c in course)]
    reason = failed[0][0].error if failed else not_followed[0][0].error if not_followed else ""
    return Line(
        strategy.name,
        most("calls"),
        most("prompt_tokens"),
        most("completion_tokens"),
        most("dollars"),
        fixed and all(c == calls[0] for c in calls) and not embedder.tokens and not reason,
        len(failed),
        reason,
    )


async def _course(
    plan: Plan, strategy: Strategy, sample: Sequence[Question], embedder: CountingEmbedder, script: Script
) -> list[_Amounts]:
    """What each question of the sample takes with a reader that answers by a script."""
    dataset = plan.dataset
    shared = Resources(
        reader=UnaskedReader(plan.reader, script),
        documents={d.id: d for d in dataset.documents},
        retriever=without_models(plan.retriever, embedder),
        embedder=embedder,
        prices=plan.prices,
        questions=[q.document_ids for q in dataset.questions],
        seed=plan.seed,
        demonstration_pool=dataset.demonstrations,
    )
    amounts = []
    for question in sample:
        tools, error = MeteredToolbox(shared, strategy.name), ""
        try:
            await strategy.answer(question, tools)
        except LcragError as failure:
            error = str(failure)
        except Exception as failure:  # a strategy of the user's own may raise anything
            error = f"{type(failure).__name__}: {failure}"
        usage = tools.ledger.sum(READER_ROLES)
        price = nan if usage.dollars is None else usage.dollars
        amounts.append(_Amounts(usage.calls, usage.prompt_tokens, usage.completion_tokens, price, error))
    return amounts
