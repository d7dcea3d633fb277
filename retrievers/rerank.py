"""A cross-encoder reads query and passage together and orders the candidates anew."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from retrievers.base import check_k
from retrievers.hybrid import lara_hybrid
from retrievers.passage import Passage


@dataclass(frozen=True)
class Reranker:
    """Retrieve ``fetch`` candidates with another retriever, keep the ``k`` best by a cross-encoder.

    Attributes:
        retriever: gives the candidates.
        model: a Hugging Face name or folder of a cross-encoder, or anything with ``predict(pairs) -> scores``.
        fetch: candidates, at least ``k``.
        batch_size: pairs at once.
        device: torch device; empty for the library's choice.
    """

    retriever: Any
    model: Any = "cross-encoder/ms-marco-MiniLM-L6-v2"
    fetch: int = 30
    batch_size: int = 32
    device: str = ""
    _state: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def build(self, texts: Mapping[str, str]) -> RerankedIndex:
        """Index documents with the inner retriever."""
        return RerankedIndex(self, self.retriever.build(texts))

    def scores(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """The cross-encoder's scores of (query, passage) pairs.

        Raises:
            ValueError: the model cannot be loaded.
        """
        if not pairs:
            return []
        return [float(s) for s in self._loaded().predict(list(pairs), batch_size=self.batch_size)]

    def _loaded(self) -> Any:
        if not isinstance(self.model, str):
            return self.model
        if "model" not in self._state:
            from sentence_transformers import CrossEncoder

            try:
                self._state["model"] = CrossEncoder(self.model, device=self.device or None)
            except (OSError, ValueError) as error:
                first_line = str(error).strip().splitlines()[0]
                raise ValueError(
                    f"The cross-encoder {self.model!r} could not be loaded ({first_line}): give a folder that "
                    "holds it, or fetch it once while online: hf download NAME."
                ) from error
        return self._state["model"]


def lara_reranked(embedder: Any, model: Any, tokenizer: str = "") -> Reranker:
    """LaRA's whole retrieval (Li et al. 2025, arXiv 2502.09977, released code): see ``lara_hybrid``.

    The cross-encoder sees the five passages that were found and only changes their order.
    """
    return Reranker(lara_hybrid(embedder, tokenizer), model, fetch=5)


@dataclass(frozen=True)
class RerankedIndex:
    """An index that ``Reranker`` built."""

    reranker: Reranker
    inner: Any

    @property
    def build_tokens(self) -> int:
        """The inner index's."""
        return int(self.inner.build_tokens)

    def search(
        self, queries: Sequence[str], k: int, *, document_ids: Collection[str] | None = None
    ) -> list[list[Passage]]:
        """Candidates of the inner index by the cross-encoder's score; all queries' pairs in one batch."""
        check_k(k)
        found = self.inner.search(queries, max(k, self.reranker.fetch), document_ids=document_ids)
        pairs = [(q, p.text) for q, passages in zip(queries, found, strict=True) for p in passages]
        scores = iter(self.reranker.scores(pairs))
        ordered = []
        for passages in found:
            scored = [replace(p, score=next(scores)) for p in passages]
            ordered.append(sorted(scored, key=lambda p: -p.score)[:k])
        return ordered

    def query_tokens(self, queries: Sequence[str]) -> int:
        """The inner index's; the cross-encoder's are not counted."""
        return int(self.inner.query_tokens(queries))
