"""Citations as models write them: one number, several in a bracket, ranges."""

import sys

import pytest

from lcrag.errors import LcragError
from lcrag.metrics.citations import (
    citation_scores,
    cited_numbers,
    entailment_by,
    lexically_entails,
    without_citations,
)


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Kites need wind [1].", [1]),
        ("Kites need wind [1][2].", [1, 2]),
        ("Kites need wind [1, 2].", [1, 2]),
        ("Kites need wind [1,2; 4].", [1, 2, 4]),
        ("Kites need wind [1-3].", [1, 2, 3]),
        ("Kites need wind [1\u20133, 7].", [1, 2, 3, 7]),
        ("Kites need wind [ 2 - 3 ].", [2, 3]),
        ("Kites need wind [3-1].", [3, 1]),
        ("Between [1-999999999].", [1, 999999999]),
        ("Between [1-100].", list(range(1, 101))),
        ("Between [1-101].", [1, 101]),
        ("No citation: [a], [1.5], [], (1), 1-3.", []),
    ],
)
def test_numbers_are_read_in_every_form(text, numbers):
    assert cited_numbers(text) == numbers
    if numbers:
        assert without_citations(text) in ("Kites need wind.", "Between.")


PASSAGES = ["Kites need wind.", "Lamps give light.", "Bergen is in Norway."]


@pytest.mark.parametrize("both", ["[1][2]", "[1, 2]", "[1-2]"])
def test_two_citations_score_the_same_in_every_form(both):
    scores = citation_scores(f"Kites need wind, lamps give light {both}.", PASSAGES)
    assert scores == {"citation_recall": 1.0, "citation_precision": 1.0, "citation_f1": 1.0}


def test_a_superfluous_citation_lowers_precision_by_its_share():
    """By hand: 2 of 2 sentences stand; of 3 citations the first sentence's second one is not needed."""
    scores = citation_scores("Kites need wind [1, 3]. Lamps give light [2].", PASSAGES)
    assert scores["citation_recall"] == 1.0
    assert scores["citation_precision"] == pytest.approx(2 / 3)
    assert scores["citation_f1"] == pytest.approx(2 * (2 / 3) / (1 + 2 / 3))


def test_a_range_out_of_the_passages_does_not_stand():
    assert (
        citation_scores("Kites need wind [1-9].", PASSAGES)["citation_recall"] == 1.0
    )  # the first three count
    assert citation_scores("Kites need wind [3-4].", PASSAGES)["citation_recall"] == 0.0


@pytest.mark.parametrize("text", ["", "[1]", "Kites need wind."])
def test_what_has_no_sentence_or_no_citation_scores_zero(text):
    assert set(citation_scores(text, PASSAGES).values()) == {0.0}


def test_f1_is_the_harmonic_mean():
    scores = citation_scores("Kites need wind [1]. Ships need sails [2, 3].", PASSAGES)
    assert (scores["citation_recall"], scores["citation_precision"]) == (0.5, pytest.approx(1 / 3))
    assert scores["citation_f1"] == pytest.approx(0.4)


def test_four_words_in_five_are_enough():
    assert lexically_entails("Red kites need wind.", "Red kites need wind today.")
    assert not lexically_entails("Red kites need wind.", "Kites need wind today.")
    assert not lexically_entails("Red kites need wind.", "")


def test_an_entailment_model_that_cannot_be_loaded_is_told(monkeypatch):
    assert entailment_by("lexical") is lexically_entails
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(LcragError, match="The entailment model 'no/such' could not be loaded"):
        entailment_by("no/such")
