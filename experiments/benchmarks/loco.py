"""LoCo's retrieval of long documents: nDCG@10 on its tasks, for BM25 and any embedder.

Saad-Falcon et al. 2024 (arXiv 2402.07440). LoCoV1 has twelve tasks in two data sets, each of which is fetched by
``hf download hazyresearch/LoCoV1-Queries --repo-type dataset --local-dir FOLDER/LoCoV1-Queries`` (and
``LoCoV1-Documents``). Then::

    python experiments/benchmarks/loco.py FOLDER [EMBEDDER.yaml ...]

A YAML file holds what stands under ``embedder`` in an experiment.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from embedders import SentenceTransformerEmbedder
from lcrag.components.build import build
from lcrag.components.yaml_file import read_yaml
from lcrag.errors import LcragError, did_you_mean, reason
from retrievers import BM25Retriever, RecursiveChunker

TASKS = (
    "summ_screen_fd", "gov_report", "qmsum", "qasper_title", "qasper_abstract", "multifieldqa", "2wikimqa",
    "passage_retrieval", "legal_case_reports", "courtlistener_HTML", "courtlistener_Plain_Text", "stackoverflow",
)  # fmt: skip
QUERIES, DOCUMENTS = "LoCoV1-Queries", "LoCoV1-Documents"
K = 10


@dataclass(frozen=True)
class Task:
    """One task of LoCo.

    Attributes:
        documents: Texts by ``pid``.
        queries: Texts by ``qid``.
        relevant: For each ``qid`` the relevant ``pid``.
    """

    name: str
    documents: dict[str, str]
    queries: dict[str, str]
    relevant: dict[str, frozenset[str]]


def load(folder: Path, name: str) -> Task:
    """A task as the authors load it (``load_loco_from_hf``): documents without a text are left out with their queries.

    Raises:
        LcragError: no such task, a file is missing or of another form, or a query has no relevant document.
    """
    if name not in TASKS:
        raise LcragError(f"LoCo has no task {name!r}: {did_you_mean(name, TASKS)}")
    documents: dict[str, str] = {}
    without_text = set[str]()
    for where, row in _rows(folder / DOCUMENTS, name, {"pid": str, "passage": str | None}):
        if row["pid"] in documents or row["pid"] in without_text:
            raise LcragError(f"{where}: the pid {row['pid']!r} is a duplicate; download {DOCUMENTS} again.")
        if (row["passage"] or "").strip():
            documents[row["pid"]] = row["passage"]
        else:
            without_text.add(row["pid"])
    queries: dict[str, str] = {}
    relevant: dict[str, frozenset[str]] = {}
    for where, row in _rows(folder / QUERIES, name, {"qid": str, "query": str, "answer_pids": list}):
        id, answers = row["qid"], set(row["answer_pids"])
        if id in queries:
            raise LcragError(f"{where}: the qid {id!r} is a duplicate; download {QUERIES} again.")
        if missing := sorted(map(str, answers - without_text - set(documents))):
            raise LcragError(f"{where}: {id!r} names the document {missing[0]!r}, which {DOCUMENTS} lacks.")
        if not answers:
            raise LcragError(f"{where}: {id!r} has no answer_pids, so nothing is relevant to it; remove it.")
        if answers - without_text:
            queries[id], relevant[id] = row["query"], frozenset(answers - without_text)
    return Task(name, documents, queries, relevant)


def _rows(folder: Path, name: str, columns: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The rows of a task with the places they come from, out of ``TASK_test.jsonl`` or a table of all tasks."""
    files = [f for f in sorted(folder.rglob("*")) if f.suffix in {".jsonl", ".parquet"}]
    files = [f for f in files if "test" in f.relative_to(folder).as_posix()]
    per_task = [f for f in files if f.stem == f"{name}_test"]
    shared = [f for f in files if f.stem.removesuffix("_test") not in TASKS]
    count = 0
    for file in per_task or shared:
        for number, row in enumerate(_read(file), 1):
            where = f"{file}:{number}"
            if not isinstance(row, dict) or row.get("dataset", name if per_task else None) is None:
                raise LcragError(f"{where}: a row of LoCo has a 'dataset'; download {folder.name} again.")
            if row.get("dataset", name) != name:
                continue
            for column, kind in columns.items():
                if not isinstance(row.get(column), kind):
                    raise LcragError(f"{where}: {column!r} is missing or of another type than in LoCo.")
            count += 1
            yield where, row
    if not count:
        raise LcragError(
            f"{folder}: there is nothing of LoCo's task {name!r}; fetch it: hf download hazyresearch/{folder.name} "
            f"--repo-type dataset --local-dir {folder}"
        )


