"""Training pairs for models that retrieve from their context before they reason."""

from __future__ import annotations

import json
from pathlib import Path

from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError
from lcrag.files import write_atomically
from lcrag.readers.base import Message
from lcrag.schema import Question
from lcrag.strategies.pieces.prompts import REFUSAL, list_items, text_block
from lcrag.strategies.retrieve_then_reason import reason_prompt, retrieve_prompt


def training_pairs(dataset: Dataset) -> list[dict[str, object]]:
    """Two chats for each question with gold evidence: text and question to facts, then to the answer.

    ALR^2's joint objective (Li et al. 2024, arXiv 2410.03227, equation 4): one model learns p(z|q,c) and
    p(y|z,q,c), z being the gold sentences. The prompts are those that ``RetrieveThenReason`` sends with ``reason_on:
    facts_and_text``. Of a question that cannot be answered it learns to quote "none" and to answer "unanswerable".
    Other questions whose answer or evidence is not known are left out.
    """
    rows: list[dict[str, object]] = []
    for question in dataset.questions:
        if question.answerable and not (question.answers and question.evidence):
            continue
        text = text_block([dataset.document(i) for i in question.document_ids])
        evidence = question.evidence if question.answerable else ()
        quoted = "\n".join(f"- {' '.join(span.text.split())}" for span in evidence) or "none"
        answer = question.answers[0] if question.answerable else REFUSAL
        rows.append(_row(question, "retrieve", retrieve_prompt(question, text), quoted))
        rows.append(_row(question, "reason", reason_prompt(question, list_items(quoted), text), answer))
    return rows


def _row(question: Question, step: str, messages: tuple[Message, ...], reply: str) -> dict[str, object]:
    said = [{"role": m.role, "content": m.content} for m in messages]
    return {
        "messages": [*said, {"role": "assistant", "content": reply}],
        "question_id": question.id,
        "step": step,
    }


def write_training_pairs(dataset: Dataset, file: Path) -> int:
    """Write the pairs as chat JSONL; returns the number of lines.

    Raises:
        LcragError: no question has an answer and evidence, or the file cannot be written.
    """
    rows = training_pairs(dataset)
    if not any(q.answerable and q.answers and q.evidence for q in dataset.questions):
        raise LcragError(
            f"No question of {dataset.name} has both an answer and evidence: give quotes under `evidence`."
        )
    write_atomically(file, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return len(rows)
