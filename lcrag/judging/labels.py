"""Labelled answers, against which a judge is held: a table of outcomes, or a file of labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lcrag.errors import LcragError, reason
from lcrag.outcomes.columns import marks, texts
from lcrag.outcomes.duplicates import clusters
from lcrag.outcomes.failures import counted_wrong
from lcrag.outcomes.table import load_outcomes
from lcrag.schema import Answer, Question

if TYPE_CHECKING:
    import pandas as pd

CORRECT_THRESHOLD = 0.5  # a score from here on counts as right, as in routers
NEEDED = ("question", "gold", "answer", "label")
OPTIONAL = ("document_id", "question_id", "kind", "strategy", "model")
UNANSWERABLE = "hallucination"  # LaRA's kind of question that the text does not answer
COLUMNS = ("question_id", "cluster", "kind", "strategy", "model", "question", "gold", "answer", "label")


def load_labels(path: Path | str, *, correct_threshold: float = CORRECT_THRESHOLD) -> pd.DataFrame:
    """Labelled answers with the columns ``COLUMNS``; ``label`` is 1 for right, 0 for wrong.

    Args:
        path: a table of outcomes (.parquet, or a run's folder) with ``gold``, whose ``score`` is sound; rows without
            a score, and failed calls, are left out. Or a file of labels (.csv or .jsonl) with the columns
            ``question``, ``gold`` (alternatives joined by |), ``answer``, ``label`` (1 or 0, true or false), and as
            needed ``document_id``, ``question_id``, ``kind`` (``hallucination``: the text does not answer the
            question), ``strategy`` and ``model``.
        correct_threshold: the score from which an answer counts as right.

    Raises:
        LcragError: there is no such file, a column is missing, or nothing is labelled.
    """
    path = Path(path)
    is_file = path.suffix in {".csv", ".jsonl"}
    frame = _read_labels(path) if is_file else _of_outcomes(path, correct_threshold)
    if not len(frame):
        raise LcragError(
            f"{path} has no labelled answers: a judge is held against answers with a known score."
        )
    return frame.reset_index(drop=True)[list(COLUMNS)]


def _of_outcomes(path: Path, correct_threshold: float) -> pd.DataFrame:
    table = load_outcomes(path)
    if "gold" not in table or not table["gold"].ne("").any():
        raise LcragError(f"{path} has no column 'gold': a judge needs the reference answers.")
    table = table.assign(cluster=clusters(table))
    has_reference = table["gold"].ne("") | table["kind"].eq(UNANSWERABLE)
    table = table[table["score"].notna() & table["error"].eq("") & ~counted_wrong(table) & has_reference]
    return table.assign(label=(table["score"] >= correct_threshold).astype(int))


def _read_labels(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        if path.suffix == ".csv":
            frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
        else:
            lines = path.read_text("utf-8-sig").split("\n")
            frame = pd.DataFrame(
                [_object(line, f"{path}:{i}") for i, line in enumerate(lines, 1) if line.strip()]
            )
    except LcragError:
        raise
    except FileNotFoundError as error:
        raise LcragError(f"There is no file of labels {path}.") from error
    except Exception as error:  # pandas raises many kinds
        raise LcragError(f"{path} cannot be read as labels ({reason(error)}).") from error
    if missing := [c for c in NEEDED if c not in frame]:
        raise LcragError(f"{path} has no column {missing[0]!r}; needed are: {', '.join(NEEDED)}.")
    if empty := [i for i, label in enumerate(frame["label"], 1) if pd.isna(label) or str(label) == ""]:
        raise LcragError(f"{path}: answer {empty[0]} has no label: write 1 for right and 0 for wrong.")
    columns = {
        c: texts(frame[c], f"{path}: the column {c!r}") for c in (*NEEDED[:3], *OPTIONAL) if c in frame
    }
    label = marks(frame["label"], f"{path}: the column 'label'").astype(int)
    frame = pd.DataFrame(columns | {"label": label})
    for name in OPTIONAL:
        frame[name] = frame.get(name, "")
    frame["question_id"] = frame["question_id"].where(frame["question_id"].ne(""), frame["question"])
    # without documents a question's answers are one cluster
    frame["cluster"] = frame["document_id"].where(frame["document_id"].ne(""), frame["question_id"])
    return frame


def _object(line: str, where: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise LcragError(f"{where} is not JSON: {error}.") from error
    if not isinstance(row, dict):
        raise LcragError(f"{where} must be an object with the keys {', '.join(NEEDED)}.")
    return row


def draw(labels: pd.DataFrame, limit: int | None, seed: int = 0) -> pd.DataFrame:
    """At most ``limit`` labelled answers, as many right as wrong ones where there are enough of both.

    So the rarer label is known as well as the other. Sensitivity and specificity do not depend on how often each
    label is drawn; agreement and kappa do.
    """
    if limit is None or limit >= len(labels):
        return labels
    sizes = {label: int((labels["label"] == label).sum()) for label in (0, 1)}
    wrong = min(sizes[0], max(limit // 2, limit - sizes[1]))
    parts = [
        labels[labels["label"] == label].sample(count, random_state=seed)
        for label, count in ((0, wrong), (1, limit - wrong))
    ]
    return labels.loc[sorted(i for part in parts for i in part.index)]


def question_of(row: pd.Series[Any]) -> tuple[Question, Answer]:
    """The question and the answer of a labelled row, as a judged metric takes them."""
    question = Question(
        id=row["question_id"],
        text=row["question"],
        document_ids=(row["cluster"],),
        answers=tuple(part.strip() for part in row["gold"].split("|") if part.strip()),
        kind=row["kind"],
        answerable=row["kind"] != UNANSWERABLE,
    )
    return question, Answer(row["answer"])
