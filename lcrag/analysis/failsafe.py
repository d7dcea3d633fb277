"""FailSafeQA's three figures from outcomes: robustness, context grounding, and LLM compliance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lcrag.errors import LcragError
from lcrag.schema import Outcome

ROBUST = ("baseline", "misspelled", "incomplete", "out_of_domain", "ocr")
GROUNDED = ("missing", "irrelevant")
COMPLIANT = 0.6  # rating 4 of 1 to 6, as (rating - 1) / 5
BETA = 0.5  # below 1, grounding counts more than robustness


@dataclass(frozen=True)
class Compliance:
    """What FailSafeQA reports of a system (Kamble et al. 2025, arXiv 2502.06329), each from 0 to 1.

    Attributes:
        robustness: The share of questions that are answered rightly in every form that can be answered.
        grounding: The share of answers without a document, or with another one, that decline.
        questions: Questions behind the robustness.
        answers: Answers behind the grounding.
        beta: The weight of robustness against grounding.
    """

    robustness: float
    grounding: float
    questions: int
    answers: int
    beta: float = BETA

    @property
    def llmc(self) -> float:
        """LLM compliance, see ``llm_compliance``."""
        return llm_compliance(self.robustness, self.grounding, self.beta)


def llm_compliance(robustness: float, grounding: float, beta: float = BETA) -> float:
    """``(1 + beta²) * R * G / (beta² * G + R)``, the weighted harmonic mean; 0 where both are 0."""
    weight = beta * beta
    total = weight * grounding + robustness
    return (1 + weight) * robustness * grounding / total if total else 0.0


def compliance(
    outcomes: Iterable[Outcome], metric: str = "", correct_threshold: float = COMPLIANT, beta: float = BETA
) -> Compliance:
    """The figures of one strategy's outcomes on FailSafeQA.

    Args:
        outcomes: Of one strategy and one model, on questions of ``load_failsafeqa``.
        metric: The metric that decides, such as a judge's; empty for the experiment's primary metric.
        correct_threshold: The score from which an answer complies.
        beta: Below 1, grounding counts more.

    Raises:
        LcragError: the outcomes are of several strategies, of another benchmark, or lack a score.
    """
    forms: dict[str, list[bool]] = {}
    grounded: list[bool] = []
    systems = set()
    for outcome in outcomes:
        systems.add((outcome.strategy, outcome.model, outcome.seed))
        score = outcome.scores.get(metric) if metric else outcome.score
        if score is None:
            raise LcragError(
                f"The answer to {outcome.question_id!r} has no score {metric or 'of the primary metric'}: score it "
                "first, or leave out this question in all its forms."
            )
        complies = score >= correct_threshold
        if outcome.kind in GROUNDED:
            grounded.append(complies)
        elif outcome.kind in ROBUST:
            forms.setdefault(outcome.question_id.removeprefix(f"{outcome.kind}-"), []).append(complies)
        else:
            raise LcragError(
                f"{outcome.question_id!r} is of kind {outcome.kind!r}: not a question of FailSafeQA."
            )
    if len(systems) > 1:
        raise LcragError(
            f"The outcomes are of {len(systems)} strategies, models or seeds: give those of one."
        )
    if not forms or not grounded:
        raise LcragError(
            f"FailSafeQA needs outcomes of both groups: {', '.join(ROBUST)}, and {', '.join(GROUNDED)}."
        )
    return Compliance(
        sum(map(all, forms.values())) / len(forms),
        sum(grounded) / len(grounded),
        len(forms),
        len(grounded),
        beta,
    )
