"""Query expansion: search with texts that the reader writes beside the question."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Literal

from lcrag.components.settings import ADDED
from lcrag.schema import Answer, Question
from lcrag.strategies.base import Card, Scope, Strategy, Toolbox
from lcrag.strategies.pieces.passages import answer_from
from lcrag.strategies.pieces.prompts import chat, list_items
from retrievers.base import Retriever
from retrievers.fusion import reciprocal_rank
from retrievers.order import Order


@dataclass(frozen=True)
class QueryExpansion(Strategy):
    """Search with texts that the reader writes beside the question: other wordings, or passages that it invents.

    ``wordings`` is RAG-Fusion (Rackauckas 2024, arXiv 2402.03367), ``passages`` is HyDE (Gao et al. 2022, arXiv
    2212.10496, section 3.2). The rankings of the question and of all texts are fused by reciprocal rank.

    Attributes:
        by: what the reader writes, ``wordings`` or ``passages``.
        queries: number of texts beside the question; by default 3 wordings (one call) or 1 passage (a call each).
        k: passages in the prompt.
        temperature: sampling temperature of the texts (0.7 for HyDE's 8 passages as published).
        query_tokens: maximum tokens of all wordings together, or of each invented passage.
        order: the order of the passages in the prompt.
        retriever: replaces the experiment's retriever.
        scope: ``corpus`` searches all documents of the dataset in one index, not the question's own alone.
        max_tokens: maximum tokens of the answer.
        allow_decline: tell the reader that it may answer "unanswerable".

    Differs from the paper: rankings are fused by reciprocal rank, which works with any retriever, where HyDE averages
    embeddings of 8 passages; the answer is short, where RAG-Fusion's is long.
    """

    name: str = "query_expansion"
    by: Literal["wordings", "passages"] = "wordings"
    queries: int | None = None
    k: int = 5
    temperature: float = 0.0
    query_tokens: int = 96
    order: Order = "score"
    retriever: Retriever | None = None
    max_tokens: int = 48
    allow_decline: bool = True
    scope: Scope = field(default="question", metadata=ADDED)
    card = Card(
        "RAG-Fusion, arXiv 2402.03367; HyDE, arXiv 2212.10496",
        "2; by passages: queries + 1",
        "k·c",
        "questions use other words than the passages that answer them, or ask several things",
        case="not measured against either",
    )

    def __post_init__(self) -> None:
        if self.by == "passages" and (self.queries or 1) > 1 and self.temperature <= 0:
            raise ValueError(
                "several invented passages need a temperature above 0, else they are all the same."
            )

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """The calls that write, a search with each text, and a call that answers."""
        texts = await (self._passages if self.by == "passages" else self._wordings)(question, tools)
        queries = [question.text, *texts]
        rankings = [
            await tools.retrieve(q, question, max(2 * self.k, 20), self.retriever, self.scope)
            for q in queries
        ]
        best = reciprocal_rank(rankings, self.k)
        return await answer_from(best, question, tools, self.order, self.max_tokens, self.allow_decline)

    async def _wordings(self, question: Question, tools: Toolbox) -> list[str]:
        wanted = self.queries or 3
        ask = (
            f"Question: {question.text}\n\nWrite {wanted} other ways to ask it, each on a line of its own "
            'that begins with "- ".'
        )
        prompt = chat(ask, "You rephrase questions.")
        reply = await tools.read(prompt, max_tokens=self.query_tokens, temperature=self.temperature)
        return list_items(reply.text)[:wanted]

    async def _passages(self, question: Question, tools: Toolbox) -> list[str]:
        ask = chat(
            f"Question: {question.text}\n\nWrite a short passage that answers it.", "You write passages."
        )
        replies = await asyncio.gather(
            *(
                tools.read(ask, max_tokens=self.query_tokens, temperature=self.temperature, sample=i)
                for i in range(self.queries or 1)
            )
        )
        return [r.text for r in replies if r.text]
