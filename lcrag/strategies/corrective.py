"""Corrective retrieval: grade the passages first, search again when they do not help."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from typing import Literal

from lcrag.schema import Answer, Passage, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.passages import answer_from, merge
from lcrag.strategies.pieces.prompts import chat
from retrievers.base import Retriever
from retrievers.order import Order

Grade = Literal["yes", "no", "unsure"]
GRADE = "Does this passage help to answer the question? Write yes, no or unsure."
REWRITE = "A search for this question found nothing useful. Write one better search query and nothing else."


@dataclass(frozen=True)
class CorrectiveRetrieval(Strategy):
    """Grade the retrieved passages and search again when none of them helps (CRAG, Yan et al., arXiv 2401.15884).

    The reader grades each passage; the paper fine-tunes a T5 for it. If any passage helps, only the helpful ones are
    read. If none does, the reader rewrites the query and the documents are searched again (the paper searches the
    web); passages graded unsure are read before the new ones. A reply that is not a grade counts as unsure.
    ``notes``: ``helpful``, ``unsure``, ``rewritten``.

    Attributes:
        k: passages per search.
        order: their order in the prompt.
        retriever: replaces the experiment's retriever.
        max_tokens: maximum tokens of the answer.
        allow_decline: tell the reader that it may answer "unanswerable".
    """

    name: str = "corrective"
    k: int = 5
    order: Order = "score"
    retriever: Retriever | None = None
    max_tokens: int = 48
    allow_decline: bool = True
    card = Card(
        "CRAG, arXiv 2401.15884",
        "k + 1 or k + 2",
        "2·k·c",
        "retrieval is often wrong and wrong passages mislead the reader",
    )

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """A call for each passage, one for a new query if it is needed, and one for the answer."""
        candidates = await tools.retrieve(question.text, question, self.k, self.retriever)
        grades = await asyncio.gather(*(_grade(p, question, tools) for p in candidates))
        helpful = [p for p, g in zip(candidates, grades, strict=True) if g == "yes"]
        unsure = [p for p, g in zip(candidates, grades, strict=True) if g == "unsure"]
        passages, rewritten = helpful, not helpful
        if rewritten:
            ask = chat(f"Question: {question.text}\n\n{REWRITE}", "You write search queries.")
            query = (await tools.read(ask, max_tokens=32)).text or question.text
            second = await tools.retrieve(query, question, self.k, self.retriever)
            passages = merge(unsure, second)
        answer = await answer_from(passages, question, tools, self.order, self.max_tokens, self.allow_decline)
        notes = {"helpful": len(helpful), "unsure": len(unsure), "rewritten": int(rewritten)}
        return replace(answer, notes={**answer.notes, **notes})


async def _grade(passage: Passage, question: Question, tools: Toolbox) -> Grade:
    content = f"Passage:\n{passage.text.strip()}\n\nQuestion: {question.text}\n{GRADE}"
    reply = (await tools.read(chat(content), max_tokens=4)).text.lower()
    word = re.search(r"\b(yes|no|unsure)\b", reply)
    return word[1] if word else "unsure"  # type: ignore[return-value]
