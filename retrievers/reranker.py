"""A cross-encoder reads query and passage together and reorders the candidates."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import nan
from typing import Any

from retrievers.base import OPERATIONAL, Index, Retriever, check_k
from retrievers.passage import Passage
from retrievers.work import Work, record, timed


@dataclass(frozen=True)
class Reranker:
    """Retrieve ``fetch`` candidates with another retriever, keep the ``k`` best by a cross-encoder.

    Attributes:
        retriever: Gives the candidates.
        model: A Hugging Face name or folder of a cross-encoder, or any object with ``predict(pairs) -> scores``.
        fetch: The number of candidates; ``k`` if that is more.
        batch_size: Pairs per batch.
        device: The torch device; empty for the library's choice.
    """

    retriever: Retriever
    model: Any = "cross-encoder/ms-marco-MiniLM-L6-v2"
    fetch: int = 30
    batch_size: int = field(default=32, metadata=OPERATIONAL)
    device: str = field(default="", metadata=OPERATIONAL)
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
        model = self._loaded()
        scores, seconds = timed(lambda: model.predict(list(pairs), batch_size=self.batch_size))
        record(self._work(model, pairs, seconds))
        return [float(s) for s in scores]

    def _work(self, model: Any, pairs: Sequence[tuple[str, str]], seconds: float) -> Work:
        """What the cross-encoder read; the tokens of any other object are not known."""
        if not isinstance(self.model, str):
            return Work("reranker", nan, len(pairs), (), seconds)
        encoding = model.tokenizer([q for q, _ in pairs], [p for _, p in pairs], truncation=True)
        lengths = tuple(map(len, encoding["input_ids"]))
        return Work("reranker", sum(lengths), len(pairs), lengths, seconds, model.config.to_dict())

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


@dataclass(frozen=True)
class RerankedIndex:
    """An index that ``Reranker`` built."""

    reranker: Reranker
    inner: Index

    @property
    def build_tokens(self) -> int:
        """The inner index's."""
        return self.inner.build_tokens

    def search(
        self, queries: Sequence[str], k: int, *, document_ids: Collection[str] | None = None
    ) -> list[list[Passage]]:
        """See ``Index.search``; the scores are the cross-encoder's, which reads the pairs of all queries together."""
        check_k(k)
        candidates = self.inner.search(queries, max(k, self.reranker.fetch), document_ids=document_ids)
        pairs = [(q, p.text) for q, passages in zip(queries, candidates, strict=True) for p in passages]
        scores = iter(self.reranker.scores(pairs))
        rankings = []
        for passages in candidates:
            scored = [replace(p, score=next(scores)) for p in passages]
            rankings.append(sorted(scored, key=lambda p: -p.score)[:k])
        return rankings

    def query_tokens(self, queries: Sequence[str]) -> int:
        """The inner index's; what the cross-encoder reads depends on the candidates (``retrievers.work``)."""
        return self.inner.query_tokens(queries)
