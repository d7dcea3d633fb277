"""Chunked retrieval: only the best passages go into the prompt."""

from __future__ import annotations

from dataclasses import dataclass, field

from lcrag.components.settings import ADDED
from lcrag.schema import Answer, Question
from lcrag.strategies.base import Card, Scope, Strategy, Toolbox
from lcrag.strategies.pieces.passages import answer_from
from lcrag.strategies.pieces.prompts import DECLINE, Reasoning
from retrievers.base import Retriever
from retrievers.order import Order


@dataclass(frozen=True)
class ChunkedRetrieval(Strategy):
    """Retrieve the ``k`` best chunks and answer from them in one call (Lewis et al. 2020, arXiv 2005.11401).

    Attributes:
        k: passages in the prompt.
        order: their order in the prompt; ``document`` is OP-RAG (Yu et al. 2024, arXiv 2409.01666), the others are
            explained in ``retrievers.order``.
        retriever: replaces the experiment's retriever.
        scope: ``corpus`` searches all documents of the dataset in one index, not the question's own alone.
        reasoning: ``think`` asks for the steps before the answer.
        max_tokens: maximum tokens of the answer.
        allow_decline: tell the reader that it may answer "unanswerable".
        decline: the sentence that says so.
        require_decline: say so even where a benchmark's own words do not, for what acts on a declined answer.

    Differs from the paper: the reader is prompted, not trained together with the retriever, and reads all passages in
    one prompt.
    """

    name: str = "chunked_retrieval"
    k: int = 5
    order: Order = "score"
    retriever: Retriever | None = None
    reasoning: Reasoning = "direct"
    max_tokens: int = 48
    allow_decline: bool = True
    decline: str = DECLINE
    require_decline: bool = False
    scope: Scope = field(default="question", metadata=ADDED)
    card = Card(
        "Lewis et al. 2020; order: OP-RAG, arXiv 2409.01666",
        "1",
        "k·c",
        "the answer is in a few places",
        core=True,
        case=(
            "∞Bench En.QA, Llama-3.1-70B: F1 47.25 at 48k tokens in document order, long context 34.26 at "
            "117k (OP-RAG, table 1)"
        ),
    )

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One retrieval, one call."""
        passages = await tools.retrieve(question.text, question, self.k, self.retriever, self.scope)
        return await answer_from(
            passages,
            question,
            tools,
            self.order,
            self.max_tokens,
            self.allow_decline,
            self.reasoning,
            self.decline,
            require_decline=self.require_decline,
        )
