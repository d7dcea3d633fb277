"""What the report shows of the evidence, read from a run's folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from lcrag.experiment.journal import read_journal
from lcrag.experiment.questions_file import QUESTIONS, load_questions
from lcrag.schema import Passage, Question

if TYPE_CHECKING:
    import pandas as pd


def named_passages(folder: Path, table: pd.DataFrame) -> dict[tuple[str, str], tuple[Passage, ...]]:
    """The passages that each answer of the table named, by question's id and strategy.

    The journal may hold rows of other settings too: a row is the table's where both were made of the same prompt.

    Raises:
        LcragError: the journal cannot be read.
    """
    rows = read_journal(folder / "outcomes.jsonl").rows.values()
    passages = {(o.question_id, o.strategy, o.prompt_hash): o.evidence for o in rows}
    if "prompt_hash" not in table:
        return {}
    columns = (table[name] for name in ("question_id", "strategy", "prompt_hash"))
    return {cell[:2]: passages[cell] for cell in zip(*columns, strict=True) if passages.get(cell)}


def gold_questions(folder: Path) -> dict[str, Question]:
    """The run's questions with their gold evidence; none where the folder does not hold them.

    Raises:
        LcragError: the file is damaged.
    """
    return load_questions(folder) if (folder / QUESTIONS).is_file() else {}
