"""Long-context prompting: the whole document in the prompt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lcrag.metrics.declining import declines
from lcrag.schema import Answer, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.prompts import (
    DECLINE,
    Reasoning,
    answer_form,
    answer_of,
    chat,
    question_block,
    text_block,
)
from lcrag.strategies.pieces.truncation import Truncate, fit


@dataclass(frozen=True)
class LongContext(Strategy):
    """Put the whole document into the prompt, document first and question last.

    Attributes:
        question_at: ``end``, or ``both`` for a second copy before the document, which leaves no prefix to share.
        reasoning: ``think`` asks for the steps before the answer (Wei et al. 2022, arXiv 2201.11903); give it
            more ``max_tokens``.
        max_tokens: maximum tokens of the answer.
        truncate: what to do with a document that does not fit: refuse it (``error``), or cut its ``middle`` or ``end``.
        allow_decline: tell the reader that it may answer "unanswerable".
    """

    name: str = "long_context"
    question_at: Literal["end", "both"] = "end"
    reasoning: Reasoning = "direct"
    max_tokens: int = 48
    truncate: Truncate = "error"
    allow_decline: bool = True
    document_first = True
    card = Card(
        "",
        "1",
        "D",
        "everything may matter, the window is long enough, or many questions share a cached document",
        core=True,
        case=(
            "LaRA, comparison, mean of 11 models: +15.22 points over retrieval at 32k, +14.30 at 128k (main "
            "table)"
        ),
    )

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One call."""
        decline = DECLINE if self.allow_decline else ""
        ending = question_block(question, answer_form(self.reasoning), decline)
        before = (
            f"Question, asked again after the text: {question.text}\n\n" if self.question_at == "both" else ""
        )
        originals = tools.documents(question)
        documents, truncation = fit(
            question, originals, before + ending, tools, self.max_tokens, self.truncate
        )
        text = text_block(documents)
        completion = await tools.read(
            chat(before + text + ending),
            max_tokens=self.max_tokens,
            prefix_chars=0 if before else len(text),
        )
        answer = answer_of(completion.text, self.reasoning)
        return Answer(answer, declined=declines(answer), truncation=truncation)
