"""A benchmark's files as a dataset."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.hub import folder_of
from lcrag.benchmarks.records import files_of, rows_of
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.datasets.evidence import find_quote
from lcrag.datasets.surrogates import whole
from lcrag.errors import LcragError, did_you_mean
from lcrag.schema import Document, Question, Span, Task
from lcrag.tables import many


def load(
    benchmark: Benchmark,
    path: Path | str | None = None,
    tasks: Sequence[str] = (),
    limit: int | None = None,
    prompt: Prompt = "lcrag",
) -> Dataset:
    """Read a benchmark.

    Args:
        benchmark: Its description.
        path: The folder with the authors' files, or one of them; ``hub:owner/name@revision``.
        tasks: The names of the tasks; empty for all.
        limit: The first so many questions of each task; ``None`` for all.
        prompt: ``official`` asks in the authors' words to the letter; ``lcrag`` puts the document first and the
            question last and keeps their instruction.

    Raises:
        LcragError: something is wrong; the message names the file, the record and what was expected.
    """
    for name in tasks:
        if name not in benchmark.tasks:
            raise LcragError(
                f"{benchmark.title} has no task {name!r}; {did_you_mean(name, [*benchmark.tasks])}"
            )
    folder = folder_of(benchmark, path)
    reading = _Reading(benchmark, frozenset(tasks or benchmark.tasks), limit, prompt)
    for row, name, item in _items(benchmark, folder):
        reading.add(item, row.where, name)
    return reading.dataset(folder)


def _items(benchmark: Benchmark, folder: Path) -> Iterator[tuple[Row, str, Item]]:
    """Every item with its record and its name: file and number; files of the same name are told by their folders."""
    files = files_of(folder, benchmark.files, benchmark.title)
    names = Counter(file.name for file in files)
    for file in files:
        place = file.relative_to(folder).parent if names[file.name] > 1 else Path()
        name = (place / file.name.partition(".")[0]).as_posix()
        number = 0
        for row in rows_of(file):
            try:
                for item in benchmark.items(row):
                    number += 1
                    yield row, f"{name}-{number}", item
            except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
                if isinstance(error, LcragError):
                    raise
                told = f"{type(error).__name__}: {error}"
                raise LcragError(f"{row.where}: this is no record of {benchmark.title} ({told}).") from error


class _Reading:
    """Collects questions; equal texts become one document."""

    def __init__(
        self, benchmark: Benchmark, tasks: frozenset[str], limit: int | None, prompt: Prompt
    ) -> None:
        self.benchmark, self.wanted, self.limit, self.prompt = benchmark, tasks, limit, prompt
        self.tasks = {name: asked(task, prompt) for name, task in benchmark.tasks.items()}
        self.documents: dict[str, Document] = {}
        self.by_text: dict[bytes, str] = {}
        self.questions: dict[str, Question] = {}
        self.taken: dict[str, int] = {}
        self.unfound = 0
        self.textless = 0  # questions whose texts are not in the files

    def add(self, item: Item, where: str, name: str) -> None:
        if item.task not in self.tasks:
            raise LcragError(
                f"{where}: {self.benchmark.title} has no task {item.task!r}; {did_you_mean(item.task, [*self.tasks])}"
            )
        if item.task not in self.wanted:
            return
        if isinstance(item.texts, Mapping) and not item.texts:
            self.textless += 1
            return
        if self.limit is not None and self.taken.get(item.task, 0) >= self.limit:
            return
        self.taken[item.task] = self.taken.get(item.task, 0) + 1
        if not item.question.strip():
            raise LcragError(f"{where}: the question is empty.")
        id = f"{item.task}-{item.id}" if item.id else name
        if id in self.questions:
            raise LcragError(f"{where}: a second question has the id {id!r}: ids must differ.")
        ids = self._documents(item, where)
        self.questions[id] = Question(
            id=id,
            text=item.question,
            document_ids=tuple(ids.values()),
            answers=item.answers,
            kind=item.kind or item.task,
            choices=item.choices,
            evidence=tuple(self._evidence(item, ids, where)),
            answerable=item.answerable,
            metadata={"task": item.task, **item.metadata},
            task=self._task(item),
        )

    def _task(self, item: Item) -> Task:
        task = self.tasks[item.task]
        own = item.template and self.prompt == "official"
        return replace(task, template=item.template) if own else task

    def _documents(self, item: Item, where: str) -> dict[str, str]:
        """The ids of the item's documents, by the names that the item has for them."""
        texts = {"": item.texts} if isinstance(item.texts, str) else item.texts
        ids = {}
        for name, text in texts.items():
            text = whole(text)
            if not text.strip():
                raise LcragError(
                    f"{where}: the text {name!r} is empty." if name else f"{where}: the text is empty."
                )
            digest = hashlib.sha256(f"{name}\0{text}".encode()).digest()
            if digest not in self.by_text:
                id = (
                    name
                    if name and name not in self.documents
                    else f"{name or item.task}-{digest.hex()[:10]}"
                )
                self.by_text[digest] = id
                self.documents[id] = Document(id, text)
            ids[name] = self.by_text[digest]
        return ids

    def _evidence(self, item: Item, ids: dict[str, str], where: str) -> Iterator[Span]:
        for span in item.spans:
            if span.document_id not in ids:
                raise LcragError(
                    f"{where}: the evidence names a text {span.document_id!r} that is not there."
                )
            yield replace(span, document_id=ids[span.document_id])
        for quote in item.quotes:
            places = ((id, find_quote(self.documents[id].text, quote)) for id in ids.values())
            id, place = next(((i, p) for i, p in places if p), ("", None))
            if place is None:
                self.unfound += 1
            else:
                yield Span(id, *place, self.documents[id].text[slice(*place)])

    def dataset(self, folder: Path) -> Dataset:
        """Everything that was read."""
        name = self.benchmark.title
        if not self.questions:
            wanted = ", ".join(sorted(self.wanted))
            missing = f": the texts of {many(self.textless, 'question')} are missing" if self.textless else ""
            raise LcragError(f"{folder}: there is no question of {wanted} in {name}'s files{missing}.")
        notices = []
        if self.textless:
            notices.append(
                f"{name}: the texts of {many(self.textless, 'question')} are not in these files: left out."
            )
        if self.unfound:
            notices.append(f"{name}: {many(self.unfound, 'quote')} of evidence stand in no text: left out.")
        dataset = Dataset(
            self.benchmark.name,
            tuple(self.documents.values()),
            tuple(self.questions.values()),
            notices=tuple(notices),
            benchmark=self.benchmark.name,
        )
        dataset.validate()
        return dataset


def asked(task: Task, prompt: Prompt) -> Task:
    """The task with the authors' templates, or without them."""
    if prompt == "official":
        return task
    return replace(task, template="", passages_template="", system="", stop=())
