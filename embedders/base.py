"""What an embedding model looks like."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Embedded:
    """Vectors and what they took.

    Attributes:
        vectors: unit vectors, shape (texts, dimension), float32.
        tokens: tokens that the texts have for the model, what was truncated left out.
        truncated: how many texts were longer than the window.
        cached: how many different texts came out of the cache.
    """

    vectors: NDArray[np.float32]
    tokens: int
    truncated: int = 0
    cached: int = 0


@runtime_checkable
class Embedder(Protocol):
    """Turns texts into unit vectors; the method names are LangChain's, the values numpy arrays."""

    @property
    def name(self) -> str:
        """The model's name."""

    def embed_documents(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors, shape (texts, dimension), float32."""

    def embed_query(self, text: str) -> NDArray[np.float32]:
        """A unit vector, shape (dimension,), float32."""

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Tokens that the model reads for these texts, what it truncates not counted."""
