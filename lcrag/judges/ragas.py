"""The metrics of ragas, judged by our readers."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from types import ModuleType
from typing import Any, Literal

from lcrag.errors import LcragError, did_you_mean, reason
from lcrag.judges.base import JudgedMetric, JudgeTools, Need, Verdict
from lcrag.readers.base import OPERATIONAL, Reader
from lcrag.schema import Answer, Question

RagasMetric = Literal[
    "faithfulness", "answer_relevancy", "context_precision", "context_recall",
    "answer_correctness", "factual_correctness", "noise_sensitivity",
]  # fmt: skip
INPUTS: dict[str, tuple[str, ...]] = {
    "faithfulness": ("user_input", "response", "retrieved_contexts"),
    "answer_relevancy": ("user_input", "response"),
    "context_precision": ("user_input", "reference", "retrieved_contexts"),
    "context_recall": ("user_input", "reference", "retrieved_contexts"),
    "answer_correctness": ("user_input", "response", "reference"),
    "factual_correctness": ("response", "reference"),
    "noise_sensitivity": ("user_input", "response", "reference", "retrieved_contexts"),
}
EMBEDDING = frozenset({"answer_relevancy", "answer_correctness"})
NEEDS: dict[str, Need] = {"reference": "gold", "retrieved_contexts": "passages"}
ROUNDING = 1e-6  # a cosine of equal vectors may be a little above 1
NOT_TRACKED = {"RAGAS_DO_NOT_TRACK": "true"}


@dataclass(frozen=True)
class Ragas(JudgedMetric):
    """A metric of ragas (Es et al. 2023, arXiv 2309.15217), computed by ragas itself (``ragas.metrics.collections``).

    Prompts and formulas are those of the installed version. The judge replies in JSON; a reply that does not fit is
    asked for once more, then the answer is unscored. The contexts are the texts of ``Answer.evidence``, best first;
    the reference is the gold answers, joined by "or"; each metric applies only where all that it reads is there, so
    one with a reference does not apply to unanswerable questions. ``noise_sensitivity`` is better when lower.

    Differs from ragas: greedy decoding, with which the questions of ``answer_relevancy`` are the same and are asked
    for once; a negative cosine counts as 0.

    Attributes:
        metric: Which metric of ragas.
        name: The key of its scores; ``ragas_`` and the metric where it is empty.
        judge: Who is asked; ``None`` for the experiment's reader.
        max_tokens: Maximum tokens of a reply.
        temperature: The judge's; ragas itself takes 0.01.
        uncalibrated: Decide, though such a judge cannot be held against labels.

    Raises:
        LcragError: an unknown metric, or ``max_tokens`` below 1.
    """

    metric: RagasMetric = "faithfulness"
    name: str = ""
    judge: Reader | None = None
    max_tokens: int = 1024
    temperature: float = 0.0
    uncalibrated: bool = field(default=False, metadata=OPERATIONAL)

    def __post_init__(self) -> None:
        if self.metric not in INPUTS:
            raise LcragError(f"ragas: unknown metric {self.metric!r}; {did_you_mean(self.metric, INPUTS)}")
        if self.max_tokens < 1:
            raise LcragError(f"ragas: max_tokens must be at least 1, not {self.max_tokens}.")
        object.__setattr__(self, "name", self.name or f"ragas_{self.metric}")
        needs = frozenset(NEEDS[i] for i in INPUTS[self.metric] if i in NEEDS)
        object.__setattr__(self, "needs", needs)  # depends on the metric, so it cannot be the class's

    def fingerprint(self) -> str:
        """The version of ragas, on which prompts and formulas depend."""
        try:
            return f"ragas {version('ragas')}"
        except PackageNotFoundError:
            return ""

    def applies(self, question: Question, answer: Answer) -> bool:
        """Whether there is everything that the metric reads; ragas has no reference for unanswerable questions."""
        there = {
            "user_input": bool(question.text.strip()),
            "response": bool(answer.text.strip()),
            "reference": question.answerable and any(a.strip() for a in question.answers),
            "retrieved_contexts": bool(answer.evidence),
        }
        return all(there[i] for i in INPUTS[self.metric])

    def check_may_decide(self) -> None:
        """Refuse ``noise_sensitivity``, whose best score is 0, and a judge that nobody has allowed to decide.

        Raises:
            LcragError: the best strategy would be the worst one, or ``uncalibrated`` is not set.
        """
        if self.metric == "noise_sensitivity":
            raise LcragError(f"{self.name} is better when lower and cannot decide: name another `metric`.")
        if not self.uncalibrated:
            raise LcragError(
                f"{self.name} decides, but its judge was not held against labels: set `uncalibrated: true`."
            )

    async def score(self, question: Question, answer: Answer, tools: JudgeTools) -> Verdict:
        """Ragas' figure, from 0 to 1; unreadable where the judge does not reply in the JSON that ragas asks for.

        Raises:
            LcragError: ragas is not installed, the judge cannot be asked, or the experiment has no embedder and the
                metric embeds texts.
        """
        if not self.applies(question, answer):
            return Verdict(None, f"{self.name} does not apply: something that it reads is not there.")
        adapters = import_adapters(self.name)
        ask = adapters.JudgeLLM(tools, self.judge, self.max_tokens, self.temperature)
        embed = {"embeddings": adapters.JudgeEmbeddings(tools)} if self.metric in EMBEDDING else {}
        metric = adapters.metric_class(self.metric)(llm=ask, **embed)
        inputs: dict[str, Any] = {
            "user_input": question.text,
            "response": answer.text,
            "reference": " or ".join(a for a in question.answers if a.strip()),
            "retrieved_contexts": [p.text for p in answer.evidence],
        }
        try:
            result = await metric.ascore(**{i: inputs[i] for i in INPUTS[self.metric]})
        except adapters.UnreadableReply as error:
            return Verdict(None, str(error), unreadable=True)
        except (ValueError, IndexError, TypeError) as error:  # replies that fit, but not one another
            return Verdict(
                None, f"ragas cannot combine the judge's replies: {reason(error)}", unreadable=True
            )
        return _verdict(float(result.value), result.reason or "")


def _verdict(figure: float, why: str) -> Verdict:
    if figure != figure:
        return Verdict(None, "The judge found no statement to check.", unreadable=True)
    if not -1 - ROUNDING <= figure <= 1 + ROUNDING:
        return Verdict(None, f"A figure of {figure:g}: the judge's verdicts are not 0 or 1.", unreadable=True)
    return Verdict(min(max(figure, 0.0), 1.0), why)


def import_adapters(name: str) -> ModuleType:
    """The module that makes our reader and embedder ragas' own; ragas is told not to report its use.

    Raises:
        LcragError: ragas, or something that it needs, is not installed.
    """
    for key, value in NOT_TRACKED.items():
        os.environ.setdefault(key, value)
    try:
        from lcrag.judges.adapters import ragas
    except ImportError as error:
        raise LcragError(f"{name} needs `{error.name or 'ragas'}`: pip install 'lcrag[ragas]'.") from error
    return ragas
