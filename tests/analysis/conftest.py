"""Outcomes as a run would leave them: real ``Outcome`` rows with chosen accuracies and costs."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping

import pandas as pd
import pytest

from lcrag.schema import Ledger, Outcome, Usage

KINDS = ("location", "reasoning", "comparison", "hallucination")
SHAPES = {  # accuracy, prompt tokens, share of them cached, completion tokens, tokens of building
    "closed_book": (0.15, 60, 0.0, 8, 0),
    "chunked_retrieval": (0.55, 900, 0.0, 12, 180),
    "memory": (0.50, 1100, 0.0, 70, 420),
    "long_context": (0.70, 6200, 0.8, 11, 0),
    "retrieve_then_reason": (0.52, 2100, 0.1, 90, 180),
    "self_route": (0.66, 3900, 0.6, 14, 180),
}


@pytest.fixture(scope="session")
def outcomes() -> Callable[..., pd.DataFrame]:
    """Make a table: ``outcomes(documents=6, each=8, seed=0)``; ``flops=None`` for an unknown model."""

    def make(
        documents: int = 6,
        each: int = 8,
        seed: int = 0,
        shapes: Mapping[str, tuple[float, int, float, int, int]] = SHAPES,
        flops: float | None = 2.7e8,
        dollars: float | None = None,
    ) -> pd.DataFrame:
        rng = random.Random(seed)
        rows = []
        hardness = {(d, q): rng.gauss(0, 0.2) for d in range(documents) for q in range(each)}
        for strategy, (accuracy, prompt, cached, completion, built) in shapes.items():
            for (d, q), hard in hardness.items():
                size = prompt * rng.uniform(0.8, 1.2)
                read = Usage(
                    prompt_tokens=round(size),
                    cached_tokens=round(size * cached),
                    completion_tokens=completion,
                    calls=1,
                    seconds=size * (1 - cached) / 2000 + completion / 40,
                    flops=None if flops is None else flops * (size * (1 - cached) + completion),
                    kv_bytes=None,
                    dollars=None if dollars is None else dollars * size,
                )
                index = Usage(prompt_tokens=built, calls=built / 100, flops=None, dollars=None)
                ledger = Ledger({"read": read} | ({"index": index} if built else {}))
                right = float(rng.random() + hard < accuracy)
                rows.append(
                    Outcome(
                        f"d{d}q{q}", f"document {d}", KINDS[q % 4], strategy, "SmolLM2-135M", seed,
                        answer=f"The answer of {strategy}", score=right, scores={"accuracy": right},
                        usage=ledger, prompt_hash=f"{d}{q}",
                        closed_book=strategy == "closed_book",
                    )
                )  # fmt: skip
        return pd.DataFrame([row.flat() for row in rows])

    return make


def changed(table: pd.DataFrame, strategy: str, question: str, **values: object) -> pd.DataFrame:
    """A copy with some columns of one row replaced."""
    table = table.copy()
    at = (table["strategy"] == strategy) & (table["question_id"] == question)
    assert at.sum() == 1
    for column, value in values.items():
        table.loc[at, column] = value
    return table


@pytest.fixture
def change() -> Callable[..., pd.DataFrame]:
    """Replace columns of one row: ``change(table, strategy, question, score=None, error="...")``."""
    return changed
