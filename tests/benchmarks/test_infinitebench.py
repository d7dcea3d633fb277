"""InfiniteBench: what its records become, how it asks, and its scorers' digits."""

import pytest

from lcrag.errors import LcragError
from lcrag.metrics.official import InfiniteBench
from lcrag.schema import Answer, Question
from tests.benchmarks.fixtures import FIXTURES, jsonl
from tests.benchmarks.written import loaded, official_prompt, question

NAMES = ("Ida", "Max", "Bo", "Eve")


def digits(task, reply, *answers, choices=(), **settings):
    asked = Question("q", "?", ("d",), answers, choices=choices, metadata={"task": task})
    return round(100 * InfiniteBench(**settings).score(asked, Answer(reply)), 2)


def test_records_become_questions(tmp_path):
    dataset = loaded(tmp_path, "infinitebench")
    assert question(dataset, "passkey").id == "passkey-0"
    assert question(dataset, "longbook_choice_eng").choices == NAMES
    assert question(dataset, "math_calc").answers == ("1, 4, -5",)
    assert (
        question(dataset, "code_run").text
        == "Please give me the exact number of the return value of func_3(-2)."
    )


def test_the_authors_ask_so(tmp_path):
    dataset = loaded(tmp_path, "infinitebench", prompt="official")
    assert official_prompt(dataset, question(dataset, "passkey")) == (
        "There is an important info hidden inside a lot of irrelevant text. Find it and memorize them. I will quiz "
        "you about "
        "the important information there.\n\nA long text.\n\nWhat is the pass key?"
    )
    assert official_prompt(dataset, question(dataset, "code_run")) == (
        "Following is a set of Python functions. There is a function called named func_3.\n\nA long text.\n\nPlease "
        "give me "
        "the exact number of the return value of func_3(-2). Be concise. Your response must end with the final "
        "returned value."
    )
    assert official_prompt(dataset, question(dataset, "math_find")).startswith(
        "What is the largest number in the following list?\n\nA long text.\n\nAnswer with one number."
    )
    assert official_prompt(dataset, question(dataset, "longbook_choice_eng")) == (
        "Read the book and answer the question.\n\nA long text.\n\nQuestion: Who?\n\nOnly one of the following "
        "options is "
        "correct, tell me the answer using one single letter (A, B, C, or D). Don't say anything else.\nA. Ida\nB. "
        "Max\n"
        "C. Bo\nD. Eve"
    )


@pytest.mark.parametrize(
    ("task", "reply", "answers", "score"),
    [
        ("passkey", "It is 71432, not 5", ("71432",), 100),
        ("passkey", "5 or 71432", ("71432",), 0),  # the first number
        ("number_string", "none", ("71432",), 0),
        ("kv_retrieval", 'Value: "ab-1".', ("ab-1",), 100),
        ("kv_retrieval", "xab-1", ("ab-1",), 0),
        ("longdialogue_qa_eng", "It is ace.", ("ACE", "ACE ROTH"), 100),
        ("longdialogue_qa_eng", "Roth", ("ACE", "ROTH"), 0),  # only the first form of the name
        ("longbook_qa_eng", "the old mill", ("An old mill", "x"), 100),
        ("longbook_qa_chn", "\u662f\u827e\u8fbe", ("\u827e\u8fbe",), 80.0),  # characters
        ("longbook_sum_eng", "mills turn\nwalls stand", ("walls stand\nmills turn",), 100),  # line by line
        ("math_find", "The number 7", ("7",), 100),
        ("math_find", "7.0", ("7",), 0),
        ("math_find", "7.50", ("7.5",), 100),
        ("math_calc", "[1, 4, 6]", ("1, 4, 5",), 66.67),
        ("math_calc", "[1, 4, -5]", ("1, 4, -5",), 66.67),  # the sign is not read
        ("code_run", "The value is 5.", ("5",), 100),
        ("code_run", "5 it is", ("5",), 0),
        ("code_run", "", ("5",), 0),
    ],
)
def test_scores(task, reply, answers, score):
    assert digits(task, reply, *answers) == score


@pytest.mark.parametrize(
    ("task", "reply", "score"),
    [
        ("longbook_choice_eng", "B", 100),
        ("longbook_choice_eng", "Bo", 100),  # its first letter is B
        ("longbook_choice_eng", "Max", 100),
        ("longbook_choice_eng", "the answer is: Max", 100),
        ("longbook_choice_eng", "the answer is C", 0),
        ("longbook_choice_eng", "say, B!", 100),
        ("longbook_choice_eng", "", 0),
        ("code_debug", "B. Max", 100),
        ("code_debug", "B", 0),  # no full stop, no colon
        ("code_debug", "The answer is: **B**", 100),
        ("code_debug", "The answer is:B", 0),  # one character after the colon is skipped
        ("code_debug", "The answer is: B", 100),
        ("code_debug", "answer: Option C", 0),
    ],
)
def test_letters(task, reply, score):
    assert digits(task, reply, "Max", choices=NAMES) == score


def test_what_the_mended_variant_reads():
    assert digits("code_debug", "B", "Max", choices=NAMES, variant="fixed") == 100
    assert digits("longdialogue_qa_eng", "Roth", "ACE", "ROTH", variant="fixed") == 100


def test_a_question_without_its_target_is_told(tmp_path, monkeypatch):
    broken = {"context": "x", "input": "Which?", "answer": [1]}
    monkeypatch.setitem(FIXTURES, "infinitebench", {"math_find.jsonl": jsonl(broken)})
    with pytest.raises(LcragError, match="'input' must be a question with words such as"):
        loaded(tmp_path, "infinitebench")
