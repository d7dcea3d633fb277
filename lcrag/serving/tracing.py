"""An application's answers as MLflow traces."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from lcrag.experiment.tracking.spans import parts_of, trace_usage
from lcrag.experiment.tracking.traces import log_part
from lcrag.schema import Answer, Outcome, Question, Step

logger = logging.getLogger("lcrag")


def trace_answer(
    question: Question,
    answer: Answer,
    steps: Sequence[Step],
    result: dict[str, Any],
    model: str,
    start: float,
) -> None:
    """Log one answer as a trace in MLflow's current experiment: a span for each search and each call of the reader.

    A store that fails costs the trace, not the answer.

    Args:
        question: what was asked.
        answer: the answer, with its ledger.
        steps: what was done for it, in order.
        result: what the application returns.
        model: the reader's name.
        start: when the question came, in seconds since 1970.
    """
    import mlflow

    documents = ", ".join(question.document_ids)
    route = [s for s in answer.steps if s.name == "route"]
    done = replace(answer, steps=(*route, *steps))
    row = Outcome(question.id, documents, question.kind, result["strategy"], model, 0, answer=answer.text,
                  usage=done.usage, steps=done.steps, evidence=done.evidence)  # fmt: skip
    try:
        root = mlflow.start_span_no_context(
            "application",
            span_type="CHAIN",
            inputs={"question": question.text, "documents": list(question.document_ids)},
            tags={"lcrag.strategy": result["strategy"], "lcrag.model": model, "lcrag.answer": result["id"]},
            attributes=trace_usage(row),
            start_time_ns=int(start * 1e9),
        )
        at = start
        for part in parts_of(row, question, {}):
            at = log_part(mlflow, root, part, at)
        told = {key: result[key] for key in ("answer", "declined", "strategy", "reason", "citations")}
        root.end(outputs=told, status="OK", end_time_ns=int(max(at, time.time()) * 1e9))
    except Exception as error:  # whatever a store raises
        logger.warning("Answer %s was not traced: %s", result["id"], error)
