"""Overlap of words, by hand."""

import pytest

from lcrag.metrics.text import token_recall


@pytest.mark.parametrize(
    ("prediction", "answers", "share"),
    [
        ("It was founded in 1987, in Bergen.", ["founded 1987"], 1.0),
        ("It was founded in Oslo.", ["founded in Bergen"], 2 / 3),
        ("kites", ["kites kites"], 0.5),  # a word counts as often as it stands there
        ("kites", ["lamps", "kites and lamps"], 1 / 3),  # the best of the answers
        ("kites", [], 0.0),
        ("", ["kites"], 0.0),
    ],
)
def test_token_recall_is_the_share_of_the_gold_words(prediction, answers, share):
    assert token_recall(prediction, answers) == pytest.approx(share)
