"""Adding to a table of outcomes what routers may see of each question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lcrag.routers.features import context_features, estimated_tokens, retrieval_features, text_features
from lcrag.routers.query import PROBE_K
from lcrag.schema import Document

if TYPE_CHECKING:
    import pandas as pd


def add_features(
    outcomes: pd.DataFrame, documents: Mapping[str, Document], retriever: Any = None
) -> pd.DataFrame:
    """The table with ``feature_*`` columns: words, context, and a first retrieval where the document is there.

    Args:
        outcomes: rows with ``question``, ``document_id`` (several joined by +), and ``document_tokens`` where a
            document is not there.
        documents: by id.
        retriever: has ``build(texts) -> index`` (see ``retrievers``); BM25 if none is given.
    """
    import pandas as pd

    if retriever is None:
        from retrievers.bm25 import BM25Retriever

        retriever = BM25Retriever()
    asked = outcomes.drop_duplicates(["question_id", "document_id"])
    found: dict[str, dict[str, float]] = {}
    for id, rows in asked.groupby("document_id", sort=False):
        names = [str(id)] if str(id) in documents else str(id).split("+")
        there = {n: documents[n].text for n in names if n in documents}
        lengths = {n: len(t) for n, t in there.items()}
        index = retriever.build(there) if len(there) == len(names) else None
        questions = rows["question"].tolist()
        hits = index.search(questions, PROBE_K) if index else [[]] * len(questions)
        for row, question, passages in zip(rows.itertuples(), questions, hits, strict=True):
            tokens = (
                estimated_tokens(sum(lengths.values()))
                if index
                else getattr(row, "document_tokens", float("nan"))
            )
            window = getattr(row, "window", float("nan"))
            found[str(row.question_id)] = (
                text_features(question)
                | context_features(tokens, window, len(names))
                | retrieval_features(question, passages, lengths)
            )
    columns = pd.DataFrame.from_dict(found, orient="index").add_prefix("feature_")
    return outcomes.drop(columns=[c for c in outcomes if c.startswith("feature_")]).join(
        columns, on="question_id"
    )
