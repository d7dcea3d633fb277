"""A small judged metric for tests, and labelled answers with known errors of the judge."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from lcrag.judges.base import JudgedMetric, Verdict
from lcrag.readers.base import Message, Reader
from lcrag.readers.scripted import ScriptedReader
from tests.outcomes.conftest import row


@dataclass(frozen=True)
class YesNo(JudgedMetric):
    """Is the answer right? The reply is yes, no, or unreadable."""

    judge: Reader | None = None
    rubric: str = "Is it right?"
    name: str = "yes_no"
    needs: ClassVar = frozenset({"gold"})

    async def score(self, question, answer, tools):
        text = f"{question.text}\n{' or '.join(question.answers)}\n{answer.text}\n{self.rubric}"
        reply = await tools.ask([Message("user", text)], judge=self.judge, begin=("yes", "no"))
        score = {"yes": 1.0, "no": 0.0}.get(reply.text)
        return Verdict(score, reply.text, unreadable=score is None)


def outcomes(sensitivity=0.9, specificity=0.8, n=400, seed=0, each=4, **changes):
    """Answers that tell a scripted judge what to say: right ones yes at ``sensitivity``, wrong ones no."""
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n):
        right = i % 2 == 0
        yes = rng.random() < (sensitivity if right else 1 - specificity)
        rows.append(
            row(
                f"q{i}",
                ("long_context", "chunked_retrieval")[i // 2 % 2],
                document_id=f"d{i // each}",
                score=0.8 if right else 0.2,
                answer=f"{'yes' if yes else 'no'} {i}".ljust(8 + i % 7, "."),  # its length says nothing
                **changes,
            )
        )
    return pd.DataFrame(rows)


def obedient(name="the judge"):
    """A judge that says what the answer tells it to say."""
    return ScriptedReader(lambda request: request.messages[-1].content.split("\n")[2].split()[0], name=name)
