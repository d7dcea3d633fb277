"""What `lcrag demo` is made of, measured on the half of its questions that the demo does not show.

Passages, their size, the leave to decline, the order of question and text: prints each with its accuracy, and writes
the table of docs/demo.md. A quarter of an hour or more on two cores.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from page import put

from lcrag.experiment.config import from_mapping

ROOT = Path(__file__).parents[2]
OUTPUT = Path("runs/demo-choice")
GRID = (
    (300, 1),
    (300, 2),
    (300, 3),
    (500, 1),
    (500, 2),
    (500, 3),
    (800, 1),
    (800, 2),
)  # characters, passages
NOTES = {"reading": "note", "max_tokens": 64}


def strategies() -> list[dict[str, Any]]:
    """What is compared; all but some sizes of passages with and without the leave to decline."""
    both = [
        {"type": "closed_book"},
        _passages(500, 2),
        {"type": "long_context"},
        {"type": "retrieve_then_reason", "fact_tokens": 64},
        {"type": "memory", "k": 2, "chunk_chars": 500, "reading": "direct"},
    ]
    one = [
        *(_passages(size, k) for size, k in GRID if (size, k) != (500, 2)),
        {"type": "memory", "name": "memory with notes", "k": 2, "chunk_chars": 500, **NOTES},
        {"type": "long_context", "name": "long_context, question first, too", "question_at": "both"},
    ]
    return [
        *(_setting(s, leave) for s in both for leave in (False, True)),
        *(_setting(s, False) for s in one),
    ]


def _passages(size: int, k: int) -> dict[str, Any]:
    retriever = {"type": "hybrid", "chunker": {"type": "recursive", "size": size, "overlap": size // 5}}
    return {"type": "chunked_retrieval", "name": f"{k} passages of {size}", "k": k, "retriever": retriever}


def _setting(spec: dict[str, Any], leave: bool) -> dict[str, Any]:
    name = f"{spec.get('name', spec['type'])}{', may decline' if leave else ''}"
    return {"max_tokens": 32, **spec, "name": name, "allow_decline": leave}


def run() -> pd.DataFrame:
    """One row for each setting: accuracy on facts, on all questions, tokens and seconds per question."""
    spec = {
        "name": "demo-choice",
        "output": str(OUTPUT),
        "dataset": {"type": "pydoc_facts", "half": "choose"},
        "reader": {"type": "transformers", "model": "smollm2"},
        "embedder": {"type": "sentence_transformer", "model": "minilm"},
        "retriever": "hybrid",
        "strategies": strategies(),
        "mlflow": False,
    }
    answers = from_mapping(spec, "demo_choice.py", ROOT).run().table
    facts = answers[answers["kind"] == "location"]
    table = answers.groupby("strategy", sort=False).agg(all_questions=("score", "mean"))
    table["facts"] = facts.groupby("strategy")["score"].mean()
    return table


if __name__ == "__main__":
    result = run()
    print(result.round(3).to_string())
