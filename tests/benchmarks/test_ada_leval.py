"""Ada-LEval: files, prompt and scorer."""

import json

import pytest

from lcrag.benchmarks import load_ada_leval
from lcrag.errors import LcragError
from lcrag.metrics.official import AdaLEval
from lcrag.metrics.task import TaskScore
from lcrag.schema import Answer
from lcrag.strategies.pieces.official import prompt_of
from tests.benchmarks.fixtures import FIXTURES, written


@pytest.fixture
def questions(tmp_path):
    dataset = load_ada_leval(written(tmp_path, "ada_leval"), prompt="official")
    return {q.metadata["task"]: (q, dataset.document(q.document_ids[0]).text) for q in dataset.questions}


def test_the_best_answer_is_asked_for_in_the_authors_words(questions):
    question, text = questions["stackselect"]
    assert question.answers == ("A2",)
    assert [s.text for s in question.evidence] == ["A2:\n\nCall sorted.\n\n"]
    assert question.metadata == {"task": "stackselect", "setting": "1k", "choices": 3}
    prompt = prompt_of(question, text)
    assert prompt.startswith("\nYou are an AI assistant. Your job is to find out the most helpful answer")
    assert prompt.endswith(
        "is the most helpful answer) \n\n\nThe question is given below.\nHow do I sort a list?\n\nPossible answers are "
        "given below.\nA1:\n\nUse bogo.\n\nA2:\n\nCall sorted.\n\nA3:\n\nAsk a friend.\n\n\nNow the answers are over, "
        "please decide which answer is the most helpful one to the question. \nYou must give me only the designation "
        "of the MOST helpful answer.\n"
    )


def test_the_prompt_to_sort_is_the_files(questions):
    question, text = questions["textsort"]
    assert prompt_of(question, text) == json.loads(FIXTURES["ada_leval"]["textsort_2k.json"])[0]["prompt"]


@pytest.mark.parametrize(
    ("task", "reply", "official", "fixed"),
    [
        ("stackselect", "A2", 1, 1),
        ("stackselect", "Answer: A2. A3 is rude.", 0, 1),  # the highest that is named counts
        ("stackselect", "I choose 2", 1, 0),
        ("stackselect", "A1 or A2", 1, 0),
        ("stackselect", "none", 0, 0),
        ("textsort", "Answer: [2, 1, 4, 3]", 1, 1),
        ("textsort", "Part 2, Part 1, Part 4, Part 3", 1, 1),
        ("textsort", "[2, 1]", 1, 0),  # the rest is never compared
        ("textsort", "2 1 4 3 2 1", 0, 0),  # several orders stand in it
        ("textsort", "7", 0, 0),
    ],
)
def test_scores(questions, task, reply, official, fixed):
    question, _ = questions[task]
    assert TaskScore().score(question, Answer(reply)) == official
    assert AdaLEval(variant="fixed").score(question, Answer(reply)) == fixed


def test_an_answer_that_is_not_there_is_told(tmp_path):
    (tmp_path / "stackselect_1k.json").write_text(
        '[{"question": "Why?", "all_answers": ["x"], "answer": "A2"}]'
    )
    with pytest.raises(LcragError, match="'answer' must be the designation of one of the answers"):
        load_ada_leval(tmp_path)
