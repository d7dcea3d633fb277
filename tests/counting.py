"""A retriever that tells what it was asked to do."""

from dataclasses import dataclass, field

from retrievers.bm25 import BM25Retriever


@dataclass(frozen=True)
class CountingRetriever(BM25Retriever):
    """Keeps what indexes were built of."""

    built: list = field(default_factory=list, compare=False)

    def build(self, texts):
        self.built.append(tuple(texts))
        return super().build(texts)
