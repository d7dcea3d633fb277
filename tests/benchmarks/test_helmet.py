"""HELMET: what its records become, how it asks, and its scorers' digits."""

import pytest

from lcrag.errors import LcragError
from lcrag.metrics.official import Helmet
from lcrag.schema import Answer, Question
from tests.benchmarks.fixtures import FIXTURES
from tests.benchmarks.written import loaded, official_prompt, question


def digits(task, reply, *answers, choices=()):
    asked = Question("q", "?", ("d",), answers, choices=choices, metadata={"task": task})
    return round(100 * Helmet().score(asked, Answer(reply)), 2)


def test_records_become_questions(tmp_path):
    dataset = loaded(tmp_path, "helmet")
    first = question(dataset, "kilt_nq")
    assert [span.text for span in first.evidence] == ["Document (Title: Mill): Ida Brook built it."]
    assert first.metadata == {"task": "kilt_nq", "category": "RAG", "passages": 2}
    assert [q.text for q in dataset.questions if q.metadata["task"] == "kilt_popqa"] == ["Who is c2?"]
    assert question(dataset, "ruler_niah_mv").answers == ("12", "34")
    assert question(dataset, "infbench_choice_eng").choices == ("Ida", "Max", "Bo", "Eve")
    assert {q.metadata["category"] for q in dataset.questions} == {"RAG", "Recall", "LongQA"}


def test_the_authors_ask_so(tmp_path):
    dataset = loaded(tmp_path, "helmet", prompt="official")
    assert official_prompt(dataset, question(dataset, "kilt_nq")) == (
        "Use the given documents to write a concise and short answer to the question. Write your answer in the "
        "following format:\nAnswer: [answer]\n\nDocument (Title: Wall): Bo built it.\n\nDocument (Title: Mill): Ida "
        "Brook built it."
        "\n\nQuestion: Who built the mill?\nAnswer:"
    )
    assert official_prompt(dataset, question(dataset, "json_kv")) == (
        '{"k1": "v1"}\n\nExtract the value corresponding to the specified key in the JSON object below.\n\nKey: k1\n'
        "Corresponding value:"
    )
    assert official_prompt(dataset, question(dataset, "ruler_niah_mv")) == (
        "Some special magic numbers are hidden within the following text. Make sure to memorize it. I will quiz you "
        "about the numbers afterwards.\nOne of the special magic numbers for mill is: 12.\nWhat are all the special "
        "magic numbers for mill mentioned in the provided text?\nThe special magic numbers for mill mentioned in the "
        "provided text are"
    )
    assert official_prompt(dataset, question(dataset, "infbench_choice_eng")).endswith(
        "Don't say anything else.\n\nA book.\n\nQuestion: Who?\nOptions:\nA. Ida\nB. Max\nC. Bo\nD. Eve\n\nAnswer:"
    )


@pytest.mark.parametrize(
    ("task", "reply", "answers", "score"),
    [
        ("kilt_nq", "It was The Ida-Brook!", ("Idabrook",), 100),
        ("kilt_nq", "Max", ("Ida", "Max"), 100),
        ("kilt_nq", "Bo", ("Ida",), 0),
        ("json_kv", "Corresponding value: v1", ("v1",), 100),
        ("ruler_niah_mv", "12 and 56", ("12", "34"), 50),
        (
            "infbench_qa_eng",
            "The book says much.\nAnswer: an old mill",
            ("The old mill",),
            66.67,
        ),  # the parsed line
        ("infbench_qa_eng", "old mills", ("The old mill",), 80.0),  # with a stemmer
    ],
)
def test_scores_are_the_better_of_reply_and_parsed_reply(task, reply, answers, score):
    assert digits(task, reply, *answers) == score


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        ("B", 100),
        ("b.", 100),
        ("B. Max", 100),
        ("I think\nAnswer: B", 100),
        ("It is B. Max, surely", 100),
        ("It is B", 0),
        ("Max", 0),
        ("A", 0),
    ],
)
def test_choices(reply, score):
    assert digits("infbench_choice_eng", reply, "Max", choices=("Ida", "Max", "Bo", "Eve")) == score


def test_a_file_of_passages_without_a_data_set_s_name_is_told(tmp_path, monkeypatch):
    (content,) = [c for name, c in FIXTURES["helmet"].items() if name.startswith("kilt/nq")]
    monkeypatch.setitem(FIXTURES, "helmet", {"x-dev-multikilt_1.jsonl": content})
    with pytest.raises(LcragError, match="whose name begins with one of nq, triviaqa, hotpotqa, popqa"):
        loaded(tmp_path, "helmet")
