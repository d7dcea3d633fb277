"""LongBench v2: its questions, its prompts to the letter and how its letter is read."""

import pytest

from lcrag.errors import LcragError
from lcrag.metrics.official import LongBenchV2
from lcrag.schema import Answer, Passage
from lcrag.strategies.pieces.official import passages_context, prompt_of
from tests.benchmarks.fixtures import FIXTURES
from tests.benchmarks.written import loaded, official_prompt, question

ASK = (
    "What is the correct answer to this question: Who built the mill?\nChoices:\n(A) Ida\n(B) Max\n(C) Bo\n(D) Nobody"
    '\n\nFormat your response as follows: "The correct answer is (insert answer here)".'
)


def test_a_record_becomes_a_question(tmp_path):
    only = question(loaded(tmp_path, "longbench_v2"), "multiple_choice")
    assert (only.text, only.choices, only.answers) == (
        "Who built the mill?",
        ("Ida", "Max", "Bo", "Nobody"),
        ("A",),
    )
    assert (only.metadata["difficulty"], only.metadata["length"]) == ("easy", "short")


def test_the_authors_ask_so(tmp_path):
    dataset = loaded(tmp_path, "longbench_v2", prompt="official")
    only = question(dataset, "multiple_choice")
    assert official_prompt(dataset, only) == (
        "Please read the following text and answer the question below.\n\n<text>\nIda built the mill.\n</text>\n\n"
        + ASK
    )
    passages = [Passage("Ida", "d", 0, 3), Passage("built", "d", 4, 9)]
    assert prompt_of(only, passages_context(only.task, passages), retrieved=True) == (
        "Please read the following retrieved text chunks and answer the question below.\n\n<text>\n"
        "Retrieved chunk 1: Ida\n\nRetrieved chunk 2: built\n</text>\n\n" + ASK
    )


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        ("The correct answer is (A).", 1.0),
        ("**The correct answer is** (A)", 1.0),
        ("The correct answer is A", 1.0),
        ("The correct answer is B, or rather: The correct answer is (A)", 1.0),  # brackets come first
        ("The correct answer is (B). No: The correct answer is (A)", 0.0),
        ("the correct answer is (A)", 0.0),
        ("The correct answer is (a)", 0.0),
        ("A", 0.0),
        ("", 0.0),
    ],
)
def test_the_letter_is_read_as_the_authors_do(tmp_path, reply, score):
    only = question(loaded(tmp_path, "longbench_v2"), "multiple_choice")
    assert LongBenchV2().score(only, Answer(reply)) == score
    assert LongBenchV2(compensated=True).score(only, Answer("Ida")) == 0.25


def test_a_gold_answer_that_is_no_letter_is_told(tmp_path, monkeypatch):
    broken = FIXTURES["longbench_v2"]["data.json"].replace('"answer": "A"', '"answer": "E"')
    monkeypatch.setitem(FIXTURES, "longbench_v2", {"data.json": broken})
    with pytest.raises(LcragError, match=r"data.json: record 1: 'answer' must be A, B, C or D, not 'E'"):
        loaded(tmp_path, "longbench_v2")
