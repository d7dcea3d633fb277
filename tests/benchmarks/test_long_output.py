"""Benchmarks of long outputs and long exams: LongBench-Write, LongGenBench, LongIns."""

import pytest

from lcrag.benchmarks import load_longbench_write, load_longgenbench, load_longins
from lcrag.errors import LcragError
from lcrag.metrics.official import LongIns
from lcrag.metrics.task import TaskScore
from lcrag.schema import Answer, Question
from lcrag.strategies.pieces.official import prompt_of
from tests.benchmarks.fixtures import written


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("one two three four", 1),
        ("a b c d e f", 1 - 0.5 / 3),  # half as long again
        ("a b", 0.5),  # half as long
        ("don't 17 灯", 0.75 + 0.25 - 1 / 6),  # don, t and a Chinese character; a number is none
        ("", 0),
    ],
)
def test_a_text_is_as_long_as_was_asked_for(tmp_path, reply, expected):
    dataset = load_longbench_write(written(tmp_path, "longbench_write"), prompt="official")
    question = dataset.questions[0]
    assert prompt_of(question, dataset.documents[0].text) == "Write about lamps in 4 words."
    assert TaskScore().score(question, Answer(reply)) == pytest.approx(expected)


def test_the_blocks_that_were_written_are_counted(tmp_path):
    dataset = load_longgenbench(written(tmp_path, "longgenbench"))
    question = dataset.questions[0]
    assert question.kind == "Week"
    assert question.metadata["checks"]["once"] == {"2": "birthday"}
    reply = "#*# Week 1 (Jan): rain after Week 4.\n#*# Week 2: sun.\n#*# Week 2: again.\n#*# Week 9: snow."
    assert TaskScore().score(question, Answer(reply)) == 0.5


@pytest.fixture
def exams(tmp_path):
    dataset = load_longins(written(tmp_path, "longins"), prompt="official")
    return {q.kind: (q, dataset.document(q.document_ids[0]).text) for q in dataset.questions}


def test_the_prompts_of_longins_keep_the_indentation_of_the_authors_code(exams):
    gist, gist_text = exams["gist"]
    listed, listed_text = exams["list"]
    assert gist.id == "gist-256-task2_0"
    assert prompt_of(gist, gist_text).startswith(
        "You are an excellent grading teacher, and you will be given many completed questions. The requirements for "
        "these questions are as follows:\n                                    Add.\n"
    )
    assert f"\n                        {listed_text}\n                        Each group []" in prompt_of(
        listed, listed_text
    )


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("[1, 3]", 1),
        ("[1], [3] and [1]", 1),
        ("[1, 2]", 0.5),
        ("1 and 3", 0),  # not in brackets
        ("[]", 0),
    ],
)
def test_numbers_in_brackets_are_compared(exams, reply, expected):
    assert TaskScore().score(exams["gist"][0], Answer(reply)) == expected


def test_an_exam_without_mistakes_can_be_right_only_in_the_fixed_variant():
    question = Question("q", "?", ("d",), ("[]",))
    assert LongIns().score(question, Answer("[]")) == 0
    assert LongIns(variant="fixed").score(question, Answer("[]")) == 1


def test_lengths_that_cannot_be_are_told(tmp_path):
    (tmp_path / "longbench_write.jsonl").write_text('{"prompt": "Write.", "length": 0}')
    with pytest.raises(LcragError, match="'length' must be a number of words above 0"):
        load_longbench_write(tmp_path)
