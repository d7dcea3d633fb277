"""A language model judges published answers that no sound metric scores."""

from __future__ import annotations

import asyncio
import random
import re
from dataclasses import fields
from typing import TYPE_CHECKING

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
_VERDICT = re.compile(r"\W*(true|false)\b", re.IGNORECASE)


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
    by the verdict that it begins with. One that begins otherwise leaves the answer unscored. Answers that failed or
    have no gold answer are not judged.

    Args:
        outcomes: needs ``question``, ``gold`` and ``answer``.
        reader: the judge.
        limit: answers to judge at most, drawn at random; the others stay without a score.
        seed: of the draw.
        everything: judge scored answers as well.

    Returns:
        A copy, indexed from 0, with ``score``, ``score_judge``, ``judge_*`` and ``judge_model`` of the judged answers.

    Raises:
        LcragError: the table has no gold answers, or the reader fails.
    """
    if "gold" not in outcomes or not (outcomes["gold"] != "").any():
        raise LcragError("The outcomes have no gold answers: there is nothing to judge answers by.")
    frame = outcomes.reset_index(drop=True)
    open_ = frame["error"].eq("") & frame["gold"].ne("") & (frame["score"].isna() | everything)
    places = list(frame.index[open_])
    if limit is not None and limit < len(places):
        places = sorted(random.Random(seed).sample(places, limit))
    slots = asyncio.Semaphore(reader.max_concurrency)

    async def one(place: int) -> tuple[float, Usage]:
        row = frame.loc[place]
        prompt = REFUSES if row["kind"] == "hallucination" else CORRECT
        content = prompt.format(question=row["question"], gold=row["gold"], answer=row["answer"])
        async with slots:
            reply = await reader.generate(
                Request((Message("system", SYSTEM), Message("user", content)), 4, begin=("True", "False"))
            )
        found = _VERDICT.match(reply.text)
        return (float(found[1].lower() == "true") if found else float("nan")), reply.usage

    judged = await asyncio.gather(*(one(place) for place in places))
    found: dict[str, list[float]] = {
        f"judge_{f.name}": [_number(getattr(usage, f.name)) for _, usage in judged] for f in fields(Usage)
    }
    found["score"] = found["score_judge"] = [verdict for verdict, _ in judged]
    for column, values in found.items():
        frame[column] = frame[column].astype(float) if column in frame else float("nan")
        frame.loc[places, column] = values
    frame["judge_model"] = frame["judge_model"].fillna("") if "judge_model" in frame else ""
    frame.loc[places, "judge_model"] = reader.name
    return frame


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
