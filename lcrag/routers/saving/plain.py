"""Settings and states as dicts, lists, arrays and estimators, and back by their type hints.

A file names no class but routers': what a dict in it becomes is what the router's class declares.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import numpy as np
from pydantic import TypeAdapter, ValidationError

from lcrag.errors import LcragError
from lcrag.routers.learning.router import ReplayableRouter


def encode(value: Any, hint: Any, where: str, router: Callable[[ReplayableRouter, str], Any]) -> Any:
    """A value without dataclasses and routers.

    Args:
        value: what to save.
        hint: its declared type.
        where: its place, for messages (``state.scorers``).
        router: makes a dict of a router.

    Raises:
        LcragError: it cannot be saved, or would not come back because its type is not declared.
    """
    if isinstance(value, ReplayableRouter):
        if not _routers(hint):
            raise _undeclared(value, where)
        return router(value, where)
    if is_dataclass(value) and not isinstance(value, type):
        if type(value) not in _dataclasses(hint):
            raise _undeclared(value, where)
        hints = get_type_hints(type(value))
        names = [f.name for f in fields(value)]
        return {n: encode(getattr(value, n), hints[n], f"{where}.{n}", router) for n in names}
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, np.ndarray) and not value.dtype.hasobject:
        return value
    if isinstance(value, Mapping) and all(isinstance(k, str) for k in value):
        inner = _item(hint, dict)
        return {k: encode(v, inner, f"{where}.{k}", router) for k, v in value.items()}
    if isinstance(value, list | tuple):
        inner = _item(hint, tuple)
        return [encode(v, inner, f"{where}.{i}", router) for i, v in enumerate(value)]
    if hasattr(value, "get_params"):
        return value
    raise LcragError(f"A router with {type(value).__name__} in {where} cannot be saved.")


def decode(value: Any, hint: Any, router: Callable[[Mapping[str, Any]], ReplayableRouter]) -> Any:
    """What ``encode`` made, in its declared type again."""
    if isinstance(value, dict):
        if _routers(hint):
            return router(value)
        for kind in _dataclasses(hint):
            hints = get_type_hints(kind)
            return kind(**{k: checked(decode(v, hints[k], router), hints[k], k) for k, v in value.items()})
        return {k: decode(v, _item(hint, dict), router) for k, v in value.items()}
    if isinstance(value, list):
        items = [decode(v, _item(hint, tuple), router) for v in value]
        return tuple(items) if any(_origin(h) is tuple for h in _parts(hint)) else items
    return value


def checked(value: Any, hint: Any, name: str) -> Any:
    """The value of a field, refused if the field is declared as plain values of another type.

    Raises:
        ValueError: names the field.
    """
    if not _is_plain(hint):
        return value
    try:
        return TypeAdapter(hint).validate_python(value)
    except ValidationError as error:
        raise ValueError(f"{name} is {str(value)[:80]!r}") from error


def _is_plain(hint: Any) -> bool:
    if get_origin(hint) in (tuple, list, Union, UnionType):
        return all(_is_plain(part) for part in get_args(hint) if part is not Ellipsis)
    return hint in (str, int, float, bool, NoneType) or get_origin(hint) is Literal


def _undeclared(value: Any, where: str) -> LcragError:
    name = type(value).__name__
    return LcragError(f"A router with {name} in {where} cannot be saved: declare the field's type as {name}.")


def _parts(hint: Any) -> Iterator[Any]:
    """The hint and the members of a union."""
    yield hint
    if get_origin(hint) not in (tuple, list, dict) and not isinstance(hint, type):
        for part in get_args(hint):
            yield from _parts(part)


def _origin(hint: Any) -> Any:
    return get_origin(hint) or hint


def _dataclasses(hint: Any) -> list[type]:
    kinds = [_origin(h) for h in _parts(hint)]
    return [
        k for k in kinds if isinstance(k, type) and is_dataclass(k) and not issubclass(k, ReplayableRouter)
    ]


def _routers(hint: Any) -> bool:
    kinds = [_origin(h) for h in _parts(hint)]
    return any(isinstance(k, type) and issubclass(k, ReplayableRouter) for k in kinds)


def _item(hint: Any, container: type) -> Any:
    """The type of what is in a container: the value of a dict, the item of a tuple or list."""
    for part in _parts(hint):
        origin, args = get_origin(part), [a for a in get_args(part) if a is not Ellipsis]
        if isinstance(origin, type) and args:
            if container is dict and issubclass(origin, Mapping):
                return args[-1]
            if container is tuple and issubclass(origin, tuple | list):
                return args[0]
    return Any
