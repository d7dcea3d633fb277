"""LooGLE: questions on documents of 2022 and later whose evidence is near or far apart, masked names, summaries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt, Published
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.schema import Task

_ANSWER = "Please answer the question based on the long texts below."
_QUESTION = f"{_ANSWER} \n{{context}}\nQuestion: {{question}}\nAnswer: "
_CLOZE = (
    "Each of the placeholder '<mask-n>' in the question could be an entity of Person, Location or Organiocation. The "
    "same masks represent the same entity. Output a json format answer, for example: {'<mask-0>': 'Bob', '<mask-1>': "
    "'Gorrosion Magazine','<mask-2>': 'Bethel Horizon'}"
)
_SUMMARY = "Please generate a summary of the below paper."


def _task(name: str, max_tokens: int, instruction: str, template: str) -> Task:
    return Task(name, instruction, max_tokens, template=template, metric="loogle", average=("task",))


TASKS = [
    _task("shortdep_qa", 300, _ANSWER, _QUESTION),
    _task("longdep_qa", 500, _ANSWER, _QUESTION),
    _task(
        "shortdep_cloze",
        50,
        _CLOZE,
        f"Please fill in the clozes based on the given long texts below. {_CLOZE}\n{{context}}\n Question: "
        f"{{question}} What "
        "are the masked entities? \nAnswer:",
    ),
    _task("longdep_summarization", 500, _SUMMARY, f"{_SUMMARY} \n{{context}}\n Summarization: "),
]


def items(row: Row) -> Iterator[Item]:
    """The questions on one document, or its summary."""
    title, text = {"title": row.text("title", "")}, row.text("input")
    if row["qa_pairs"] == "none":
        about = {**title, "masks": {}}
        yield Item(_SUMMARY, text, row.file, row.texts("output"), metadata=about)
        return
    pairs = row.literal("qa_pairs") if isinstance(row["qa_pairs"], str) else row.rows("qa_pairs")
    for pair in pairs if isinstance(pairs, list) else [pairs]:
        cloze = isinstance(pair["A"], dict)
        masks = dict(pair.row("A").values) if cloze else {}
        yield Item(
            pair.text("Q"),
            text,
            row.file,
            (json.dumps(masks, ensure_ascii=False),) if cloze else pair.texts("A"),
            kind=pair.text("type", ""),
            quotes=pair.texts("S"),
            metadata={**title, "masks": masks},
        )


_SOURCE = "Li et al. 2023, arXiv 2311.04939, docs/index.md of the authors' repository, exact match"
BENCHMARK = Benchmark(
    name="loogle",
    title="LooGLE",
    paper="Li et al. 2023, arXiv 2311.04939",
    licence="MIT; the texts have their own",
    source="bigainlco/LooGLE on the Hugging Face hub, github.com/bigai-nlco/LooGLE (LooGLE-testdata)",
    files=("**/*dep_*.jsonl",),
    tasks={task.name: task for task in TASKS},
    items=items,
    published=tuple(
        Published(system, {"shortdep_cloze": score}, _SOURCE)
        for system, score in (
            ("GPT-4-32k, long context", 70.5),
            ("GPT-4-8k, long context", 66.03),
            ("LlamaIndex", 58.95),
            ("GPT-3.5-Turbo-16k, long context", 54.64),
        )
    ),
    note="Texts too long for a model are cut in the middle. The paper's main figure for questions and summaries is "
    "GPT-4's "
    "judgement; here it is ROUGE by recall. Its order of events is scored by a script that overwrites the score, so "
    "that none is here. The authors' judge counts only replies that are True or False to the letter.",
)


def load_loogle(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """LooGLE (Li et al. 2023, arXiv 2311.04939): short and long dependency, cloze, summaries.

    Args:
        path: The folder with the authors' files; a file's name is its task.
        tasks: Such as ``longdep_qa``; empty for all.
        limit: The first so many questions of each task.
        prompt: ``official`` asks in the authors' words to the letter.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
