"""Everything that an application needs but its model's weights, in one folder that can be moved."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError, reason
from lcrag.schema import Document, Question, Span

PACKED = "dataset.json"
_OWN = re.compile(r"(?P<file>.+\.py):\w+")  # a component of the user's own


def pack(spec: dict[str, Any], where: Path, dataset: Dataset, folder: Path) -> dict[str, Any]:
    """Write the documents and demonstrations, and the files of the user's own components, into a folder.

    Args:
        spec: the configuration of the run.
        where: the folder that file paths in it are relative to.
        dataset: the run's dataset; its questions are left out.
        folder: where everything goes.

    Returns:
        The configuration without its dataset, with file paths that are relative to ``folder`` or absolute.

    Raises:
        LcragError: a file of a component is missing.
    """
    content = {
        "name": dataset.name,
        "documents": [asdict(d) for d in dataset.documents],
        "demonstrations": [d.asked() for d in dataset.demonstrations],
    }
    (folder / PACKED).write_text(json.dumps(content, default=str), "utf-8")
    moved = {k: v for k, v in spec.items() if k not in {"dataset", "output", "mlflow", "routers", "executor"}}
    for text in set(_texts(moved)):
        if match := _OWN.fullmatch(text):
            file = where / match["file"]
            if not file.is_file():
                raise LcragError(f"{file}: there is no such file with the component {text!r}.")
            shutil.copy(file, folder / file.name)
            moved = _replaced(moved, text, text.replace(match["file"], f"./{file.name}"))
        elif "/" in text and (where / text).exists():
            moved = _replaced(moved, text, str((where / text).resolve()))
    return moved


def unpacked(path: Path) -> Dataset:
    """The dataset that ``pack`` wrote.

    Raises:
        LcragError: the file is damaged.
    """
    try:
        content = json.loads(path.read_text("utf-8"))
        return Dataset(
            content["name"],
            tuple(Document(**d) for d in content["documents"]),
            (),
            tuple(
                Question(**{**d, "evidence": tuple(Span(**s) for s in d["evidence"])})
                for d in content["demonstrations"]
            ),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise LcragError(f"{path} is damaged ({reason(error)}): export the run again.") from error


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)


def _replaced(value: Any, old: str, new: str) -> Any:
    if isinstance(value, dict):
        return {k: _replaced(v, old, new) for k, v in value.items()}
    if isinstance(value, list):
        return [_replaced(v, old, new) for v in value]
    return new if value == old else value
