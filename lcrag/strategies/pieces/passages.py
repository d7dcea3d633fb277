"""The last step of every strategy that retrieves: answer from some passages in one call."""

from __future__ import annotations

from collections.abc import Sequence

from lcrag.metrics.declining import declines
from lcrag.schema import Answer, Passage, Question
from lcrag.strategies.base import Toolbox
from lcrag.strategies.pieces.prompts import (
    DECLINE,
    REFUSAL,
    Reasoning,
    answer_form,
    answer_of,
    chat,
    passages_block,
    question_block,
)
from retrievers.order import Order, ordered


async def answer_from(
    passages: Sequence[Passage],
    question: Question,
    tools: Toolbox,
    order: Order,
    max_tokens: int,
    allow_decline: bool,
    reasoning: Reasoning = "direct",
    decline: str = DECLINE,
    demonstrations: str = "",
) -> Answer:
    """Answer from the passages in one call; they become the answer's evidence.

    Args:
        passages: best first.
        question: what is asked.
        tools: the question's toolbox.
        order: the order of the passages in the prompt.
        max_tokens: maximum tokens of the answer.
        allow_decline: whether to tell the reader that it may decline.
        reasoning: ``think`` asks for the steps before the answer.
        decline: the sentence that says that it may decline.
        demonstrations: what stands before the passages.

    Returns:
        The answer; ``notes["p_unanswerable"]`` is the probability that the reader begins to decline, where it is
        known.
    """
    ending = question_block(question, answer_form(reasoning), decline if allow_decline else "")
    block = passages_block(ordered(passages, order)) or "(no passage was found)\n\n"
    watch = REFUSAL if allow_decline and reasoning == "direct" else ""
    completion = await tools.read(chat(demonstrations + block + ending), max_tokens=max_tokens, watch=watch)
    text = answer_of(completion.text, reasoning)
    notes = {} if completion.watched is None else {"p_unanswerable": completion.watched}
    return Answer(text, tuple(passages), declined=declines(text), notes=notes)


def merge(*rankings: Sequence[Passage], max_passages: int | None = None) -> list[Passage]:
    """The passages of all rankings, one ranking after the other, without duplicates, at most ``max_passages``."""
    passages: dict[tuple[str, int, int], Passage] = {}
    for passage in (p for ranking in rankings for p in ranking):
        passages.setdefault((passage.document_id, passage.start, passage.end), passage)
    return list(passages.values())[:max_passages]
