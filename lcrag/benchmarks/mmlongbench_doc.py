"""MMLongBench-Doc's text side: questions on long PDF files, of which only the text is read."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.load import load
from lcrag.benchmarks.records import stamp
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.datasets.file_text import read_document
from lcrag.schema import Task

NOT_ANSWERABLE = "Not answerable"


def items(row: Row) -> Iterator[Item]:
    """A question with its document, which lies in ``documents`` beside the file."""
    name = row.text("doc_id")
    if Path(name).name != name:
        raise row.wrong("doc_id", "the name of a file in `documents`")
    folder = row.path.parent / "documents"
    file = next((f for f in (folder / f"{Path(name).stem}.txt", folder / name) if f.is_file()), None)
    if file is None:
        raise row.wrong("doc_id", f"the name of a file in {folder}")
    answer = row.text("answer")
    sources = row.text("evidence_sources", "[]")
    yield Item(
        row.text("question"),
        {name: _text(file, stamp(file))},
        "text",
        (answer,),
        kind=row.text("doc_type", ""),
        answerable=answer != NOT_ANSWERABLE,
        metadata={
            "answer_format": row.text("answer_format", "Str"),
            "evidence_pages": row.text("evidence_pages", "[]"),
            "evidence_sources": sources,
            "in_text": not any(s in sources for s in ("Figure", "Chart")),
        },
    )


@lru_cache(maxsize=4)
def _text(file: Path, _: tuple[int, int]) -> str:
    return read_document(file).text


BENCHMARK = Benchmark(
    name="mmlongbench_doc",
    title="MMLongBench-Doc (text)",
    paper="Ma et al. 2024, arXiv 2407.01523",
    licence="see the repository; the documents' own licences",
    source="github.com/mayubo2333/MMLongBench-Doc (data)",
    files=("**/samples.json",),
    tasks={
        "text": Task(
            "text",
            instruction="Answer in as few words as possible; a list as [a, b]. If the document does not answer the "
            'question, say "Not answerable".',
            allow_decline=True,
            cleaning=("after_answer",),
            metric="mmlongbench_doc",
        )
    },
    items=items,
    counts={"text": 1082},
    note="Of the pages only the text is read, by pypdf; a file NAME.txt beside NAME.pdf is taken instead, which "
    "is needed for scanned documents. Questions whose evidence is a figure or a chart (`in_text` false in "
    "`metadata`) can mostly not be answered so. The authors show page images and cut answers out of replies by "
    "GPT-4o: the figures are not theirs. The keys are from the authors' code; not tried on the authors' files.",
)


def load_mmlongbench_doc(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """MMLongBench-Doc (Ma et al. 2024, arXiv 2407.01523), the documents' text alone.

    Args:
        path: The authors' folder ``data``, with ``documents`` beside ``samples.json``.
        tasks: ``text``; empty for the same.
        limit: The first so many questions.
        prompt: ``official`` is the same as ``lcrag``: the authors ask with pictures.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
