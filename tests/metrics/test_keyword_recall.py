"""The share of keywords that stand in an answer."""

import pytest

from lcrag.errors import LcragError
from lcrag.metrics.keyword_recall import KeywordRecall
from lcrag.schema import Answer, Question


def score(text, *golds, match="words", **question):
    return KeywordRecall(match=match).score(Question("q", "Which?", ("d",), golds, **question), Answer(text))


def test_keywords_are_the_parts_of_a_gold_answer():
    assert score("Kites and lamps.", "kites, lamps, oars") == pytest.approx(2 / 3)
    assert score("Kites and lamps.", "kites; lamps\noars; sails") == 0.5
    assert score("none of them", "kites, lamps") == 0


def test_the_best_gold_answer_counts():
    assert score("Ada Moss", "Ben Fry, Ada Moss", "Ada Moss") == 1


def test_a_date_is_one_keyword_and_a_list_of_years_is_several():
    assert score("on 5 June 1987", "June 5, 1987") == 1
    assert score("In 1985 and 1990.", "1985, 1987, 1990") == pytest.approx(2 / 3)
    assert score("1,234 kites", "1,234 kites, 5 lamps") == 0.5


def test_keywords_of_the_question_come_before_the_gold_answer():
    question = {"metadata": {"keywords": ["wind", "light"]}}
    assert score("Kites need wind.", "Wind moves kites, light comes from lamps.", **question) == 0.5
    assert score("Kites need wind.", **question) == 0.5


def test_rulers_rule_is_the_substring():
    """RULER: the mean over gold strings of whether it stands in the reply, both in lower case (string_match_all)."""
    reply, golds = "The numbers are 1832, 77 and ONE.", ["3", "77", "one", "9999"]
    ruler = sum(g.lower() in reply.lower() for g in golds) / len(golds)
    assert ruler == 0.75
    keywords = {"metadata": {"keywords": golds}}
    assert score(reply, match="substring", **keywords) == ruler
    assert score(reply, **keywords) == 0.5  # 3 is not a word of the reply


def test_what_is_rejected_does_not_count():
    assert score("not kites but lamps", "kites, lamps") == 0.5


def test_in_multiple_choice_the_right_choices_count():
    choices = ("kites", "lamps", "oars")
    assert score("A", "A, C", choices=choices) == 0.5
    assert score("A and C", "A, C", choices=choices) == 1
    assert score("B", "kites", choices=choices) == 0


def test_it_does_not_apply_without_an_answer():
    assert score("unanswerable", answerable=False) is None
    assert score("kites") is None


@pytest.mark.parametrize("keywords", ["kites", ["kites", ""], [1987]])
def test_keywords_that_are_not_texts_are_told(keywords):
    with pytest.raises(LcragError, match=r"'q': metadata\.keywords must be a list of texts"):
        score("kites", "kites", metadata={"keywords": keywords})
