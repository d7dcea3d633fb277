"""What every metric that asks a model promises."""

from __future__ import annotations

import asyncio
from math import isfinite

from lcrag.judges.base import JudgedMetric, Verdict
from lcrag.judging.tools import Judging, MeteredJudge
from lcrag.readers.base import Request
from lcrag.readers.scripted import ScriptedReader
from lcrag.schema import Answer, Passage, Question
from lcrag.testing import world
from lcrag.testing.promises import check_component, promise

REPLIES = ("True", "False", "yes", "no", "CORRECT", "0", "{}", "", "I cannot say.")


def check_judged_metric(metric: JudgedMetric) -> None:
    """Check a judged metric on every kind of question, with judges that give a verdict, nonsense and nothing.

    A score is a number from 0 to 1, or ``None``; a reply without a verdict has none; the same answer by the same judge
    has the same verdict, and no request is made for it twice. The metric must ask ``tools``, so that it is booked: give
    it no judge of its own here.

    Raises:
        AssertionError: a promise is broken; the message names it.
    """
    label = check_component(metric, "metric", "name")
    promise(isinstance(metric, JudgedMetric), f"{label}: inherit from JudgedMetric.")
    evidence = (Passage("It was founded in 1987 in Bergen.", "north.md"),)
    for reply in REPLIES:
        asked: list[Request] = []

        def respond(request: Request, reply: str = reply, asked: list[Request] = asked) -> str:
            asked.append(request)
            return reply

        judging = Judging(ScriptedReader(respond), world.WordEmbedder())
        for question in world.dataset().questions:
            for answer in (
                Answer("1987", evidence),
                Answer("zzz qqq"),
                Answer("unanswerable", declined=True),
            ):
                if not metric.applies(question, answer):
                    continue
                where = f"{label}: question {question.id}, judge {reply!r}"
                first, spent = _verdict(metric, question, answer, judging)
                promise(isinstance(first, Verdict), f"{where}: `score` must return a Verdict, not {first!r}.")
                score = first.score
                in_range = score is None or (isfinite(score) and 0 <= score <= 1)
                promise(in_range, f"{where} scores {score!r}; a score is from 0 to 1, or None.")
                promise(
                    not (first.unreadable and score is not None),
                    f"{where}: an unreadable verdict has a score.",
                )
                before = len(asked)
                again, _ = _verdict(metric, question, answer, judging)
                promise(again == first, f"{where}: one answer has two verdicts.")
                promise(len(asked) == before, f"{where}: the judge was asked the same thing twice.")
                promise(spent >= 0, f"{where}: less than nothing was spent.")


def _verdict(
    metric: JudgedMetric, question: Question, answer: Answer, judging: Judging
) -> tuple[Verdict, float]:
    tools = MeteredJudge(judging)
    verdict = asyncio.run(metric.score(question, answer, tools))
    return verdict, tools.usage.calls
