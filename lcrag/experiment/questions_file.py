"""The questions of a run with their gold answers and tasks, so that its answers can be scored later."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from lcrag.errors import LcragError
from lcrag.files import plain_or_text, write_atomically
from lcrag.schema import Question, Span, Task

QUESTIONS = "questions.jsonl"


def save_questions(folder: Path, questions: Sequence[Question]) -> None:
    """Write the questions with their gold answers, so that answers can be scored later."""
    lines = "".join(f"{json.dumps(q, default=plain_or_text)}\n" for q in questions)
    write_atomically(folder / QUESTIONS, lines)


def load_questions(folder: Path) -> dict[str, Question]:
    """The questions of a run by their ids.

    Raises:
        LcragError: the file is not there, or is damaged.
    """
    path, questions = folder / QUESTIONS, {}
    try:
        for line in path.read_text("utf-8").splitlines():
            entry = json.loads(line)
            entry["evidence"] = tuple(Span(**span) for span in entry["evidence"])
            entry["task"] = Task(**entry["task"]) if entry.get("task") else None
            questions[entry["id"]] = Question(**entry)
    except FileNotFoundError as error:
        raise LcragError(
            f"{path} is not there: run the experiment again, which asks nothing that is answered."
        ) from error
    except (OSError, ValueError, KeyError, TypeError, RecursionError, LcragError) as error:
        raise LcragError(f"{path} cannot be read ({error}): run the experiment again.") from error
    return questions
