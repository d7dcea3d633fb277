"""The order of retrieved passages in a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from retrievers.passage import Passage

Order = Literal["score", "reversed", "document", "sides"]


def ordered(passages: Sequence[Passage], order: Order) -> list[Passage]:
    """Passages, given best first, in one of four orders.

    ``score``: best first. ``reversed``: best last, next to the question. ``document``: as in the text (OP-RAG,
    Yu et al. 2024, arXiv 2409.01666, section 3). ``sides``: the best at both ends, the worst in the middle
    (Jin et al. 2024, arXiv 2410.05983, section 4).

    Raises:
        ValueError: the order is unknown.
    """
    if order == "score":
        return list(passages)
    if order == "reversed":
        return list(passages)[::-1]
    if order == "document":
        return sorted(passages, key=lambda p: (p.document_id, p.start))
    if order == "sides":
        return [*passages[::2], *passages[1::2][::-1]]
    raise ValueError(f"order must be score, reversed, document or sides, not {order!r}.")
