"""Cards by name in YAML: hardware and prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

import yaml

from lcrag.errors import LcragError, did_you_mean


def read_yaml(path: Path | str) -> Mapping[str, Any]:
    """A mapping of cards by name.

    Raises:
        LcragError: the file is missing, is not YAML, or holds no mapping.
    """
    try:
        content = yaml.safe_load(Path(path).read_text("utf-8"))
    except FileNotFoundError as error:
        raise LcragError(f"There is no file {path}.") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise LcragError(f"{path} is not YAML: {str(error).splitlines()[0]}.") from error
    if not isinstance(content, Mapping) or not all(isinstance(v, Mapping) for v in content.values()):
        raise LcragError(f"{path}: cards by name are expected, such as `name: {{key: number}}`.")
    return {str(k): v for k, v in content.items()}


def make(card: Any, content: Mapping[str, Any], where: str) -> Any:
    """A dataclass of numbers from a mapping of its fields; ``3e14`` is a number too.

    Raises:
        LcragError: an unknown or missing key, or a value that the card refuses.
    """
    known = [f.name for f in fields(card)]
    for key in content:
        if key not in known:
            raise LcragError(f"{where}: unknown key {key!r}; {did_you_mean(str(key), known)}")
    for f in fields(card):
        if f.default is MISSING and f.name not in content:
            raise LcragError(f"{where}: the key {f.name!r} is missing.")
    try:
        return card(**{k: _number(v) for k, v in content.items()})
    except (TypeError, ValueError) as error:
        raise LcragError(f"{where}: {error}.") from error


def _number(value: Any) -> Any:
    """YAML 1.1 takes ``3e14`` for a text."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def is_number(value: Any) -> bool:
    """A finite number that is no truth value."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < float("inf")
