"""Late chunking: read the whole document first, then pool its token states chunk by chunk.

Günther et al. 2024, arXiv 2409.04701, section 3: a chunk's vector is the mean of the states of its tokens, so
that each chunk has seen the document. A document longer than the window is read in overlapping windows, and the
states in an overlap are taken from the earlier window ("long late chunking", section 3.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from embedders.base import unit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from embedders.encoder import Encoder


def pool_spans(
    encoder: Encoder, text: str, spans: Sequence[tuple[int, int]], overlap: int
) -> NDArray[np.float32]:
    """Unit vectors of the chunks of one document, shape (spans, dimension).

    Args:
        encoder: A loaded model that pools by the mean; its extension and window apply to the document.
        text: The document.
        spans: The chunks as (start, end) offsets into ``text``.
        overlap: Tokens that neighbouring windows of a long document share.

    Raises:
        ValueError: the model does not pool by the mean, or a span contains no token.
    """
    import numpy as np

    if encoder.pooling != "mean":
        raise ValueError(
            f"Late chunking needs a model that pools by the mean, not by {encoder.pooling or 'other means'!r}."
        )
    encoding = encoder.tokenise([text], return_offsets_mapping=True)
    ids, offsets = encoding["input_ids"][0], encoding["offset_mapping"][0]
    states, _ = token_states(encoder, ids, overlap)
    starts = np.array([s for s, _ in offsets])
    ends = np.array([e for _, e in offsets])
    rows = []
    for start, end in spans:
        inside = (starts < end) & (ends > start)
        if not inside.any():
            raise ValueError(f"The chunk {start}-{end} contains no token: leave blank chunks out.")
        rows.append(states[inside].mean(axis=0))
    return unit(np.stack(rows).astype(np.float32) if rows else np.zeros((0, states.shape[1]), np.float32))


def token_states(encoder: Encoder, ids: list[int], overlap: int) -> tuple[NDArray[np.float32], int]:
    """Token states of a text of any length, shape (tokens, dimension), and the tokens that the model read for them."""
    import numpy as np

    extra = encoder.window - encoder.room
    longest = encoder.piece or encoder.window
    room = longest - extra
    if len(ids) <= room:
        return encoder.states(ids), len(ids) + extra
    overlap = min(overlap, room // 2)
    parts = [encoder.states(ids[:room])]
    tokens = longest
    at = room
    while at < len(ids):
        window = ids[at - overlap : at - overlap + room]
        parts.append(encoder.states(window)[overlap:])
        tokens += len(window) + extra
        at += room - overlap
    return np.concatenate(parts), tokens
