"""Long-context prompting: the whole document in the prompt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lcrag.metrics.declining import declines
from lcrag.readers.kv.base import KVCache
from lcrag.schema import Answer, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.official import (
    documents_context,
    has_template,
    messages_of,
    prefix_chars,
    prompt_of,
)
from lcrag.strategies.pieces.prompts import (
    Reasoning,
    answer_block,
    answer_form,
    answer_of,
    answer_tokens,
    chat,
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
        cache: how the KV cache is kept and read (``docs/kv.md``), for the reader ``transformers``; without it the
            reader's own way. With a ``name`` it is another arm.
    """

    name: str = "long_context"
    question_at: Literal["end", "both"] = "end"
    reasoning: Reasoning = "direct"
    max_tokens: int = 48
    truncate: Truncate = "error"
    allow_decline: bool = True
    cache: KVCache | None = None
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
        if has_template(question):
            return await self._official(question, tools)
        ending = answer_block(question, self.allow_decline, form=answer_form(self.reasoning))
        max_tokens = answer_tokens(question, self.max_tokens)
        before = (
            f"Question, asked again after the text: {question.text}\n\n" if self.question_at == "both" else ""
        )
        originals = tools.documents(question)
        documents, truncation = fit(question, originals, before + ending, tools, max_tokens, self.truncate)
        text = text_block(documents)
        completion = await tools.read(
            chat(before + text + ending),
            max_tokens=max_tokens,
            prefix_chars=0 if before else len(text),
            cache=self.cache,
        )
        answer = answer_of(completion.text, self.reasoning)
        return Answer(answer, declined=declines(answer), truncation=truncation)

    async def _official(self, question: Question, tools: Toolbox) -> Answer:
        """One call in the benchmark's own words."""
        max_tokens = answer_tokens(question, self.max_tokens)
        documents, truncation = fit(
            question, tools.documents(question), prompt_of(question, ""), tools, max_tokens, self.truncate
        )
        context = documents_context(documents)
        completion = await tools.read(
            messages_of(question, prompt_of(question, context)),
            max_tokens=max_tokens,
            stop=question.task.stop if question.task else (),
            prefix_chars=prefix_chars(question, context),
            cache=self.cache,
        )
        return Answer(completion.text, declined=declines(completion.text), truncation=truncation)
