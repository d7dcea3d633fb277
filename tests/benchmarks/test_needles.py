"""NeedleBench and Needle Threading."""

import json

import pytest

from lcrag.benchmarks import load_needle_threading, load_needlebench
from lcrag.errors import LcragError
from lcrag.metrics.official import NeedleBench
from lcrag.metrics.task import TaskScore
from lcrag.schema import Answer
from lcrag.strategies.pieces.official import prompt_of
from tests.benchmarks.fixtures import FIXTURES, written


@pytest.fixture
def needles(tmp_path):
    return load_needlebench(written(tmp_path, "needlebench"), prompt="official")


def test_the_task_is_told_by_the_form_of_the_answer(needles):
    assert [(q.kind, q.answers) for q in needles.questions] == [
        ("single_retrieval", ("Hell Island",)),
        ("multi_reasoning", ("Ann Lee",)),
        ("multi_retrieval", ("red", "blue")),
    ]
    assert [s.text for s in needles.questions[0].evidence] == ["The gem is on Hell Island."]


def test_every_prompt_of_needlebench_is_kept_to_the_letter(needles):
    records = [json.loads(line) for line in FIXTURES["needlebench"]["needles.jsonl"].splitlines()]
    for question, record in zip(needles.questions, records, strict=True):
        assert prompt_of(question, needles.document(question.document_ids[0]).text) == record["prompt"]


@pytest.mark.parametrize(
    ("task", "reply", "v1", "v2"),
    [
        ("single_retrieval", "It is on Hell Island", 1, 1),
        ("single_retrieval", "The gem is on Heaven Island.", 0.2 * (1 - 4 / 23), 0),
        ("single_retrieval", "", 0, 0),
        ("multi_reasoning", "ann, I think", 0.5, 0),
        ("multi_reasoning", "Ann Lee", 1, 1),
        ("multi_retrieval", "red and green", 0.5, 0.5),
    ],
)
def test_needlebench_scores(needles, task, reply, v1, v2):
    question = next(q for q in needles.questions if q.kind == task)
    assert TaskScore().score(question, Answer(reply)) == v2
    assert NeedleBench(version="v1").score(question, Answer(reply)) == pytest.approx(v1)


def test_a_prompt_without_its_frame_is_told(tmp_path):
    (tmp_path / "x.jsonl").write_text('{"prompt": "Where?", "answer": "a*b"}')
    with pytest.raises(LcragError, match=r"x.jsonl:1: 'prompt' must be a prompt of NeedleBench"):
        load_needlebench(tmp_path)


def test_threads_are_read_with_their_values(tmp_path):
    dataset = load_needle_threading(written(tmp_path, "needle_threading"), prompt="official")
    multi, single = sorted(dataset.questions, key=lambda q: q.kind)
    text = dataset.documents[0].text
    assert (single.kind, multi.kind) == ("single_needle", "multi_needle")
    assert prompt_of(single, text) == f"{text}\n{single.text}"
    assert len(multi.answers) == 2
    assert [s.text.count(":") for s in multi.evidence] == [1, 1]
    assert single.metadata == {"task": "single_needle", "context_length": 200, "thread_length": 1}
    assert TaskScore().score(single, Answer(f'"{single.answers[0]}"')) == 1
    assert TaskScore().score(single, Answer(f"It is {single.answers[0]}")) == 0
    assert TaskScore().score(multi, Answer(multi.answers[0])) == 0.5
