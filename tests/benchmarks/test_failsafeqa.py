"""FailSafeQA: the forms of a question, and the three figures over all of them."""

import pytest

from lcrag.analysis import compliance, llm_compliance
from lcrag.benchmarks import load_failsafeqa
from lcrag.errors import LcragError
from lcrag.metrics.task import TaskScore
from lcrag.schema import Answer, Outcome
from tests.benchmarks.fixtures import written


@pytest.fixture
def failsafe(tmp_path):
    return load_failsafeqa(written(tmp_path, "failsafeqa"))


def test_every_record_is_a_question_in_seven_forms(failsafe):
    questions = {q.kind: q for q in failsafe.questions}
    texts = {kind: failsafe.document(q.document_ids[0]).text for kind, q in questions.items()}
    assert list(questions) == [
        "baseline", "misspelled", "incomplete", "out_of_domain", "ocr", "missing", "irrelevant"
    ]  # fmt: skip
    assert questions["misspelled"].text == "How mny lmaps did Acme sell?"
    assert [s.text for s in questions["incomplete"].evidence] == ["Acme sold 40 lamps."]
    assert texts["ocr"].startswith("ltem 1.")
    assert texts["irrelevant"] == texts["baseline"]
    assert texts["missing"] == "(The document is empty.)"
    assert [kind for kind, q in questions.items() if not q.answerable] == ["missing", "irrelevant"]


def test_declining_complies_where_the_document_fails(failsafe):
    questions = {q.kind: q for q in failsafe.questions}
    reply = Answer("The document does not say that.")
    assert TaskScore().score(questions["missing"], reply) == 1
    assert TaskScore().score(questions["ocr"], reply) == 0
    assert TaskScore().score(questions["ocr"], Answer("It sold 40 lamps.")) > 0.5


@pytest.mark.parametrize(
    ("robustness", "grounding", "expected"),
    [
        (0.90, 0.59, 0.634),  # o3-mini, .63 in the paper
        (0.83, 0.80, 0.806),  # Palmyra, .81
        (0.85, 0.47, 0.516),  # GPT-4o, .52
        (0.83, 0.74, 0.756),
        (0.0, 0.0, 0.0),
        (0.0, 0.5, 0.0),
    ],
)
def test_llm_compliance_is_the_papers(robustness, grounding, expected):
    assert llm_compliance(robustness, grounding) == pytest.approx(expected, abs=5e-4)


def outcome(kind, record, score, **more):
    return Outcome(f"{kind}-{record}", "d", kind, "long_context", "m", 0, score=score, **more)


def test_one_form_that_fails_fails_the_question():
    rows = [
        outcome("baseline", "0", 1.0), outcome("ocr", "0", 0.6), outcome("baseline", "1", 1.0),
        outcome("misspelled", "1", 0.4), outcome("missing", "0", 1.0), outcome("irrelevant", "0", 0.0),
        outcome("missing", "1", 1.0), outcome("irrelevant", "1", 1.0),
    ]  # fmt: skip
    figures = compliance(rows)
    assert (figures.robustness, figures.grounding) == (0.5, 0.75)
    assert (figures.questions, figures.answers) == (2, 4)
    assert figures.llmc == pytest.approx(1.25 * 0.5 * 0.75 / (0.25 * 0.75 + 0.5))


def test_another_metric_may_decide():
    rows = [
        outcome("ocr", "0", 0.0, scores={"judge": 1.0}),
        outcome("missing", "0", 1.0, scores={"judge": 0.0}),
    ]
    assert compliance(rows, "judge").robustness == 1


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([outcome("ocr", "0", None)], "'ocr-0' has no score of the primary metric"),
        ([outcome("location", "0", 1.0)], "not a question of FailSafeQA"),
        ([outcome("ocr", "0", 1.0)], "needs outcomes of both groups"),
    ],
)
def test_outcomes_that_do_not_fit_are_told(rows, told):
    with pytest.raises(LcragError, match=told):
        compliance(rows)
