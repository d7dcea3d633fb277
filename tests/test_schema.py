"""Questions as a user writes them."""

import logging

import pytest

import lcrag
from lcrag import Answer, Dataset, Document, Question
from lcrag.errors import LcragError
from lcrag.metrics.score import score
from lcrag.strategies import LongContext


def test_one_answer_and_one_document_need_no_tuple():
    question = Question("q", "How long?", "contract", answers="24 months")
    assert question.document_ids == ("contract",) and question.answers == ("24 months",)
    assert score(question, Answer("The term is 24 months."))["accuracy"] == 1.0
    assert score(question, Answer("The term is 12 months."))["accuracy"] == 0.0
    assert Question("q", "How long?", ["a", "b"], ["x"]) == Question("q", "How long?", ("a", "b"), ("x",))


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
