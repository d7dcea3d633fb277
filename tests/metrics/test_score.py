"""The standard metrics as components, and their values."""

from dataclasses import dataclass

import pytest

from lcrag.components import build, names
from lcrag.metrics import score
from lcrag.schema import Answer, Passage, Question, Span

SPANS = (Span("d", 0, 20, "Kites need the wind."), Span("d", 30, 40, "Ada Moss 1"))


def open_question(*answers, **settings):
    return Question("q", "What?", ("d",), answers, **settings)


def choice_question(*answers, **settings):
    return Question("q", "Which?", ("d",), answers, choices=("kites", "lamps", "ships"), **settings)


UNANSWERABLE = open_question(answerable=False)
CASES = [
    (open_question("1987"), Answer("1987"), {"exact_match": 1, "f1": 1, "contains": 1, "accuracy": 1}),
    (open_question("1987"), Answer("In 1988"), {"exact_match": 0, "f1": 0, "contains": 0, "accuracy": 0}),
    (open_question("Ada Moss", "Moss"), Answer("It was the great Ada Moss"),
     {"exact_match": 0, "f1": pytest.approx(4 / 7), "contains": 1, "accuracy": 1}),
    (open_question("1987"), Answer("1987, perhaps", declined=True),
     {"exact_match": 0, "f1": pytest.approx(2 / 3), "contains": 1, "accuracy": 0}),
    (open_question("1987"), Answer(""), {"exact_match": 0, "f1": 0, "contains": 0, "accuracy": 0}),
    (open_question(), Answer("A summary."), {}),
    (UNANSWERABLE, Answer("The text does not say."), {"refusal": 1, "accuracy": 1}),
    (UNANSWERABLE, Answer("1987"), {"refusal": 0, "accuracy": 0}),
    (UNANSWERABLE, Answer("1987", declined=True), {"refusal": 1, "accuracy": 1}),
    (choice_question(answerable=False), Answer("unanswerable"), {"refusal": 1, "accuracy": 1}),
    (open_question("1987", answerable=False), Answer("1987"), {"refusal": 0, "accuracy": 0}),
    (choice_question("lamps"), Answer("B"), {"choice": 1, "accuracy": 1}),
    (choice_question("B"), Answer("It is lamps."), {"choice": 1, "accuracy": 1}),
    (choice_question("lamps"), Answer("kites"), {"choice": 0, "accuracy": 0}),
    (choice_question("lamps"), Answer("kites or lamps"), {"choice": 0, "accuracy": 0}),
    (choice_question("lamps"), Answer("B", declined=True), {"choice": 1, "accuracy": 0}),
    (choice_question(), Answer("B"), {}),
    (open_question(evidence=SPANS), Answer("?", (Passage("", "d", 10, 40),)), {"recall": 0.75}),
    (open_question(evidence=SPANS), Answer("?", (Passage("", "other", 0, 40),)), {"recall": 0}),
    (open_question(evidence=SPANS), Answer("?"), {}),
    (open_question(), Answer("?", (Passage("", "d", 0, 20),)), {}),
    (open_question(evidence=SPANS), Answer("?", quotes=("Kites need the winds.",), notes={"facts": 1}),
     {"fact_recall": 0, "fact_recall_fuzzy": 0.5}),
    (open_question(evidence=SPANS), Answer("?", quotes=("ada moss 1!", "Kites need rain"), notes={"facts": 2}),
     {"fact_recall": 0.5, "fact_recall_fuzzy": 0.5}),
    (open_question(evidence=SPANS), Answer("?", quotes=("Ada Moss 1",)), {}),
    (open_question(metadata={"words": 4}), Answer("one two"), {"length": 0.5}),
    (open_question(metadata={"words": "2"}), Answer("one two three"), {"length": pytest.approx(5 / 6)}),
    (open_question("a", metadata={"words": 0}), Answer("b"),
     {"exact_match": 0, "f1": 0, "contains": 0, "accuracy": 0}),
]  # fmt: skip


@pytest.mark.parametrize(("question", "answer", "expected"), CASES)
def test_scores(question, answer, expected):
    assert score(question, answer) == expected


def test_every_metric_is_a_component_of_its_name():
    expected = ["accuracy", "choice", "contains", "exact_match", "f1", "fact_recall", "fact_recall_fuzzy", "length",
                "recall", "refusal"]  # fmt: skip
    assert set(expected) < set(names("metric"))
    assert [build("metric", name, "x").name for name in expected] == expected
    assert build("metric", "f1", "x").score(open_question("a lamp"), Answer("lamp")) == 1
    assert build("metric", "f1", "x").score(UNANSWERABLE, Answer("lamp")) is None


def test_a_metric_of_ones_own_is_scored_beside_the_standard_ones():
    @dataclass(frozen=True)
    class Brevity:
        name: str = "brevity"

        def score(self, question, answer):
            return 1 / len(answer.text.split()) if answer.text else None

    assert score(open_question(), Answer("two words"), (Brevity(),)) == {"brevity": 0.5}
    assert score(open_question(), Answer(""), (Brevity(),)) == {}
