"""Which of two answers to one question a judge prefers, asked in both orders."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Literal

from lcrag.judges.base import JudgeTools
from lcrag.judges.framing import caution, framed
from lcrag.judges.parse import ask_verdict, instruction
from lcrag.judges.rubric import gold_text, question_text
from lcrag.readers.base import Message, Reader
from lcrag.schema import Answer, Question

Choice = Literal["first", "second", "tie"]
WORDS = ("First", "Second", "Tie")
MAX_TOKENS = 10
_SYSTEM = f"You compare answers. {caution('first', 'second')}"
_SWAPPED: dict[Choice, Choice] = {"first": "second", "second": "first", "tie": "tie"}
_CHOICES: dict[str, Choice] = {"First": "first", "Second": "second", "Tie": "tie"}


@dataclass(frozen=True, slots=True)
class Preference:
    """What a judge prefers of two answers.

    Attributes:
        choice: ``first`` or ``second`` where this answer was preferred in both orders; ``tie`` where there is no
            difference or the orders disagree; ``None`` without a verdict in one of them.
        in_order: Its verdict with the first answer shown first; ``None`` without a verdict.
        swapped: Its verdict with the second answer shown first, as the name of the answer, not of the place.
        identical: The answers are the same text: a tie, and the judge was not asked.
    """

    choice: Choice | None
    in_order: Choice | None = None
    swapped: Choice | None = None
    identical: bool = False

    @property
    def order_decided(self) -> bool:
        """Whether the verdicts of the two orders differ."""
        return self.in_order is not None and self.swapped is not None and self.in_order != self.swapped


async def compare_pair(
    question: Question, first: Answer, second: Answer, tools: JudgeTools, judge: Reader | None = None
) -> Preference:
    """Ask a judge which of two answers is better, in both orders (Zheng et al. 2023, arXiv 2306.05685, section 3.4).

    Judges tend to prefer what stands in one place; so an answer wins only if it is preferred in both.

    Args:
        question: with its gold answers, if it has any; the judge then prefers by them.
        first: one answer.
        second: the other answer.
        tools: asks the judge.
        judge: who is asked; ``None`` for the experiment's reader.

    Raises:
        LcragError: the judge cannot be asked.
    """
    if " ".join(first.text.split()) == " ".join(second.text.split()):
        return Preference("tie", identical=True)

    async def ask(one: Answer, other: Answer) -> Choice | None:
        content = _prompt(question, one, other)
        chat = (Message("system", _SYSTEM), Message("user", content))
        reply = await ask_verdict(tools, chat, WORDS, judge=judge, max_tokens=MAX_TOKENS)
        return None if reply.verdict is None else _CHOICES[reply.verdict]

    in_order, by_place = await asyncio.gather(ask(first, second), ask(second, first))
    swapped = None if by_place is None else _SWAPPED[by_place]
    if in_order is None or swapped is None:
        return Preference(None, in_order, swapped)
    return Preference(in_order if in_order == swapped else "tie", in_order, swapped)


def _prompt(question: Question, one: Answer, other: Answer) -> str:
    has_reference = bool(question.answers) or not question.answerable
    reference = f"Reference answer: {gold_text(question)}\n" if has_reference else ""
    by = "Judged by the reference" if has_reference else "Judged by what the question asks for"
    return (
        f"Question: {question_text(question)}\n{reference}"
        f"First answer: {framed('first', one.text)}\nSecond answer: {framed('second', other.text)}\n\n"
        f"{by}, which answer is better? A longer answer is not better for its length, and the order of the answers "
        f"means nothing. If neither is better, it is a tie.\n{instruction(WORDS, reasons_first=False)}"
    )
