"""What is built once for all questions on the same documents, with its cost."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lcrag.errors import LcragError, reason
from lcrag.files import write_atomically
from lcrag.schema import READER_ROLES, Ledger, Usage

if TYPE_CHECKING:
    from lcrag.strategies.base import Toolbox

logger = logging.getLogger(__name__)


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

    A damaged file is built again, and a sentence says so in ``tools.shared.notices``.

    Args:
        key: Names what is built and with which settings; a hash of it is the file's name.
        build: Builds it with the toolbox that it is given.
        tools: A new toolbox, with an empty ledger.
        folder: Where it is kept as JSON; ``None`` where it is not kept.

    Raises:
        LcragError: the file cannot be read or written.
    """
    if folder is None:
        return await _built(build, tools)
    file = folder / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.json"
    try:
        stored = _load(file, key)
    except OSError as error:
        raise LcragError(
            f"{file} cannot be read ({error.strerror}): make it readable, or remove it and pay for it again."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        notice = f"{file} is damaged ({reason(error)}): what it held is built again."
        logger.warning(notice)
        tools.shared.notices.append(notice)
        stored = None
    if stored is not None:
        return stored
    built = await _built(build, tools)
    write_atomically(file, json.dumps({"key": key, **asdict(built)}))
    return built


def _load(file: Path, key: str) -> Built | None:
    """What the file holds; ``None`` without a file, and for one of an older lcrag that did not tell costs apart."""
    try:
        stored = json.loads(file.read_bytes())
    except FileNotFoundError:
        return None
    if stored["key"] != key:
        raise ValueError("it is the file of another build")
    if "entries" not in stored["cost"]:
        return None
    cost = Ledger.from_plain(stored["cost"])
    _ = cost.total  # an amount that is not a number cannot be added
    return Built(stored["result"], cost, tuple(map(str, stored["parts"])))


async def _built(build: Callable[[Toolbox], Awaitable[Any]], tools: Any) -> Built:
    result = await build(tools)
    return Built(result, tools.ledger, tuple(sorted(tools.builds)))
