"""HyDE: search with invented answers beside the question."""

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
    """Hypothetical document embeddings (Gao et al. 2022, arXiv 2212.10496, section 3.2).

    The paper averages the embeddings of invented passages and of the question; here their rankings are fused by
    reciprocal rank, which any retriever allows.

    Attributes:
        k: passages in the prompt.
        passages: invented ones; the paper takes 8.
        temperature: at which they are written; the paper takes 0.7.
        passage_tokens: tokens of each at most.
        order: how the passages stand in the prompt.
        retriever: takes the place of the experiment's.
        max_tokens: tokens of the answer at most.
        allow_decline: offer to answer "unanswerable".
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
        "HyDE, arXiv 2212.10496", "p + 1", "k·c", "questions do not look like the passages that answer them"
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
        written = await asyncio.gather(
            *(
                tools.read(ask, max_tokens=self.passage_tokens, temperature=self.temperature, sample=i)
                for i in range(self.passages)
            )
        )
        queries = [question.text, *(w.text for w in written if w.text)]
        rankings = [await tools.retrieve(q, question, max(2 * self.k, 20), self.retriever) for q in queries]
        best = reciprocal_rank(rankings, self.k)
        return await answer_from(best, question, tools, self.order, self.max_tokens, self.allow_decline)
