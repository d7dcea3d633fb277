"""MMLongBench-Doc's text side."""

import pytest

from lcrag.benchmarks import load_mmlongbench_doc
from lcrag.errors import LcragError
from lcrag.metrics.task import TaskScore
from lcrag.schema import Answer, Question, Task
from tests.benchmarks.fixtures import written

TASK = Task("text", metric="mmlongbench_doc")


def test_the_text_of_a_document_is_read_once(tmp_path):
    dataset = load_mmlongbench_doc(written(tmp_path, "mmlongbench_doc"))
    assert [d.text for d in dataset.documents] == ["There are three lamps."]
    count, owner = dataset.questions
    assert (count.kind, count.answers, count.metadata["in_text"]) == ("Guidebook", ("3",), True)
    assert not owner.answerable
    assert TaskScore().score(owner, Answer("Not answerable")) == 1
    assert TaskScore().score(owner, Answer("x", declined=True)) == 1
    assert TaskScore().score(count, Answer("Answer: 3.0")) == 1


@pytest.mark.parametrize(
    ("form", "gold", "reply", "expected"),
    [
        ("Int", "3", "3.9", 1),  # cut off, not rounded
        ("Int", "3", "three", 0),
        ("Float", "12.5", "12.6%", 1),  # within 1%
        ("Float", "12.5", "0.125", 1),  # a percentage
        ("Float", "12.5", "14", 0),
        ("Str", "Green lamp", "green lamp (large)", 1),
        ("Str", "Green lamp", "green lamps", 1 - 1 / 11),
        ("Str", "Green lamp", "red", 0),
        ("Str", "2019-04-01", "2019-04-02", 0),  # dates must be equal
        ("Str", "page 3", "page 4", 0),
        ("List", "['red', 'blue']", '["Blue", "red"]', 1),
        ("List", "['red', 'blue']", "red and blue", 0),
        ("List", "['1', '2']", "[2, 1]", 1),
        ("List", "['lamp']", "lamp", 1),
        ("List", "['lamp', 'table']", "['lamb', 'table']", 0.75),
    ],
)
def test_answers_are_compared_by_their_format(form, gold, reply, expected):
    question = Question("q", "?", ("d",), (gold,), metadata={"answer_format": form}, task=TASK)
    assert TaskScore().score(question, Answer(reply)) == pytest.approx(expected)


def test_documents_that_are_not_there_are_told(tmp_path):
    written(tmp_path, "mmlongbench_doc", ["samples.json"])
    with pytest.raises(LcragError, match=r"'doc_id' must be the name of a file in .*documents"):
        load_mmlongbench_doc(tmp_path)
    text = (tmp_path / "samples.json").read_text().replace("lamps.pdf", "../lamps.pdf")
    (tmp_path / "samples.json").write_text(text)
    with pytest.raises(LcragError, match="'doc_id' must be the name of a file in `documents`"):
        load_mmlongbench_doc(tmp_path)
