"""What is made once for all questions on the same documents, with what it took."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lcrag.files import write_atomically
from lcrag.schema import Usage


@dataclass(frozen=True)
class Made:
    """``what`` was made, its whole ``cost``, and the part of it that was ``read`` by the language model."""

    what: Any
    cost: Usage
    read: Usage


async def made_once(
    name: str, make: Callable[[Any], Awaitable[Any]], tools: Any, folder: Path | None
) -> Made:
    """Make something, or take it from a folder where an earlier process has kept it with its cost.

    Args:
        name: names it; a hash of it is the file's name.
        make: makes it with the toolbox that it is given.
        tools: a toolbox of its own, whose ledger and guard are empty.
        folder: where it is kept as JSON; ``None`` for what is not kept.
    """
    if folder is None:
        return Made(await make(tools), tools.ledger.total, tools.guard.booked)
    file = folder / f"{hashlib.sha256(name.encode()).hexdigest()[:24]}.json"
    if file.exists():
        stored = json.loads(file.read_text("utf-8"))
        usage = stored["usage"]
        return Made(stored["made"], Usage(**usage), Usage(**stored.get("read", usage)))
    made = Made(await make(tools), tools.ledger.total, tools.guard.booked)
    stored = {"key": name, "made": made.what, "usage": asdict(made.cost), "read": asdict(made.read)}
    write_atomically(file, json.dumps(stored))
    return made
