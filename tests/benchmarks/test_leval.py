"""L-Eval: what its records become, how it asks, and its five scorers' digits."""

import pytest

from lcrag.errors import LcragError
from lcrag.metrics.official import LEval
from lcrag.schema import Answer, Question
from tests.benchmarks.fixtures import FIXTURES, jsonl
from tests.benchmarks.written import loaded, official_prompt, question


def digits(task, reply, gold, evaluation="exam", **settings):
    asked = Question("q", "?", ("d",), (gold,), metadata={"task": task, "evaluation": evaluation})
    return round(100 * LEval(**settings).score(asked, Answer(reply)), 2)


def test_records_become_questions_without_those_for_judges(tmp_path):
    dataset = loaded(tmp_path, "leval")
    assert [(q.metadata["task"], q.answers) for q in dataset.questions] == [
        ("coursera", ("AC",)),
        ("coursera", ("B",)),
        ("gsm100", ("2+2=4. The answer is 4",)),
        ("gov_report_summ", ("Mills turn here.",)),
    ]
    assert len(dataset.documents) == 1
    assert question(dataset, "coursera").metadata["group"] == "closed"
    assert question(dataset, "gov_report_summ").task.average == ("group", "task")


def test_the_authors_ask_so(tmp_path):
    dataset = loaded(tmp_path, "leval", prompt="official")
    assert official_prompt(dataset, question(dataset, "gov_report_summ")) == (
        "Document is as follows. A long lecture on mills. Instruction: Sum up. The suggested output length is around 3 "
        "words. Output: "
    )
    assert official_prompt(dataset, question(dataset, "coursera", 1)) == (
        "Document is as follows. A long lecture on mills. Question: Question 2. And stands? \nPlease directly give "
        "answer without any additional output or explanation\n Answer: "
    )
    assert (
        official_prompt(dataset, question(dataset, "gsm100")) == "A long lecture on mills.\n\nHow many mills?"
    )
    assert question(dataset, "gsm100").task.system.endswith("is end with The answer is _ . ")


def test_answers_that_do_not_fit_are_told(tmp_path, monkeypatch):
    broken = {"input": "x", "evaluation": "exam", "instructions": ["?"], "outputs": []}
    monkeypatch.setitem(FIXTURES, "leval", {"tpo.jsonl": jsonl(broken)})
    with pytest.raises(LcragError, match="'outputs' must be a list of 1 answers"):
        loaded(tmp_path, "leval")


@pytest.mark.parametrize(
    ("task", "reply", "gold", "score"),
    [
        ("tpo", "C", "C", 100),
        ("tpo", "Apples are C", "C", 0),  # the first letter anywhere is A
        ("tpo", "The answer: C", "C. Both", 100),
        ("tpo", "none of them", "A", 100),  # no letter counts as A
        ("tpo", "", "A", 0),
        ("coursera", "AC", "AC", 100),
        ("coursera", "CA.", "AC", 100),
        ("coursera", "A", "AC", 25),
        ("coursera", "A. Mills\nC. Wheels", "AC", 100),
        ("coursera", "A and B", "AC", 25),  # a letter at the end is not seen
        ("coursera", "A and B.", "AC", 0),
        ("coursera", "B) Walls. Question 2: A.", "B", 100),
        ("coursera", "no idea", "A", 100),
        ("gsm100", "So it is 4+4. The answer is 1,234.50.", "The answer is 1234", 100),
        ("gsm100", "We have 3 mills and 4 wheels", "The answer is 4", 100),
        ("gsm100", "None\n\n4", "The answer is 4", 0),  # only the first paragraph counts
        ("codeU", "the final output will be: [1, 2]", "[1, 2]", 100),
        ("codeU", "[1, 2] is what one gets when the function has been called with one and two", "[1, 2]", 0),
        ("topic_retrieval_longchat", "A\nThe future of mills", "future of mills", 100),
        ("sci_fi", "True [fact: False]", "True [fact: False]", 100),
        ("sci_fi", "True [fact: True]", "True [fact: False]", 50),
        ("sci_fi", "It is true, I think", "True [fact: False]", 100),
        ("sci_fi", "Hm", "True", 0),
    ],
)
def test_exams(task, reply, gold, score):
    assert digits(task, reply, gold) == score


def test_f1_and_rouge():
    assert digits("financial_qa", "The profit was 12", "12 percent profit", "f1") == 66.67
    assert digits("news_summ", "mills turn", "mills turn here", "rouge") == 80.0
    assert digits("news_summ", "kites", "kite", "rouge") == 0.0  # no stemmer
    assert (
        LEval().score(Question("q", "?", ("d",), ("x",), metadata={"evaluation": "LLM"}), Answer("x")) is None
    )


def test_letters_alone_where_the_authors_are_mended():
    assert digits("tpo", "Apples are C", "C", variant="fixed") == 100
    assert digits("tpo", "none of them", "A", variant="fixed") == 0
    assert digits("coursera", "Both A and C", "AC", variant="fixed") == 100
