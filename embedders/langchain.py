"""LangChain's ``Embeddings`` as an embedder, and an embedder as LangChain's ``Embeddings``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from langchain_core.embeddings import Embeddings

from embedders.base import Embedded, Embedder, Kind, LangChainNames, unit
from embedders.tokens import estimate_tokens


@dataclass(frozen=True)
class LangChainEmbedder(LangChainNames):
    """Wraps any LangChain ``Embeddings``; vectors are normalised, tokens estimated from characters.

    Attributes:
        embeddings: The LangChain model; queries go to its ``embed_query``, documents to its ``embed_documents``.
    """

    embeddings: Embeddings

    @property
    def name(self) -> str:
        """The wrapped model's name, or its class."""
        wrapped = self.embeddings
        return str(
            getattr(wrapped, "model", None) or getattr(wrapped, "model_name", None) or type(wrapped).__name__
        )

    def embed(self, texts: Sequence[str], kind: Kind = "document") -> Embedded:
        """Unit vectors; queries are embedded one by one, since LangChain has no method for several."""
        if kind == "query":
            rows = [self.embeddings.embed_query(text) for text in texts]
        else:
            rows = self.embeddings.embed_documents(list(texts))
        vectors = np.asarray(rows, dtype=np.float32).reshape(len(texts), -1 if len(texts) else 0)
        return Embedded(unit(vectors), self.count_tokens(texts))

    def count_tokens(self, texts: Sequence[str]) -> int:
        """An estimate: LangChain's interface does not report tokens."""
        return sum(estimate_tokens(len(text)) for text in texts)


class _AsLangChain(Embeddings):
    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self._embedder.embed(texts, "document").vectors.tolist()  # type: ignore[no-any-return]

    def embed_query(self, text: str) -> list[float]:
        return self._embedder.embed([text], "query").vectors[0].tolist()  # type: ignore[no-any-return]


def as_langchain(embedder: Embedder) -> Embeddings:
    """An embedder as LangChain's ``Embeddings``."""
    return _AsLangChain(embedder)
