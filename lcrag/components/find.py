"""Finding a component's class by its name, by ``module:Class``, by ``./file.py:Class``, or by an entry point.

A component of this project is the class in the file of its name, exported by its room: ``long_context`` is what
``lcrag/strategies/long_context.py`` defines and ``lcrag/strategies/__init__.pyi`` lists. Only the file that is asked
for is imported.
"""

from __future__ import annotations

import importlib.util
import pkgutil
import sys
from functools import cache
from hashlib import sha256
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from lcrag.components.kinds import KINDS, Kind
from lcrag.errors import LcragError, did_you_mean


def find(kind: str, name: str, folder: Path | None = None) -> Any:
    """The class of a component, or the function that makes one.

    Args:
        kind: a key of ``KINDS``.
        name: a name from the room, an entry point's name, ``package.module:Class`` or ``./file.py:Class``.
        folder: what a file's path is relative to; default: the current folder.

    Raises:
        LcragError: there is no such component, or it is not of this kind.
    """
    known = KINDS[kind]
    if ":" in name:
        return _from_path(known, name, folder or Path())
    target = _in_rooms(known, name) or _installed(known, name)
    if target is None:
        raise LcragError(f"unknown {kind} {name!r}; {did_you_mean(name, names(kind))}")
    return target


def names(kind: str) -> list[str]:
    """The names of all components of a kind: this project's in order of their names, then installed packages'."""
    known = KINDS[kind]
    files = {m.name for room in known.rooms for m in pkgutil.iter_modules(import_module(room).__path__)}
    ours = sorted(name for name in files if _in_rooms(known, name) is not None)
    return [*ours, *sorted(p.name for p in _entry_points(known) if p.name not in ours)]


@cache
def _in_rooms(kind: Kind, name: str) -> Any:
    """What the file of that name exports through its room; ``None`` if it is not a component of this kind."""
    if name == "base" or not name.isidentifier():
        return None
    for room in map(import_module, kind.rooms):
        if importlib.util.find_spec(f"{room.__name__}.{name}") is None:
            continue
        module = import_module(f"{room.__name__}.{name}")
        exported = [vars(module)[export] for export in room.__all__ if export in vars(module)]
        own = [x for x in exported if getattr(x, "__module__", "") == module.__name__]
        for target in own:
            if kind.accepts(target):
                return target
    return None


def _entry_points(kind: Kind) -> list[EntryPoint]:
    return list(entry_points(group=kind.group))


def _installed(kind: Kind, name: str) -> Any:
    point = next((p for p in _entry_points(kind) if p.name == name), None)
    if point is None:
        return None
    try:
        target = point.load()
    except (ImportError, AttributeError) as error:
        raise LcragError(
            f"The {kind.name} {name!r} of an installed package cannot be loaded: {error}."
        ) from error
    return _checked(kind, target, f"{name} ({point.value})")


def _from_path(kind: Kind, name: str, folder: Path) -> Any:
    place, _, attribute = name.rpartition(":")
    try:
        module = _load_file(folder / place) if place.endswith(".py") else import_module(place)
    except FileNotFoundError as error:
        raise LcragError(f"{name}: there is no file {folder / place}.") from error
    except ImportError as error:
        raise LcragError(f"{name}: {place} cannot be imported ({error}).") from error
    except Exception as error:  # the user's own code may raise anything
        raise LcragError(f"{name}: {place} cannot be imported ({type(error).__name__}: {error}).") from error
    if not hasattr(module, attribute):
        own = [n for n, x in vars(module).items() if getattr(x, "__module__", "") == module.__name__]
        raise LcragError(f"{name}: {place} has no {attribute!r}; {did_you_mean(attribute, own)}")
    return _checked(kind, getattr(module, attribute), name)


def _load_file(path: Path) -> Any:
    """A Python file as a module, executed once for each path."""
    path = path.resolve(strict=True)
    name = f"lcrag_own_{path.stem}_{sha256(str(path).encode()).hexdigest()[:12]}"
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up here
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _checked(kind: Kind, target: Any, name: str) -> Any:
    if not kind.accepts(target):
        raise LcragError(
            f"{name} is not a {kind.name}: it has no `{kind.member}`; see docs/extending.md for an example."
        )
    return target
