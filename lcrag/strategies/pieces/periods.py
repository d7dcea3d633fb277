"""The period that a question is about, as the reader sees it."""

from __future__ import annotations

from datetime import date

from lcrag.memory.dates import Period
from lcrag.schema import Question
from lcrag.strategies.base import Toolbox
from lcrag.strategies.pieces.prompts import chat, first_json

PERIOD = (
    'Does this question ask about a certain time? If so, write {"start": "YYYY-MM-DD", "end": "YYYY-MM-DD"}, '
    "reckoned from the date on which it is asked. If not, or if you would have to guess, write N/A."
)


async def ask_period(question: Question, tools: Toolbox) -> Period | None:
    """LongMemEval's time-aware query expansion (Wu et al. 2025, arXiv 2410.10813, section 5.3).

    One call. A reply that is not such a period counts as none. The paper finds that it needs a strong reader.
    """
    asked = question.metadata.get("date")
    on = f"It was asked on {asked}.\n" if asked else ""
    reply = await tools.read(
        chat(f"Question: {question.text}\n{on}{PERIOD}", "You read dates."), max_tokens=48
    )
    found = first_json(reply.text)
    try:
        start, end = (date.fromisoformat(str(found[key])[:10]) for key in ("start", "end"))
    except (TypeError, KeyError, ValueError):
        return None
    return (start, end) if start <= end else None
