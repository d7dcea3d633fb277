"""LongICLBench and M4LE: demonstrations, many tasks, and their scorers."""

import pytest

from lcrag.benchmarks import load_longiclbench, load_m4le
from lcrag.benchmarks.m4le import TASKS
from lcrag.errors import LcragError
from lcrag.metrics.official.m4le import M4LE, RULES
from lcrag.metrics.task import TaskScore
from lcrag.schema import Answer, Question
from lcrag.strategies.pieces.official import prompt_of
from tests.benchmarks.fixtures import written


@pytest.fixture
def entities(tmp_path):
    return load_longiclbench(written(tmp_path, "longiclbench"), prompt="official")


def test_demonstrations_come_before_the_sentence(entities):
    assert prompt_of(entities.questions[0], entities.documents[0].text) == (
        "Given the sentence, please find the name entities in the sentence and their corresponding entity types "
        "in the strict format of given examples as following (Entity: EntityType):\nSentence: Bob ran .\nBob: "
        "person-athlete\nSentence: Ada saw Hull .\n"
    )


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        ("Ada: person-other\nHull: location-GPE", 1),
        ("Sentence: Ada saw Hull .\nHull: location-GPE\n", 2 / 3),
        ("Ada: person-athlete\nHull: location-GPE", 0.5),
        ("Ada: person-other\nSentence: more: x\nHull: location-GPE", 2 / 3),  # the next sentence is not read
        ("None.", 0),
    ],
)
def test_pairs_are_compared(entities, reply, expected):
    assert TaskScore().score(entities.questions[0], Answer(reply)) == pytest.approx(expected)


def test_demonstrations_that_are_not_there_are_told(tmp_path):
    written(tmp_path, "longiclbench", ["processed_data/fewnerd_test_1800.json"])
    with pytest.raises(LcragError, match=r"fewnerd_train_10turns.json is missing"):
        load_longiclbench(tmp_path)
    with pytest.raises(LcragError, match="rounds from 1 to 5, not 6"):
        load_longiclbench(tmp_path, rounds=6)


def test_m4le_asks_with_the_instruction_first(tmp_path):
    dataset = load_m4le(written(tmp_path, "m4le"), ("nq-open",), prompt="official")
    question = dataset.questions[0]
    assert prompt_of(question, dataset.documents[0].text) == (
        "Answer the question based on the given paragraphs.\nParagraph 1: Oslo is cold.\nQuestion: What is "
        "cold?\nAnswer:"
    )
    assert question.metadata == {"task": "nq-open", "length_bucket": 1000}


def test_every_task_of_m4le_has_its_scorer():
    assert set(RULES) == set(TASKS)


@pytest.mark.parametrize(
    ("task", "gold", "reply", "expected"),
    [
        ("nq-open", "Oslo", "It is oslo. Or Rome", 1),
        ("nq-open", "Rome", "It is Oslo. Or Rome", 0),  # cut off at the first full stop
        ("wikitext-103", "Paragraph 2", "paragraph 2. Yes", 1),
        ("wikitext-103", "Paragraph 2", "It is Paragraph 2", 0),
        ("mnds-news_explicit-multiple", "Article 1, Article 3.", "Article 3, Article 2.", 0.5),
        ("online-shopping", "评论1，评论3", "评论1。", 2 / 3),  # noqa: RUF001
        ("mnds-news_semantic-multiple", "3.", "3. Indeed", 1),
        ("arxiv", "we study lamps at night", "lamps at noon", 0.4),
        ("lcsts", "灯很亮", "灯亮", 2 / 3),
        ("cnewsum", "灯", "天新闻灯", 0),
        ("tedtalks-zh2en", "the cat sat on the mat", "the cat sat on the mat", 1),
    ],
)
def test_m4le_scores(task, gold, reply, expected):
    question = Question("q", "?", ("d",), (gold,), metadata={"task": task})
    assert M4LE().score(question, Answer(reply)) == pytest.approx(expected)
