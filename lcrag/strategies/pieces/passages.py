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
) -> Answer:
    """Ask with the passages, given best first, in the prompt; they are the answer's evidence.

    Where the reader knows it, ``notes["p_unanswerable"]`` is the probability with which it begins to decline.
    """
    ending = question_block(question, answer_form(reasoning), decline if allow_decline else "")
    shown = passages_block(ordered(passages, order)) or "(no passage was found)\n\n"
    watch = REFUSAL if allow_decline and reasoning == "direct" else ""
    completion = await tools.read(chat(shown + ending), max_tokens=max_tokens, watch=watch)
    said = answer_of(completion.text, reasoning)
    notes = {} if completion.watched is None else {"p_unanswerable": completion.watched}
    return Answer(said, tuple(passages), declined=declines(said), notes=notes)


def merged(*rankings: Sequence[Passage], most: int | None = None) -> list[Passage]:
    """Passages one ranking after the other, each place once, at most ``most``."""
    found: dict[tuple[str, int, int], Passage] = {}
    for passage in (p for ranking in rankings for p in ranking):
        found.setdefault((passage.document_id, passage.start, passage.end), passage)
    return list(found.values())[:most]
