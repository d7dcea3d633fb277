"""Adds the features that routers may see of each question to a table of outcomes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from embedders.tokens import CHARS_PER_TOKEN
from lcrag.metrics.support import support
from lcrag.routers.learning.features import (
    context_features,
    retrieval_features,
    text_features,
)
from lcrag.routers.learning.query import FEATURE_K
from lcrag.schema import Document, Passage

if TYPE_CHECKING:
    import pandas as pd


def add_features(
    outcomes: pd.DataFrame,
    documents: Mapping[str, Document],
    retriever: Any = None,
    supported: Sequence[str] = (),
) -> pd.DataFrame:
    """The table with ``feature_*`` columns: words, context, and a first retrieval where the documents are given.

    Args:
        outcomes: rows with ``question``, ``document_id`` (several joined by +), and ``document_tokens`` where
            a document is not given.
        documents: documents by id.
        retriever: has ``build(texts) -> index`` (see ``retrievers``); BM25 if none is given.
        supported: strategies whose answers are compared with the passages of this retrieval (``note_support*``),
            because the passages that they were made from are not published.
    """
    import pandas as pd

    if retriever is None:
        from retrievers.bm25 import BM25Retriever

        retriever = BM25Retriever()
    queries = outcomes.drop_duplicates(["question_id", "document_id"])
    features: dict[str, dict[str, float]] = {}
    retrieved: dict[str, Sequence[Passage]] = {}
    for document_id, rows in queries.groupby("document_id", sort=False):
        names = [str(document_id)] if str(document_id) in documents else str(document_id).split("+")
        texts = {n: documents[n].text for n in names if n in documents}
        lengths = {n: len(t) for n, t in texts.items()}
        index = retriever.build(texts) if len(texts) == len(names) else None
        questions = rows["question"].tolist()
        hits = index.search(questions, FEATURE_K) if index else [[]] * len(questions)
        for row, question, passages in zip(rows.itertuples(), questions, hits, strict=True):
            stated = getattr(row, "document_tokens", float("nan"))
            tokens = sum(lengths.values()) / CHARS_PER_TOKEN if index else stated
            key = str(row.question_id)
            retrieved[key] = passages
            features[key] = (
                text_features(question)
                | context_features(tokens, getattr(row, "window", float("nan")), len(names))
                | retrieval_features(question, passages, lengths)
            )
    columns = pd.DataFrame.from_dict(features, orient="index").add_prefix("feature_")
    plain = outcomes.drop(columns=[c for c in outcomes if c.startswith("feature_")])
    frame = plain.join(columns, on="question_id")
    if not supported:
        return frame
    answers = frame[frame["strategy"].isin(supported)]
    rows = zip(answers["question"], answers["answer"], answers["question_id"], strict=True)
    notes = pd.DataFrame([support(q, a, retrieved[i]) for q, a, i in rows], index=answers.index)
    return frame.join(notes.add_prefix("note_"))
