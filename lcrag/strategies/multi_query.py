"""Multi-query: search with several wordings of the question."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.schema import Answer, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.passages import answer_from
from lcrag.strategies.pieces.prompts import chat, list_items
from retrievers.base import Retriever
from retrievers.fusion import reciprocal_rank
from retrievers.order import Order


@dataclass(frozen=True)
class MultiQuery(Strategy):
    """Search with several wordings of the question, written by the reader (RAG-Fusion, arXiv 2402.03367).

    The rankings are fused by reciprocal rank.

    Attributes:
        k: passages in the prompt.
        queries: number of wordings beside the question's own.
        order: the order of the passages in the prompt.
        retriever: replaces the experiment's retriever.
        query_tokens: maximum tokens of all wordings together.
        max_tokens: maximum tokens of the answer.
        allow_decline: tell the reader that it may answer "unanswerable".

    Differs from the paper: the answer is short, where the paper's chatbot writes at length, and the wording of the
    prompts is ours.
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
        "questions use other words than the text, or ask several things",
    )

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """Two calls, and a search for each wording."""
        ask = (
            f"Question: {question.text}\n\nWrite {self.queries} other ways to ask it, each on a line of its own "
            'that begins with "- ".'
        )
        reply = await tools.read(chat(ask, "You rephrase questions."), max_tokens=self.query_tokens)
        queries = [question.text, *list_items(reply.text)[: self.queries]]
        rankings = [await tools.retrieve(q, question, max(2 * self.k, 20), self.retriever) for q in queries]
        best = reciprocal_rank(rankings, self.k)
        return await answer_from(best, question, tools, self.order, self.max_tokens, self.allow_decline)
