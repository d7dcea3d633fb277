"""The name of a router's class in a file, and the class of a name, without importing what nobody has named."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from lcrag.components.find import find
from lcrag.errors import LcragError
from lcrag.routers.learning.router import ReplayableRouter

Trusted = Sequence[str | type]
ROOM = "lcrag.routers"


def name_of(kind: type) -> str:
    """The name in YAML of this project's router; ``module:Class`` or ``file.py:Class`` of any other."""
    module = kind.__module__
    room, _, name = module.rpartition(".")
    if room == ROOM:
        return name
    file = getattr(sys.modules.get(module), "__file__", None)
    from_file = module.startswith("lcrag_own_")  # what lcrag.components.find names the modules of files
    return f"{Path(file).name if from_file and file else module}:{kind.__qualname__}"


def class_of(name: str, trusted: Trusted, path: Path) -> type[ReplayableRouter]:
    """The class of a router.

    Args:
        name: as ``name_of`` made it.
        trusted: classes, or their names (``module:Class``, ``./file.py:Class``); a file is found by its name alone,
            so that it may lie elsewhere than when the router was saved.
        path: the router file, for messages.

    Raises:
        LcragError: it is not this project's and not trusted, or it is not a router that can be saved.
    """
    kind: object = None
    if name.isidentifier() and find_spec(f"{ROOM}.{name}") is not None:
        kind = find("router", name)
    for entry in trusted:
        if isinstance(entry, type) and name_of(entry) == name:
            kind = entry
        elif isinstance(entry, str) and ":" in entry and _same(entry, name):
            kind = find("router", entry)
    if kind is None:
        raise LcragError(
            f"{path} holds a router of the class {name!r}, which is not one of lcrag's: name it in `trusted` if you "
            "trust its code."
        )
    if not isinstance(kind, type) or not issubclass(kind, ReplayableRouter):
        raise LcragError(f"{path} holds a router of the class {name!r}, which is not one that can be saved.")
    return kind


def estimator_names(trusted: Trusted) -> set[str]:
    """The trusted entries as skops names types: ``package.module.Class``."""
    names = {f"{e.__module__}.{e.__qualname__}" if isinstance(e, type) else e for e in trusted}
    return {n.replace(":", ".") for n in names}


def _same(entry: str, name: str) -> bool:
    place, _, attribute = entry.rpartition(":")
    return f"{Path(place).name if place.endswith('.py') else place}:{attribute}" == name
