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


FIXTURES: dict[str, dict[str, str]] = {}

_INN = "Hartman keeps the inn. The road is long. The bridge is old. The mill is shut. The frost is hard."
FIXTURES["lara"] = {
    "datasets/32k/book/The Inn.txt": _INN,
    "datasets/32k/paper/32k_paper_0.md": "<paper 0>\n# Kites\nKites fly.\n</end of paper 0>\n<paper 1>\n# Lamps\n"
    "Lamps shine.\n</end of paper 1>\n",
    "datasets/query/32k_book_location.jsonl": jsonl(
        {
            "type": "novelette_fake",
            "level": "location",
            "length": "32k",
            "file": "The Inn.txt",
            "context_order": 0,
            "question": "Who keeps the inn?",
            "answer": "Hartman keeps the inn.",
        },
        {
            "type": "novelette_fake",
            "level": "location",
            "length": "32k",
            "file": "Lost.txt",
            "context_order": 1,
            "question": "Who is lost?",
            "answer": "Nobody.",
        },
    ),
    "datasets/query/32k_book_hallu.jsonl": jsonl(
        {
            "type": "book",
            "level": "hallu",
            "length": "32k",
            "file": "The Inn.txt",
            "context_order": "full",
            "question": "Who built the bridge?",
            "answer": "The text does not say who built the bridge.",
        }
    ),
    "datasets/query/32k_paper_comp.jsonl": jsonl(
        {
            "type": "paper",
            "level": "comp",
            "length": "32k",
            "file": "32k_paper_0.md",
            "comp_parts": [0, 1],
            "question": "How do the things in paper 0 and paper 1 differ?",
            "answer": "Kites fly, lamps shine.",
        }
    ),
}

FIXTURES["nocha"] = {
    "books_txt/the_inn.txt": _INN,
    "data_sample/data_sample.json": json.dumps(
        [
            {
                "book_title": "the_inn",
                "claim": f"{name} keeps the inn.",
                "type": truth,
                "index": 7,
                "length": 24,
                "genre": "historical",
                "length_group": "below 75k",
                "response-gpt4o": "<answer>TRUE</answer>",
            }
            for name, truth in (("Hartman", True), ("Gordon", False))
        ]
    ),
}

FIXTURES["squality"] = {
    "data/v1-3/txt/test.jsonl": jsonl(
        {
            "metadata": {"passage_id": "7", "uid": "u", "license": "none"},
            "document": _INN,
            "questions": [
                {
                    "question_text": "What is the plot of the story?",
                    "question_number": 1,
                    "responses": [
                        {"worker_id": str(i), "uid": str(i), "response_text": f"{text} "}
                        for i, text in enumerate(
                            ["An inn is kept.", "A mill is shut.", "It freezes.", "A road goes on."]
                        )
                    ],
                }
            ],
        }
    )
}

FIXTURES["lost_in_the_middle"] = {
    "qa_data/nq-open-oracle.jsonl": jsonl(
        *(
            {
                "question": f"who keeps the {place}",
                "answers": [keeper],
                "ctxs": [{"title": place.title(), "text": f"{keeper} keeps the {place}.", "isgold": True}],
            }
            for place, keeper in (
                ("inn", "Hartman"),
                ("mill", "Gordon"),
                ("bridge", "Hartman"),
                ("well", "Moss"),
            )
        )
    ),
    "kv_retrieval_data/kv-retrieval-2_keys.jsonl": jsonl(
        {"ordered_kv_records": [["k1", "v1"], ["k2", "v2"], ["k3", "v3"]], "key": "k2", "value": "v2"}
    ),
}
