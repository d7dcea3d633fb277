"""BEIR-style folders: a corpus, queries and judgements of relevance."""

from __future__ import annotations

from pathlib import Path

from lcrag.benchmarks.base import Benchmark
from lcrag.benchmarks.retrieval_set import Corpus, add, no_items, retrieval_dataset, rows_in
from lcrag.datasets.base import Dataset
from lcrag.schema import Task

BENCHMARK = Benchmark(
    name="beir",
    title="BEIR",
    paper="Thakur et al. 2021, arXiv 2104.08663",
    licence="that of each data set",
    source="github.com/beir-cellar/beir, or any folder of the same form",
    files=("corpus.jsonl", "queries.jsonl", "qrels/*.tsv"),
    tasks={"retrieval": Task("retrieval", metric="document_ndcg")},
    items=no_items,
    note="nDCG@10 over documents with graded relevance. Title and text are one text, with a space between, as BEIR "
    "does. Every query is a question on the whole corpus; with `documents` only a part of a large corpus is read, "
    "which makes the task easier.",
)


def load_beir(
    path: Path,
    split: str = "test",
    limit: int | None = None,
    documents: int | None = None,
    seed: int = 0,
) -> Dataset:
    """A folder in BEIR's form (Thakur et al. 2021, arXiv 2104.08663): queries on a corpus, scored by nDCG@10.

    Args:
        path: The folder with ``corpus.jsonl``, ``queries.jsonl`` and ``qrels``.
        split: ``qrels/SPLIT.tsv`` has the judgements.
        limit: The first so many queries.
        documents: Maximum number of documents: the relevant ones, then others at random.
        seed: Seeds that choice.

    Raises:
        LcragError: something is wrong; the message names the file and the record.
    """
    folder, corpus = Path(path), Corpus()
    queries: dict[str, str] = {}
    for row in rows_in(folder, "corpus.jsonl", "BEIR"):
        add(corpus.texts, row.text("_id"), f"{row.text('title', '')} {row.text('text', '')}".strip(), row)
    for row in rows_in(folder, "queries.jsonl", "BEIR"):
        add(queries, row.text("_id"), row.text("text"), row)
    for row in rows_in(folder, f"qrels/{split}.tsv", "BEIR"):
        if (grade := row.integer("score")) > 0:
            corpus.grades.setdefault(row.text("query-id"), {})[row.text("corpus-id")] = grade
    corpus.queries = {id: text for id, text in queries.items() if id in corpus.grades}
    name = folder.resolve().name
    return retrieval_dataset(
        BENCHMARK, [("retrieval", name, corpus)], limit=limit, documents=documents, seed=seed
    )
