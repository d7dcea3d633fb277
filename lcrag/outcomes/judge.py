"""A language model judges published answers that no sound metric scores."""

from __future__ import annotations

import asyncio
import random
import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from lcrag.errors import LcragError
from lcrag.readers.base import Message, Reader, Request
from lcrag.schema import Usage

if TYPE_CHECKING:
    import pandas as pd

SYSTEM = "You grade answers."
CORRECT = (
    "Question: {question}\nReference answer: {gold}\nAnswer to grade: {answer}\n\n"
    "Is the answer correct, judged by the reference alone? Write True or False and nothing else."
)
REFUSES = (
    "Question: {question}\nReference: {gold}\nAnswer to grade: {answer}\n\n"
    "The text does not answer this question. Does the answer agree with the reference and say that the text does not "
    "mention it? Write True or False and nothing else."
)
_VERDICT = re.compile(r"\b(true|false)\b", re.IGNORECASE)


async def judge(
    outcomes: pd.DataFrame,
    reader: Reader,
    *,
    limit: int | None = None,
    seed: int = 0,
    everything: bool = False,
) -> pd.DataFrame:
    """The table with scores from a judge where there were none, and the judge's tokens under ``judge_*``.

    The two prompts ask what LaRA's judge is asked (arXiv 2502.09977, ``compute_score_llm.py``): whether an answer is
    correct by the reference, and for questions that the text does not answer whether it says so. The repository's
    script lets every model judge itself and takes "not true" for true; here the judge is one model, and a reply counts
    by the first verdict in it. A reply without one leaves the answer unscored.

    Args:
        outcomes: needs ``question``, ``gold`` and ``answer``.
        reader: the judge.
        limit: answers to judge at most, drawn at random; the others stay without a score.
        seed: of the draw.
        everything: judge scored answers as well.

    Returns:
        A copy with ``score``, ``score_judge``, ``judge_*`` and ``judge_model`` of the answers that were judged.

    Raises:
        LcragError: the table has no gold answers, or the reader fails.
    """
    if "gold" not in outcomes or not (outcomes["gold"] != "").any():
        raise LcragError("The outcomes have no gold answers: there is nothing to judge answers by.")
    frame = outcomes.copy()
    open_ = frame["error"].eq("") & (frame["score"].isna() | everything)
    places = list(frame.index[open_])
    if limit is not None and limit < len(places):
        places = sorted(random.Random(seed).sample(places, limit))
    slots = asyncio.Semaphore(reader.max_concurrency)

    async def one(place: Any) -> tuple[float | None, Usage]:
        row = frame.loc[place]
        prompt = REFUSES if row["kind"] == "hallucination" else CORRECT
        content = prompt.format(question=row["question"], gold=row["gold"], answer=row["answer"])
        async with slots:
            reply = await reader.generate(
                Request((Message("system", SYSTEM), Message("user", content)), 4, begin=("True", "False"))
            )
        found = _VERDICT.search(reply.text)
        return (float(found[1].lower() == "true") if found else None), reply.usage

    judged = await asyncio.gather(*(one(place) for place in places))
    for place, (verdict, usage) in zip(places, judged, strict=True):
        frame.loc[place, ["score", "score_judge"]] = float("nan") if verdict is None else verdict
        for field in fields(Usage):
            value = getattr(usage, field.name)
            frame.loc[place, f"judge_{field.name}"] = float("nan") if value is None else value
        frame.loc[place, "judge_model"] = reader.name
    frame["judge_model"] = frame["judge_model"].fillna("") if places else ""
    return frame
