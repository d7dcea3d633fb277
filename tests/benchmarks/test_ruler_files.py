"""RULER's files: the prompt is taken apart into text and question, and put together again to the letter."""

import json

import pytest

from lcrag.benchmarks import load_ruler_files
from lcrag.errors import LcragError
from lcrag.metrics.task import TaskScore
from lcrag.schema import Answer
from lcrag.strategies.pieces.official import prompt_of
from tests.benchmarks.fixtures import FIXTURES, written


@pytest.fixture
def ruler(tmp_path):
    return load_ruler_files(written(tmp_path, "ruler_files"), prompt="official")


def by_id(dataset):
    return {question.id: question for question in dataset.questions}


def test_a_needle_has_its_question_its_place_and_its_length(ruler):
    question = by_id(ruler)["4096/data/niah_single_1/validation-1"]
    assert question.text == (
        "What is the special magic number for tall-lamp mentioned in the provided text? The special magic number for "
        "tall-lamp mentioned in the provided text is"
    )
    assert question.answers == ("1234567",)
    assert [s.text for s in question.evidence] == [
        "One of the special magic numbers for tall-lamp is: 1234567."
    ]
    assert question.metadata == {"task": "niah_single_1", "length": 90}
    assert question.task.max_tokens == 128
    assert question.task.average == ("task",)


@pytest.mark.parametrize("task", ["niah_single_1", "cwe", "qa_1"])
def test_the_official_prompt_is_the_authors_to_the_letter(ruler, task):
    name = f"4096/data/{task}/validation"
    record = json.loads(FIXTURES["ruler_files"][f"{name}.jsonl"])
    question = by_id(ruler)[f"{name}-1"]
    document = next(d for d in ruler.documents if d.id == question.document_ids[0])
    assert prompt_of(question, document.text) == record["input"] + record.get("answer_prefix", "")


def test_a_chat_template_around_the_prompt_is_left_out(ruler):
    question = by_id(ruler)["8192/data/niah_single_1/validation-1"]
    assert question.text.endswith(
        "provided text? The special magic number for tall-lamp mentioned in the provided text is"
    )
    assert "INST" not in question.text


def test_all_gold_strings_count_but_in_questions_one_is_enough(ruler):
    def score(name, text):
        return TaskScore().score(by_id(ruler)[f"4096/data/{name}/validation-1"], Answer(text))

    assert score("cwe", "1. Oak\x002. ash") == 0.5
    assert score("niah_single_1", "it is 1234567, of course") == 1.0
    assert score("qa_1", "3,677 people") == 0.0  # the gold string is longer than the answer
    assert score("qa_1", "3677") == 1.0


def test_a_prompt_of_another_form_and_a_file_without_a_task_are_told(tmp_path):
    (tmp_path / "vt.jsonl").write_text('{"input": "Which variables?", "outputs": ["X"]}')
    with pytest.raises(LcragError, match=r"vt.jsonl:1: 'input' must be a prompt of RULER for vt"):
        load_ruler_files(tmp_path)
    (tmp_path / "vt.jsonl").rename(tmp_path / "chains.jsonl")
    with pytest.raises(LcragError, match="named after its task"):
        load_ruler_files(tmp_path)
