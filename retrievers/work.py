"""What embedding models and cross-encoders did inside a build or a search, for callers who count costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from retrievers.embedding import Embedded, Embedder, Kind

if TYPE_CHECKING:
    from retrievers.embedding import SpanEmbedder, TokenEmbedder

T = TypeVar("T")


@dataclass(frozen=True)
class Work:
    """One call to a model.

    Attributes:
        model: Which model was called.
        tokens: Tokens that it read; NaN where they are not known.
        texts: Texts that it read; a query and a passage that are read together are one.
        lengths: Tokens of each text; empty where only their sum is known.
        seconds: How long the call took.
        config: The configuration of its transformer, ``None`` where it is not known.
    """

    model: Literal["embedder", "reranker"]
    tokens: float
    texts: int
    lengths: tuple[int, ...] = ()
    seconds: float = 0.0
    config: Mapping[str, Any] | None = None


_works: ContextVar[list[Work] | None] = ContextVar("works", default=None)


@contextmanager
def recorded() -> Iterator[list[Work]]:
    """Collect the calls that this thread makes inside the ``with`` block; an inner block collects its own."""
    works: list[Work] = []
    token = _works.set(works)
    try:
        yield works
    finally:
        _works.reset(token)


def record(work: Work) -> None:
    """Note one call; without a block that collects it, it is forgotten."""
    works = _works.get()
    if works is not None:
        works.append(work)


def timed(work: Callable[[], T]) -> tuple[T, float]:
    """The result, and the seconds that it took."""
    started = time.perf_counter()
    result = work()
    return result, time.perf_counter() - started


def embed(embedder: Embedder, texts: Sequence[str], kind: Kind = "document") -> Embedded:
    """``embedder.embed``, recorded with the tokens that the model or its server counted."""
    embedded, seconds = timed(lambda: embedder.embed(texts, kind))
    lengths = tuple(embedded.lengths)
    record(Work("embedder", embedded.tokens, len(texts), lengths, seconds, embedder.config))
    return embedded


def embed_tokens(embedder: TokenEmbedder, texts: Sequence[str], kind: Kind = "document") -> Any:
    """``TokenEmbedder.embed``, recorded."""
    vectors, seconds = timed(lambda: embedder.embed(texts, kind))
    tokens = embedder.count_tokens(texts)
    record(Work("embedder", tokens, len(texts), (), seconds, embedder.config))
    return vectors


def embed_spans(embedder: SpanEmbedder, text: str, spans: Sequence[tuple[int, int]]) -> Any:
    """``SpanEmbedder.embed_spans``, recorded."""
    vectors, seconds = timed(lambda: embedder.embed_spans(text, spans))
    record(Work("embedder", embedder.count_tokens([text]), 1, (), seconds, embedder.config))
    return vectors
