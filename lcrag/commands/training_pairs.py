"""Training pairs for models that retrieve from their context before they reason."""

from __future__ import annotations

import json
from pathlib import Path

from lcrag.datasets.base import Dataset
from lcrag.errors import LcragError
from lcrag.files import write_atomically
from lcrag.readers.base import Message
from lcrag.schema import Question
from lcrag.strategies.pieces.prompts import SHORT, chat, question_block, text_block
from lcrag.strategies.retrieve_then_reason import QUOTE


def training_pairs(dataset: Dataset) -> list[dict[str, object]]:
    """Two chats for each question with gold evidence: text and question to facts, then to the answer.

    ALR^2's joint objective (Li et al. 2024, arXiv 2410.03227, equation 4): one model learns p(z|q,c) and
    p(y|z,q,c), z being the gold sentences. The prompts are those of ``RetrieveThenReason`` with ``reason_on:
    facts_and_text``. Questions that cannot be answered, or whose evidence is not known, are left out.
    """
    rows: list[dict[str, object]] = []
    for question in dataset.questions:
        if not (question.answerable and question.answers and question.evidence):
            continue
        text = text_block([dataset.document(i) for i in question.document_ids])
        facts = "\n".join(f"- {' '.join(span.text.split())}" for span in question.evidence)
        ask = chat(text + question_block(question, QUOTE))
        ending = f"Facts quoted from this text:\n{facts}\n\n{question_block(question, SHORT)}"
        rows.append(_row(question, "retrieve", ask, facts))
        rows.append(_row(question, "reason", chat(text + ending), question.answers[0]))
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
    if not rows:
        raise LcragError(
            f"No question of {dataset.name} has both an answer and evidence: give quotes under `evidence`."
        )
    write_atomically(file, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return len(rows)
