"""Right and wrong answers, labelled by hand; half of them were written before the code."""

import csv
from pathlib import Path

import pytest

from lcrag.metrics.quantities import split_quantities
from lcrag.metrics.text import contains, exact_match, squad_normalise, token_f1, token_recall

with (Path(__file__).parent / "pairs.tsv").open(encoding="utf-8") as file:
    PAIRS = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


# ASCII: in the second session of one process, as mutmut has it, pytest escapes other ids twice and does not find them.
IDS = [f"{p['gold']} | {p['answer']}".encode("ascii", "replace").decode() for p in PAIRS]


@pytest.mark.parametrize("pair", PAIRS, ids=IDS)
def test_a_pair(pair, record_property):
    assert contains(pair["answer"], [pair["gold"]]) == float(pair["right"])
    record_property("agreeing", 1)


def test_there_are_a_hundred_and_half_of_them_came_first():
    assert len(PAIRS) == 100
    assert sum(p["written"] == "before the code" for p in PAIRS) == 50


def test_token_recall_takes_numbers_whole():
    assert token_recall("It was $63,566,000 in all.", ["$63.6 million"]) == 1
    assert token_recall("It was $61.6 million.", ["$63.6 million"]) == 0
    assert token_recall("kites and lamps", ["kites, lamps and ships"]) == pytest.approx(3 / 4)


def test_a_year_stands_in_a_date_of_that_year_but_gives_no_date():
    assert contains("On December 31, 2023.", ["2023"]) == 1
    assert contains("On December 31, 2022.", ["2023"]) == 0
    assert contains("In 2023.", ["December 31, 2023"]) == 0
    gold = "Inventory rose from $12,839 million in 2022 to $13,626 million in 2023."
    answer = "From December 31, 2022 to December 31, 2023 inventory rose from $12.839 to $13.626 billion."
    question = "How did inventory change from December 31, 2022, to December 31, 2023?"
    assert token_recall(answer.replace("$12.839", "$12.839 billion"), [gold], question) == 1


def test_squads_own_normalisation_to_the_letter():
    assert squad_normalise("The state-of-the-art \u201ckite\u201d") == "stateoftheart \u201ckite\u201d"
    assert squad_normalise("An  Apple, a Pear.") == "apple pear"
    assert exact_match("state-of-the-art", ["state of the art"]) == 1
    assert exact_match("state-of-the-art", ["state of the art"], "squad") == 0
    assert token_f1("a kite", ["kite"], "squad") == 1


def test_quantities_stand_where_they_stand():
    spans, rest = split_quantities("On March 31, 2024 it was $63.6 million, or 12 percent.")
    assert [place for place, _ in spans] == [3, 25, 43]
    assert rest.split() == ["On", "it", "was", ",", "or", "."]
