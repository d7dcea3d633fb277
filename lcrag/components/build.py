"""Making a component from YAML; unknown keys are refused before anything is spent."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, ForwardRef, Union, get_args, get_origin

from pydantic import PydanticUserError, TypeAdapter, ValidationError

from lcrag.components.find import find, names
from lcrag.components.kinds import KINDS
from lcrag.errors import LcragError, did_you_mean


def check_keys(given: Mapping[str, Any], known: list[str], where: str) -> None:
    """Refuse unknown keys.

    Raises:
        LcragError: names the key, where it stands and the nearest known one.
    """
    for key in given:
        if key not in known:
            raise LcragError(f"{where}: unknown key {key!r}; {did_you_mean(str(key), known)}")


def build(
    kind: str,
    spec: Any,
    where: str,
    given: Mapping[str, Any] | None = None,
    folder: Path | None = None,
) -> Any:
    """Make a component from ``name`` or ``{type: name, key: value, ...}``.

    Args:
        kind: a key of ``KINDS``.
        spec: what stands in the YAML; ``type`` is anything that ``find`` knows.
        where: its place, for messages (``demo.yaml: strategies[2]``).
        given: values for parameters that the YAML leaves out, such as the shared embedder.
        folder: what paths are relative to: of a component's file, and of parameters that are a ``Path``.

    Raises:
        LcragError: unknown type or key, a missing key, or a value of the wrong kind.
    """
    spec = {"type": spec} if isinstance(spec, str) else spec
    if not isinstance(spec, Mapping) or not isinstance(spec.get("type"), str):
        raise LcragError(
            f"{where}: give a {kind} as its name or as a mapping with `type`, one of {', '.join(names(kind))}."
        )
    name = spec["type"]
    try:
        target = find(kind, name, folder)
    except LcragError as error:
        raise LcragError(f"{where}: {error}") from error
    parameters = {k: p for k, p in inspect.signature(target).parameters.items() if k[0] != "_"}
    where = f"{where} ({name})"
    check_keys({k: v for k, v in spec.items() if k != "type"}, list(parameters), where)
    hints = hints_of(target, parameters)
    values = {k: v for k, v in (given or {}).items() if k in parameters}
    for key, value in spec.items():
        if key != "type":
            values[key] = _value(value, hints[key], f"{where}.{key}", given, folder)
    for key, parameter in parameters.items():
        if parameter.default is inspect.Parameter.empty and key not in values:
            raise LcragError(f"{where}: the key {key!r} is missing.")
    try:
        return target(**values)
    except ValueError as error:
        raise LcragError(f"{where}: {error}") from error


def hints_of(target: Any, parameters: Mapping[str, inspect.Parameter]) -> dict[str, Any]:
    """Types of the parameters; one that cannot be resolved is ``Any``.

    A dataclass's are written in the terms of the modules of its bases.
    """
    known: dict[str, Any] = {}
    for base in reversed(target.__mro__) if inspect.isclass(target) else [target]:
        known |= vars(sys.modules[base.__module__])
    return {key: _resolved(p.annotation, known) for key, p in parameters.items()}


def _resolved(annotation: Any, known: dict[str, Any]) -> Any:
    if annotation is inspect.Parameter.empty:
        return Any
    text = annotation.__forward_arg__ if isinstance(annotation, ForwardRef) else annotation
    try:
        return eval(text, known) if isinstance(text, str) else text
    except NameError:
        return Any


def _value(value: Any, hint: Any, where: str, given: Mapping[str, Any] | None, folder: Path | None) -> Any:
    kind = next((k for c in _classes(hint) for k in KINDS if _is_of(c, k)), None)
    if kind is None:
        return _checked(value, hint, where, folder)
    if value is None and NoneType in _classes(hint):
        return None
    wants_list = _holds_many(hint)
    if value is None or isinstance(value, list) != wants_list:
        one = f"one {kind}" if value is None else f"one {kind}, not a list,"
        expected = "a list" if wants_list else one
        raise LcragError(f"{where}: {expected} is expected.")
    if wants_list:
        return tuple(build(kind, x, f"{where}[{i}]", given, folder) for i, x in enumerate(value))
    return build(kind, value, where, given, folder)


def _holds_many(hint: Any) -> bool:
    """Whether a parameter takes several components: ``tuple[Strategy, ...]``, ``Sequence[Strategy] | None``."""
    origin = get_origin(hint)
    if inspect.isclass(origin) and issubclass(origin, Sequence):
        return True
    return origin in (Union, UnionType) and any(map(_holds_many, get_args(hint)))


def _classes(hint: Any) -> Iterator[type]:
    """The classes in a hint: ``tuple[Strategy, ...]`` and ``Strategy | None`` hold ``Strategy``."""
    if inspect.isclass(hint):
        yield hint
    for part in get_args(hint):
        yield from _classes(part)


def _is_of(candidate: type, kind: str) -> bool:
    """Whether a parameter of this class is a component: a class or protocol of one of the kind's rooms.

    A protocol of another room counts if its name ends with the kind's: retrievers have their own ``Embedder``.
    """
    room = candidate.__module__.rpartition(".")[0]
    in_room = any(room == r or room.startswith(f"{r}.") for r in KINDS[kind].rooms)
    by_name = getattr(candidate, "_is_protocol", False) and candidate.__name__.endswith(kind.capitalize())
    has_member = KINDS[kind].member in {*dir(candidate), *getattr(candidate, "__annotations__", {})}
    return (in_room or by_name) and has_member


def _checked(value: Any, hint: Any, where: str, folder: Path | None) -> Any:
    try:
        checked = TypeAdapter(hint).validate_python(value)
    except PydanticUserError as error:
        raise LcragError(f"{where}: it cannot be given in YAML, only in Python.") from error
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ").rstrip(".")
        raise LcragError(f"{where}: {value!r} does not fit: {message}.") from error
    return folder / checked if isinstance(checked, Path) and folder is not None else checked
