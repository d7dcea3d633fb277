"""A published answer as a row of the table of outcomes."""

from __future__ import annotations

from typing import Any

from lcrag.schema import Ledger, Outcome, Usage


def outcome_row(
    *,
    question_id: str,
    document_id: str,
    kind: str,
    strategy: str,
    model: str,
    question: str,
    answer: str,
    score: float | None,
    declined: bool = False,
    error: str = "",
    prompt_tokens: float = 0.0,
    completion_tokens: float = 0.0,
    truncation: str = "",
    **more: Any,
) -> dict[str, Any]:
    """One row: seconds, FLOPs, KV bytes and dollars are not known; ``more`` are further columns."""
    read = Usage(prompt_tokens, 0, completion_tokens, 1, float("nan"), None, None, None)
    outcome = Outcome(
        question_id, document_id, kind, strategy, model, 0, answer, declined, truncation, score=score,
        usage=Ledger({"read": read}), error=error,
    )  # fmt: skip
    return outcome.flat() | {"question": question} | more
