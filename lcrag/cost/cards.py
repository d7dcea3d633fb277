"""Hardware and price cards in YAML, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any

from lcrag.components.yaml_file import read_yaml as read
from lcrag.errors import LcragError, did_you_mean


def read_yaml(path: Path | str) -> Mapping[str, Any]:
    """Read a mapping of cards by name.

    Raises:
        LcragError: the file is missing, is not YAML, or is not a mapping of mappings.
    """
    content = read(path)
    if not isinstance(content, Mapping) or not all(isinstance(v, Mapping) for v in content.values()):
        raise LcragError(f"{path}: cards by name are expected, such as `name: {{key: number}}`.")
    return {str(k): v for k, v in content.items()}


def make_card(card: Any, content: Mapping[str, Any], where: str) -> Any:
    """Make a card, a dataclass of numbers, from a mapping of its fields.

    Args:
        card: the dataclass.
        content: values by field.
        where: file and name of the card, for errors.

    Raises:
        LcragError: an unknown or missing key, or a value that the card refuses.
    """
    names = [f.name for f in fields(card)]
    for key in content:
        if key not in names:
            raise LcragError(f"{where}: unknown key {key!r}; {did_you_mean(str(key), names)}")
    for f in fields(card):
        if f.default is MISSING and f.name not in content:
            raise LcragError(f"{where}: the key {f.name!r} is missing.")
    try:
        return card(**{k: _number(v) for k, v in content.items()})
    except (TypeError, ValueError) as error:
        raise LcragError(f"{where}: {error}.") from error


def _number(value: Any) -> Any:
    """A number written as text, such as ``3e14`` in YAML 1.1, as a float."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value
