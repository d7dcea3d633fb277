"""What retrievers and chunkers ask of an embedding model.

These protocols are structural: any object with these methods will do, such as the classes in ``embedders``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Kind = Literal["query", "document"]


class Embedded(Protocol):
    """Vectors, and the tokens read to compute them."""

    @property
    def vectors(self) -> NDArray[np.float32]:
        """Unit vectors, shape (texts, dimension)."""

    @property
    def tokens(self) -> int:
        """Tokens that the model read."""

    @property
    def lengths(self) -> Sequence[int]:
        """Tokens of each text; empty where only their sum is known."""


class Embedder(Protocol):
    """Turns texts into unit vectors."""

    @property
    def name(self) -> str:
        """The model's name."""

    @property
    def config(self) -> Mapping[str, Any] | None:
        """The configuration of the model's transformer as Hugging Face writes it, ``None`` if unknown."""

    def embed(self, texts: Sequence[str], kind: Kind = "document") -> Embedded:
        """Embed queries or documents."""

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Tokens that the model reads for these texts."""


class SpanEmbedder(Embedder, Protocol):
    """An embedder that can also embed chunks in the context of their document."""

    def embed_spans(self, text: str, spans: Sequence[tuple[int, int]]) -> NDArray[np.float32]:
        """Unit vectors of the chunks at these (start, end) offsets, shape (spans, dimension)."""


class TokenEmbedder(Protocol):
    """A model that gives a vector for each token."""

    @property
    def config(self) -> Mapping[str, Any] | None:
        """The configuration of the model's transformer as Hugging Face writes it, ``None`` if unknown."""

    def embed(self, texts: Sequence[str], kind: Kind = "document") -> Sequence[NDArray[np.float32]]:
        """For each text the unit vectors of its tokens, shape (tokens, dimension)."""

    def count_tokens(self, texts: Sequence[str]) -> int:
        """Tokens that the model reads for these texts."""
