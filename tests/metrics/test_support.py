"""How much of an answer stands in its passages, and which sentence of a source a fact is from."""

from lcrag.metrics.faithfulness import nearest_sentence
from lcrag.metrics.support import support
from lcrag.schema import Passage

PASSAGES = [Passage("It sold 40 red kites in 1987.", "a.md", 0, 29)]


def test_the_share_of_words_that_stand_in_the_passages():
    """By hand: of 40, green, kites, 1987 and 9 three stand there; the question has kites."""
    shares = support("How many kites?", "40 green kites in 1987, or 9.", PASSAGES)
    assert shares == {"support": 3 / 5, "support_new": 2 / 4, "support_numbers": 2 / 3}


def test_a_share_of_nothing_is_absent():
    assert support("How many?", "Red kites.", PASSAGES) == {"support": 1.0, "support_new": 1.0}
    assert support("Red kites?", "Red kites.", PASSAGES) == {"support": 1.0}
    assert support("How many?", "It is.", PASSAGES) == {}
    assert support("How many?", "40 kites.", []) == {}


def test_the_sentence_that_is_most_like_a_fact():
    source = "Northwind sells\nkites. It was founded in 1987 in Bergen. Kites need wind."
    assert nearest_sentence("Northwind sells red kites.", source) == "Northwind sells kites."
    assert (
        nearest_sentence("It was founded in 1978 in Bergen.", source) == "It was founded in 1987 in Bergen."
    )
    assert nearest_sentence("Kites", source) == ""  # part of a sentence, but far from all of it
    assert nearest_sentence("Its auditor is Ada Moss, of London.", source) == ""
