"""The manifest of an index on disk, checked before anything that it names is read."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

FORMAT = 1
VECTORS, PASSAGES = "vectors.faiss", "passages.parquet"
_FOLDER = re.compile(r"v\w+")  # beside the manifest, as tempfile names it


def read_manifest(folder: Path) -> dict[str, Any]:
    """What ``DenseStore.save`` wrote, with every key and of the right types.

    Raises:
        ValueError: there is none, it is damaged, or it has another format.
    """
    path = folder / "manifest.json"
    try:
        manifest: Any = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ValueError(f"There is no index in {folder}: {path.name} is missing.") from error
    except OSError as error:
        raise ValueError(f"The index in {folder} cannot be read ({path.name}: {error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise damaged(folder, path.name) from error
    if isinstance(manifest, dict) and manifest.get("format", FORMAT) != FORMAT:
        raise ValueError(
            f"The index in {folder} has format {manifest['format']!r}, not {FORMAT}: build it anew."
        )
    if not _is_complete(manifest):
        raise damaged(folder, path.name)
    return dict(manifest)


def damaged(folder: Path, what: str) -> ValueError:
    """The error for an index that cannot be read; ``what`` says which part of it."""
    return ValueError(f"The index in {folder} is damaged ({what}): build it anew.")


def _is_complete(manifest: Any) -> bool:
    if not isinstance(manifest, dict) or "format" not in manifest:
        return False
    checksums, folder = manifest.get("checksums"), manifest.get("folder")
    numbers = [manifest.get(key) for key in ("dimension", "build_tokens")]
    return (
        isinstance(checksums, dict)
        and set(checksums) == {VECTORS, PASSAGES}
        and all(isinstance(c, str) and c for c in checksums.values())
        and isinstance(folder, str)
        and _FOLDER.fullmatch(folder) is not None
        and all(isinstance(manifest.get(key), str) for key in ("model", "factory"))
        and isinstance(manifest.get("settings", {}), dict)
        and all(isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in numbers)
    )
