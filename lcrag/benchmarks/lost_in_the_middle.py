"""Lost in the Middle: open questions with the gold passage at a known place, and key-value retrieval."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.schema import Span, Task

NQ = Task(
    "nq",
    instruction="Write a high-quality answer for the given question using only the provided search results "
    "(some of which might be irrelevant).",
    max_tokens=100,
    template="Write a high-quality answer for the given question using only the provided search results (some of "
    "which might be irrelevant).\n\n{context}\n\nQuestion: {question}\nAnswer:",
    passage_template="{text}\n",
    cleaning=("first_line",),
    metric="subspan_em",
    average=("position",),
)
KV = Task(
    "kv",
    instruction="Extract the value corresponding to the specified key in the JSON object.",
    max_tokens=100,
    template="Extract the value corresponding to the specified key in the JSON object below.\n\nJSON data:\n{context}"
    "\n\n{question}\nCorresponding value:",
    metric="string_match_any",
    average=("position",),
)


def items(row: Row) -> Iterator[Item]:
    """A question with its passages, or a key with its JSON object."""
    if "ordered_kv_records" in row:
        yield _pair(row)
        return
    passages = row.rows("ctxs")
    gold = next((i for i, p in enumerate(passages) if p.values.get("isgold")), None)
    texts = [(p.text("title"), p.text("text")) for p in passages]
    yield question_on(row.text("question"), row.texts("answers"), texts, gold)


def question_on(
    question: str,
    answers: tuple[str, ...],
    passages: Sequence[tuple[str, str]],
    gold: int | None,
    id: str = "",
) -> Item:
    """A question on passages as the authors print them.

    Args:
        question: The question.
        answers: Alternatives.
        passages: Title and text of each.
        gold: The place of the gold passage, counted from 0; ``None`` if it is not among them.
        id: The question's id; empty for the record's number.
    """
    blocks = [f"Document [{i}](Title: {title}) {text}" for i, (title, text) in enumerate(passages, 1)]
    spans: tuple[Span, ...] = ()
    if gold is not None:
        start = sum(len(block) + 1 for block in blocks[:gold])
        spans = (Span("", start, start + len(blocks[gold]), blocks[gold]),)
    metadata = {"position": -1 if gold is None else gold, "passages": len(passages)}
    return Item(question, "\n".join(blocks), "nq", answers, id=id, spans=spans, metadata=metadata)


def _pair(row: Row) -> Item:
    pairs = [(str(key), str(value)) for key, value in row["ordered_kv_records"]]
    lines = [f'"{key}": "{value}"' for key, value in pairs]
    text = "{" + ",\n ".join(lines) + "}"
    position = next((i for i, (key, _) in enumerate(pairs) if key == row.text("key")), None)
    if position is None:
        raise row.wrong("key", "one of the keys in ordered_kv_records")
    start = text.index(lines[position])
    return Item(
        f'Key: "{row.text("key")}"',
        text,
        "kv",
        row.texts("value"),
        spans=(Span("", start, start + len(lines[position]), lines[position]),),
        metadata={"position": position, "pairs": len(pairs)},
    )


BENCHMARK = Benchmark(
    name="lost_in_the_middle",
    title="Lost in the Middle",
    paper="Liu et al. 2023, arXiv 2307.03172",
    licence="MIT; passages from Wikipedia CC BY-SA 3.0",
    source="github.com/nelson-liu/lost-in-the-middle",
    files=("**/*.jsonl", "**/*.jsonl.gz"),
    tasks={task.name: task for task in (NQ, KV)},
    items=items,
    counts={"nq": 2655, "kv": 1000},
    status="real files",
    note="Files of 10, 20 and 30 passages are read as they are; nq-open-oracle has the gold "
    "passage alone; the data set `lost_positions` mixes others in. A file without a gold passage has position -1.",
)


def load_lost_in_the_middle(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """Lost in the Middle (Liu et al. 2023, arXiv 2307.03172): ``nq`` and ``kv``.

    Args:
        path: The folder with the authors' files.
        tasks: ``nq``, ``kv``; empty for both.
        limit: The first so many questions of each task.
        prompt: ``official`` asks in the authors' words to the letter.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
