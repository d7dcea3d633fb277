"""DRAG: demonstrations with retrieved documents of their own, then the question with its documents."""

from __future__ import annotations

from dataclasses import dataclass, field

from lcrag.components.settings import ADDED
from lcrag.errors import LcragError
from lcrag.metrics.declining import declines
from lcrag.schema import Answer, Question
from lcrag.strategies.base import Card, Scope, Strategy, Toolbox
from lcrag.strategies.pieces.demonstrations import demonstration, documents_block
from lcrag.strategies.pieces.prompts import answer_block, answer_tokens, chat
from retrievers.base import Retriever

INSTRUCTION = (
    "You are an expert in question answering. Examples of contexts, a question and its answer come first. Contexts may "
    "be irrelevant.\n\n"
)
NOW = "Now answer this question in the same way.\n\n"
ONLY = "Write the answer only."


@dataclass(frozen=True)
class DRAG(Strategy):
    """Show demonstrations with retrieved documents before the question (Yue et al. 2024, arXiv 2410.04343).

    Demonstration-based RAG, section 3.2, with theta = (k, m, 1): ``m`` demonstrations, each with the ``k`` documents
    that its own question retrieves, then the documents of the question under test; the best document comes last.
    m = 0 is plain retrieval, k = 0 is many-shot question answering, and with both 0 only the question is asked.
    ``notes``: ``effective_context``, the prompt tokens of all calls (section 3.1).

    Attributes:
        k: documents per question, demonstrations included.
        m: demonstrations; the dataset must have that many.
        max_context: maximum tokens of effective context; a question that needs more is an error, and nothing is asked.
        retriever: replaces the experiment's retriever.
        scope: ``corpus`` searches all documents of the dataset in one index, not the question's own alone.
        max_tokens: maximum tokens of the answer.
        allow_decline: tell the reader that it may answer "unanswerable".

    Differs from the paper: documents are passages of the question's own documents, not of Wikipedia, and the reader may
    decline.
    """

    name: str = "drag"
    k: int = 3
    m: int = 2
    max_context: int | None = None
    retriever: Retriever | None = None
    max_tokens: int = 48
    allow_decline: bool = True
    scope: Scope = field(default="question", metadata=ADDED)
    card = Card(
        "DRAG, arXiv 2410.04343",
        "1",
        "(m + 1)·k·c",
        "up to about 32k prompt tokens may be spent for better answers",
        case=(
            "Gemini 1.5 Flash at 32k, accuracy: HotpotQA 52.0, RAG 49.3; 2WikiMultiHopQA 51.4, RAG 48.0 (table 1); "
            "SmolLM2-135M gains nothing (docs/budget.md)"
        ),
    )

    def __post_init__(self) -> None:
        check_theta(self.k, self.m, self.max_context)

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """A retrieval for each demonstration and the question, one call."""
        demonstrations = ""
        for other in tools.demonstrations(question, self.m):
            passages = (
                await tools.retrieve(other.text, other, self.k, self.retriever, self.scope) if self.k else []
            )
            demonstrations += demonstration(other, passages)
        passages = (
            await tools.retrieve(question.text, question, self.k, self.retriever, self.scope)
            if self.k
            else []
        )
        ending = answer_block(question, self.allow_decline, form=ONLY)
        head = INSTRUCTION + demonstrations + NOW if demonstrations else ""
        messages = chat(f"{head}{documents_block(passages)}{ending}")
        needed = tools.count_tokens(messages)
        if self.max_context is not None and needed > self.max_context:
            raise over_cap(question, self.name, needed, self.max_context)
        completion = await tools.read(messages, max_tokens=answer_tokens(question, self.max_tokens))
        return Answer(
            completion.text,
            tuple(passages),
            declined=declines(completion.text),
            notes={"effective_context": tools.input_tokens},
        )


def check_theta(k: int, m: int, max_context: int | None) -> None:
    """Check k, m and the cap of a theta.

    Raises:
        ValueError: k or m is negative, or the cap is below 1.
    """
    if k < 0 or m < 0 or (max_context is not None and max_context <= 0):
        raise ValueError(
            f"k = {k}, m = {m}, max_context = {max_context}: k and m are at least 0, max_context at least 1."
        )


def over_cap(question: Question, name: str, needed: float, cap: int) -> LcragError:
    """The error of a question that needs more than its cap."""
    return LcragError(
        f"Question {question.id}: {name} needs {needed:.0f} tokens of effective context, over its cap of {cap}; "
        "nothing was asked. Take a smaller k or m, or raise max_context."
    )
