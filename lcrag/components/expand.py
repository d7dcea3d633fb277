"""A component of which a setting has several values: one component for each."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin

from lcrag.components.build import hints_of
from lcrag.components.find import find
from lcrag.errors import LcragError

MAX_VALUES = 50  # of one component; more are most likely a mistake


def expanded(kind: str, spec: Any, where: str, folder: Path | None = None) -> list[Any]:
    """``{type: chunked_retrieval, k: [3, 5]}`` as two components, named ``chunked_retrieval-k3`` and ``-k5``.

    Only a setting that takes one number or word has several values so; one that takes a list keeps it. Several such
    settings are combined.

    Args:
        kind: a key of ``KINDS`` whose components have a ``name``.
        spec: what stands in the YAML.
        where: its place, for messages.
        folder: what paths are relative to.

    Raises:
        LcragError: no value, the same one twice, or too many.
    """
    if not isinstance(spec, Mapping) or not isinstance(spec.get("type"), str):
        return [spec]
    if not any(isinstance(value, list) for value in spec.values()):
        return [spec]
    try:
        target = find(kind, spec["type"], folder)
    except LcragError:
        return [spec]  # building it says what is wrong
    parameters = {k: p for k, p in inspect.signature(target).parameters.items() if k[0] != "_"}
    hints = hints_of(target, parameters)
    several = {k: v for k, v in spec.items() if isinstance(v, list) and k in hints and _takes_one(hints[k])}
    for key, values in several.items():
        if not values or len({str(v) for v in values}) < len(values):
            raise LcragError(f"{where}.{key}: give one or more values, each of them once.")
    choices = [dict(zip(several, values, strict=True)) for values in product(*several.values())]
    if len(choices) > MAX_VALUES:
        raise LcragError(
            f"{where}: {len(choices)} combinations are more than {MAX_VALUES}: give fewer values."
        )
    base = str(spec.get("name", spec["type"].rpartition(":")[2]))
    return [
        {**spec, **chosen, "name": "-".join([base, *(f"{k}{v}" for k, v in chosen.items())])}
        if chosen
        else spec
        for chosen in choices
    ]


def _takes_one(hint: Any) -> bool:
    """Whether a parameter takes one number, word or truth value, or nothing."""
    if get_origin(hint) in (Union, UnionType):
        return all(map(_takes_one, get_args(hint)))
    return hint in (int, float, str, bool, NoneType) or get_origin(hint) is Literal
