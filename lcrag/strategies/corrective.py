"""Corrective retrieval: grade the passages first, search again when they do not help."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from typing import Literal

from lcrag.schema import Answer, Passage, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.passages import answer_from, merged
from lcrag.strategies.pieces.prompts import chat
from retrievers.base import Retriever
from retrievers.order import Order

Grade = Literal["yes", "no", "unsure"]
GRADE = "Does this passage help to answer the question? Write yes, no or unsure."
REWRITE = "A search for this question found nothing useful. Write one better search query and nothing else."


@dataclass(frozen=True)
class CorrectiveRetrieval(Strategy):
    """Corrective RAG without its trained parts (Yan et al. 2024, arXiv 2401.15884).

    The reader grades each passage, where the paper has a fine-tuned T5. With a helpful passage only the helpful
    ones are read; when none helps, the query is worded anew and the documents are searched again, where the paper
    searches the web; when it is unsure, both. ``notes``: ``helpful``, ``unsure``, ``rewritten``. A reply that is no
    grade counts as unsure.

    Attributes:
        k: passages of a search.
        order: how they stand in the prompt.
        retriever: takes the place of the experiment's.
        max_tokens: tokens of the answer at most.
        allow_decline: offer to answer "unanswerable".
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
        "retrieval is often wrong and the reader is easily misled",
    )

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """A call for each passage, one for a new query where it is needed, and one for the answer."""
        found = await tools.retrieve(question.text, question, self.k, self.retriever)
        grades = await asyncio.gather(*(_grade(p, question, tools) for p in found))
        helpful = [p for p, g in zip(found, grades, strict=True) if g == "yes"]
        unsure = [p for p, g in zip(found, grades, strict=True) if g == "unsure"]
        passages, rewritten = helpful, not helpful
        if rewritten:
            ask = chat(f"Question: {question.text}\n\n{REWRITE}", "You write search queries.")
            query = (await tools.read(ask, max_tokens=32)).text or question.text
            again = await tools.retrieve(query, question, self.k, self.retriever)
            passages = merged(unsure, again)
        answer = await answer_from(passages, question, tools, self.order, self.max_tokens, self.allow_decline)
        notes = {"helpful": len(helpful), "unsure": len(unsure), "rewritten": int(rewritten)}
        return replace(answer, notes={**answer.notes, **notes})


async def _grade(passage: Passage, question: Question, tools: Toolbox) -> Grade:
    content = f"Passage:\n{passage.text.strip()}\n\nQuestion: {question.text}\n{GRADE}"
    said = (await tools.read(chat(content), max_tokens=4)).text.lower()
    word = re.search(r"\b(yes|no|unsure)\b", said)
    return word[1] if word else "unsure"  # type: ignore[return-value]
