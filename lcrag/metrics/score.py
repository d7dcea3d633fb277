"""All metrics that apply to one answer."""

from __future__ import annotations

from lcrag.metrics.choice import multiple_choice
from lcrag.metrics.faithfulness import fact_recall
from lcrag.metrics.length import length_score
from lcrag.metrics.refusal import refusal
from lcrag.metrics.retrieval import span_recall
from lcrag.metrics.text import contains, exact_match, token_f1
from lcrag.schema import Answer, Question

METRICS = (
    "accuracy", "choice", "refusal", "exact_match", "f1", "contains", "recall", "fact_recall", "fact_recall_fuzzy",
    "length",
)  # fmt: skip


def score(question: Question, answer: Answer) -> dict[str, float]:
    """Metrics by name; one that does not apply is absent, not zero.

    ``accuracy`` is the one that decides by default: ``choice`` for multiple choice, ``refusal`` for
    questions that the text does not answer, else ``contains``; declining an answerable question is wrong.
    ``recall`` is there when the strategy names evidence and the question has a gold span, ``fact_recall`` (exact and
    fuzzy) when it quoted facts, ``length`` when ``metadata["words"]`` says how long the answer should be.
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
    if "facts" in answer.notes and question.evidence:
        gold = [span.text for span in question.evidence]
        scores["fact_recall"] = fact_recall(answer.quotes, gold)
        scores["fact_recall_fuzzy"] = fact_recall(answer.quotes, gold, fuzzy=True)
    if recall is not None and answer.evidence:
        scores["recall"] = recall
    if words := question.metadata.get("words"):
        scores["length"] = length_score(len(text.split()), int(words))
    return scores
