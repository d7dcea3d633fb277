"""Questions as a user writes them."""

import logging
from dataclasses import replace

import pytest

import lcrag
from lcrag import Answer, Dataset, Document, Question
from lcrag.errors import LcragError
from lcrag.metrics.score import score
from lcrag.schema import Usage
from lcrag.strategies import LongContext


def test_one_answer_and_one_document_need_no_tuple():
    question = Question("q", "How long?", "contract", answers="24 months")
    assert question.document_ids == ("contract",) and question.answers == ("24 months",)
    assert score(question, Answer("The term is 24 months."))["accuracy"] == 1.0
    assert score(question, Answer("The term is 12 months."))["accuracy"] == 0.0
    assert Question("q", "How long?", ["a", "b"], ["x"]) == Question("q", "How long?", ("a", "b"), ("x",))


def test_usages_add_and_divide_amount_by_amount():
    one = Usage(10, 4, 2, 1, 0.5, 7.0, 300, 0.25)
    other = Usage(20, 5, 3, 2, 1.5, 8.0, 200, 0.5)
    assert one + other == Usage(30, 9, 5, 3, 2.0, 15.0, 300, 0.75)  # the largest cache, the sum of all else
    assert one / 2 == Usage(5, 2, 1, 0.5, 0.25, 3.5, 300, 0.125)
    unknown = Usage(1, dollars=None, flops=None, kv_bytes=None)
    assert one + unknown == Usage(11, 4, 2, 1, 0.5, None, None, None)
    assert one + other - other == replace(one, kv_bytes=300)
    assert other - replace(unknown, prompt_tokens=30) == replace(
        other, prompt_tokens=0, flops=None, dollars=None
    )
    assert unknown / 2 == Usage(0.5, dollars=None, flops=None, kv_bytes=None)


def test_choices_as_one_text_are_refused():
    with pytest.raises(
        LcragError, match="Question 'q': choices must be a list of texts, not the one text 'kites'"
    ):
        Question("q", "Which?", ("d",), ("kites",), choices="kites")


@pytest.fixture
def experiment(tmp_path, scripted, embedder):
    def make(questions, reader=None, **changes):
        documents = (Document("d", "Northwind sells kites. It was founded in 1987. " * 20),)
        data = Dataset("own", documents, tuple(questions))
        reader = reader or scripted()
        return lcrag.Experiment(
            data, reader, [LongContext()], tmp_path / "out", embedder=embedder, mlflow="", **changes
        )

    return make


GOLD = Question("g", "When was it founded?", "d", "1987", kind="location")
NO_GOLD = Question("n", "What does it sell?", "d", kind="location")
DECLINE = Question("h", "Who audits it?", "d", kind="hallucination", answerable=False)
NOTICE = "2 of 4 questions have no gold answer: they are run, but not scored."


def test_questions_without_gold_answers_are_told_before_anything_is_spent(experiment, scripted, caplog):
    reader = scripted()
    questions = [GOLD, NO_GOLD, DECLINE, Question("n2", "Where is it?", "d")]
    plan = experiment(questions, reader)
    assert plan.check() == (NOTICE,)
    assert reader.requests == []
    with caplog.at_level(logging.WARNING, "lcrag"):
        results = plan.run()
    assert NOTICE in caplog.messages
    assert NOTICE in " ".join(str(results).split())
    assert results.table.set_index("question_id")["score"].isna().to_dict() == {
        "g": False, "n": True, "h": False, "n2": True,
    }  # fmt: skip


def test_no_question_can_be_scored(experiment):
    assert experiment([NO_GOLD]).check() == (
        "1 of 1 question has no gold answer: it is run, but not scored.",
    )


def test_no_notice_where_all_have_gold_or_the_metric_needs_none(experiment):
    assert experiment([GOLD, DECLINE]).check() == ()
    asked = Question("l", "Write of kites.", "d", metadata={"words": 50})
    assert experiment([asked], metric="length").check() == ()


def test_the_metric_says_which_questions_it_scores(experiment):
    assert experiment([GOLD, DECLINE], metric="refusal").check() == (
        "The metric refusal does not apply to 1 of 2 questions: it is run, but not scored.",
    )
