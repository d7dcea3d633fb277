"""Storing a document's parts in a memory and finding them again: shared by the strategies with memories."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from lcrag.memory.store import Item, Memory
from lcrag.schema import Passage
from lcrag.strategies.base import Toolbox

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Make = Callable[[Item, Toolbox], Awaitable[Item]]


async def unchanged(part: Item, tools: Toolbox) -> Item:
    """Store a part as it is."""
    return part


async def remember(
    memory: Memory, parts: Sequence[Item], tools: Toolbox, make: Make = unchanged, *, embedded: bool = True
) -> Memory:
    """Update a memory: make items from new parts, remove items whose part is gone, embed the keys.

    Each item is stored as soon as it is made, so that nothing is paid for twice after a crash, and a document that
    grows costs only its new parts. The cost of the whole memory, earlier runs included, is recorded under ``build``.

    Args:
        memory: what to update.
        parts: the document's parts as items.
        tools: the toolbox of the build.
        make: makes the item to store from a part.
        embedded: whether to embed the keys; not needed for a memory that is never searched.
    """
    tools.book(memory.spent)
    sources = {part.source for part in parts}
    stored = {item.source: item for item in memory.items}
    memory.change(remove=[item.id for source, item in stored.items() if source not in sources])

    async def one(part: Item) -> None:
        item, cost = await tools.metered(lambda inner: make(part, inner))
        memory.change(add=[item], cost=cost)

    await asyncio.gather(*(one(part) for part in parts if part.source not in stored))
    if embedded:
        await embed(memory, tools)
    return memory


async def embed(memory: Memory, tools: Toolbox) -> None:
    """Embed the keys of items that have no vector yet."""
    if missing := memory.without_vector():
        vectors, cost = await tools.metered(
            lambda inner: inner.embed([i.key or i.text for i in missing], "build")
        )
        memory.set_vectors([i.id for i in missing], vectors, cost)


def scores(memory: Memory, query: NDArray[np.float32]) -> list[float]:
    """Cosine of a query's unit vector, shape (dimension,), with each item's key, in the order of ``memory.items``."""
    vectors = memory.vectors()
    return [float(s) for s in vectors @ query] if len(vectors) else [0.0] * len(memory.items)


def best_first(scored: Sequence[float]) -> list[int]:
    """Positions of the scores from best to worst; of equal scores the first comes first."""
    return sorted(range(len(scored)), key=lambda i: (-scored[i], i))


def by_date(items: Sequence[Item]) -> list[Item]:
    """Items by date; undated items come last, in the order of their documents."""
    return sorted(items, key=lambda i: (i.date is None, i.date or "", i.document_id, i.start))


def items_block(items: Sequence[Item], form: str = "json") -> str:
    """Items for a prompt: one JSON object per line, or dated paragraphs with ``form="text"``."""
    if form == "text":
        return "\n\n".join(f"[{i.date}]\n{i.text.strip()}" if i.date else i.text.strip() for i in items)
    rows = [{"date": i.date, "text": i.text} if i.date else {"text": i.text} for i in items]
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)


def passage(item: Item, score: float = 0.0) -> Passage:
    """An item as evidence."""
    return Passage(item.text, item.document_id, item.start, item.end, score)
