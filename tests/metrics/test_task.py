"""The score that a benchmark defines: its cleaning, then its metric; and what a row's key depends on."""

from dataclasses import replace

import pytest

from lcrag.errors import LcragError
from lcrag.metrics import score
from lcrag.metrics.cleaning import clean
from lcrag.metrics.score import default_metric
from lcrag.schema import Answer, Question, Task

QUESTION = Question("q", "Who?", ("d",), ("Ada", "Bob"), task=Task("t", metric="string_match_all"))


def test_a_question_is_scored_as_its_task_says():
    assert score(QUESTION, Answer("It was Ada."))["task"] == 0.5
    assert "task" not in score(replace(QUESTION, task=None), Answer("It was Ada."))
    assert default_metric([QUESTION]) == "task"
    assert default_metric([replace(QUESTION, task=None)]) == "accuracy"


def test_the_answer_is_cut_out_before_it_is_scored():
    question = replace(QUESTION, task=replace(QUESTION.task, cleaning=("first_line",)))
    assert score(question, Answer("Ada\nand Bob"))["task"] == 0.5
    assert score(question, Answer("\n\nAda and Bob\nor so"))["task"] == 1.0


@pytest.mark.parametrize(
    ("rule", "reply", "answer"),
    [
        ("first_line", "\nParis\nFrance", "Paris"),
        ("last_line", "Well.\nParis\n", "Paris"),
        ("after_answer", "Thinking.\nAnswer: Paris\nDone", "Paris"),
        ("after_answer", "Paris", "Paris"),
        ("answer_tag", "<explanation>so</explanation><answer>TRUE</answer>", "TRUE"),
        ("answer_tag", "<answer>FALSE", "FALSE"),
        ("no_citations", "Paris [1], Lyon [2, 3].", "Paris, Lyon."),
        ("no_thinking", "<think>hm</think> Paris", "Paris"),
        ("control_characters", "Paris\x00Lyon ", "Paris\nLyon"),
    ],
)
def test_rules_of_cleaning(rule, reply, answer):
    assert clean(reply, (rule,)) == answer


def test_an_unknown_rule_is_told():
    with pytest.raises(LcragError, match="There is no cleaning 'first_lin'; did you mean 'first_line'"):
        clean("x", ("first_lin",))


def test_what_a_question_is_scored_by_is_no_part_of_what_is_asked():
    other = replace(QUESTION, task=replace(QUESTION.task, metric="f1", average=("genre",)))
    assert other.asked() == QUESTION.asked()
    assert replace(QUESTION, task=replace(QUESTION.task, instruction="Short.")).asked() != QUESTION.asked()
    assert "task" not in replace(QUESTION, task=None).asked()
