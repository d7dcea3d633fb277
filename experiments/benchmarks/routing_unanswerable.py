"""Questions without an answer, told by what was learned from LaRA's: reports, chats, and passages taken out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from routing_data import KEPT, RAG, data, embedder
from routing_styles import VERSIONS, by_version
from sklearn.metrics import roc_auc_score

from lcrag import ChunkedRetrieval, Experiment, TransformersReader
from lcrag.datasets import Dataset, generate, load_pydoc_facts
from lcrag.generators import generate_chats
from lcrag.generators.lost_positions import load_lost_positions
from lcrag.published.features import add_features
from lcrag.replay import examples_of
from lcrag.routers import Query, StackedRouter
from lcrag.schema import Document, Question
from lcrag.tables import markdown
from retrievers import BM25Retriever, RecursiveChunker

PASSAGES, QUESTIONS = 10, 240  # of Lost in the Middle
ASKED = 40  # of these the reader answers, each on two documents
UNANSWERABLE = "hallucination"


def without_gold() -> Dataset:
    """Lost in the Middle's questions, each on ten passages with the gold one and on ten without it."""
    folder = data() / "LostInTheMiddle"
    dataset = load_lost_positions(folder, PASSAGES + 1, positions=(PASSAGES // 2,), limit=QUESTIONS)
    texts = {d.id: d.text for d in dataset.documents}
    documents: list[Document] = []
    questions: list[Question] = []
    for question in dataset.questions:
        (document_id,), (span,) = question.document_ids, question.evidence
        text = texts[document_id]
        blocks = text[: span.start] + text[span.end :].lstrip("\n")
        last = text.rindex("\nDocument [")  # as many passages with the gold one as without it
        documents += [Document(f"{document_id}-gold", text[:last]), Document(f"{document_id}-none", blocks)]
        questions += [
            replace(question, id=f"{question.id}-gold", document_ids=(f"{document_id}-gold",), evidence=()),
            replace(question, id=f"{question.id}-none", document_ids=(f"{document_id}-none",), evidence=(),
                    answerable=False, answers=()),
        ]  # fmt: skip
    return Dataset("gold_taken_out", tuple(documents), tuple(questions))


def sets() -> dict[str, Dataset]:
    """Data sets with questions that have no answer."""
    return {
        "synthetic reports": generate(documents=40, questions_per_document=10),
        "chats (as LongMemEval's)": generate_chats(count=40),
        "CPython's reference (the demo's, both halves)": load_pydoc_facts("both"),
        "Lost in the Middle, gold passage taken out": without_gold(),
    }


def queries_of(dataset: Dataset) -> list[Query]:
    """What a router sees of the questions before anything is asked: words, context, a first retrieval, embedding."""
    documents = {d.id: d for d in dataset.documents}
    table = pd.DataFrame(
        {
            "question_id": [q.id for q in dataset.questions],
            "question": [q.text for q in dataset.questions],
            "document_id": ["+".join(q.document_ids) for q in dataset.questions],
            "document_tokens": np.nan,
            "window": 128_000.0,
        }
    )
    features = add_features(table, documents)
    names = [c for c in features if c.startswith("feature_")]
    vectors = embedder().embed([q.text for q in dataset.questions], "query").vectors
    return [
        Query(q.id, q.text, tokens=float("nan"), embedding=vector,
              features={n.removeprefix("feature_"): v for n, v in zip(names, row, strict=True)})
        for q, vector, row in zip(dataset.questions, vectors, features[names].to_numpy(float), strict=True)
    ]  # fmt: skip


def auc(
    router: StackedRouter, queries: Sequence[Query], labels: Sequence[bool], answered: bool = False
) -> str:
    """Area under the ROC curve of p(unanswerable)."""
    if answered:
        values = router.kinds(queries)[UNANSWERABLE]
    else:
        sign = 1 if router.fitted_state.kinds[1] == UNANSWERABLE else -1
        values = sign * router.logits(queries)[:, 0]
    return f"{roc_auc_score(labels, values):.3f}"


def questions_alone() -> str:
    """AUC of every version of what is read of a question, on every data set."""
    rows = []
    for name, dataset in sets().items():
        queries, labels = queries_of(dataset), [not q.answerable for q in dataset.questions]
        row = {"questions": name, "without an answer": f"{sum(labels)} of {len(labels)}"}
        rows.append(row | {version: auc(by_version(version), queries, labels) for version in VERSIONS})
    return markdown(pd.DataFrame(rows))


def with_answers() -> str:
    """AUC before and after a real reader's answer: SmolLM2 on Lost in the Middle's passages, with leave to decline."""
    dataset = without_gold()
    first = replace(dataset, questions=dataset.questions[: 2 * ASKED])
    run = Experiment(
        dataset=replace(first, documents=dataset.documents[: 2 * ASKED]),
        reader=TransformersReader("smollm2", batch_size=16),
        strategies=[ChunkedRetrieval(k=3, max_tokens=30)],
        output=KEPT / "gold_taken_out",
        retriever=BM25Retriever(chunker=RecursiveChunker(size=600, overlap=0)),
        mlflow="",
        name="gold_taken_out",
    ).run()
    pair = pd.concat([run.table, run.table.assign(strategy="again")], ignore_index=True)  # a router wants two
    examples = examples_of(pair, embedder=embedder())
    labels = [q.id.endswith("-none") for q in examples.queries]
    declined = [q.signals[RAG]["declined"] for q in examples.queries]
    rows = [
        {
            "version": version,
            "AUC, question and retrieval": auc(by_version(version), examples.queries, labels),
            "AUC, with the answer": auc(by_version(version), examples.queries, labels, answered=True),
        }
        for version in VERSIONS
    ]
    return (
        f"{markdown(pd.DataFrame(rows))}\n\nSmolLM2-135M declines {np.mean(declined):.0%} of these {len(labels)} "
        f"questions; declining alone has an AUC of {roc_auc_score(labels, declined):.3f}."
    )
