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

_NEEDLE = "One of the special magic numbers for tall-lamp is: 1234567."
FIXTURES["ruler"] = {
    "4096/data/niah_single_1/validation.jsonl": jsonl(
        {
            "index": 7,
            "input": "A special magic number is hidden within the following text. Make sure to memorize it. I will quiz "
            f"you about the number afterwards.\nThe grass is green. {_NEEDLE} The sky is blue.\nWhat is the special "
            "magic number for tall-lamp mentioned in the provided text?",
            "outputs": ["1234567"],
            "length": 90,
            "answer_prefix": " The special magic number for tall-lamp mentioned in the provided text is",
        }
    ),
    "8192/data/niah_single_1/validation.jsonl": jsonl(
        {
            "index": 7,
            "input": "[INST] A special magic number is hidden within the following text. Make sure to memorize it. I will "
            f"quiz you about the number afterwards.\nThe sun is yellow. {_NEEDLE}\nWhat is the special magic number for "
            "tall-lamp mentioned in the provided text? [/INST] The special magic number for tall-lamp mentioned in the "
            "provided text is",
            "outputs": ["1234567"],
            "length": 95,
        }
    ),
    "4096/data/cwe/validation.jsonl": jsonl(
        {
            "index": 0,
            "input": "Below is a numbered list of words. In these words, some appear more often than others. Memorize the "
            "ones that appear most often.\n1. fig 2. fig\nQuestion: What are the 10 most common words in the above list? "
            "Answer: The top 10 words that appear most often in the list are: 1. fig\nBelow is a numbered list of words. In "
            "these words, some appear more often than others. Memorize the ones that appear most often.\n1. oak 2. elm 3. "
            "oak\nQuestion: What are the 10 most common words in the above list? Answer: The top 10 words that appear most "
            "often in the list are:",
            "outputs": ["oak", "elm"],
            "length": 120,
        }
    ),
    "4096/data/qa_1/validation.jsonl": jsonl(
        {
            "index": 0,
            "input": "Answer the question based on the given documents. Only give me the answer and do not output any other "
            "words.\n\nThe following are given documents.\n\nDocument 1:\nThe stand seated 3,677 people.\n\nAnswer the "
            "question based on the given documents. Only give me the answer and do not output any other words.\n\n"
            "Question: How many seats has it? Answer:",
            "outputs": ["3,677 seated", "3677"],
            "length": 70,
        }
    ),
}
