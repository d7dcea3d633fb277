"""What all strategies that read through a memory share: remembering a document's parts, and finding them again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from lcrag.memory.store import Item, Memory
from lcrag.schema import Passage, Usage
from lcrag.strategies.base import Toolbox

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Make = Callable[[Item, Toolbox], Awaitable[Item]]


async def keep(part: Item, tools: Toolbox) -> Item:
    """Remember a part as it stands."""
    return part


async def remember(
    memory: Memory, parts: Sequence[Item], tools: Toolbox, make: Make = keep, *, embedded: bool = True
) -> Memory:
    """Bring a memory up to date: make what is new, forget what is gone from the document, embed the keys.

    Keys stay unembedded where nobody will search them. Each item is stored as soon as it is made, so that nothing
    is paid for twice after a crash, and a document that grows costs only what is new. Everything ever spent on it
    is booked under ``build``.
    """
    tools.book("build", memory.spent)
    wanted = {part.source for part in parts}
    known = {item.source: item for item in memory.items}
    memory.change(remove=[item.id for source, item in known.items() if source not in wanted])

    async def one(part: Item) -> None:
        item, usage = await tools.metered(lambda own: make(part, own))
        memory.change(add=[item], usage=usage if usage != Usage() else None)

    await asyncio.gather(*(one(part) for part in parts if part.source not in known))
    if embedded:
        await embed(memory, tools)
    return memory


async def embed(memory: Memory, tools: Toolbox) -> None:
    """Embed the keys of items that have no vector yet."""
    if open_ := memory.without_vector():
        vectors, usage = await tools.metered(lambda own: own.embed([i.key or i.text for i in open_], "build"))
        memory.set_vectors([i.id for i in open_], vectors, usage)


def scores(memory: Memory, query: NDArray[np.float32]) -> list[float]:
    """Cosine of a query's unit vector, shape (dimension,), with each item's key, in the order of ``memory.items``."""
    vectors = memory.vectors()
    return [float(s) for s in vectors @ query] if len(vectors) else [0.0] * len(memory.items)


def best_first(scored: Sequence[float]) -> list[int]:
    """Places of the scores, best first; of equal ones the first."""
    return sorted(range(len(scored)), key=lambda i: (-scored[i], i))


def in_time(items: Sequence[Item]) -> list[Item]:
    """Dated items in order of time, then the undated ones as they stand."""
    return sorted(items, key=lambda i: (i.date is None, i.date or "", i.document_id, i.start))


def shown(items: Sequence[Item], form: str = "json") -> str:
    """Items as a prompt shows them, one a line as JSON or as dated paragraphs."""
    if form == "text":
        return "\n\n".join(f"[{i.date}]\n{i.text.strip()}" if i.date else i.text.strip() for i in items)
    rows = [{"date": i.date, "text": i.text} if i.date else {"text": i.text} for i in items]
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows)


def passage(item: Item, score: float = 0.0) -> Passage:
    """An item as evidence."""
    return Passage(item.text, item.document_id, item.start, item.end, score)
