"""MIR-Bench and HoloBench: functions from examples, tables from sentences."""

import json

import pytest

from lcrag.benchmarks import load_holobench, load_mir_bench
from lcrag.errors import LcragError
from lcrag.metrics.official import HoloBench, MIRBench
from lcrag.metrics.task import TaskScore
from lcrag.schema import Answer
from lcrag.strategies.pieces.official import prompt_of
from tests.benchmarks.fixtures import FIXTURES, written


@pytest.fixture
def function(tmp_path):
    dataset = load_mir_bench(written(tmp_path, "mir_bench"), prompt="official")
    return dataset.questions[0], dataset.documents[0].text


def test_the_prompt_of_mir_bench_is_put_together_again(function):
    question, text = function
    assert question.text == "Input: 7\n"
    assert question.metadata == {"task": "core", "shots": 2, "error_rate": "0.0"}
    assert prompt_of(question, text) == json.loads(FIXTURES["mir_bench"]["MIR-Core.jsonl"])["prompt"]


@pytest.mark.parametrize(
    ("reply", "official", "fixed"),
    [
        ("Output: 8", 1, 1),
        ("**Output:** 8", 1, 1),
        ("Input: 7\nOutput: 9\nOutput: ```python\n8\n```", 1, 1),
        ('Output: {"ans": 8}', 0, 1),
        ("Output: 8.", 0, 0),
        ("8", 0, 0),  # five characters are cut off where there is no Output
    ],
)
def test_outputs_are_compared(function, reply, official, fixed):
    assert TaskScore().score(function[0], Answer(reply)) == official
    assert MIRBench(variant="fixed").score(function[0], Answer(reply)) == fixed


@pytest.fixture
def queries(tmp_path):
    return load_holobench(written(tmp_path, "holobench"), prompt="official")


def test_a_query_tells_its_kind_and_is_asked_in_the_authors_words(queries):
    question = queries.questions[0]
    assert (question.kind, queries.questions[1].kind) == ("filter", "query")
    prompt = prompt_of(question, queries.document(question.document_ids[0]).text)
    assert "- **Sentences:**\n```\nThe lamp Sun costs 4.\n" in prompt
    assert prompt.endswith('If the evidence is unclear or insufficient, respond with "No answer."]')


@pytest.mark.parametrize(
    ("number", "reply", "exact", "half"),
    [
        (0, "Sun for 4 and Moon for 5", 1, 1),
        (0, "Sun for 4 and Moon", 0.5, 0.75),
        (0, "Star", 0, 0),
        (1, "No answer.", 1, 1),
        (1, "Sun", 0, 0),
    ],
)
def test_rows_are_looked_for(queries, number, reply, exact, half):
    question = queries.questions[number]
    assert TaskScore().score(question, Answer(reply)) == exact
    assert HoloBench(partial=0.5).score(question, Answer(reply)) == half


def test_prompts_without_examples_and_tables_that_are_none_are_told(tmp_path):
    (tmp_path / "MIR-Core.jsonl").write_text('{"prompt": "Guess.", "answer": "8"}')
    with pytest.raises(LcragError, match="'prompt' must be examples and a question"):
        load_mir_bench(tmp_path)
    (tmp_path / "MIR-Core.jsonl").write_text('{"question": "Which?", "context": "x", "gold": "sun"}')
    with pytest.raises(LcragError, match="'gold' must be a list or an object written as text"):
        load_holobench(tmp_path)
