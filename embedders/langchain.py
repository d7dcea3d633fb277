"""LangChain's ``Embeddings`` as an embedder, and an embedder as LangChain's ``Embeddings``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from langchain_core.embeddings import Embeddings

from embedders.base import Embedder

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class LangChainEmbedder:
    """Wraps any LangChain ``Embeddings``; vectors are normalised, tokens estimated at 4 characters each."""

    embeddings: Embeddings

    @property
    def name(self) -> str:
        """The wrapped model's name, or its class."""
        wrapped = self.embeddings
        return str(
            getattr(wrapped, "model", None) or getattr(wrapped, "model_name", None) or type(wrapped).__name__
        )

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, shape (texts, dimension)."""
        return _unit(np.asarray(self.embeddings.embed_documents(list(texts)), dtype=np.float32))

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """A unit vector, shape (dimension,)."""
        return _unit(np.asarray(self.embeddings.embed_query(text), dtype=np.float32))

    def count_tokens(self, texts: Sequence[str]) -> int:
        """An estimate: LangChain's interface does not tell."""
        return sum(-(-len(text) // 4) for text in texts)


def _unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: NDArray[np.float32] = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths != 0)
    return scaled


class _AsLangChain(Embeddings):
    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return self._embedder.embed_documents(texts).tolist()  # type: ignore[no-any-return]

    def embed_query(self, text: str) -> list[float]:
        return self._embedder.embed_query(text).tolist()  # type: ignore[no-any-return]


def as_langchain(embedder: Embedder) -> Embeddings:
    """An embedder as LangChain's ``Embeddings``."""
    return _AsLangChain(embedder)
