"""LaRA: questions of four levels on books, filings and papers, made to compare retrieval with long context."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.beside import text_beside
from lcrag.benchmarks.lara_published import PUBLISHED
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError
from lcrag.schema import Span, Task

LENGTHS = ("32k", "128k")
GENRES = ("book", "financial", "paper")
KINDS = {"location": "location", "reasoning": "reasoning", "comp": "comparison", "hallu": "hallucination"}
FILE = re.compile(rf"({'|'.join(LENGTHS)})_({'|'.join(GENRES)})_({'|'.join(KINDS)})")
SLICES = {  # into how many equal slices a text was cut before a question was written from one or two of them
    ("32k", "location"): 5, ("32k", "reasoning"): 3, ("32k", "comp"): 3,
    ("128k", "location"): 10, ("128k", "reasoning"): 6, ("128k", "comp"): 6,
}  # fmt: skip
BOOK_COMPARISONS = 5  # slices of the long books for comparisons: no pair of theirs names a sixth
_LONG = {
    "book": "Read the book below and answer a question.\n\n{context}\n\nQuestion: {question}\n\nBe concise.",
    "financial": "Read the financial statement below and answer a question \n\n{context}\n\nQuestion: {question}\n\n "
    "Be concise.",
    "paper": "Read the papers below and answer a question \n\n{context}\n\nQuestion: {question}\n\n Be concise.",
}
_RETRIEVED = {
    "book": "Here are some chunks retrieved from a book. Read these chunks to answer a question.\n\n{context}\n\n"
    "Question: {question}\n\nBe concise.",
    "financial": "Here are some chunks retrieved from a financial statement. Read these chunks to answer a question. "
    "\n\n{context}\n\nQuestion: {question}\n\n Be concise.",
    "paper": "Here are some chunks retrieved from some papers. Read these chunks to answer a question.\n\n{context}"
    "\n\nQuestion: {question}\n\n Be concise.",
}


def _task(length: str, genre: str) -> Task:
    return Task(
        f"{length}-{genre}",
        instruction="Be concise.",
        template=_LONG[genre],
        passages_template=_RETRIEVED[genre],
        passage_template="chunk {index}: {text}.\n\n",
        system="You are a helpful assistant",
        metric="lara",
        average=("level", "genre"),
    )


def items(row: Row) -> Iterator[Item]:
    """A question on one text, or on a text with several papers."""
    name = FILE.fullmatch(row.file)
    if name is None:
        raise LcragError(
            f"{row.where}: LaRA's files are named LENGTH_GENRE_LEVEL.jsonl, such as 32k_book_comp.jsonl."
        )
    length, genre, level = name.groups()
    file = row.text("file")
    document = f"{length}/{genre}/{file}"
    text = text_beside(row.path.parent.parent / length / genre / file, row.where)
    order = row.values.get("comp_parts") or row.text("context_order")
    parts = _parts(row, order)
    answerable = level != "hallu"
    yield Item(
        row.text("question"),
        {document: text} if text else {},
        f"{length}-{genre}",
        row.texts("answer"),
        id=f"{level}-{row.number}",
        kind=KINDS[level],
        spans=tuple(_spans(row, document, text, parts, name.groups())) if text and answerable else (),
        answerable=answerable,
        metadata={
            "level": KINDS[level],
            "genre": genre,
            "length": length,
            "context_order": list(parts) if "comp_parts" in row else order,
            "renamed": genre == "book" and level == "comp",
        },
    )


def _parts(row: Row, order: object) -> tuple[int, ...]:
    """The numbers of the slices or papers that the question was written from; none for the whole text."""
    key = "comp_parts" if "comp_parts" in row else "context_order"
    numbers = (
        [] if order == "full" else order if isinstance(order, Sequence) and key == "comp_parts" else [order]
    )
    try:
        return tuple(int(str(n)) for n in numbers)
    except ValueError as error:
        raise row.wrong(key, "the number of a slice, two of them, or 'full'") from error


def _spans(
    row: Row, document: str, text: str, parts: tuple[int, ...], name: tuple[str, ...]
) -> Iterator[Span]:
    for part in parts:
        start, end = _paper(text, part) if name[1] == "paper" else _slice(text, part, *name)
        if not 0 <= start < end <= len(text):
            raise LcragError(f"{row.where}: the text {document!r} has no part {part}.")
        yield Span(document, start, end, text[start:end])


def _paper(text: str, part: int) -> tuple[int, int]:
    end = f"</end of paper {part}>"
    _, found, rest = text.partition(end)
    return text.find(f"<paper {part}>"), len(text) - len(rest) if found else -1


def _slice(text: str, part: int, length: str, genre: str, level: str) -> tuple[int, int]:
    count = BOOK_COMPARISONS if (length, genre, level) == ("128k", "book", "comp") else SLICES[length, level]
    size = len(text) // count
    return part * size, (part + 1) * size


BENCHMARK = Benchmark(
    name="lara",
    title="LaRA",
    paper="Li et al. 2025, arXiv 2502.09977",
    licence="MIT (questions); the texts have their own licences, 11 of 40 books are probably in copyright",
    source="github.com/Alibaba-NLP/LaRA",
    files=("datasets/query/*.jsonl", "query/*.jsonl"),
    tasks={task.name: task for length in LENGTHS for genre in GENRES for task in [_task(length, genre)]},
    items=items,
    counts={
        "32k-book": 238, "32k-financial": 471, "32k-paper": 178,
        "128k-book": 658, "128k-financial": 295, "128k-paper": 486,
    },
    published=PUBLISHED,
    status="real files",
    note="Load one length at a time, as the paper reports them: a level's score is the mean of its genres, the overall "
    "score the mean of the levels. The authors score by a judge: take the metric `correctness` with the rubric `lara`; "
    "without one, location is scored by token recall and hallucination by refusals, the others not at all. "
    "Evidence is the slice of the text, or the paper, that a question was written from, far more than a passage. "
    "The 118 comparisons on books (metadata `renamed`) ask with the original names, the texts have others: retrieval "
    "cannot find them, so report comparisons without books as well. The authors cut long context in the middle at "
    "127,000 tokens.",
)  # fmt: skip


def load_lara(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """LaRA (Li et al. 2025, arXiv 2502.09977): location, reasoning, comparison and hallucination.

    Ids are those of the published answers (``import_lara``).

    Args:
        path: The folder of the authors' repository, with ``datasets``.
        tasks: ``32k-book``, ``32k-financial``, ``32k-paper``, ``128k-book``, ...; empty for all.
        limit: The first so many questions of each task.
        prompt: ``official`` asks in the authors' words to the letter.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
