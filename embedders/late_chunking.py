"""Late chunking: read the whole document first, pool its token states chunk by chunk afterwards.

Günther et al. 2024, arXiv 2409.04701, section 3: a chunk's vector is the mean of the states of its tokens, so
that each chunk has seen the document. A document longer than the window is read in windows that overlap, and
the overlapping states are taken from the earlier one ("long late chunking", section 3.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from embedders.sentence_transformer import SentenceTransformerEmbedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from embedders.encoder import Encoder


def embed_spans(
    embedder: SentenceTransformerEmbedder, text: str, spans: Sequence[tuple[int, int]], overlap: int = 128
) -> NDArray[np.float32]:
    """Unit vectors of the chunks of one document, shape (spans, dimension).

    Args:
        embedder: a model that pools by the mean; its extension and window hold for the document.
        text: the document.
        spans: the chunks as (start, end) offsets into ``text``.
        overlap: tokens that the windows of a long document share.

    Raises:
        ValueError: the model does not pool by the mean, or a span holds no token.
    """
    import numpy as np

    encoder = embedder.encoder
    if encoder.pooling != "mean":
        raise ValueError(f"Late chunking needs a model that pools by the mean; {embedder.name} does not.")
    coded = encoder.tokenise([text], return_offsets_mapping=True)
    ids, offsets = coded["input_ids"][0], coded["offset_mapping"][0]
    states = _states(encoder, ids, overlap)
    starts = np.array([s for s, _ in offsets])
    ends = np.array([e for _, e in offsets])
    rows = []
    for start, end in spans:
        inside = (starts < end) & (ends > start)
        if not inside.any():
            raise ValueError(f"The chunk {start}-{end} holds no token: leave blank chunks out.")
        rows.append(states[inside].mean(axis=0))
    vectors = np.stack(rows) if rows else np.zeros((0, states.shape[1]), np.float32)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)  # type: ignore[no-any-return]


def _states(encoder: Encoder, ids: list[int], overlap: int) -> NDArray[np.float32]:
    import numpy as np

    room = encoder.room
    if len(ids) <= room:
        return encoder.states(ids)
    overlap = min(overlap, room // 2)
    parts = [encoder.states(ids[:room])]
    at = room
    while at < len(ids):
        part = encoder.states(ids[at - overlap : at - overlap + room])
        parts.append(part[overlap:])
        at += room - overlap
    return np.concatenate(parts)
