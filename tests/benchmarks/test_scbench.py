"""SCBench: both modes of asking, and the authors' scorers."""

import pytest

from lcrag.benchmarks import load_scbench
from lcrag.errors import LcragError
from lcrag.metrics.official import SCBench
from lcrag.metrics.official.bleu_smoothed import smoothed_bleu
from lcrag.metrics.task import TaskScore
from lcrag.schema import Answer, Question
from lcrag.strategies.pieces.official import prompt_of
from tests.benchmarks.fixtures import written


def prompts(folder, task, mode):
    dataset = load_scbench(written(folder, "scbench"), (task,), prompt="official", mode=mode)
    return [prompt_of(q, dataset.document(q.document_ids[0]).text) for q in dataset.questions]


def test_questions_on_one_context_know_their_turn(tmp_path):
    dataset = load_scbench(written(tmp_path, "scbench"), ("kv", "repoqa_and_kv_kv"))
    assert len(dataset.documents) == 2
    assert [(q.answers, q.metadata) for q in dataset.questions] == [
        (("x9",), {"task": "kv", "set": "kv", "turn": 1}),
        (("y8",), {"task": "kv", "set": "kv", "turn": 2}),
        (("v",), {"task": "repoqa_and_kv_kv", "set": "repoqa_and_kv", "turn": 2}),
    ]
    assert dataset.questions[0].task.average == ("set", "task", "turn")


def test_requests_are_asked_by_themselves(tmp_path):
    head = "Extract the value corresponding to the specified key in the JSON object below.\n\n"
    assert prompts(tmp_path, "kv", "multi_request")[1] == (
        f'{head}{{"a1": "x9", "b2": "y8"}}Key: "b2"\nThe value is: '
    )
    assert prompts(tmp_path, "mf", "multi_request") == [
        "You should answer with only one number.\n\nThe largest number of the list is: \n\n[3, 9, 4]What is the "
        "largest number of the list?\n\nYou should answer with only one number.\n\nThe largest number of the list is: "
    ]


def test_turns_have_the_earlier_ones_with_their_gold_answers_before_them(tmp_path):
    assert prompts(tmp_path, "choice_eng", "multi_turn")[1] == (
        "Read the book and answer the question.\n\nAda lit the lamp. Bob slept.\n\nQuestion: Who lit it?\nA. Bob\n"
        "B. Ada\nC. Cy\nD. Di\n\nThe the correct answer isAda\n\nQuestion: Who slept?\nA. Bob\nB. Ada\nC. Cy\nD. Di\n\n"
        "The letter of the correct answer is"
    )
    assert prompts(tmp_path, "mf", "multi_turn")[0] == (
        "What is the largest number of the list?\n\n[3, 9, 4]\n\nYou should answer with only one number.\n\nThe "
        "largest number of the list is: "
    )


def score(task, gold, text, **more):
    golds = gold if isinstance(gold, tuple) else (gold,)
    question = Question("q", "?", ("d",), golds, metadata={"task": task, **more})
    return SCBench().score(question, Answer(text))


@pytest.mark.parametrize(
    ("task", "gold", "text", "expected"),
    [
        ("kv", "x9", "The value is x9.", 1),
        ("kv", "x9", "X9", 0),
        ("prefix_suffix", "x9", "ax9b", 1),
        ("summary_with_needles_passkey", "123", "It is 123, not 4.", 1),
        ("summary_with_needles_passkey", "123", "1: 123", 0),  # the first number counts
        ("mf", "9", "9.7", 1),
        ("mf", "-9", "-9", 0),  # the sign is not read
        ("mf", "2.5", "2.50", 1),
        ("qa_eng", "Ada", "it was ADA who", 1),
        ("qa_eng", "Ada L", "Ada", 0),
        ("qa_chn", "北京", "在北京。", 0.8),
        ("vt", ("A", "B", "C"), "a and b", 0.67),
        ("choice_eng", ("Ada", "B"), "B. Ada", 1),
        ("choice_eng", ("Ada", "B"), "Ada", 0),  # begins with A
        ("choice_eng", ("Zoe", "B"), "Zoe", 1),
        ("choice_eng", ("Zoe", "B"), "the answer is: B", 1),
        ("choice_eng", ("Zoe", "B"), "I think B", 1),
        ("choice_eng", ("Zoe", "B"), "", 0),
        ("many_shot", "(A)", "(B)", 1),  # any character of the gold answer is enough
        ("summary", "the cat sat", "the cat ran", 2 / 3),
    ],
)
def test_scores_are_the_authors(task, gold, text, expected):
    assert score(task, gold, text) == pytest.approx(expected)


def test_many_shot_without_its_slip():
    question = Question("q", "?", ("d",), ("(A)",), metadata={"task": "many_shot"})
    assert SCBench(variant="fixed").score(question, Answer("(B)")) == 0


def test_a_function_must_be_more_like_its_own_than_any_other(tmp_path):
    dataset = load_scbench(written(tmp_path, "scbench"), ("repoqa_and_kv_repoqa",))
    question = dataset.questions[0]
    assert TaskScore().score(question, Answer("```python\ndef one():\n    return 1 + 0\n```")) == 1
    assert TaskScore().score(question, Answer("```python\ndef two():\n    return 2 + 0\n```")) == 0
    assert TaskScore().score(question, Answer("one")) == 0


@pytest.mark.parametrize(
    ("candidate", "reference", "expected"),
    [
        ("the cat sat on the mat", "the cat sat on the mat", 1.0),
        ("the cat sat", "the cat sat on the mat", 0.2118),
        ("a dog", "the cat", 0.0),
        ("cat", "the cat", 0.3679),
    ],
)
def test_smoothed_bleu_is_nltks(candidate, reference, expected):
    assert smoothed_bleu(candidate.split(), reference.split()) == pytest.approx(expected, abs=5e-5)


def test_a_mode_or_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(LcragError, match="no mode 'talk'"):
        load_scbench(tmp_path, mode="talk")
    (tmp_path / "scbench_poem.jsonl").write_text('{"context": "x", "multi_turns": []}')
    with pytest.raises(LcragError, match="named after its task"):
        load_scbench(tmp_path)
