"""Multi-query: search with several wordings of the question."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.schema import Answer, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.passages import answer_from
from lcrag.strategies.pieces.prompts import chat, listed
from retrievers.base import Retriever
from retrievers.fusion import reciprocal_rank
from retrievers.order import Order


@dataclass(frozen=True)
class MultiQuery(Strategy):
    """The reader words the question anew; the rankings are fused by reciprocal rank (RAG-Fusion, arXiv 2402.03367).

    Attributes:
        k: passages in the prompt.
        queries: other wordings.
        order: how the passages stand in the prompt.
        retriever: takes the place of the experiment's.
        query_tokens: tokens of all wordings at most.
        max_tokens: tokens of the answer at most.
        allow_decline: offer to answer "unanswerable".
    """

    name: str = "multi_query"
    k: int = 5
    queries: int = 3
    order: Order = "score"
    retriever: Retriever | None = None
    query_tokens: int = 96
    max_tokens: int = 48
    allow_decline: bool = True
    card = Card(
        "RAG-Fusion, arXiv 2402.03367",
        "2",
        "k·c",
        "questions are worded unlike the text, or ask several things",
    )

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """Two calls and a search for each wording."""
        ask = (
            f"Question: {question.text}\n\nWrite {self.queries} other ways to ask it, each on a line of its own "
            'that begins with "- ".'
        )
        reply = await tools.read(chat(ask, "You word questions anew."), max_tokens=self.query_tokens)
        queries = [question.text, *listed(reply.text)[: self.queries]]
        rankings = [await tools.retrieve(q, question, max(2 * self.k, 20), self.retriever) for q in queries]
        best = reciprocal_rank(rankings, self.k)
        return await answer_from(best, question, tools, self.order, self.max_tokens, self.allow_decline)
