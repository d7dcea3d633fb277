"""Chain-of-Agents: each worker reads a part and passes on a message, a manager answers."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.metrics.declining import declines
from lcrag.schema import Answer, Question
from lcrag.strategies.base import Card, Strategy, Toolbox
from lcrag.strategies.pieces.parts import part_block, parts_of
from lcrag.strategies.pieces.prompts import answer_block, answer_tokens, chat, question_block

WORK = (
    "Do not answer yet. Write a summary of what is known so far and what this part adds, with everything that may help "
    "to answer the question, for the next reader, who does not see this part."
)


@dataclass(frozen=True)
class ChainOfAgents(Strategy):
    """Read part after part and pass on a message; answer from the last one (Zhang et al. 2024, arXiv 2406.02818).

    CU_i = LLM(instruction, CU_{i-1}, part_i, question), section 3. The part comes first in the prompt, so that
    questions share its prefix. ``notes``: ``parts``.

    Attributes:
        part_chars: maximum characters of a part; in the paper a part fills the reader's window.
        message_tokens: maximum tokens of a message.
        max_tokens: maximum tokens of the answer.
        allow_decline: tell the reader that it may answer "unanswerable".

    Differs from the paper: the part comes before message and question; parts have a fixed size, whatever the reader's
    window.
    """

    name: str = "chain_of_agents"
    part_chars: int = 8000
    message_tokens: int = 128
    max_tokens: int = 48
    allow_decline: bool = True
    document_first = True
    card = Card(
        "Chain-of-Agents, arXiv 2406.02818",
        "N + 1",
        "D",
        "the text is longer than the window and its parts depend on each other",
        case="text-bison: +13.30 on NarrativeQA, +10.22 on MuSiQue over a prompt cut at 8k (research.google/pubs)",
    )

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """A call for each part, one after the other, and the manager's."""
        parts = parts_of(tools.documents(question), self.part_chars)
        message = ""
        for part in parts:
            block = part_block(part)
            so_far = f"What earlier readers pass on:\n{message}\n\n" if message else ""
            ask = so_far + question_block(question, WORK)
            reply = await tools.read(
                chat(block + ask), max_tokens=self.message_tokens, prefix_chars=len(block)
            )
            message = reply.text or message
        ending = answer_block(question, self.allow_decline)
        content = f"What readers of a long text pass on:\n{message or '(nothing)'}\n\n{ending}"
        completion = await tools.read(chat(content), max_tokens=answer_tokens(question, self.max_tokens))
        return Answer(completion.text, declined=declines(completion.text), notes={"parts": len(parts)})
