"""A language model judges published answers that no sound metric scores."""

from __future__ import annotations

import asyncio
import random
import re
from dataclasses import fields
from typing import TYPE_CHECKING

from lcrag.components.settings import digest
from lcrag.errors import LcragError
from lcrag.judges.parse import instruction
from lcrag.judges.rubric import SYSTEM, load_rubric
from lcrag.outcomes.failures import counted_wrong
from lcrag.readers.base import Completion, Message, Reader, Request
from lcrag.schema import Usage

if TYPE_CHECKING:
    import pandas as pd

    from lcrag.runtime.calls import CallJournal

_VERDICT = re.compile(r"\W*(true|false)\b", re.IGNORECASE)


async def judge(
    outcomes: pd.DataFrame,
    reader: Reader,
    *,
    limit: int | None = None,
    seed: int = 0,
    everything: bool = False,
    calls: CallJournal | None = None,
) -> pd.DataFrame:
    """The table with a judge's scores where there were none, and the judge's usage under ``judge_*``.

    The two prompts are those of LaRA's judge (arXiv 2502.09977, ``compute_score_llm.py``): whether an answer is
    correct by the reference, and for questions that the text does not answer, whether the answer says so. In the
    repository's script every model judges itself and "not true" counts as true; here the judge is one model, and the
    verdict is the word that its reply begins with. A reply that begins with another word leaves the answer unscored.
    Answers that failed or have no gold answer are not judged.

    Args:
        outcomes: needs ``question``, ``gold`` and ``answer``.
        reader: the judge.
        limit: the maximum number of answers to judge, drawn at random; the others stay without a score.
        seed: seeds the draw.
        everything: judge answers that have a score, too.
        calls: keeps verdicts as they come, so that a judge that was stopped goes on where it was.

    Returns:
        A copy, indexed from 0, with ``score``, ``score_judge``, ``judge_*`` and ``judge_model`` of the judged answers.

    Raises:
        LcragError: the table has no gold answers, or the reader fails.
    """
    if "gold" not in outcomes or not (outcomes["gold"] != "").any():
        raise LcragError("The outcomes have no gold answers: there is nothing to judge answers by.")
    frame = outcomes.reset_index(drop=True)
    is_unjudged = (
        frame["error"].eq("")
        & ~counted_wrong(frame)
        & frame["gold"].ne("")
        & (frame["score"].isna() | everything)
    )
    places = list(frame.index[is_unjudged])
    if limit is not None and limit < len(places):
        places = sorted(random.Random(seed).sample(places, limit))
    rubric, words = load_rubric("lara"), ("True", "False")
    slots, scope = asyncio.Semaphore(reader.max_concurrency), f"judge:{digest(reader)}"

    async def ask(request: Request) -> Completion:
        if calls and (known := calls.take(scope, request)):
            return known.completion
        async with slots:
            reply = await reader.generate(request)
        if calls:
            calls.record(scope, request, reply)
        return reply

    async def judge_row(place: int) -> tuple[float, Usage]:
        row = frame.loc[place]
        prompt = rubric.unanswerable if row["kind"] == "hallucination" else rubric.prompt
        content = prompt.format(question=row["question"], gold=row["gold"], answer=row["answer"])
        content = f"{content} {instruction(words, reasons_first=False)}"
        messages = (Message("system", SYSTEM), Message("user", content))
        reply = await ask(Request(messages, 4, begin=words))
        verdict = _VERDICT.match(reply.text)
        return (float(verdict[1].lower() == "true") if verdict else float("nan")), reply.usage

    verdicts = await asyncio.gather(*(judge_row(place) for place in places))
    columns: dict[str, list[float]] = {
        f"judge_{f.name}": [_number(getattr(usage, f.name)) for _, usage in verdicts] for f in fields(Usage)
    }
    columns["score"] = columns["score_judge"] = [score for score, _ in verdicts]
    for column, values in columns.items():
        frame[column] = frame[column].astype(float) if column in frame else float("nan")
        frame.loc[places, column] = values
    frame["judge_model"] = frame["judge_model"].fillna("") if "judge_model" in frame else ""
    frame.loc[places, "judge_model"] = reader.name
    return frame


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)
