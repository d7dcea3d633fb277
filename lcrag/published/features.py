"""Adding to a table of outcomes what routers may see of each question."""

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
    """The table with ``feature_*`` columns: words, context, and a first retrieval where the document is there.

    Args:
        outcomes: rows with ``question``, ``document_id`` (several joined by +), and ``document_tokens`` where
            a document is not there.
        documents: by id.
        retriever: has ``build(texts) -> index`` (see ``retrievers``); BM25 if none is given.
        supported: strategies whose answers are held against what this retrieval finds (``note_support*``),
            where the passages that they were made from are not published.
    """
    import pandas as pd

    if retriever is None:
        from retrievers.bm25 import BM25Retriever

        retriever = BM25Retriever()
    asked = outcomes.drop_duplicates(["question_id", "document_id"])
    found: dict[str, dict[str, float]] = {}
    seen: dict[str, Sequence[Passage]] = {}
    for id, rows in asked.groupby("document_id", sort=False):
        names = [str(id)] if str(id) in documents else str(id).split("+")
        there = {n: documents[n].text for n in names if n in documents}
        lengths = {n: len(t) for n, t in there.items()}
        index = retriever.build(there) if len(there) == len(names) else None
        questions = rows["question"].tolist()
        hits = index.search(questions, FEATURE_K) if index else [[]] * len(questions)
        for row, question, passages in zip(rows.itertuples(), questions, hits, strict=True):
            known = sum(lengths.values()) / CHARS_PER_TOKEN if index else None
            tokens = getattr(row, "document_tokens", float("nan")) if known is None else known
            key = str(row.question_id)
            seen[key] = passages
            found[key] = (
                text_features(question)
                | context_features(tokens, getattr(row, "window", float("nan")), len(names))
                | retrieval_features(question, passages, lengths)
            )
    columns = pd.DataFrame.from_dict(found, orient="index").add_prefix("feature_")
    plain = outcomes.drop(columns=[c for c in outcomes if c.startswith("feature_")])
    frame = plain.join(columns, on="question_id")
    if not supported:
        return frame
    made = frame[frame["strategy"].isin(supported)]
    rows = zip(made["question"], made["answer"], made["question_id"], strict=True)
    held = pd.DataFrame([support(q, a, seen[i]) for q, a, i in rows], index=made.index)
    return frame.join(held.add_prefix("note_"))
