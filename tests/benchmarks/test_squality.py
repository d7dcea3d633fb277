"""SQuALITY as a data set: four references, scored by the nearest."""

from collections import Counter

import pytest

from lcrag.benchmarks import load_squality
from lcrag.benchmarks.squality import BENCHMARK
from lcrag.errors import LcragError
from lcrag.metrics.task import TaskScore
from lcrag.schema import Answer
from tests.benchmarks.fixtures import written


def test_a_question_has_four_references(tmp_path):
    (question,) = load_squality(written(tmp_path, "squality")).questions
    assert question.id == "test-7-1" and question.kind == "plot"
    assert question.answers == ("An inn is kept.", "A mill is shut.", "It freezes.", "A road goes on.")
    assert TaskScore().score(question, Answer("A mill is shut.")) == 1.0
    assert TaskScore().score(question, Answer("A mill was open.")) == pytest.approx(
        0.5
    )  # 2 of 4 words: a mill


def test_another_file_is_told(tmp_path):
    file = written(tmp_path, "squality") / "data/v1-3/txt/test.jsonl"
    with pytest.raises(LcragError, match=r"SQuALITY's files are train\.jsonl, dev\.jsonl, test\.jsonl"):
        load_squality(file.rename(file.with_name("stories.jsonl")))


def test_the_authors_files(data):
    dataset = load_squality(data / "SQuALITY", tasks=())
    assert Counter(q.task.name for q in dataset.questions) == BENCHMARK.counts
    assert len(dataset.documents) == 127
    assert {len(q.answers) for q in dataset.questions} == {4}
    # v1.3: 5 questions a story in all, the first is on the plot
    assert sum(q.kind == "plot" for q in dataset.questions) >= 127
    assert load_squality(data / "SQuALITY").questions[0].task.name == "test"
