"""The period that a question asks about, found by the reader."""

from __future__ import annotations

from datetime import date

from lcrag.memory.dates import Period
from lcrag.schema import Question
from lcrag.strategies.base import Toolbox
from lcrag.strategies.pieces.prompts import chat, first_json

EXAMPLES = (
    ("How many books did I finish in March?", "2023-05-20", '{"start": "2023-03-01", "end": "2023-03-31"}'),
    ("What is the name of my dentist?", "2023-05-20", "N/A"),
    ("Which film did I see last weekend?", "2024-02-14", '{"start": "2024-02-10", "end": "2024-02-11"}'),
    ("For how long did I work at the bakery?", "2022-09-03", "N/A"),
    ("Who came to dinner two weeks ago?", "2023-11-30", '{"start": "2023-11-16", "end": "2023-11-16"}'),
    ("Which of my two bicycles did I buy first?", "2024-06-01", "N/A"),
    ("What did I cook on New Year's Eve?", "2024-03-02", '{"start": "2023-12-31", "end": "2023-12-31"}'),
    ("Where did I live before I moved?", "2023-01-17", "N/A"),
    (
        "How much did my plants cost in the past month?",
        "2023-08-10",
        '{"start": "2023-07-10", "end": "2023-08-10"}',
    ),
    ("What should I read next?", "2022-12-05", "N/A"),
)
PERIOD = (
    'Which time is a question about? Write {"start": "YYYY-MM-DD", "end": "YYYY-MM-DD"}, reckoned from the date on '
    "which it is asked. If it is not about a certain time, or if you would have to guess, write N/A."
)


def _asked(question: str, date_asked: str, period: str) -> str:
    date_line = f"Asked on: {date_asked}\n" if date_asked else ""
    return f"Question: {question}\n{date_line}Period:{period}"


async def ask_period(question: Question, tools: Toolbox) -> Period | None:
    """LongMemEval's time-aware query expansion (Wu et al. 2025, arXiv 2410.10813, section 5.3).

    One call with ten examples, of which half have no period, as in the paper; the examples are our own. A reply that is
    not a period counts as none. The paper finds that this needs a strong reader.
    """
    examples = "\n\n".join([PERIOD, *(_asked(text, day, f" {period}") for text, day, period in EXAMPLES), ""])
    ask = _asked(question.text, str(question.metadata.get("date") or ""), "")
    reply = await tools.read(
        chat(examples + ask, "You read dates."),
        max_tokens=48,
        stop=("\nQuestion:",),
        prefix_chars=len(examples),
    )
    period = first_json(reply.text)
    try:
        start, end = (date.fromisoformat(str(period[key])[:10]) for key in ("start", "end"))
    except (TypeError, KeyError, ValueError):
        return None
    return (start, end) if start <= end else None
