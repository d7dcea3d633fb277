"""AgentWrite: plan a long text, then write it paragraph by paragraph."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import ceil

from lcrag.components.settings import ADDED
from lcrag.errors import LcragError
from lcrag.metrics.declining import declines
from lcrag.schema import Answer, Passage, Question
from lcrag.strategies.base import Card, Scope, Strategy, Toolbox
from lcrag.strategies.pieces.passages import merge
from lcrag.strategies.pieces.prompts import chat, passages_block
from retrievers.base import Retriever

PLAN = (
    "Break this writing task down into steps, a paragraph each, that cover all of it. Write one line for each, "
    "like this:\n"
    "Paragraph 1 - Main Point: what it says - Word Count: 200\n"
    "Each has 200 to {max_words} words.{length} Write nothing else."
)
LENGTH = " Together they have about {words} words, so write at least {steps} lines."
WRITE = (
    "Write only the next paragraph, as the plan says. Do not repeat what is written, do not close with a summary "
    "unless this is the last step."
)
TOKENS_PER_LINE = 40  # a line of a plan has 30 with a main point of fifteen words
TOKENS_PER_WORD = 2  # English has about 1.4; the rest is room for a paragraph longer than planned
SYSTEM = "You are a writer."
_STEP = re.compile(
    r"paragraph\s*\d+.*?main\s*point\s*:?\s*(?P<point>.+?)\s*[-\u2013\u2014]*\s*word\s*count\s*:?\s*(?P<words>\d[\d,]*)",
    re.I,
)


@dataclass(frozen=True)
class AgentWrite(Strategy):
    """Plan a long text, then write it paragraph by paragraph (LongWriter, Bai et al. 2024, arXiv 2408.07055).

    One call plans paragraphs and their word counts. Each paragraph is one step: a call that sees the task, the plan and
    all text so far, so that the prompt tokens grow with the square of the steps. It may take two tokens for each word
    that its step plans. A plan without a readable step counts as one step. Questions with ``metadata["words"]`` tell
    the plan how long the text is and are scored by LongWriter's length score. ``notes``: ``steps``,
    ``planned_words``, ``words``, ``cut`` (paragraphs that were longer than their tokens).

    Attributes:
        k: passages retrieved for each step; 0 writes without a document.
        retriever: replaces the experiment's retriever.
        scope: ``corpus`` searches all documents of the dataset in one index, not the question's own alone.
        max_words: maximum words that the plan is told to give to a paragraph (1,000 as published).
        max_steps: maximum steps. A longer plan is an error; AgentWrite's code drops such a question.

    Raises:
        LcragError: the plan is longer than ``max_steps``.

    Differs from the paper: passages of a document are retrieved for each step; a paragraph's tokens follow its words,
    not 4,096 for all.
    """

    name: str = "agent_write"
    k: int = 3
    retriever: Retriever | None = None
    max_words: int = 1000
    max_steps: int = 50
    scope: Scope = field(default="question", metadata=ADDED)
    card = Card(
        "LongWriter, arXiv 2408.07055",
        "steps + 1",
        "steps·(k·c + text/2)",
        "the answer itself is long, such as a report or a summary",
        case=(
            "AgentWrite writes over 20,000 words where models alone stop at about 2,000 (abstract); over "
            "documents: not measured"
        ),
    )

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One call for the plan, one for each of its steps."""
        steps = await self._plan(question, tools)
        plan = "\n".join(
            f"Paragraph {i} - Main Point: {point} - Word Count: {words}"
            for i, (point, words) in enumerate(steps, 1)
        )
        paragraphs: list[str] = []
        evidence: list[Passage] = []
        cut = 0
        for i, (point, words) in enumerate(steps, 1):
            passages = (
                await tools.retrieve(point, question, self.k, self.retriever, self.scope) if self.k else []
            )
            evidence = merge(evidence, passages)
            so_far = "\n\n".join(paragraphs) or "(nothing yet)"
            content = (
                f"{passages_block(passages)}Task: {question.text}\n\nPlan:\n{plan}\n\nWritten so far:\n{so_far}\n\n"
                f"Now paragraph {i}, about {words} words: {point}\n{WRITE}"
            )
            reply = await tools.read(chat(content, SYSTEM), max_tokens=words * TOKENS_PER_WORD)
            cut += reply.finish_reason == "length"
            if reply.text:
                paragraphs.append(reply.text)
        text = "\n\n".join(paragraphs)
        notes = {
            "steps": len(steps),
            "planned_words": sum(words for _, words in steps),
            "words": len(text.split()),
            "cut": cut,
        }
        return Answer(text, tuple(evidence), declined=len(steps) == 1 and declines(text), notes=notes)

    async def _plan(self, question: Question, tools: Toolbox) -> list[tuple[str, int]]:
        """The steps with their words; the whole task is one step if the plan has none that is readable."""
        required = int(question.metadata.get("words") or 0)
        length = LENGTH.format(words=required, steps=ceil(required / self.max_words)) if required else ""
        ask = f"{question.text}\n\n{PLAN.format(max_words=self.max_words, length=length)}"
        reply = await tools.read(chat(ask, SYSTEM), max_tokens=self.max_steps * TOKENS_PER_LINE)
        steps = parse_plan(reply.text)
        if len(steps) > self.max_steps or reply.finish_reason == "length":
            raise LcragError(
                f"Question {question.id}: the plan of {self.name} has more than {self.max_steps} steps, or other text "
                f"of that length; raise `max_steps`, or ask for a shorter text."
            )
        return steps or [(question.text, required or self.max_words)]


def parse_plan(text: str) -> list[tuple[str, int]]:
    """The main point and the word count of each line of a plan; lines in another form or without words are skipped."""
    matches = (_STEP.search(line) for line in text.splitlines())
    steps = [(m["point"].strip(" -\u2013\u2014*"), int(m["words"].replace(",", ""))) for m in matches if m]
    return [(point, words) for point, words in steps if words]
