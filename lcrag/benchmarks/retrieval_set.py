"""Retrieval sets as data sets: every query is a question on the whole corpus, its relevant documents are evidence."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item
from lcrag.benchmarks.records import files_of, rows_of
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError, did_you_mean
from lcrag.schema import Document, Question, Span
from lcrag.tables import many


@dataclass
class Corpus:
    """One task of a retrieval set, as its files have it.

    Attributes:
        texts: The documents by id.
        queries: The queries by id.
        grades: For each query the relevant documents with their grades, at least 1.
        metadata: Whatever else is known of its questions.
    """

    texts: dict[str, str] = field(default_factory=dict)
    queries: dict[str, str] = field(default_factory=dict)
    grades: dict[str, dict[str, int]] = field(default_factory=dict)
    metadata: dict[str, object] = field(default_factory=dict)


def retrieval_dataset(
    benchmark: Benchmark,
    corpora: Iterable[tuple[str, str, Corpus]],
    *,
    folder: Path,
    limit: int | None = None,
    documents: int | None = None,
    seed: int = 0,
) -> Dataset:
    """Every query as a question on all documents of its corpus.

    Args:
        benchmark: Its description.
        corpora: Task, name and content of each corpus, one after the other. A query without a relevant document
            is left out and counted.
        folder: Where the files lie, for messages.
        limit: The first so many queries of each corpus.
        documents: Maximum number of documents of a corpus: the relevant ones, then others at random.
        seed: Seeds that choice.

    Raises:
        LcragError: a relevant document is missing, or there is no query at all.
    """
    all_documents: list[Document] = []
    questions: list[Question] = []
    without = 0
    for task, name, corpus in corpora:
        ids = [q for q in corpus.queries if corpus.grades.get(q)]
        without += len(corpus.queries) - len(ids)
        ids = ids[:limit]
        relevant = {d for q in ids for d in corpus.grades[q]}
        if missing := sorted(relevant - set(corpus.texts)):
            raise LcragError(
                f"{folder}: {benchmark.title}, {name}: the relevant document {missing[0]!r} is not there."
            )
        kept = _kept(corpus.texts, relevant, documents, f"{seed} {name}")
        all_documents += [Document(f"{name}/{d}", corpus.texts[d]) for d in kept]
        document_ids = tuple(f"{name}/{d}" for d in kept)
        for query in ids:
            grades = {f"{name}/{d}": grade for d, grade in corpus.grades[query].items()}
            spans = (
                (id, corpus.texts[d]) for id, d in zip(grades, corpus.grades[query], strict=True)
            )  # whole documents
            questions.append(
                Question(
                    f"{name}-{query}",
                    corpus.queries[query],
                    document_ids,
                    kind=task,
                    evidence=tuple(Span(id, 0, len(text), text) for id, text in spans),
                    metadata={"task": task, "relevance": grades, **corpus.metadata},
                    task=benchmark.tasks[task],
                )
            )
    if not questions:
        raise LcragError(f"{folder}: {benchmark.title} has no query with a relevant document there.")
    notices = [
        f"{benchmark.title}: {many(without, 'query', 'queries')} without a relevant document: left out."
    ]
    name = benchmark.name
    found = tuple(all_documents)
    dataset = Dataset(name, found, tuple(questions), notices=tuple(notices[: bool(without)]), benchmark=name)
    dataset.validate()
    return dataset


def check_tasks(benchmark: Benchmark, tasks: Iterable[str]) -> tuple[str, ...]:
    """The tasks that are wanted; all of them if none is named.

    Raises:
        LcragError: there is no such task.
    """
    for name in tasks:
        if name not in benchmark.tasks:
            raise LcragError(
                f"{benchmark.title} has no task {name!r}; {did_you_mean(name, [*benchmark.tasks])}"
            )
    return tuple(tasks) or tuple(benchmark.tasks)


def rows_in(path: Path, pattern: str, title: str) -> Iterator[Row]:
    """The records of the files of that pattern.

    Raises:
        LcragError: there are none, or one cannot be read.
    """
    for file in files_of(path, (pattern, f"{pattern}.gz"), title):
        yield from rows_of(file)


def add(texts: dict[str, str], id: str, text: str, row: Row) -> None:
    """Add a document or a query; an empty text counts as missing.

    Raises:
        LcragError: the id is a duplicate.
    """
    if id in texts:
        raise LcragError(f"{row.where}: the id {id!r} is a duplicate: ids must differ.")
    if text.strip():
        texts[id] = text


def no_items(row: Row) -> Iterator[Item]:
    """A retrieval set is read as a whole, not record by record."""
    return iter(())


def _kept(texts: Mapping[str, str], relevant: set[str], count: int | None, seed: str) -> list[str]:
    if count is None or count >= len(texts):
        return list(texts)
    others = [d for d in texts if d not in relevant]
    drawn = set(random.Random(seed).sample(others, max(0, min(len(others), count - len(relevant)))))
    return [d for d in texts if d in relevant or d in drawn]
