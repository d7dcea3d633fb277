"""The last step of every strategy that retrieves: answer from some passages in one call."""

from __future__ import annotations

from collections.abc import Sequence

from lcrag.metrics.declining import declines
from lcrag.schema import Answer, Passage, Question
from lcrag.strategies.base import Toolbox
from lcrag.strategies.pieces.official import has_template, messages_of, passages_context, prompt_of
from lcrag.strategies.pieces.prompts import (
    DECLINE,
    REFUSAL,
    Reasoning,
    answer_block,
    answer_form,
    answer_of,
    answer_tokens,
    chat,
    passages_block,
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
    require_decline: bool = False,
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
        require_decline: whether the strategy cannot do without the leave to decline.

    Returns:
        The answer; ``notes["p_unanswerable"]`` is the probability that the reader begins to decline, where it is
        known.
    """
    in_order = ordered(passages, order)
    stop: tuple[str, ...] = ()
    if has_template(question) and question.task:
        context = passages_context(question.task, in_order)
        content = prompt_of(question, context, retrieved=True, decline=decline if require_decline else "")
        messages, stop = messages_of(question, content), question.task.stop
    else:
        ending = answer_block(
            question, allow_decline, form=answer_form(reasoning), decline=decline, required=require_decline
        )
        block = passages_block(in_order) or "(no passage was found)\n\n"
        messages = chat(demonstrations + block + ending)
    watch = REFUSAL if allow_decline and reasoning == "direct" else ""
    completion = await tools.read(
        messages, max_tokens=answer_tokens(question, max_tokens), stop=stop, watch=watch
    )
    text = answer_of(completion.text, reasoning)
    notes = {} if completion.watched is None else {"p_unanswerable": completion.watched}
    return Answer(text, tuple(passages), declined=declines(text), notes=notes)


def merge(*rankings: Sequence[Passage], max_passages: int | None = None) -> list[Passage]:
    """The passages of all rankings, one ranking after the other, without duplicates, at most ``max_passages``."""
    passages: dict[tuple[str, int, int], Passage] = {}
    for passage in (p for ranking in rankings for p in ranking):
        passages.setdefault((passage.document_id, passage.start, passage.end), passage)
    return list(passages.values())[:max_passages]
