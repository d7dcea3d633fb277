"""A few records of every benchmark in its authors' format, with invented content: loader, then file, then text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any


def jsonl(*records: Mapping[str, Any]) -> str:
    return "".join(f"{json.dumps(record, ensure_ascii=False)}\n" for record in records)


def written(folder: Path, loader: str, only: Iterable[str] = ()) -> Path:
    """The fixture of a loader as files in a folder."""
    for name, text in FIXTURES[loader].items():
        if not only or name in only:
            file = folder / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
    return folder


FIXTURES: dict[str, dict[str, str]] = {
    "lost_in_the_middle": {
        "kv.jsonl": jsonl({"ordered_kv_records": [["k1", "v1"], ["k2", "v2"]], "key": "k2", "value": "v2"}),
        "nq-open-3_total_documents_gold_at_1.jsonl": jsonl(
            {
                "question": "who sells kites",
                "answers": ["Northwind"],
                "ctxs": [
                    {"title": "Lamps", "text": "Southbay sells lamps.", "isgold": False},
                    {"title": "Kites", "text": "Northwind sells kites.", "isgold": True},
                    {"title": "Sails", "text": "Eastcape sells sails.", "isgold": False},
                ],
            }
        ),
    }
}
