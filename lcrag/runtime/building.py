"""What is built once for all questions on the same documents, with its cost."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lcrag.files import write_atomically
from lcrag.schema import READER_ROLES, Ledger, Usage

if TYPE_CHECKING:
    from lcrag.strategies.base import Toolbox


@dataclass(frozen=True)
class Built:
    """Something that was built.

    Attributes:
        result: What was built, such as an index.
        cost: All that building it took.
        parts: Names of what was built for it on the way, such as an index; its cost is in ``cost``.
    """

    result: Any
    cost: Ledger
    parts: tuple[str, ...] = ()

    @property
    def reader_cost(self) -> Usage:
        """The part of the cost that the language model took, which budgets count."""
        return self.cost.sum(READER_ROLES)


async def build_once(
    key: str, build: Callable[[Toolbox], Awaitable[Any]], tools: Any, folder: Path | None
) -> Built:
    """Build something, or load what an earlier process has built and kept with its cost.

    Args:
        key: Names what is built and with which settings; a hash of it is the file's name.
        build: Builds it with the toolbox that it is given.
        tools: A new toolbox, with an empty ledger.
        folder: Where it is kept as JSON; ``None`` where it is not kept.
    """
    if folder is None:
        return await _built(build, tools)
    file = folder / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.json"
    if file.exists():
        stored = json.loads(file.read_text("utf-8"))
        if (
            "entries" in stored["cost"]
        ):  # else an older lcrag built it, which did not tell reader and embedder apart
            return Built(stored["result"], Ledger.from_plain(stored["cost"]), tuple(stored["parts"]))
    built = await _built(build, tools)
    write_atomically(file, json.dumps({"key": key, **asdict(built)}))
    return built


async def _built(build: Callable[[Toolbox], Awaitable[Any]], tools: Any) -> Built:
    result = await build(tools)
    return Built(result, tools.ledger, tuple(sorted(tools.builds)))
