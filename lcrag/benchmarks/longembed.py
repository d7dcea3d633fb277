"""LongEmbed: finding the right one of many long documents."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from lcrag.benchmarks.base import Benchmark
from lcrag.benchmarks.retrieval_set import Corpus, add, check_tasks, no_items, retrieval_dataset, rows_in
from lcrag.datasets.base import Dataset
from lcrag.schema import Task

SYNTHETIC = ("passkey", "needle")  # a corpus for each length of documents, scored by the first document alone
NAMES = ("narrativeqa", "summ_screen_fd", "qmsum", "2wikimqa", *SYNTHETIC)
BENCHMARK = Benchmark(
    name="longembed",
    title="LongEmbed",
    paper="Zhu et al. 2024, arXiv 2404.12096",
    licence="not stated in one place; that of each source",
    source="huggingface.co/datasets/dwzhu/LongEmbed",
    files=("*/corpus.jsonl", "*/queries.jsonl", "*/qrels.jsonl"),
    tasks={name: Task(name, metric="document_ndcg", average=("task",)) for name in NAMES},
    items=no_items,
    counts={
        "narrativeqa": 10449,
        "summ_screen_fd": 336,
        "qmsum": 1527,
        "2wikimqa": 300,
        "passkey": 400,
        "needle": 400,
    },
    note="nDCG@10, for passkey and needle nDCG@1 over corpora of 256 to 32,768 tokens, then the mean of the six "
    "tasks. BM25 has 90.9 by mteb's own results, above every embedding of one vector: compare with it. Published "
    "scores are often those of a model that reads 512 tokens: say how many yours reads. The revision on the hub is "
    "not pinned.",
)


def load_longembed(
    path: Path, tasks: tuple[str, ...] = (), limit: int | None = None, documents: int | None = None
) -> Dataset:
    """LongEmbed (Zhu et al. 2024, arXiv 2404.12096): retrieval of long documents, six tasks.

    Args:
        path: The folder with a folder for each task.
        tasks: ``narrativeqa``, ``summ_screen_fd``, ``qmsum``, ``2wikimqa``, ``passkey``, ``needle``; empty for
            those that are there.
        limit: The first so many queries of each task, of passkey and needle of each length.
        documents: Maximum number of documents of a corpus, which makes the task easier.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    wanted = check_tasks(BENCHMARK, tasks)
    if not tasks:
        wanted = tuple(t for t in wanted if os.path.isdir(Path(path) / t)) or wanted  # noqa: PTH112 - Path.is_dir raises for some names
    corpora = (corpus for task in wanted for corpus in _corpora(Path(path), task))
    return retrieval_dataset(BENCHMARK, corpora, folder=Path(path), limit=limit, documents=documents)


def _corpora(folder: Path, task: str) -> Iterator[tuple[str, str, Corpus]]:
    """The corpus of a task; of passkey and needle one for each length."""
    corpora: dict[str, Corpus] = defaultdict(Corpus)
    places, queries = dict[str, str](), dict[str, str]()
    for row in rows_in(folder, f"{task}/corpus.jsonl", "LongEmbed"):
        length = row.text("context_length") if task in SYNTHETIC else ""
        places[row.text("doc_id")] = length
        add(corpora[length].texts, row.text("doc_id"), row.text("text"), row)
    for row in rows_in(folder, f"{task}/queries.jsonl", "LongEmbed"):
        add(queries, row.text("qid"), row.text("text"), row)
    for row in rows_in(folder, f"{task}/qrels.jsonl", "LongEmbed"):
        query, document = row.text("qid"), row.text("doc_id")
        if query not in queries or document not in places:
            raise row.wrong("doc_id" if query in queries else "qid", "an id of the other two files")
        corpus = corpora[places[document]]
        corpus.queries[query] = queries[query]
        corpus.grades.setdefault(query, {})[document] = 1
    for length, corpus in corpora.items():
        if task in SYNTHETIC:
            corpus.metadata = {"length": int(length) if length.isdecimal() else length, "k": 1}
        yield task, f"{task}-{length}" if length else task, corpus
