"""HoloBench: rows of a table in the reply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lcrag.metrics.official.gold import gold_json
from lcrag.metrics.text import contains
from lcrag.schema import Answer, Question

MAX_ROWS = 50  # that the authors' judge looks at


@dataclass(frozen=True)
class HoloBench:
    """The share of the gold rows whose values all stand in the reply (Maekawa et al. 2024, arXiv 2410.11996).

    Of several hundred rows the first 50 count. Where the table is empty, a reply that says ``No answer`` is right.

    Attributes:
        partial: What a row earns of which some values stand in the reply, not all.

    Differs from the paper: the authors let a model label each row Exact, Partial or No Match and do not say how labels
    become a score; here values are looked for in the reply.
    """

    name: str = "holobench"
    partial: float = 0.0

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 where the gold table is known, as a JSON list of rows."""
        table = gold_json(question, list)
        if table is None:
            return None
        rows = [row for row in table if isinstance(row, Mapping)][:MAX_ROWS]
        if not rows:
            return float("no answer" in answer.text.lower())
        return sum(self._row(row, answer.text) for row in rows) / len(rows)

    def _row(self, row: Mapping[str, object], text: str) -> float:
        found = [bool(contains(text, [str(value)])) for value in row.values() if value is not None]
        return 1.0 if found and all(found) else self.partial if any(found) else 0.0
