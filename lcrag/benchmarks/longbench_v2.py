"""LongBench v2: 503 questions of multiple choice on long texts that experts need minutes for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt, Published
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.schema import Task

_ASK = 'Format your response as follows: "The correct answer is (insert answer here)".'
_QUESTION = "What is the correct answer to this question: {question}\nChoices:\n{choices}\n\n" + _ASK
TASK = Task(
    "multiple_choice",
    instruction=_ASK,
    max_tokens=128,
    template="Please read the following text and answer the question below.\n\n<text>\n{context}\n</text>\n\n"
    + _QUESTION,
    passages_template="Please read the following retrieved text chunks and answer the question below.\n\n"
    "<text>{context}</text>\n\n" + _QUESTION,
    passage_template="\nRetrieved chunk {number}: {text}\n",
    choice_template="({letter}) {text}",
    metric="longbench_v2",
)


def items(row: Row) -> Iterator[Item]:
    """One question."""
    letter = row.text("answer")
    if letter not in tuple("ABCD"):
        raise row.wrong("answer", "A, B, C or D")
    yield Item(
        row.text("question").strip(),
        row.text("context").strip(),
        TASK.name,
        (letter,),
        row.text("_id", ""),
        kind=row.text("domain", ""),
        choices=tuple(row.text(f"choice_{c}").strip() for c in "ABCD"),
        metadata={key: row.text(key, "") for key in ("difficulty", "length", "domain", "sub_domain")},
    )


_SOURCE = "Bai et al. 2024, arXiv 2412.15204, text on retrieval and on no context"
BENCHMARK = Benchmark(
    name="longbench_v2",
    title="LongBench v2",
    paper="Bai et al. 2024, arXiv 2412.15204",
    licence="MIT on the repository; the texts have their own",
    source="THUDM/LongBench-v2 on the Hugging Face hub: data.json",
    files=("*.json", "*.jsonl", "data/*.parquet"),
    tasks={TASK.name: TASK},
    items=items,
    counts={TASK.name: 503},
    published=(
        Published("GPT-4o, long context", {"overall": 50.1}, _SOURCE),
        Published("GPT-4o, no context", {"overall": 33.1}, _SOURCE),
        Published("Qwen2.5-72B, long context", {"overall": 39.4}, _SOURCE),
        Published("Qwen2.5-72B, no context", {"overall": 30.0}, _SOURCE),
        Published("Llama-3.1-8B, long context", {"overall": 30.0}, _SOURCE),
        Published("Llama-3.1-8B, no context", {"overall": 25.8}, _SOURCE),
    ),
    note="The authors ask at temperature 0.1, cut texts in the middle, put retrieved chunks in the order of the text "
    "and leave questions out whose call failed five times. Their two-step chain of thought is not here. Guessing "
    "scores 25. Slices of difficulty and length are in the questions' metadata.",
)


def load_longbench_v2(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """LongBench v2 (Bai et al. 2024, arXiv 2412.15204): multiple choice.

    Args:
        path: The folder with the authors' files, or their ``data.json``.
        tasks: ``multiple_choice``, the only one.
        limit: The first so many questions.
        prompt: ``official`` asks in the authors' words to the letter.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
