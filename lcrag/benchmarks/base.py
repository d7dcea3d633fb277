"""What a benchmark is: where its files come from, how its records become questions, how it asks and scores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from lcrag.benchmarks.rows import Row
from lcrag.schema import Span, Task

Prompt = Literal["lcrag", "official"]
Status = Literal["real files", "fixture"]


@dataclass(frozen=True)
class Item:
    """One question as a benchmark's file has it.

    Attributes:
        question: What is asked.
        texts: The document's text, or several texts by their ids. Equal texts become one document. None of them leaves
            the question out: its text is missing from the files, and the data set says how many are.
        task: A key of ``Benchmark.tasks``.
        answers: The gold answers, alternatives.
        id: The question's id, unique in its task; empty for the record's number.
        kind: The kind of question; empty for the task.
        choices: What multiple choice offers.
        quotes: Gold evidence as quotes, which are looked for in the texts; one that is not found is counted.
        spans: Gold evidence as places in the texts.
        answerable: Whether the texts answer the question.
        metadata: Whatever else is known, such as what scores are averaged over.
        template: The official prompt of this one question, where it is not the task's.
    """

    question: str
    texts: str | Mapping[str, str]
    task: str
    answers: tuple[str, ...] = ()
    id: str = ""
    kind: str = ""
    choices: tuple[str, ...] = ()
    quotes: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    answerable: bool = True
    metadata: Mapping[str, Any] = field(default_factory=dict)
    template: str = ""


@dataclass(frozen=True)
class Published:
    """One row of a published table.

    Attributes:
        system: The model and how it was used, such as ``GPT-4o, long context``.
        scores: From 0 to 100, by the values of the average's innermost key, or ``overall``.
        source: Paper and table.
    """

    system: str
    scores: Mapping[str, float]
    source: str


@dataclass(frozen=True)
class Benchmark:
    """A benchmark's description; ``load`` reads it.

    Attributes:
        name: The name in YAML.
        title: The name in tables.
        paper: Its source.
        licence: Of the data, as far as its authors say.
        source: Where to get the files, for people.
        files: The names of its files, with ``*``, relative to its folder.
        tasks: How each task asks and scores, by its name.
        items: The questions of one record.
        counts: Questions that the authors have, by task, for ``lcrag data check``.
        digests: SHA-256 of the authors' files, by their names relative to the folder.
        published: Figures to compare with.
        status: What the loader was tried on: the authors' own files, or a fixture in their format.
        note: What one should know before trusting its scores.
    """

    name: str
    title: str
    paper: str
    licence: str
    source: str
    files: tuple[str, ...]
    tasks: Mapping[str, Task]
    items: Callable[[Row], Iterable[Item]]
    counts: Mapping[str, int] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)
    published: tuple[Published, ...] = ()
    status: Status = "fixture"
    note: str = ""
