"""NoCha: pairs of a true and a false claim about a whole novel."""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from lcrag.benchmarks.base import Benchmark, Item, Prompt, Published
from lcrag.benchmarks.beside import text_beside
from lcrag.benchmarks.load import load
from lcrag.benchmarks.records import stamp
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError, reason
from lcrag.schema import Task

BOOKS, PICKLE = "books_txt", "classic_books.pkl"
TEMPLATE = """\
You are provided with a context and a statement. Your task is to carefully read the context and then determine whether \
the statement is true or false.\x20\x20

Answer TRUE if the statement is true in its entirety based on the context provided.
Answer FALSE if any part of the statement is false based on the context provided.

<context>{context}</context>

<statement>{question}</statement>

<question>Based on the context provided, is the above statement TRUE or FALSE?</question>

First provide an explanation of your decision-making process in at most one paragraph, and then provide your final \
answer. Use the following format:
<explanation>YOUR EXPLANATION</explanation>
<answer>YOUR ANSWER</answer>"""
NOCHA = Task(
    "nocha",
    instruction="Answer TRUE if the statement is true in its entirety based on the context provided, FALSE if any part "
    "of it is false. First provide an explanation in at most one paragraph, then the final answer, in this form: "
    "<explanation>YOUR EXPLANATION</explanation> <answer>YOUR ANSWER</answer>",
    max_tokens=600,
    template=TEMPLATE,
    metric="true_false",
    together="pair",
)
_SAMPLE = {  # of the answers that the authors ship with the sample: pair accuracy, pairs whose book fits the window
    "gpt4o": (73.33, 15), "turbo": (66.67, 15), "claude": (50.00, 48), "claude-sonnet": (22.92, 48),
    "gemini": (36.51, 63), "gemini-flash": (23.81, 63), "bm25-gpt4o-top5": (33.33, 63),
    "bm25-gpt4o-top25": (44.44, 63), "bm25-gpt4o-top50": (52.38, 63),
}  # fmt: skip


def items(row: Row) -> Iterator[Item]:
    """A claim about a book."""
    gold = str(row["type"]).upper()
    if gold not in {"TRUE", "FALSE"}:
        raise row.wrong("type", "true or false")
    book = row.text("book_title")
    pair = f"{book}-{row.text('index')}"
    text = _book(row, book)
    yield Item(
        row.text("claim"),
        {book: text} if text else {},
        "nocha",
        (gold,),
        id=f"{pair}-{gold.lower()}",
        kind="claim",
        metadata={
            "pair": pair,
            "genre": row.text("genre", ""),
            "length": row.text("length_group", ""),
            "tokens": row.integer("length", 0),
        },
    )


def _book(row: Row, title: str) -> str | None:
    """The book's text: a text file in ``books_txt`` beside the sample or above it, or in the authors' pickle."""
    folder = row.path.parent
    for place in (folder / BOOKS, folder.parent / BOOKS):
        text = text_beside(place / f"{title}.txt", row.where)
        if text is not None:
            return text
    file = folder / PICKLE
    if not file.is_file():
        return None
    try:
        text = _books(file, stamp(file)).get(title)
    except Exception as error:  # whatever a damaged pickle raises
        raise LcragError(f"{file} is not the authors' pickle of texts ({reason(error)}).") from error
    return text if isinstance(text, str) else None


class _Texts(pickle.Unpickler):
    """Reads plain texts and containers; a pickle that names any class or function is refused."""

    def find_class(self, module: str, name: str) -> Any:
        raise pickle.UnpicklingError(f"it wants to load {module}.{name}")


@lru_cache(maxsize=1)
def _books(file: Path, _: tuple[int, int]) -> dict[str, Any]:
    return dict(_Texts(io.BytesIO(file.read_bytes())).load())


BENCHMARK = Benchmark(
    name="nocha",
    title="NoCha",
    paper="Karpinska et al. 2024, arXiv 2406.16264",
    licence="MIT; the four novels of the sample are in the public domain in the US",
    source="github.com/marzenakrp/nocha (data_sample)",
    files=("data_sample/data_sample.json", "data_sample.json"),
    tasks={"nocha": NOCHA},
    items=items,
    counts={"nocha": 126},
    published=tuple(
        Published(
            f"{name}, {pairs} pairs", {"overall": score}, "answers shipped with the sample, scored by lcrag"
        )
        for name, (score, pairs) in _SAMPLE.items()
    ),
    status="real files",
    note="The released sample: 63 pairs on four novels of 61,000 to 235,000 tokens. A pair counts as right only if "
    "both claims are; by chance that is 25%. The authors ship no scorer: the rules are lcrag's, from their "
    "description. The maximum of 600 tokens is lcrag's.",
)


def load_nocha(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """NoCha (Karpinska et al. 2024, arXiv 2406.16264), the released sample: true and false claims about novels.

    Args:
        path: The folder of the authors' repository, or ``data_sample``; books are read from ``books_txt/TITLE.txt``
            beside it, else from the authors' ``classic_books.pkl``, which is read without running anything in it.
        tasks: ``nocha``.
        limit: The first so many claims.
        prompt: ``official`` asks in the authors' words to the letter.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
