"""The settings of the embedder that made an index, which whoever loads it must have, too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any


def document_settings(embedder: Any) -> dict[str, Any]:
    """The settings of an embedder that its documents' vectors depend on, as plain values.

    These are the fields of its dataclass without private ones and those whose metadata say ``operational`` or
    ``documents: False``; none for an embedder that is not a dataclass.
    """
    if not is_dataclass(embedder):
        return {}
    return {
        f.name: _plain(getattr(embedder, f.name))
        for f in fields(embedder)
        if f.name[0] != "_" and not f.metadata.get("operational") and f.metadata.get("documents", True)
    }


def check_settings(folder: Path, manifest: Mapping[str, Any], embedder: Any) -> None:
    """Refuse an embedder that has the model of the index, but would embed its documents otherwise.

    A setting that the manifest does not name, since a later version has added it, must be at its default. A manifest
    from before settings were recorded has none: all are accepted.

    Raises:
        ValueError: a setting differs.
    """
    if "settings" not in manifest:
        return
    recorded = {f.name: _plain(f.default) for f in fields(embedder)} if is_dataclass(embedder) else {}
    recorded |= manifest["settings"]
    for name, value in document_settings(embedder).items():
        if recorded[name] != value:
            raise ValueError(
                f"The index in {folder} was made with {name}={recorded[name]!r}, not {name}={value!r}: load it with "
                "that setting or build it anew."
            )


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return {"type": type(value).__qualname__, **document_settings(value)}
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return f"{type(value).__module__}.{type(value).__qualname__}"
