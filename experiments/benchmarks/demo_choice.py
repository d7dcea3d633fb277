"""What `lcrag demo` is made of, measured on the half of its questions that the demo does not show.

Passages, their size, the leave to decline, the order of question and text: writes the table of docs/demo.md. Twenty
minutes or more on two cores.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from page import put

from lcrag.experiment.config import from_mapping
from lcrag.statistics import paired_difference
from lcrag.tables import human

ROOT = Path(__file__).parents[2]
OUTPUT = Path("runs/demo-choice")
GRID = (
    (300, 1),
    (300, 2),
    (300, 3),
    (500, 1),
    (500, 2),
    (500, 3),
    (800, 2),
)  # characters, passages


def strategies() -> list[dict[str, Any]]:
    """What is compared; all but some sizes of passages with and without the leave to decline."""
    both = [
        {"type": "closed_book"},
        _passages(500, 2),
        {"type": "long_context"},
        {"type": "memory", "k": 2, "chunk_chars": 500, "reading": "direct"},
    ]
    one = [
        *(_passages(size, k) for size, k in GRID if (size, k) != (500, 2)),
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
    """Every answer of every setting."""
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
    return from_mapping(spec, "demo_choice.py", ROOT).run().table


def as_markdown(answers: pd.DataFrame) -> str:
    """One line for each setting, the best first; differences are those from long_context, tested by document."""
    scores = answers.pivot(index="question_id", columns="strategy", values="score")
    questions = answers.drop_duplicates("question_id").set_index("question_id").loc[scores.index]
    facts = scores[questions["kind"] == "location"]
    tokens = answers.groupby("strategy")["read_prompt_tokens"].mean()
    lines = [
        "| setting | right | of the facts | tokens per question | minus long_context | p |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name in scores.mean().sort_values(ascending=False, kind="stable").index:
        test = paired_difference(scores[name], scores["long_context"], list(questions["document_id"]))
        difference = f"{test.difference:+.3f} [{test.low:+.2f}, {test.high:+.2f}] | {test.p_value:.2g}"
        lines.append(
            f"| {name} | {scores[name].mean():.3f} | {facts[name].mean():.3f} | {human(tokens[name])} | "
            f"{'- | -' if name == 'long_context' else difference} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    table = as_markdown(run())
    print(table)
    put(ROOT / "docs" / "demo.md", "choice", table)
