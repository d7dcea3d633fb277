"""Retrieve-then-reason: quote the facts from the whole text, then answer from the facts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from lcrag.metrics.faithfulness import hallucinated
from lcrag.metrics.refusal import is_refusal
from lcrag.schema import Answer, Document, Passage, Question
from lcrag.strategies.base import Toolbox
from lcrag.strategies.prompts import DECLINE, SHORT, chat, question_block, text_block
from lcrag.strategies.truncation import Truncate, fit

QUOTE = (
    "Do not answer yet. Copy, word for word, the sentences of the text that the answer needs, "
    'each on a line of its own that begins with "- ". If there are none, write "none".'
)
BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")


def parse_facts(text: str) -> list[str]:
    """The quoted sentences: bulleted lines, or every line where there is no bullet."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    bulleted = [BULLET.sub("", line) for line in lines if BULLET.match(line)]
    facts = [fact.strip().strip("\"'“”").strip() for fact in bulleted or lines]
    return [fact for fact in dict.fromkeys(facts) if fact and fact.lower().strip(".") != "none"]


def locate(facts: Sequence[str], documents: Sequence[Document]) -> list[Passage]:
    """Where facts stand in the documents, line breaks aside; facts that stand nowhere are left out."""
    found = []
    for fact in facts:
        pattern = re.compile(r"\s+".join(map(re.escape, fact.split())))
        for document in documents:
            if match := pattern.search(document.text):
                found.append(Passage(match.group(), document.id, match.start(), match.end()))
                break
    return found


@dataclass(frozen=True)
class RetrieveThenReason:
    """ALR^2's two calls (Li et al. 2024, arXiv 2410.03227): the model retrieves, then reasons.

    The first call quotes the facts verbatim from the whole document; the second sees the facts and
    the question. Facts that are not in the source are counted as hallucinated, the paper's diagnostic:
    ``notes`` holds ``facts`` and ``hallucinated_facts``.

    Attributes:
        fact_tokens: tokens of the quoted facts at most.
        max_tokens: tokens of the answer at most.
        truncate: what to do when the document does not fit.
        allow_decline: offer to answer "unanswerable".
    """

    name: str = "retrieve_then_reason"
    fact_tokens: int = 96
    max_tokens: int = 48
    truncate: Truncate = "error"
    allow_decline: bool = True
    document_first: ClassVar[bool] = True

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """Two calls; the second is made even without facts, so that the model can decline."""
        originals = tools.documents(question)
        ask = question_block(question, QUOTE)
        documents, cut = fit(question, originals, ask, tools, self.fact_tokens, self.truncate)
        text = text_block(documents)
        quoted = await tools.read(chat(text + ask), max_tokens=self.fact_tokens, prefix_chars=len(text))
        facts = parse_facts(quoted.text)
        listed = "\n".join(f"- {fact}" for fact in facts) or "(no facts were found)"
        ending = question_block(question, SHORT, DECLINE if self.allow_decline else "")
        content = f"Facts quoted from a longer text:\n{listed}\n\n{ending}"
        reasoned = await tools.read(chat(content), max_tokens=self.max_tokens)
        invented = hallucinated(facts, "\n".join(d.text for d in originals))
        return Answer(
            reasoned.text,
            tuple(locate(facts, originals)),
            declined=is_refusal(reasoned.text),
            truncation=cut,
            notes={"facts": len(facts), "hallucinated_facts": sum(invented)},
        )
