"""LongHealth: multiple choice on the discharge letters of invented patients."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.schema import Span, Task

LABELS = "abcde"
CANNOT = "Question cannot be answered with provided documents"
DISTRACTORS = 10  # letters of other patients in the second and third task
SYSTEM = """
You are a highly skilled and detail-oriented assistant, specifically trained to assist medical professionals in \
interpreting and extracting key information from medical documents. Your primary responsibility will be to analyze \
discharge letters from hospitals. When you receive one or more of these letters, you will be expected to carefully \
review the contents and accurately answer multiple-choice questions related to these documents.\x20

Your answers should be:
1. Accurate: Make sure your answers are based on the information provided in the letters.
2. Concise: Provide brief and direct answers without unnecessary elaboration.
3. Contextual: Consider the context and specifics of each question to provide the most relevant information.

Remember, your job is to streamline the physician's decision-making process by providing them with accurate and \
relevant information from discharge summaries. Efficiency and reliability are key.
"""
TEMPLATE = """
--------------BEGIN DOCUMENTS--------------

{context}

--------------END DOCUMENTS--------------

{question}
{choices}

Please answer using the following format:
1. Begin your answer with the phrase "The correct answer is".
2. State the letter of the correct option (e.g., A, B, C, D, E).
3. Follow the letter with a colon and the exact text of the option you chose.
4. Make sure your answer is a single, concise sentence.

For example, if the correct answer to a question is option C, and the text for C is 'Acute Bronchitis', your answer \
should be:\x20
'The correct answer is C: Acute bronchitis.'
"""
NAMES = ("task1", "task2", "task3")


def _task(name: str) -> Task:
    return Task(
        name,
        instruction='Begin your answer with the phrase "The correct answer is", then the letter of the correct option, '
        "a colon and the text of the option.",
        max_tokens=128,
        template=TEMPLATE,
        system=SYSTEM,
        metric="choice",
    )


def items(row: Row) -> Iterator[Item]:
    """The questions on every patient, in three settings."""
    patients = {name: row.row(name) for name in map(str, row.values) if isinstance(row[name], dict)}
    letters = {
        (name, text): patient.row("texts").text(text)
        for name, patient in patients.items()
        for text in map(str, patient.row("texts").values)
    }
    for name, patient in patients.items():
        for question in patient.rows("questions"):
            yield from _settings(name, question, letters)


def _settings(name: str, question: Row, letters: dict[tuple[str, str], str]) -> Iterator[Item]:
    number = question.text("No", question.where.rpartition("[")[2].rstrip("]"))
    ours = {f"{p}-{t}": text for (p, t), text in letters.items() if p == name}
    choices = tuple(question.text(f"answer_{label}") for label in LABELS)
    correct = question.text("correct")
    if correct not in choices:
        raise question.wrong("correct", "the text of one of the options")
    spans = tuple(_spans(name, question, letters))
    rng = random.Random(f"{name} {number}")
    others = [(f"{p}-{t}", text) for (p, t), text in letters.items() if p != name]
    drawn = rng.sample(others, min(DISTRACTORS, len(others)))
    cited = {span.document_id for span in spans}
    mixed = [*((id, ours[id]) for id in ours if id in cited), *drawn]
    rng.shuffle(mixed)
    metadata = {"patient": name}
    text, id = question.text("question"), f"{name}-{number}"
    yield Item(text, ours, "task1", (correct,), id=id, choices=choices, spans=spans, metadata=metadata)
    six = (*choices, CANNOT)
    if drawn:
        yield Item(text, dict(mixed), "task2", (correct,), id=id, choices=six, spans=spans, metadata=metadata)
        yield Item(text, dict(drawn), "task3", (CANNOT,), id=id, choices=six, metadata=metadata)


def _spans(name: str, question: Row, letters: dict[tuple[str, str], str]) -> Iterator[Span]:
    """Where the answer stands; the authors give the places as shares of a letter's length."""
    if "answer_location" not in question:
        return
    for letter, places in question.row("answer_location").values.items():
        text = letters.get((name, str(letter)))
        try:
            pairs = [(float(s), float(e)) for s, e in zip(places["start"], places["end"], strict=True)]
        except (KeyError, TypeError, ValueError) as error:
            raise question.wrong(
                "answer_location", "letters with a list of starts and one of ends"
            ) from error
        if text is None or not all(0 <= s <= e <= 1 for s, e in pairs):
            raise question.wrong("answer_location", "shares from 0 to 1 of the patient's letters")
        for s, e in pairs:
            start, end = int(s * len(text)), int(e * len(text))
            if end > start:
                yield Span(f"{name}-{letter}", start, end, text[start:end])


BENCHMARK = Benchmark(
    name="longhealth",
    title="LongHealth",
    paper="Adams et al. 2024, arXiv 2401.14490",
    licence="Apache-2.0 (repository), CC BY 4.0 (paper); the authors ask not to repost examples",
    source="github.com/kbressem/LongHealth (data/benchmark_v5.json)",
    files=("**/benchmark_v*.json",),
    tasks={name: _task(name) for name in NAMES},
    items=items,
    counts={"task1": 400},
    note="`task1` asks on all letters of the patient, `task2` on those with the answer among ten of other "
    "patients, `task3` on ten of other patients alone, where the sixth option is right: that the question cannot "
    "be answered. The format is from ports of the authors' script. Differences: the authors shuffle letters five "
    "times and average, here they stand in one order that is fixed; letters are joined by blank lines and options "
    "written `A. text`; a reply is read by lcrag's rules for choices.",
)


def load_longhealth(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """LongHealth (Adams et al. 2024, arXiv 2401.14490): multiple choice on discharge letters.

    Args:
        path: The folder of the authors' repository, or ``benchmark_v5.json``.
        tasks: ``task1``, ``task2``, ``task3``; empty for all.
        limit: The first so many questions of each task.
        prompt: ``official`` asks in the authors' words.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
