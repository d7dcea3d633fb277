"""NoLiMa: needles in books that share no word with the question."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from embedders.tokens import CHARS_PER_TOKEN
from lcrag.benchmarks.base import Benchmark, Item, Prompt, Published
from lcrag.benchmarks.beside import text_beside
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError
from lcrag.schema import Span, Task

LENGTHS = {"250": 250, "500": 500, "1k": 1000, "2k": 2000, "4k": 4000, "8k": 8000, "16k": 16000, "32k": 32000}
DEPTHS = 26  # places of the needle, from the beginning to the end
SEED = 42  # the authors' base seed
_SHORT = (
    "Your answer should be short and based on either explicitly stated facts or strong, logical inferences."
)
_ONLY = "Return only the final answer with no additional explanation or reasoning."
_TEMPLATE = (
    "You will answer a question based on the following book snippet:\n\n{context}\n\nUse the information provided in "
    f"the book snippet to answer the question. {_SHORT}\n\nQuestion: {{question}}\n\n {_ONLY}"
)
TASKS = [
    Task(
        name,
        f"{_SHORT} {_ONLY}",
        max_tokens=192,
        template=_TEMPLATE,
        metric="nolima",
        average=("task",),
    )
    for name in LENGTHS
]


def items(row: Row, lengths: tuple[str, ...] = (), limit: int | None = None) -> Iterator[Item]:
    """The needle of a record in every book, at every depth and length, with each of its questions.

    Args:
        row: A record of the needle set.
        lengths: Names of the lengths that are made; empty for all.
        limit: At most so many of each length.
    """
    books = _books(row)
    for length in lengths or LENGTHS:
        for number, item in enumerate(_placed(row, books, length)):
            if limit is not None and number >= limit:
                break
            yield item


def _placed(row: Row, books: list[Path], length: str) -> Iterator[Item]:
    name = row.text("id")
    if not name[:4].isdigit():
        raise row.wrong("id", "a text that begins with four digits")
    for test, values in row.row("tests").values.items():
        arguments = [str(value) for value in _list(row, values, "input_args")]
        for hop, question in row.row("questions").values.items():
            for i, book in enumerate(books):
                needles = _needles(row, values, arguments, SEED + int(name[:4]) + i)
                for depth, (needle, golds) in enumerate(needles):
                    share = depth / (DEPTHS - 1)
                    text, span = _insert(row, book, needle, share, int(LENGTHS[length] * CHARS_PER_TOKEN))
                    yield Item(
                        _filled(str(question), arguments),
                        text,
                        length,
                        golds,
                        f"{name}-{test}-{hop}-{book.stem}-{depth}",
                        kind=str(hop),
                        spans=(span,),
                        metadata={"depth": share, "book": book.stem, "needle": name},
                    )


def _needles(row: Row, values: Any, arguments: list[str], seed: int) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The needle at each depth with its gold answers; the character is drawn as the authors draw it."""
    needle = _filled(row.text("needle"), arguments)
    characters = row.texts("character_set")
    draws = np.random.RandomState(seed)
    for _ in range(DEPTHS):
        if "{CHAR}" not in needle:
            yield needle, tuple(str(gold) for gold in _list(row, values, "gold_answers"))
        elif not characters:
            raise row.wrong("character_set", "a list of names for {CHAR}")
        else:
            character = str(draws.choice(characters))
            yield needle.replace("{CHAR}", character), (character,)


def _filled(text: str, arguments: list[str]) -> str:
    for number, value in enumerate(arguments, 1):
        text = text.replace(f"{{{number}}}", value)
    return text


def _list(row: Row, values: Any, key: str) -> list[Any]:
    value = values.get(key) if isinstance(values, dict) else None
    if not isinstance(value, list):
        raise row.wrong("tests", f"objects with {key}, a list")
    return value


def _insert(row: Row, book: Path, needle: str, share: float, size: int) -> tuple[str, Span]:
    """A piece of the book of so many characters with the needle as a line of its own, at the first line's end after its depth."""  # noqa: E501
    text = text_beside(book, row.where) or ""
    before = round(size * share)
    place = text.find("\n", before) if before else 0
    start = place - before
    if place < 0 or start + size > len(text):
        raise LcragError(f"{book} is too short for a text of {size} characters.")
    head = f"{text[start:place]} "
    tail = text[place + 1 : start + size] if before else text[:size]
    begin = len(head)
    return f"{head}{needle}\n{tail}", Span("", begin, begin + len(needle), needle)


def _books(row: Row) -> list[Path]:
    folder = row.path.resolve().parent.parent / "haystack" / "rand_shuffle"
    books = sorted(folder.glob("*.txt"))
    if not books:
        raise LcragError(
            f"{row.where}: no book is in {folder}; NoLiMa has them beside the folder needlesets."
        )
    return books


_SOURCE = "Modarressi et al. 2025, arXiv 2502.05167, table of results"
BENCHMARK = Benchmark(
    name="nolima",
    title="NoLiMa",
    paper="Modarressi et al. 2025, arXiv 2502.05167",
    licence="Adobe Research License, non-commercial; the books have their own",
    source="amodaresi/NoLiMa on the Hugging Face hub (data/download_NoLiMa_data.sh)",
    files=("**/needle_set.json",),
    tasks={task.name: task for task in TASKS},
    items=items,
    published=(
        Published("GPT-4o, long context (base score 99.3)", {"32k": 69.7}, _SOURCE),
        Published("Llama-3.3-70B, long context (base score 97.3)", {"32k": 42.7}, _SOURCE),
    ),
    note="A task is a length; choose some, for all of them hold two gigabytes of text. The authors count tokens with "
    "each model's tokenizer, here four characters are a token, and they take the books in the order of their disk, "
    "here by name: characters and places differ from theirs. The base score is that of 250, 500 and 1,000 tokens; the "
    "effective length is the longest that keeps 85 % of it. Distractors and needle sets for reasoning are not made.",
)


def load_nolima(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """NoLiMa (Modarressi et al. 2025, arXiv 2502.05167) at lengths from 250 to 32,000 tokens.

    Args:
        path: The folder with the authors' files: ``needlesets`` and ``haystack``.
        tasks: Lengths such as ``4k``; empty for all eight.
        limit: The first so many questions of each length.
        prompt: ``official`` asks in the authors' words to the letter.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    making = partial(items, lengths=tuple(t for t in tasks if t in LENGTHS), limit=limit)
    return load(replace(BENCHMARK, items=making), path, tasks, limit, prompt)
