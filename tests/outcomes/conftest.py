"""Small tables of outcomes, and LaRA's answers imported once."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pandas as pd
import pytest

from lcrag.outcomes.rows import outcome_row


def row(id="q1", strategy="long_context", **changes):
    values = {
        "question_id": id, "document_id": "d1", "kind": "location", "strategy": strategy, "model": "m",
        "question": f"What is {id}?", "answer": "It is so.", "score": 1.0, "prompt_tokens": 100.0,
        "completion_tokens": 5.0, "gold": "so",
    }  # fmt: skip
    return outcome_row(**(values | changes))


@pytest.fixture
def table():
    """Two questions, two strategies; the second question is a known defect."""
    return pd.DataFrame(
        [
            row(q, s, flag_renamed=q == "q2")
            for q in ("q1", "q2")
            for s in ("chunked_retrieval", "long_context")
        ]
    )


@pytest.fixture(scope="session")
def lara():
    """LaRA's published answers without what routers may see: 12 models, some seconds."""
    from lcrag.published.lara import import_lara

    folder = Path(os.environ.get("LCRAG_DATA", Path(__file__).parents[3] / "shared" / "data")) / "LaRA"
    if not folder.is_dir():
        pytest.skip(f"no benchmark data: {folder} is not there (set LCRAG_DATA)")
    return import_lara(folder, features=False)


QUESTIONS = {
    "location": ("Who keeps the inn?", "Hartman keeps the inn."),
    "reasoning": ("Why does the inn close?", "Because the road is gone."),
    "comp": ("Which inn is older?", "The northern one."),
    "hallu": ("Who built the bridge?", "The text does not say."),
}


def write_lines(path: Path, rows) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(r) + "\n" for r in rows))


@pytest.fixture
def small_lara(tmp_path):
    """A folder like LaRA's: one document a genre and length, a question a kind, answers of one model."""
    root = tmp_path / "LaRA"
    for length in ("32k", "128k"):
        for genre in ("book", "financial", "paper"):
            document = root / "datasets" / length / genre / "a.txt"
            document.parent.mkdir(parents=True)
            document.write_text("Hartman keeps the inn. " + "The road is long. " * 400)
            for kind, (question, gold) in QUESTIONS.items():
                asked = {"file": "a.txt", "question": question, "answer": gold}
                write_lines(root / "datasets" / "query" / f"{length}_{genre}_{kind}.jsonl", [asked])
                for mode, said in (("full", gold), ("rag", "The text does not mention it.")):
                    name = f"{mode}_preds_tiny_{length}_{genre}_{kind}.jsonl"
                    answered = {
                        "file": "a.txt",
                        "question": question,
                        "prediction": said,
                        "ground_truth": gold,
                    }
                    write_lines(root / "evaluation" / "prediction" / "tiny" / name, [answered])
    return root
