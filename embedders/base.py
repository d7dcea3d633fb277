"""What an embedder is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Kind = Literal["query", "document"]
OPERATIONAL = {"operational": True}  # metadata of a field that changes speed or patience, but no vector
NOT_DOCUMENTS = {
    "documents": False
}  # metadata of a field that changes no vector of a document: an index survives it


@dataclass(frozen=True)
class Embedded:
    """Vectors, and what computing them took.

    Attributes:
        vectors: Unit vectors, shape (texts, dimension), float32.
        tokens: Tokens that the model read, as the server or the model counted them; text beyond the window is not
            counted.
        truncated: Number of texts that were longer than the window.
        cached: Number of distinct texts whose vectors came from the cache.
        lengths: Tokens of each text; empty where only their sum is known.
    """

    vectors: NDArray[np.float32]
    tokens: int
    truncated: int = 0
    cached: int = 0
    lengths: tuple[int, ...] = ()


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into unit vectors. Many models embed a query differently from a document.

    A class that inherits from ``Embedder`` or ``LangChainNames`` gets the default of ``config``; every other class
    defines it itself.
    """

    @property
    def name(self) -> str:
        """The model's name."""

    @property
    def config(self) -> Mapping[str, Any] | None:
        """The configuration of the model's transformer as Hugging Face writes it; ``None`` where it is not known.

        FLOPs follow from it.
        """
        return None

    def embed(self, texts: Sequence[str], kind: Kind = "document") -> Embedded:
        """Embed queries or documents.

        Raises:
            ValueError: a text is empty, or the model cannot be used.
        """

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Tokens that the model reads for these texts, without embedding them; an estimate where it cannot know."""


@runtime_checkable
class EmbedsTokens(Protocol):
    """An embedder that also gives the vectors of a text's tokens."""

    def embed_tokens(self, texts: Sequence[str]) -> tuple[list[NDArray[np.float32]], list[int]]:
        """For each text the unit vectors of its tokens, shape (tokens, dimension), and the tokens that the model read.

        Raises:
            ValueError: a text is empty.
        """


class LangChainNames(ABC):
    """Adds LangChain's method names to an embedder that has ``embed``, and a ``config`` that is not known."""

    @property
    def config(self) -> Mapping[str, Any] | None:
        """See ``Embedder.config``."""
        return None

    @abstractmethod
    def embed(self, texts: Sequence[str], kind: Kind = "document") -> Embedded:
        """See ``Embedder.embed``."""

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of documents, shape (texts, dimension), float32."""
        return self.embed(texts, "document").vectors

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """The unit vector of one query, shape (dimension,), float32."""
        vector: NDArray[np.float32] = self.embed([text], "query").vectors[0]
        return vector


def check_texts(texts: Sequence[str]) -> None:
    """Refuse blank texts.

    Raises:
        ValueError: names the first blank text.
    """
    for i, text in enumerate(texts):
        if not text.strip():
            raise ValueError(f"Text {i} is empty: leave it out, there is nothing to embed.")


def unit(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rows scaled to length 1, shape (texts, dimension); a row of zeros stays as it is."""
    import numpy as np

    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scaled: NDArray[np.float32] = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths != 0)
    return scaled
