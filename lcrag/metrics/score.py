"""All metrics that apply to one answer."""

from __future__ import annotations

from lcrag.metrics.choice import multiple_choice
from lcrag.metrics.refusal import refusal
from lcrag.metrics.retrieval import span_recall
from lcrag.metrics.text import contains, exact_match, token_f1
from lcrag.schema import Answer, Question


def score(question: Question, answer: Answer) -> dict[str, float]:
    """Metrics by name; one that does not apply is absent, not zero.

    ``accuracy`` is the one that decides by default: ``choice`` for multiple choice, ``refusal`` for
    questions that the text does not answer, else ``contains``; declining an answerable question is wrong.
    ``recall`` is there when the strategy names evidence and the question has a gold span.
    """
    scores: dict[str, float] = {}
    text = answer.text
    if not question.answerable:
        scores["refusal"] = scores["accuracy"] = refusal(text, answer.declined)
    elif question.choices and question.answers:
        scores["choice"] = multiple_choice(text, question.choices, question.answers)
        scores["accuracy"] = 0.0 if answer.declined else scores["choice"]
    elif question.answers:
        scores["exact_match"] = exact_match(text, question.answers)
        scores["f1"] = token_f1(text, question.answers)
        scores["contains"] = contains(text, question.answers)
        scores["accuracy"] = 0.0 if answer.declined else scores["contains"]
    recall = span_recall(answer.evidence, question.evidence)
    if recall is not None and answer.evidence:
        scores["recall"] = recall
    return scores
