"""Long-context prompting: the whole document in the prompt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from lcrag.metrics.refusal import is_refusal
from lcrag.schema import Answer, Question
from lcrag.strategies.base import Toolbox
from lcrag.strategies.prompts import DECLINE, SHORT, chat, question_block, text_block
from lcrag.strategies.truncation import Truncate, fit


@dataclass(frozen=True)
class LongContext:
    """Put the whole document into the prompt, document first and question last.

    Attributes:
        max_tokens: tokens of the answer at most.
        truncate: what to do when it does not fit: refuse (``error``), or cut the ``middle`` or ``end``.
        allow_decline: offer to answer "unanswerable".
    """

    name: str = "long_context"
    max_tokens: int = 48
    truncate: Truncate = "error"
    allow_decline: bool = True
    document_first: ClassVar[bool] = True

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One call."""
        ending = question_block(question, SHORT, DECLINE if self.allow_decline else "")
        originals = tools.documents(question)
        documents, cut = fit(question, originals, ending, tools, self.max_tokens, self.truncate)
        text = text_block(documents)
        completion = await tools.read(chat(text + ending), max_tokens=self.max_tokens, prefix_chars=len(text))
        return Answer(completion.text, declined=is_refusal(completion.text), truncation=cut)
