"""Gold answers that are more than a text, kept as JSON."""

from __future__ import annotations

import json
from typing import TypeVar

from lcrag.schema import Question

T = TypeVar("T")


def gold_json(question: Question, kind: type[T]) -> T | None:
    """The first gold answer read as JSON; ``None`` where there is none of this kind, as on other data sets."""
    try:
        value = json.loads(question.answers[0]) if question.answers else None
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, kind) else None
