"""Outcomes of two strategies with hand-made scores and tokens."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lcrag.outcomes import validate
from lcrag.routers import Examples, Query
from tests.outcomes.conftest import row


@pytest.fixture
def outcomes():
    """Four questions on two documents, answered by one known model: retrieval in 100 tokens, all in 1,000."""
    rows = []
    for i, (document, kind) in enumerate(
        [("a", "location"), ("a", "comparison"), ("b", "location"), ("b", "comparison")]
    ):
        for strategy, prompt, cached, score in (
            ("chunked_retrieval", 100.0, 0.0, float(kind == "location")),
            ("long_context", 1000.0, 800.0, float(kind == "comparison")),
        ):
            rows.append(
                row(f"q{i}", strategy, document_id=document, kind=kind, score=score, prompt_tokens=prompt,
                    completion_tokens=10.0, model="llama-3.1-8b", declined=score == 0, note_support=score,
                    note_secret=0.5, document_tokens=900.0, window=8000.0)
                | {"read_cached_tokens": cached}
            )  # fmt: skip
    return validate(pd.DataFrame(rows))


def small(scores, costs, documents=None, strategies=("weak", "strong")):
    """Examples with these scores and costs."""
    scores, costs = np.array(scores, float), np.array(costs, float)
    queries = tuple(
        Query(f"q{i}", f"What is {i}?", signals={s: {"declined": 0.0} for s in strategies})
        for i in range(len(scores))
    )
    return Examples(
        queries, tuple(strategies), scores, costs, tuple(documents or (f"d{i}" for i in range(len(scores))))
    )
