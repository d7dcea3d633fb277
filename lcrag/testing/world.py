"""A small world to try components in: two documents, a question of each kind, a reader and an embedder of no weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from zlib import crc32

from embedders.base import Embedded, Embedder, LangChainNames
from lcrag.datasets.base import Dataset
from lcrag.readers.base import Request
from lcrag.readers.scripted import ScriptedReader
from lcrag.runtime.resources import Resources
from lcrag.schema import Document, Question, Span

if TYPE_CHECKING:
    from lcrag.readers.base import Reader

TEXTS = {
    "north.md": "Northwind sells kites. " * 20
    + "It was founded in 1987 in Bergen. "
    + "Kites need wind. " * 20,
    "south.md": "Southbay makes lamps. " * 20 + "Its chief is Ada Moss. " + "Lamps give light. " * 20,
}
FACTS = (
    ("founded", "founded in 1987", "1987"),
    ("chief", "chief is Ada Moss", "Ada Moss"),
    ("light", "Lamps give", "B"),
)


def _span(document: str, quote: str) -> Span:
    start = TEXTS[document].index(quote)
    return Span(document, start, start + len(quote), quote)


def dataset() -> Dataset:
    """Five questions: answerable ones with evidence, one with choices, one without an answer, one on both documents."""
    founded = _span("north.md", "It was founded in 1987 in Bergen.")
    chief = _span("south.md", "Its chief is Ada Moss.")
    return Dataset(
        "conformance",
        tuple(Document(name, text) for name, text in TEXTS.items()),
        (
            Question(
                "q1", "When was Northwind founded?", ("north.md",), ("1987",), "location", evidence=(founded,)
            ),
            Question(
                "q2", "Who is the auditor of Northwind?", ("north.md",), (), "hallucination", answerable=False
            ),
            Question(
                "q3",
                "Who is the chief of Southbay?",
                ("south.md",),
                ("Ada Moss",),
                "location",
                evidence=(chief,),
            ),
            Question(
                "q4", "Which of them give light?", ("south.md",), ("lamps",), "comparison", ("kites", "lamps")
            ),
            Question("q5", "In which year was Northwind founded?", tuple(TEXTS), ("1987",), "reasoning"),
        ),
        (
            Question("d1", "Where was Northwind founded?", ("north.md",), ("Bergen",), "location"),
            Question("d2", "What do lamps give?", ("south.md",), ("light",), "location"),
            Question(
                "d3", "Who is the auditor of Southbay?", ("south.md",), (), "hallucination", answerable=False
            ),
        ),
    )


def reader(window: int = 100_000) -> ScriptedReader:
    """Answers from the facts that its prompt shows, else declines."""

    def respond(request: Request) -> str:
        prompt = request.messages[-1].content
        return next((a for cue, evidence, a in FACTS if cue in prompt and evidence in prompt), "unanswerable")

    return ScriptedReader(respond, context_window=window, p_unanswerable=0.25)


@dataclass(frozen=True)
class WordEmbedder(LangChainNames):
    """Counts words in 256 buckets: texts that share words are near."""

    name: str = "words"

    def embed(self, texts: Sequence[str], kind: Literal["query", "document"] = "document") -> Embedded:
        """Unit vectors, shape (texts, 256); a word is a token."""
        import numpy as np

        rows = np.zeros((len(texts), 256), dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().split():
                row[crc32(word.strip(".,?!:").encode()) % 256] += 1
            row /= np.linalg.norm(row) or 1
        return Embedded(rows, self.count_tokens(texts))

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Words."""
        return sum(len(text.split()) for text in texts)


class CountingEmbedder(WordEmbedder):
    """Counts the tokens of all texts that it has embedded."""

    tokens = 0

    def embed(self, texts: Sequence[str], kind: Literal["query", "document"] = "document") -> Embedded:
        """See ``WordEmbedder``."""
        embedded = super().embed(texts, kind)
        object.__setattr__(self, "tokens", self.tokens + embedded.tokens)
        return embedded


def resources(
    language_model: Reader, embedder: Embedder | None = None, questions: Sequence[Question] | None = None
) -> Resources:
    """What a question needs, with BM25 over short chunks as the retriever."""
    from retrievers.bm25 import BM25Retriever
    from retrievers.chunkers import RecursiveChunker

    data = dataset()
    return Resources(
        language_model,
        {d.id: d for d in data.documents},
        BM25Retriever(chunker=RecursiveChunker(200, 0)),
        embedder or WordEmbedder(),
        questions=[q.document_ids for q in questions or data.questions],
        demonstration_pool=data.demonstrations,
    )
