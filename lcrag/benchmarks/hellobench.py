"""HelloBench: long answers, summaries, talks, completions and stories that people asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.schema import Task

TASKS = ("open_ended_qa", "summarization", "chat", "text_completion", "heuristic_text_generation")
SIZES = {"2k": 2000, "4k": 4000, "8k": 8000, "16k": 16000}  # words, of the experiments with a given length


def items(row: Row) -> Iterator[Item]:
    """What is to be written, with its checklist."""
    task = next((t for t in TASKS if row.file.startswith(t)), "")
    if not task:
        raise row.wrong("instruction", f"in a file named after its task ({', '.join(TASKS)})")
    size = re.search(r"_(\d+k)$", row.file)
    words = SIZES.get(size[1]) if size else None
    yield Item(
        "Write what the text asks for.",
        row.text("instruction"),
        f"{task}_{size[1]}" if size else task,
        id=row.text("id"),
        kind=row.text("category", ""),
        metadata={"checklist": row.texts("checklists"), **({"words": words} if words else {})},
    )


BENCHMARK = Benchmark(
    name="hellobench",
    title="HelloBench",
    paper="Que et al. 2024, arXiv 2409.16191",
    licence="see the repository",
    source="github.com/Quehry/HelloBench (data)",
    files=tuple(f"**/{task}*.jsonl" for task in TASKS),
    tasks={
        name: Task(
            name,
            instruction="Write the whole text, as long as it asks for.",
            max_tokens=16384,
            template="{context}",
            metric="long_write",
            average=("task",),
        )
        for name in (*TASKS, *(f"heuristic_text_generation_{size}" for size in SIZES))
    },
    items=items,
    note="A benchmark of long outputs: the order to write is the document. Its score is a judge's, on the "
    "checklist in `metadata`, with weights that the authors fitted; without a judge only the length of the texts "
    "with a given length is scored, by the length score of LongBench-Write. Give `data/main_data` for the main "
    "experiment. The keys are from the authors' code and its users'; not tried on the authors' files.",
)


def load_hellobench(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """HelloBench (Que et al. 2024, arXiv 2409.16191).

    Args:
        path: The authors' folder ``data``.
        tasks: Such as ``chat`` and ``heuristic_text_generation_2k``; empty for all.
        limit: The first so many questions of each task.
        prompt: ``official`` asks in the authors' words to the letter.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
