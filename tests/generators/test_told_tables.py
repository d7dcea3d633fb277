"""Queries on tables told in sentences: the text, read back into tables, gives the answers."""

import re

import pytest

from lcrag.generators import generate_told_tables
from lcrag.generators.table_queries import answered
from lcrag.generators.table_rows import Row

KINDS = ("filter", "join", "count", "sum", "mean", "group", "maximum", "minimum", "top", "order")
BRANCH = (
    r"The branch (.+) in (\w+) sells (\w+), was founded in (\d+), has (\d+) employees "
    r"and earned (\d+) thousand euros\."
)
CITY = r"The city of (\w+) lies in (\w+)\."


def rows_of(text):
    for line in text.strip().split("\n"):
        if match := re.fullmatch(BRANCH, line):
            yield Row("branch", (*match.groups()[:3], *map(int, match.groups()[3:])))
        else:
            yield Row("city", re.fullmatch(CITY, line).groups())


@pytest.mark.parametrize("kind", KINDS)
def test_the_answer_is_that_of_the_query_on_all_rows_of_the_text(check, kind):
    chance = 100 if kind == "group" else 40 if kind == "count" else 5  # one of four products; a small number
    check(
        lambda tokens, seed: generate_told_tables((kind,), tokens, 2, prompt="official", seed=seed),
        chance=chance,
    )
    dataset = generate_told_tables((kind,), 8192, 3)
    for question in dataset.questions:
        rows = list(rows_of(dataset.document(question.document_ids[0]).text))
        assert len(rows) > 2 * question.metadata["rows"]
        answers = answered(question.metadata["sql"], rows)
        assert answers and question.answers == (answers if kind != "order" else (f"[{', '.join(answers)}]",))
        assert len(question.evidence) == question.metadata["rows"] == (23 if kind == "join" else 20)


@pytest.mark.parametrize(
    ("position", "low", "high"),
    [("uniform", 0, 100), ("begin", 0, 30), ("end", 70, 100), ("middle", 30, 70), ("bimodal", 0, 100)],
)
def test_rows_that_matter_stand_where_they_are_wanted(position, low, high):
    dataset = generate_told_tables(("sum",), 8192, 1, information=20, position=position)
    text = dataset.documents[0].text
    places = [100 * span.start / len(text) for span in dataset.questions[0].evidence]
    assert all(low <= place <= high for place in places)
    if position == "bimodal":
        assert all(place < 30 or place > 70 for place in places)


def test_more_or_less_of_the_text_matters():
    few, many = (generate_told_tables(("sum",), 8192, 1, density=d).questions[0] for d in (5, 50))
    assert (few.metadata["rows"], many.metadata["rows"]) == (16, 164)
