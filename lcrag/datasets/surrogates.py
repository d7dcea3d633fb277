r"""Half surrogate pairs: JSON (``"\ud83d"``) and file names can hold them, text in UTF-8 cannot."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar

T = TypeVar("T")
HALF = re.compile("[\ud800-\udfff]")
REPLACEMENT = "\ufffd"  # one character for one, so that places in the text stay where they are


def whole(value: T) -> T:
    """The value with U+FFFD for each half of a surrogate pair, at any depth; the same object if there is none."""
    return _whole(value)  # type: ignore[no-any-return]


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else HALF.sub(REPLACEMENT, value)
    if isinstance(value, Mapping):
        items = [(_whole(k), _whole(v)) for k, v in value.items()]
        same = all(k is a and v is b for (k, v), (a, b) in zip(items, value.items(), strict=True))
        return value if same else dict(items)
    if isinstance(value, list | tuple):
        members = [_whole(item) for item in value]
        same = all(a is b for a, b in zip(value, members, strict=True))
        return value if same else type(value)(members)
    if is_dataclass(value) and not isinstance(value, type):
        changed = {f.name: _whole(getattr(value, f.name)) for f in fields(value)}
        same = all(getattr(value, name) is item for name, item in changed.items())
        return value if same else replace(value, **changed)
    return value
