"""LoCo: retrieval of long documents, twelve tasks (version 1)."""

from __future__ import annotations

from pathlib import Path

from lcrag.benchmarks.base import Benchmark
from lcrag.benchmarks.records import files_of, rows_of
from lcrag.benchmarks.retrieval_set import Corpus, add, check_tasks, no_items, retrieval_dataset
from lcrag.datasets.base import Dataset
from lcrag.schema import Task

NAMES = (
    "summ_screen_fd", "gov_report", "qmsum", "qasper_title", "qasper_abstract", "multifieldqa", "2wikimqa",
    "passage_retrieval", "legal_case_reports", "courtlistener_HTML", "courtlistener_Plain_Text", "stackoverflow",
)  # fmt: skip
QUERIES, DOCUMENTS = "LoCoV1-Queries", "LoCoV1-Documents"
FILES = ("**/*test*.jsonl", "**/*test*.parquet")
BENCHMARK = Benchmark(
    name="loco",
    title="LoCo",
    paper="Saad-Falcon et al. 2024, arXiv 2402.07440",
    licence="that of each source",
    source="huggingface.co/datasets/hazyresearch/LoCoV1-Queries and LoCoV1-Documents",
    files=tuple(f"{folder}/{pattern}" for folder in (QUERIES, DOCUMENTS) for pattern in FILES),
    tasks={name: Task(name, metric="document_ndcg", average=("task",)) for name in NAMES},
    items=no_items,
    note="Version 1; version 0 has five tasks and other scores. nDCG@10, the mean of the twelve tasks. The paper's "
    "M2-BERT is trained on this set, most of its baselines are not; BM25 has 79.9. A document without a text is "
    "left out with the queries that have no other.",
)


def load_loco(
    path: Path, tasks: tuple[str, ...] = (), limit: int | None = None, documents: int | None = None
) -> Dataset:
    """LoCo v1 (Saad-Falcon et al. 2024, arXiv 2402.07440): retrieval of long documents.

    Args:
        path: The folder with ``LoCoV1-Queries`` and ``LoCoV1-Documents``.
        tasks: ``summ_screen_fd``, ``gov_report``, ``qmsum``, ...; empty for all twelve.
        limit: The first so many queries of each task.
        documents: Maximum number of documents of a corpus, which makes the task easier.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    wanted = check_tasks(BENCHMARK, tasks)
    corpora = {task: Corpus() for task in wanted}
    empty: dict[str, set[str]] = {task: set() for task in wanted}
    for file in files_of(Path(path) / DOCUMENTS, FILES, "LoCo"):
        for row in rows_of(file):
            if (task := row.text("dataset")) in corpora:
                add(corpora[task].texts, row.text("pid"), row.text("passage", ""), row)
                if row.text("pid") not in corpora[task].texts:
                    empty[task].add(row.text("pid"))
    for file in files_of(Path(path) / QUERIES, FILES, "LoCo"):
        for row in rows_of(file):
            if (task := row.text("dataset")) in corpora:
                query, relevant = row.text("qid"), set(row.texts("answer_pids")) - empty[task]
                add(corpora[task].queries, query, row.text("query"), row)
                corpora[task].grades[query] = dict.fromkeys(sorted(relevant), 1)
    return retrieval_dataset(
        BENCHMARK,
        ((task, task, corpus) for task, corpus in corpora.items()),
        limit=limit,
        documents=documents,
    )
