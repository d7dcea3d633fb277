"""HyDE: search with invented passages beside the question."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from lcrag.schema import Answer, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.passages import answer_from
from lcrag.strategies.pieces.prompts import chat
from retrievers.base import Retriever
from retrievers.fusion import reciprocal_rank
from retrievers.order import Order


@dataclass(frozen=True)
class HyDE(Strategy):
    """Search with invented passages beside the question (HyDE, Gao et al. 2022, arXiv 2212.10496, section 3.2).

    Attributes:
        k: passages in the prompt.
        passages: number of invented passages (8 as published).
        temperature: sampling temperature of the invented passages (0.7 as published).
        passage_tokens: maximum tokens of an invented passage.
        order: the order of the passages in the prompt.
        retriever: replaces the experiment's retriever.
        max_tokens: maximum tokens of the answer.
        allow_decline: tell the reader that it may answer "unanswerable".

    Differs from the paper: rankings are fused by reciprocal rank instead of embeddings averaged, which works with any
    retriever, and by default one passage is invented, not 8 at temperature 0.7.
    """

    name: str = "hyde"
    k: int = 5
    passages: int = 1
    temperature: float = 0.0
    passage_tokens: int = 96
    order: Order = "score"
    retriever: Retriever | None = None
    max_tokens: int = 48
    allow_decline: bool = True
    card = Card(
        "HyDE, arXiv 2212.10496",
        "passages + 1",
        "k·c",
        "questions do not resemble the passages that answer them",
    )

    def __post_init__(self) -> None:
        if self.passages > 1 and self.temperature <= 0:
            raise ValueError(
                "several invented passages need a temperature above 0, else they are all the same."
            )

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """As many calls as invented passages, and one more."""
        ask = chat(
            f"Question: {question.text}\n\nWrite a short passage that answers it.", "You write passages."
        )
        replies = await asyncio.gather(
            *(
                tools.read(ask, max_tokens=self.passage_tokens, temperature=self.temperature, sample=i)
                for i in range(self.passages)
            )
        )
        queries = [question.text, *(r.text for r in replies if r.text)]
        rankings = [await tools.retrieve(q, question, max(2 * self.k, 20), self.retriever) for q in queries]
        best = reciprocal_rank(rankings, self.k)
        return await answer_from(best, question, tools, self.order, self.max_tokens, self.allow_decline)
