"""FailSafeQA: financial questions, misspelled, incomplete or put by a layman, on documents that fail."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt, Published
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.schema import Task

EMPTY = "(The document is empty.)"  # a document of lcrag cannot be
FORMS = {  # the keys of question and context, by the task
    "baseline": ("query", "context"),
    "misspelled": ("error_query", "context"),
    "incomplete": ("incomplete_query", "context"),
    "out_of_domain": ("out-of-domain_query", "context"),
    "ocr": ("query", "ocr_context"),
    "missing": ("query", ""),
    "irrelevant": ("out-of-scope_query", "context"),
}
UNANSWERABLE = ("missing", "irrelevant")
_PUBLISHED = {  # robustness, grounding, LLM compliance
    "o3-mini": (90, 59, 63),
    "GPT-4o": (85, 47, 52),
    "Gemini-2.0-Flash": (83, 74, 76),
    "Qwen2.5-32B": (85, 79, 80),
    "Qwen2.5-72B": (84, 64, 67),
    "Qwen2.5-7B": (75, 70, 71),
    "Llama-3.1-8B": (70, 65, 66),
    "Llama-3.3-70B": (82, 45, 49),
    "DeepSeek-R1": (80, 37, 41),
    "Palmyra-Fin": (83, 80, 81),
}


def items(row: Row) -> Iterator[Item]:
    """The forms of one question."""
    id = row.text("idx")
    for task, (question, context) in FORMS.items():
        if question not in row and question != "query":
            continue
        answerable = task not in UNANSWERABLE
        cited = answerable and context == "context"
        yield Item(
            row.text(question),
            row.text(context) if context else EMPTY,
            task,
            row.texts("answer") if answerable else (),
            id=id,
            quotes=row.texts("citations") if cited else (),
            answerable=answerable,
            metadata={"record": id},
        )


BENCHMARK = Benchmark(
    name="failsafeqa",
    title="FailSafeQA",
    paper="Kamble et al. 2025, arXiv 2502.06329",
    licence="see the data card; filings (10-K) are public",
    source="Hugging Face: Writer/FailSafeQA",
    files=("**/*.jsonl", "**/*.json", "**/*.parquet"),
    tasks={
        name: Task(
            name,
            instruction="Answer the question from the document.",
            metric="refusal" if name in UNANSWERABLE else "f1",
        )
        for name in FORMS
    },
    items=items,
    counts=dict.fromkeys(FORMS, 220),
    published=tuple(
        Published(
            f"{system}, long context",
            {"robustness": robustness, "grounding": grounding, "llmc": llmc},
            "arXiv 2502.06329, results of the models",
        )
        for system, (robustness, grounding, llmc) in _PUBLISHED.items()
    ),
    note="The figures to compare are robustness, context grounding and LLM compliance over all forms of a question: "
    "`lcrag.analysis.compliance`. The authors rate answers from 1 to 6 by a judge (Qwen2.5-72B); without a judge, "
    "token F1 and the recognition of a refusal stand in for it and give other figures. The words of their prompt "
    "are not known to us. A missing context is a document that says it is empty; an irrelevant one is the record's "
    "question out of scope on its own document. The format is from the columns of published copies; not tried on the "
    "authors' files.",
)


def load_failsafeqa(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """FailSafeQA (Kamble et al. 2025, arXiv 2502.06329): each question in seven forms.

    Args:
        path: The folder with the authors' file.
        tasks: ``baseline``, ``misspelled``, ``incomplete``, ``out_of_domain``, ``ocr``; ``missing`` and ``irrelevant``,
            which cannot be answered; empty for all.
        limit: The first so many questions of each task.
        prompt: ``official`` is the same as ``lcrag``: the authors' prompt is not known to us.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
