"""AgentWrite: plan a long text, then write it paragraph by paragraph."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lcrag.metrics.declining import declines
from lcrag.schema import Answer, Passage, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.passages import merge
from lcrag.strategies.pieces.prompts import chat, passages_block
from retrievers.base import Retriever

PLAN = (
    "Break this writing task down into steps, a paragraph each, that cover all of it. Write one line for each, "
    "like this:\n"
    "Paragraph 1 - Main Point: what it says - Word Count: 200\n"
    "Each has 200 to 1000 words. Write nothing else."
)
WRITE = (
    "Write only the next paragraph, as the plan says. Do not repeat what is written, do not close with a summary "
    "unless this is the last step."
)
SYSTEM = "You are a writer."
_STEP = re.compile(
    r"paragraph\s*\d+.*?main\s*point\s*:?\s*(?P<point>.+?)\s*[-\u2013\u2014]*\s*word\s*count\s*:?\s*(?P<words>\d+)",
    re.I,
)


@dataclass(frozen=True)
class AgentWrite(Strategy):
    """Plan a long text, then write it paragraph by paragraph (LongWriter, Bai et al. 2024, arXiv 2408.07055).

    One call plans paragraphs and their word counts. Each paragraph is one step: a call that sees the task, the plan and
    all text so far, so that the prompt tokens grow with the square of the steps. A plan without a readable step
    counts as one step. ``notes``: ``steps``, ``planned_words``, ``words``. Questions with ``metadata["words"]`` are
    scored by LongWriter's length score.

    Attributes:
        k: passages retrieved for each step; 0 writes without a document.
        retriever: replaces the experiment's retriever.
        plan_tokens: maximum tokens of the plan.
        max_tokens: maximum tokens of a paragraph (4096 as published).
        max_steps: maximum steps; a longer plan is cut, where AgentWrite's code drops the question.
    """

    name: str = "agent_write"
    k: int = 3
    retriever: Retriever | None = None
    plan_tokens: int = 256
    max_tokens: int = 512
    max_steps: int = 50
    card = Card(
        "LongWriter, arXiv 2408.07055",
        "steps + 1",
        "steps·(k·c + text/2)",
        "the answer itself is long, such as a report or a summary",
    )

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One call for the plan, one for each of its steps."""
        reply = await tools.read(chat(f"{question.text}\n\n{PLAN}", SYSTEM), max_tokens=self.plan_tokens)
        steps = parse_plan(reply.text)[: self.max_steps] or [(question.text, 0)]
        plan = "\n".join(
            f"Paragraph {i} - Main Point: {point} - Word Count: {words}"
            for i, (point, words) in enumerate(steps, 1)
        )
        paragraphs: list[str] = []
        evidence: list[Passage] = []
        for i, (point, _) in enumerate(steps, 1):
            passages = await tools.retrieve(point, question, self.k, self.retriever) if self.k else []
            evidence = merge(evidence, passages)
            so_far = "\n\n".join(paragraphs) or "(nothing yet)"
            content = (
                f"{passages_block(passages)}Task: {question.text}\n\nPlan:\n{plan}\n\nWritten so far:\n{so_far}\n\n"
                f"Now paragraph {i}: {point}\n{WRITE}"
            )
            reply = await tools.read(chat(content, SYSTEM), max_tokens=self.max_tokens)
            if reply.text:
                paragraphs.append(reply.text)
        text = "\n\n".join(paragraphs)
        notes = {"steps": len(steps), "planned_words": sum(w for _, w in steps), "words": len(text.split())}
        return Answer(text, tuple(evidence), declined=len(steps) == 1 and declines(text), notes=notes)


def parse_plan(text: str) -> list[tuple[str, int]]:
    """The main point and the word count of each line of a plan; lines in another form are skipped."""
    matches = (_STEP.search(line) for line in text.splitlines())
    return [(m["point"].strip(" -\u2013\u2014*"), int(m["words"])) for m in matches if m]
