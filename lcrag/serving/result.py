"""What an application returns for a question."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from langchain_core.documents import Document as LangChainDocument

from lcrag.runtime.guard import BudgetGuard
from lcrag.schema import Answer, Document, Ledger, Question
from lcrag.serving.citations import citations


def result_of(
    answer: Answer,
    question: Question,
    strategy: str,
    documents: Mapping[str, Document],
    guard: BudgetGuard,
) -> dict[str, Any]:
    """An answer as plain values.

    Args:
        answer: the strategy's, with the ledger of its question.
        question: the question as it was put to the strategy.
        strategy: the name of the strategy that was asked.
        documents: the documents by id.
        guard: the guard of its question.

    Returns:
        A mapping with the keys

        - ``id``, for ``Application.feedback``;
        - ``answer`` and ``declined``;
        - ``question``, as the strategy was asked (a follow-up is rewritten);
        - ``strategy``, the one that answered, and ``reason``, why a router chose it;
        - ``sources``, LangChain documents with the places of the passages;
        - ``citations``, spans of the documents (see ``lcrag.serving.citations``);
        - ``usage``, what this question took of the language model: tokens, seconds, FLOPs, dollars;
        - ``routing``, that part of it which was spent on deciding;
        - ``embedding``, what it took of embedder and reranker;
        - ``build``, what the language model took for something that this question was the first to need.
    """
    route = next((s for s in answer.steps if s.name == "route"), None)
    return {
        "answer": answer.text,
        "declined": answer.declined,
        "question": question.text,
        "strategy": route.output if route else strategy,
        "reason": route.input if route else "",
        "sources": [
            LangChainDocument(p.text, metadata={"document": p.document_id, "start": p.start, "end": p.end})
            for p in answer.evidence
        ],
        "citations": citations(answer, documents, question.document_ids),
        "usage": asdict(answer.usage.sum(("read", "retrieve", "route"))),
        "embedding": asdict(answer.usage.sum(("embed", "rerank"))),
        "routing": asdict(Ledger(answer.usage.entries)["route"]),
        "build": asdict(guard.paid - guard.booked),
    }
