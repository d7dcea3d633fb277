"""Corrective retrieval: grade the passages, search again when they do not help, and read their helpful parts."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from lcrag.components.settings import ADDED
from lcrag.schema import Answer, Passage, Question
from lcrag.strategies.base import Card, Scope, Strategy, Toolbox
from lcrag.strategies.pieces.passages import answer_from, merge
from lcrag.strategies.pieces.prompts import chat
from retrievers.base import Retriever
from retrievers.chunkers.sentence import sentences
from retrievers.order import Order

Grade = Literal["yes", "no", "unsure"]
GRADE = "Does this passage help to answer the question? Write yes, no or unsure."
REWRITE = "A search for this question found nothing useful. Write one better search query and nothing else."


@dataclass(frozen=True)
class CorrectiveRetrieval(Strategy):
    """Grade the retrieved passages and search again when none of them helps (CRAG, Yan et al., arXiv 2401.15884).

    The reader grades each passage. If any passage helps, only the helpful ones are read. If none does, the reader
    rewrites the query and the documents are searched again; passages graded unsure are read before the new ones. Then
    the passages are decomposed and recomposed (section 4.4): each is cut into strips of a few sentences, each strip is
    graded, and those that do not help are left out. If that leaves nothing, the passages are read whole. A reply that
    is not a grade counts as unsure, and what is graded unsure is kept. The strips that are read are the evidence.
    ``notes``: ``helpful`` and ``unsure`` passages, ``rewritten``, ``strips``, ``kept_strips``.

    Attributes:
        k: passages per search.
        strip_sentences: sentences of a strip (3 in the authors' code); 0 reads passages whole.
        order: their order in the prompt.
        retriever: replaces the experiment's retriever.
        scope: ``corpus`` searches all documents of the dataset in one index, not the question's own alone.
        max_tokens: maximum tokens of the answer.
        allow_decline: tell the reader that it may answer "unanswerable".

    Differs from the paper: the reader grades, not a fine-tuned T5; the second search is in the same documents, not on
    the web; passages graded no are not decomposed.
    """

    name: str = "corrective"
    k: int = 5
    strip_sentences: int = 3
    order: Order = "score"
    retriever: Retriever | None = None
    max_tokens: int = 48
    allow_decline: bool = True
    scope: Scope = field(default="question", metadata=ADDED)
    card = Card(
        "CRAG, arXiv 2401.15884",
        "k + strips + 1, or one more",
        "3·k·c",
        "retrieval is often wrong and wrong passages mislead the reader",
        case=(
            "with web search, SelfRAG-LLaMA2-7b: +7.0 on PopQA (+19.0 in the first version), +14.9 on "
            "Biography over RAG (section 5.3); against long context: not measured"
        ),
    )

    def __post_init__(self) -> None:
        if self.strip_sentences < 0:
            raise ValueError(f"strip_sentences = {self.strip_sentences}: give 0 for whole passages, or more.")

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """A call for each passage and strip, one for a new query if it is needed, and one for the answer."""
        grades: dict[str, Grade] = {}  # of texts: a passage of one strip is graded once

        async def grade(passage: Passage) -> Grade:
            text = passage.text.strip()
            if text not in grades:
                grades[text] = await _grade(text, question, tools)
            return grades[text]

        candidates = await tools.retrieve(question.text, question, self.k, self.retriever, self.scope)
        graded = await asyncio.gather(*map(grade, candidates))
        helpful = [p for p, g in zip(candidates, graded, strict=True) if g == "yes"]
        unsure = [p for p, g in zip(candidates, graded, strict=True) if g == "unsure"]
        notes = {"helpful": len(helpful), "unsure": len(unsure), "rewritten": int(not helpful)}
        passages = helpful
        if not helpful:
            ask = chat(f"Question: {question.text}\n\n{REWRITE}", "You write search queries.")
            query = (await tools.read(ask, max_tokens=32)).text or question.text
            second = await tools.retrieve(query, question, self.k, self.retriever, self.scope)
            passages = merge(unsure, second)
        evidence = passages
        if self.strip_sentences:
            cut = [strips_of(p, self.strip_sentences) for p in passages]
            strips = [strip for strips in cut for strip in strips]
            await asyncio.gather(*map(grade, strips))
            kept = [[s for s in strips if grades[s.text] != "no"] for strips in cut]
            kept_strips = [strip for strips in kept for strip in strips]
            notes |= {"strips": len(strips), "kept_strips": len(kept_strips)}
            if kept_strips:
                passages, evidence = [recomposed(strips) for strips in kept if strips], kept_strips
        answer = await answer_from(passages, question, tools, self.order, self.max_tokens, self.allow_decline)
        return replace(answer, evidence=tuple(evidence), notes={**answer.notes, **notes})


def strips_of(passage: Passage, size: int) -> list[Passage]:
    """The passage cut into strips of ``size`` sentences; the last strip may be shorter."""
    spans = sentences(passage.text)
    groups = [spans[i : i + size] for i in range(0, len(spans), size)]
    return [
        replace(passage, text=passage.text[a:b], start=passage.start + a, end=passage.start + b)
        for (a, _), (_, b) in ((group[0], group[-1]) for group in groups)
    ]


def recomposed(strips: Sequence[Passage]) -> Passage:
    """One passage of these strips of one passage, joined in the order of the text."""
    return replace(strips[0], text=" ".join(s.text for s in strips), end=strips[-1].end)


async def _grade(text: str, question: Question, tools: Toolbox) -> Grade:
    content = f"Passage:\n{text}\n\nQuestion: {question.text}\n{GRADE}"
    reply = (await tools.read(chat(content, "You grade passages."), max_tokens=4)).text.lower()
    word = re.search(r"\b(yes|no|unsure)\b", reply)
    return word[1] if word else "unsure"  # type: ignore[return-value]
