"""HELMET's passages, long books and recall: the parts that are scored without a judge."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from lcrag.benchmarks.base import Benchmark, Item, Prompt
from lcrag.benchmarks.load import load
from lcrag.benchmarks.rows import Row
from lcrag.datasets.base import Dataset
from lcrag.schema import Span, Task

POPULARITY = 3.0  # log10 of a subject's page views from which the authors leave a question of PopQA out
KILT = {"nq": "kilt_nq", "triviaqa": "kilt_triviaqa", "hotpotqa": "kilt_hotpotqa", "popqa": "kilt_popqa"}
RULER = {"niah_multikey_2": "mk_2", "niah_multikey_3": "mk_3", "niah_multivalue": "mv"}
_DOCUMENTS = (
    "Use the given documents to write a concise and short answer to the question. Write your answer in the following "
    "format:\nAnswer: [answer]"
)
_VALUE = "Extract the value corresponding to the specified key in the JSON object below."
_STORY = "Answer the question as concisely as you can, using a single phrase if possible."
_LETTER = (
    "Only one of the following options is correct, output the answer using one single letter (A, B, C, or D). Don't "
    "say anything else."
)
_ASKED = "\n\n{context}\n\nQuestion: {question}"


def _task(name: str, max_tokens: int, instruction: str, template: str, stop: tuple[str, ...] = ()) -> Task:
    average = ("category", "task")
    return Task(name, instruction, max_tokens, template=template, stop=stop, metric="helmet", average=average)


def _needle(name: str, max_tokens: int, opening: str) -> Task:
    template = (
        f"{opening} hidden within the following text. Make sure to memorize it. I will quiz you about the "
    )
    kind = "uuids" if name == "mk_3" else "numbers"
    template = f"{template.replace('KIND', kind)}{kind} afterwards.\n{{context}}\n{{question}}"
    return _task(f"ruler_niah_{name}", max_tokens, f"Give the special magic {kind}.", template)


TASKS = [
    *(_task(name, 20, _DOCUMENTS, f"{_DOCUMENTS}{_ASKED}\nAnswer:", ("\n",)) for name in KILT.values()),
    _task("json_kv", 100, _VALUE, f"{{context}}\n\n{_VALUE}\n\nKey: {{question}}\nCorresponding value:"),
    _needle("mk_2", 50, "A special magic KIND is"),
    _needle("mk_3", 100, "A special magic KIND is"),
    _needle("mv", 50, "Some special magic KIND are"),
    _task(
        "narrativeqa",
        100,
        _STORY,
        f"You are given a story, which can be either a novel or a movie script, and a question. "
        f"{_STORY}{_ASKED}\nAnswer:",
    ),
    _task(
        "infbench_qa_eng", 10, _STORY, f"You are given a story and a question. {_STORY}{_ASKED}\n\nAnswer:"
    ),
    _task(
        "infbench_choice_eng",
        10,
        _LETTER,
        "You are given a story and a question with multiple choices. Choose the best answer from the options provided. "
        f"{_LETTER}{_ASKED}\nOptions:\n{{choices}}\n\nAnswer:",
    ),
]


def items(row: Row) -> Iterator[Item]:
    """A question with passages, a key, a needle, or a question on a book."""
    if "ctxs" in row:
        yield from _passages(row)
    elif "num_kvs" in row:
        about = {"category": "Recall", "pairs": row.integer("num_kvs")}
        yield Item(row.text("question"), row.text("context"), "json_kv", row.texts("answer"), metadata=about)
    elif "type_needle_v" in row:
        yield _needles(row)
    elif "document" in row:
        yield Item(
            row.row("question").text("text"),
            row.row("document").text("text"),
            "narrativeqa",
            tuple(answer.text("text") for answer in row.rows("answers")),
            metadata={"category": "LongQA"},
        )
    else:
        choices = row.texts("options")
        yield Item(
            row.text("input"),
            row.text("context"),
            "infbench_choice_eng" if choices else "infbench_qa_eng",
            row.texts("answer"),
            choices=choices,
            metadata={"category": "LongQA"},
        )


def _passages(row: Row) -> Iterator[Item]:
    name = KILT.get(row.file.replace("_", "-").partition("-")[0])
    if name is None:
        raise row.wrong("ctxs", f"in a file whose name begins with one of {', '.join(KILT)}")
    if name == "kilt_popqa" and "s_pop" in row and math.log10(max(row.integer("s_pop"), 1)) >= POPULARITY:
        return
    passages = row.rows("ctxs")
    blocks = [f"Document (Title: {p.text('title')}): {p.text('text')}" for p in passages]
    starts = [sum(len(b) + 2 for b in blocks[:i]) for i in range(len(blocks))]
    yield Item(
        row.text("question"),
        "\n\n".join(blocks),
        name,
        row.texts("answers"),
        spans=tuple(
            Span("", start, start + len(block), block)
            for start, block, passage in zip(starts, blocks, passages, strict=True)
            if passage.values.get("has_answer")
        ),
        metadata={"category": "RAG", "passages": len(passages)},
    )


def _needles(row: Row) -> Item:
    name = RULER.get(row.path.parent.name)
    if name is None:
        raise row.wrong("type_needle_v", f"in a folder that is one of {', '.join(RULER)}")
    kind, query = row.text("type_needle_v"), row.text("query")
    if kind != ("uuids" if name == "mk_3" else "numbers"):
        raise row.wrong("type_needle_v", "uuids in niah_multikey_3 and numbers elsewhere")
    what, verb = ("What are all the", "are") if name == "mv" else ("What is the", "is")
    return Item(
        f"{what} special magic {kind} for {query} mentioned in the provided text?\n"
        f"The special magic {kind} for {query} mentioned in the provided text {verb}",
        row.text("context"),
        f"ruler_niah_{name}",
        row.texts("answer") or row.texts("outputs"),
        metadata={"category": "Recall"},
    )


BENCHMARK = Benchmark(
    name="helmet",
    title="HELMET",
    paper="Yen et al. 2024, arXiv 2410.02694",
    licence="MIT on the repository; the sources have their own",
    source="github.com/princeton-nlp/HELMET (data.tar.gz), NarrativeQA and InfiniteBench on the Hugging Face hub",
    files=(
        "**/*-dev-multikilt_*.jsonl",
        "**/popqa_test_*_k[!3]*.jsonl",  # those with three passages are demonstrations
        "**/json_kv/*.jsonl",
        "**/niah_multi*/*.jsonl",
        "**/longbook_qa_eng.jsonl",
        "**/longbook_choice_eng.jsonl",
        "**/narrativeqa/test-*.parquet",
    ),
    tasks={task.name: task for task in TASKS},
    items=items,
    note="Give the files of one length: k50, k105, k220, k440 and k1000 passages are 8k to 128k tokens. The authors "
    "put two demonstrations before the passages, draw 100 questions at each of six depths (three for HotpotQA) and "
    "cut books "
    "by Llama 2's tokens; here there are no demonstrations, all questions and whole books. NarrativeQA is judged by "
    "GPT-4o in the paper. Summaries, reranking, citations and examples to learn from are not here. Passages are given: "
    "it is long context reading, whatever the name RAG says.",
)


def load_helmet(
    path: Path | None = None, tasks: tuple[str, ...] = (), limit: int | None = None, prompt: Prompt = "lcrag"
) -> Dataset:
    """HELMET (Yen et al. 2024, arXiv 2410.02694): its RAG, LongQA and recall.

    Args:
        path: The folder with the authors' files, or one of them.
        tasks: Such as ``kilt_nq``; empty for all.
        limit: The first so many questions of each task.
        prompt: ``official`` asks in the authors' words to the letter, without their demonstrations.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    return load(BENCHMARK, path, tasks, limit, prompt)
