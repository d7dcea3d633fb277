"""Self-Route: retrieve first, read the whole text only if the answer declines."""

from __future__ import annotations

from dataclasses import dataclass, field

from lcrag.components.settings import ADDED
from lcrag.schema import Answer, Question
from lcrag.strategies.base import Card, Scope, Strategy, Toolbox
from lcrag.strategies.cascade import Cascade
from lcrag.strategies.chunked_retrieval import ChunkedRetrieval
from lcrag.strategies.long_context import LongContext
from lcrag.strategies.pieces.prompts import DECLINE
from lcrag.strategies.pieces.truncation import Truncate
from retrievers.order import Order


@dataclass(frozen=True)
class SelfRoute(Strategy):
    """Retrieve; if the answer declines, read the whole document (Self-Route, Li et al. 2024, arXiv 2407.16833).

    Only the first call may decline, as published.

    Attributes:
        k: passages of the first step (5 is the cheapest in the paper's table of k).
        order: their order in the prompt; by score in the paper.
        max_tokens: maximum tokens of the answer.
        truncate: what to do when the whole document does not fit.
        decline: the sentence that tells the reader that it may decline.
        scope: ``corpus`` retrieves from all documents of the dataset in one index; step two reads the question's own.

    Differs from the paper: the chunks are the experiment's, not of 300 words, and the wording of the prompts is ours.
    """

    name: str = "self_route"
    k: int = 5
    order: Order = "score"
    max_tokens: int = 48
    truncate: Truncate = "error"
    decline: str = DECLINE
    scope: Scope = field(default="question", metadata=ADDED)
    card = Card(
        "Self-Route, arXiv 2407.16833",
        "1 or 2",
        "k·c, or k·c + D",
        "the reader recognises passages that do not answer the question",
        core=True,
        case=(
            "9 sets, GPT-4o: 48.89 for 61% of the tokens of long context, which has 48.67 (table 1); but "
            "LaRA, 12 models: 0.651, retrieval 0.739 (docs/routing.md)"
        ),
    )
    _cascade: Cascade = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        retrieval = ChunkedRetrieval(
            k=self.k,
            order=self.order,
            max_tokens=self.max_tokens,
            decline=self.decline,
            require_decline=True,
            scope=self.scope,
        )
        whole = LongContext(max_tokens=self.max_tokens, truncate=self.truncate, allow_decline=False)
        object.__setattr__(self, "_cascade", Cascade((retrieval, whole), name=self.name))

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One retrieval and one or two calls."""
        return await self._cascade.answer(question, tools)
