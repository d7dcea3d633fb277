"""DRAG: retrieval with demonstrations that retrieve as well."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.errors import LcragError
from lcrag.metrics.declining import declines
from lcrag.schema import Answer, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.demonstrations import documents_block, example
from lcrag.strategies.pieces.prompts import DECLINE, chat, question_block
from retrievers.base import Retriever

INSTRUCTION = (
    "You are an expert in question answering. Examples of contexts, a question and its answer come first; contexts may "
    "be beside the point.\n\n"
)
NOW = "Now answer this question in the same way.\n\n"
ONLY = "Write the answer only."


@dataclass(frozen=True)
class DRAG(Strategy):
    """Demonstration-based RAG (Yue et al. 2024, arXiv 2410.04343, section 3.2): one theta = (k, m, 1).

    ``m`` demonstrations, each with the ``k`` documents that its own question retrieves, then the documents of the
    question under test; the best document stands last. With m = 0 it is plain retrieval, with k = 0 many-shot
    question answering, with both 0 the question alone. ``notes``: ``effective_context``, the prompt tokens of all
    calls (section 3.1).

    Attributes:
        k: documents for each question, demonstrations included.
        m: demonstrations; the dataset must have as many.
        max_context: tokens of effective context at most; a question that needs more is an error before it is asked.
        retriever: takes the place of the experiment's.
        max_tokens: tokens of the answer at most.
        allow_decline: offer to answer "unanswerable".
    """

    name: str = "drag"
    k: int = 3
    m: int = 2
    max_context: int | None = None
    retriever: Retriever | None = None
    max_tokens: int = 48
    allow_decline: bool = True
    card = Card(
        "DRAG, arXiv 2410.04343",
        "1",
        "(m + 1)·k·c",
        "a window of up to about 32k tokens is to be spent on better answers",
    )

    def __post_init__(self) -> None:
        check(self.k, self.m, self.max_context)

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """A retrieval for each demonstration and the question, one call."""
        examples = ""
        for shown in tools.demonstrations(question, self.m):
            passages = await tools.retrieve(shown.text, shown, self.k, self.retriever) if self.k else []
            examples += example(shown, passages)
        passages = await tools.retrieve(question.text, question, self.k, self.retriever) if self.k else []
        ending = question_block(question, ONLY, DECLINE if self.allow_decline else "")
        head = INSTRUCTION + examples + NOW if examples else ""
        messages = chat(f"{head}{documents_block(passages)}{ending}")
        needed = tools.count_tokens(messages)
        if self.max_context is not None and needed > self.max_context:
            raise over(question, self.name, needed, self.max_context)
        completion = await tools.read(messages, max_tokens=self.max_tokens)
        return Answer(
            completion.text,
            tuple(passages),
            declined=declines(completion.text),
            notes={"effective_context": tools.input_tokens},
        )


def check(k: int, m: int, max_context: int | None) -> None:
    """Refuse what is no theta.

    Raises:
        ValueError: a negative number, or no context at all.
    """
    if k < 0 or m < 0 or (max_context is not None and max_context <= 0):
        raise ValueError(
            f"k = {k}, m = {m}, max_context = {max_context}: k and m are at least 0, max_context at least 1."
        )


def over(question: Question, name: str, needed: float, most: int) -> LcragError:
    """What a question over its cap ends in."""
    return LcragError(
        f"Question {question.id}: {name} needs {needed:.0f} tokens of effective context, over its cap of {most}; "
        "nothing was asked. Take a smaller k or m, or raise max_context."
    )
