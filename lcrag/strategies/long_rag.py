"""LongRAG: few and long retrieval units, read in two calls."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from lcrag.components.settings import ADDED
from lcrag.metrics.declining import declines
from lcrag.schema import Answer, Passage, Question
from lcrag.strategies.base import Card, Scope, Strategy, Toolbox
from lcrag.strategies.pieces.demonstrations import (
    demonstrations_with_evidence,
    evidence_text,
    examples_block,
    gold,
)
from lcrag.strategies.pieces.prompts import (
    DECLINE,
    SHORT,
    answer_block,
    answer_tokens,
    chat,
    passages_block,
    question_block,
)
from retrievers.base import Retriever
from retrievers.chunkers import RecursiveChunker


@dataclass(frozen=True)
class LongRAG(Strategy):
    """Retrieve units of about 4k tokens, answer at length, then shorten the answer (Jiang et al., arXiv 2406.15319).

    A unit scores as its best chunk does, which is the paper's approximation (section 3.2). The second call sees
    demonstrations: a question, its gold evidence as the longer answer, and the short answer. ``notes``:
    ``demonstrations``.

    Attributes:
        k: units that are read (4 to 8 as published, about 30k tokens).
        unit_chars: maximum characters of a unit; 16,000 are about 4k tokens.
        chunks: number of best chunks whose units are ranked.
        retriever: searches the chunks; replaces the experiment's retriever.
        scope: ``corpus`` searches all documents of the dataset in one index, not the question's own alone.
        demonstrations: how many of the dataset's demonstrations, of those with evidence, the second call shows at
            most (8 in the authors' code).
        long_tokens: maximum tokens of the first, long answer.
        max_tokens: maximum tokens of the short answer.
        allow_decline: tell the reader that it may answer "unanswerable".

    Differs from the paper: units are cut from each document, not grouped from linked Wikipedia pages, and the longer
    answers of demonstrations are gold evidence.
    """

    name: str = "long_rag"
    k: int = 2
    unit_chars: int = 16_000
    chunks: int = 50
    retriever: Retriever | None = None
    demonstrations: int = 8
    long_tokens: int = 128
    max_tokens: int = 48
    allow_decline: bool = True
    scope: Scope = field(default="question", metadata=ADDED)
    card = Card(
        "LongRAG, arXiv 2406.15319",
        "2",
        "k·4096",
        "documents are many or very long and the reader has a long window",
        case=(
            "NQ: 71% of the answers in the first unit, 52% in the first passage (README); against long "
            "context: not measured"
        ),
    )

    def __post_init__(self) -> None:
        if self.demonstrations < 0:
            raise ValueError(f"demonstrations = {self.demonstrations}: give 0 for none, or more.")

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """One retrieval, two calls; the second sees the long answer only."""
        hits = await tools.retrieve(question.text, question, self.chunks, self.retriever, self.scope)
        units = self._units(hits, question, tools)[: self.k]
        allowed = self.allow_decline and (question.task is None or question.task.allow_decline)
        decline = DECLINE if allowed else ""
        ending = question_block(question, "Answer in full sentences, with the reasons.", decline)
        long = await tools.read(chat(passages_block(units) + ending), max_tokens=self.long_tokens)
        form = f"Take the answer from this longer answer. {SHORT}"
        short = answer_block(question, allowed, form=form)
        solved = demonstrations_with_evidence(question, self.demonstrations, tools)
        head = examples_block(
            f"A longer answer:\n{evidence_text(d)}\n\n{question_block(d)}\nShort answer: {gold(d)}"
            for d in solved
        )
        completion = await tools.read(
            chat(f"{head}A longer answer:\n{long.text}\n\n{short}"),
            max_tokens=answer_tokens(question, self.max_tokens),
        )
        return Answer(
            completion.text,
            tuple(units),
            declined=declines(completion.text),
            notes={"demonstrations": len(solved)},
        )

    def _units(self, hits: list[Passage], question: Question, tools: Toolbox) -> list[Passage]:
        """Units in the order of their best chunks."""
        chunker = RecursiveChunker(self.unit_chars, 0)
        units = [
            Passage(d.text[s:e], d.id, s, e)
            for d in tools.documents(replace(question, document_ids=tuple({h.document_id for h in hits})))
            for s, e in chunker.split(d.text)
        ]
        ranked: dict[int, Passage] = {}
        for hit in hits:
            middle = (hit.start + hit.end) // 2
            for i, unit in enumerate(units):
                if unit.document_id == hit.document_id and unit.start <= middle < unit.end:
                    ranked.setdefault(i, replace(unit, score=hit.score))
        return list(ranked.values())