def _read(file: Path) -> Iterator[Any]:
    try:
        if file.suffix == ".parquet":
            import pyarrow.parquet as pq

            for batch in pq.ParquetFile(file).iter_batches(1000):
                yield from batch.to_pylist()
        else:
            with file.open(encoding="utf-8") as lines:
                for line in lines:
                    yield json.loads(line)
    except (OSError, ValueError) as error:  # pyarrow's and json's errors are ValueErrors
        raise LcragError(f"{file}: it cannot be read ({reason(error)}); download it again.") from error


def ndcg(scores: Mapping[str, float], relevant: frozenset[str]) -> float:
    """nDCG@10 of one query, as trec_eval computes it for BEIR: gains of 1, ties in falling order of the ids."""
    ranked = sorted(scores, key=lambda pid: (scores[pid], pid), reverse=True)[:K]
    gain = sum(1 / math.log2(rank + 1) for rank, pid in enumerate(ranked, 1) if pid in relevant)
    return gain / sum(1 / math.log2(rank + 1) for rank in range(1, min(K, len(relevant)) + 1))


def dense(task: Task, embedder: Any) -> list[dict[str, float]]:
    """For each query the cosine with every document."""
    queries = embedder.embed(list(task.queries.values()), "query").vectors
    documents = embedder.embed(list(task.documents.values())).vectors
    return [dict(zip(task.documents, row, strict=True)) for row in (queries @ documents.T).tolist()]


def bm25(task: Task) -> list[dict[str, float]]:
    """For each query the BM25 scores of the best documents."""
    index = BM25Retriever(RecursiveChunker(10**9, 0)).build(task.documents)
    rankings = index.search(list(task.queries.values()), min(100, len(task.documents)))
    return [{p.document_id: p.score for p in passages} for passages in rankings]


def score(task: Task, results: Sequence[Mapping[str, float]]) -> float:
    """The mean nDCG@10 of a task's queries."""
    values = [ndcg(r, task.relevant[q]) for q, r in zip(task.queries, results, strict=True)]
    return sum(values) / len(values)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the table to standard output as Markdown."""
    parser = argparse.ArgumentParser(description="nDCG@10 on LoCoV1")
    parser.add_argument("folder", type=Path, help="holds LoCoV1-Queries and LoCoV1-Documents")
    parser.add_argument("embedders", nargs="*", type=Path, help="YAML files, one embedder each")
    parser.add_argument("--tasks", nargs="+", default=TASKS, help="some of the tasks; all by default")
    options = parser.parse_args(arguments)
    models = {f.stem: build("embedder", read_yaml(f), f"{f}: embedder") for f in options.embedders}
    models = models or {"all-MiniLM-L6-v2": SentenceTransformerEmbedder()}
    lines = ["| task | queries | documents | BM25 | " + " | ".join(models) + " |"]
    lines.append("|---|---:|---:|---:|" + "---:|" * len(models))
    table = []
    for name in options.tasks:
        task = load(options.folder, name)
        table.append([score(task, bm25(task)), *(score(task, dense(task, m)) for m in models.values())])
        cells = " | ".join(f"{x:.3f}" for x in table[-1])
        lines.append(f"| {name} | {len(task.queries):,} | {len(task.documents):,} | {cells} |")
        sys.stderr.write(lines[-1] + "\n")
    means = " | ".join(f"{sum(column) / len(column):.3f}" for column in zip(*table, strict=True))
    sys.stdout.write("\n".join([*lines, f"| mean | | | {means} |"]) + "\n")


if __name__ == "__main__":
    try:
        main()
    except (LcragError, ValueError) as error:  # embedders raise ValueError
        sys.exit(str(error))
