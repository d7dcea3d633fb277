"""Dense retrieval over late chunks: each chunk's vector has seen its document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from retrievers.base import chunked
from retrievers.chunkers import Chunker, RecursiveChunker
from retrievers.dense import DenseIndex
from retrievers.embedding import SpanEmbedder
from retrievers.work import embed_spans


@dataclass(frozen=True)
class LateChunkRetriever:
    """Günther et al. 2024, arXiv 2409.04701: embed the document once, pool token states chunk by chunk.

    Attributes:
        embedder: A model with ``embed_spans``, such as ``SentenceTransformerEmbedder``.
        chunker: Cuts the documents into the chunks whose token states are pooled.
    """

    embedder: SpanEmbedder
    chunker: Chunker = field(default_factory=RecursiveChunker)

    def build(self, texts: Mapping[str, str]) -> DenseIndex:
        """Index documents, given as text by id.

        Raises:
            ValueError: there are no documents, one is empty, or the model does not pool by the mean.
        """
        import numpy as np

        passages, rows, tokens = [], [], 0
        for name, text in texts.items():
            chunks = chunked({name: text}, self.chunker)
            rows.append(embed_spans(self.embedder, text, [(p.start, p.end) for p in chunks]))
            passages += chunks
            tokens += self.embedder.count_tokens([text])
        if not passages:
            raise ValueError("There are no documents to index: give at least one.")
        return DenseIndex.of(passages, np.concatenate(rows), self.embedder, tokens)
