"""One question as every strategy asks it, without asking anything."""

from __future__ import annotations

from collections.abc import Sequence

from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError
from lcrag.experiment.blocking import wait_for
from lcrag.readers.scripted import ScriptedReader
from lcrag.runtime.resources import Resources
from lcrag.runtime.toolbox import MeteredToolbox
from lcrag.schema import Question
from lcrag.strategies.base import Strategy
from lcrag.testing.world import CountingEmbedder
from retrievers.bm25 import BM25Retriever

WINDOW = 10_000_000
SHOWN = 1200  # characters of a message; the middle of a longer one is left out


def preview(dataset: Dataset, question: Question, strategies: Sequence[Strategy]) -> str:
    """The first prompt of each strategy, long ones without their middle, and how the answer is scored."""
    parts = [f"question {question.id} of {dataset.name}", *_scoring(question)]
    for strategy in strategies:
        parts += [f"\n=== {strategy.name}", wait_for(_asked(dataset, question, strategy))]
    return "\n".join(parts)


def _scoring(question: Question) -> list[str]:
    lines = [f"gold: {' | '.join(question.answers) or '(none)'}"]
    if question.task:
        task = question.task
        cleaning = f", after {', '.join(task.cleaning)}" if task.cleaning else ""
        lines.append(
            f"scored by {task.metric}{cleaning}; averaged over {', '.join(task.average) or 'questions'}"
        )
    return lines


async def _asked(dataset: Dataset, question: Question, strategy: Strategy) -> str:
    reader = ScriptedReader(lambda request: "x", context_window=WINDOW)
    resources = Resources(
        reader=reader,
        documents={d.id: d for d in dataset.documents},
        retriever=BM25Retriever(),
        embedder=CountingEmbedder(),
        questions=[question.document_ids],
        demonstration_pool=dataset.demonstrations,
    )
    try:
        await strategy.answer(question, MeteredToolbox(resources, strategy.name))
    except LcragError as error:
        if not reader.requests:
            return str(error)
    request = reader.requests[0]
    messages = [f"--- {m.role}\n{_shortened(m.content)}" for m in request.messages]
    shared = (
        f"the first {request.prefix_chars} characters are shared by all questions on the text"
        if request.prefix_chars
        else "nothing that questions on the text could share stands first"
    )
    return "\n".join([*messages, f"--- at most {request.max_tokens} tokens are written; {shared}"])


def _shortened(text: str) -> str:
    if len(text) <= SHOWN:
        return text
    half = SHOWN // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters ...]\n{text[-half:]}"
