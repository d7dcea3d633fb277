"""The period that a question asks about, found by the reader."""

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

    One call. A reply that is not a period counts as none. The paper finds that this needs a strong reader.
    """
    date_asked = question.metadata.get("date")
    date_line = f"It was asked on {date_asked}.\n" if date_asked else ""
    reply = await tools.read(
        chat(f"Question: {question.text}\n{date_line}{PERIOD}", "You read dates."), max_tokens=48
    )
    period = first_json(reply.text)
    try:
        start, end = (date.fromisoformat(str(period[key])[:10]) for key in ("start", "end"))
    except (TypeError, KeyError, ValueError):
        return None
    return (start, end) if start <= end else None
