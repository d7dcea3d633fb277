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
    closed_book: bool = False,
    **more: Any,
) -> dict[str, Any]:
    """A row whose answer was read in one call.

    Seconds, FLOPs, KV bytes and dollars are not known. ``more`` are further columns, such as ``gold`` or ``length``.
    """
    read = Usage(
        prompt_tokens=prompt_tokens,
        completion_tokens=completion_tokens,
        calls=1,
        seconds=float("nan"),
        flops=None,
        kv_bytes=None,
        dollars=None,
    )
    outcome = Outcome(
        question_id=question_id,
        document_id=document_id,
        kind=kind,
        strategy=strategy,
        model=model,
        seed=0,
        answer=answer,
        declined=declined,
        truncation=truncation,
        closed_book=closed_book,
        score=score,
        usage=Ledger({"read": read}),
        error=error,
    )
    return outcome.flat() | {"question": question} | more
