import pytest

from lcrag.datasets.evidence import locate
from lcrag.schema import Document

TEXT = "The infor-\nmation is well-known.\nA well-\n  known kite. THE KITE is red."


@pytest.mark.parametrize(
    ("quote", "wording"),
    [
        ("information", "infor-\nmation"),
        ("the information is", "The infor-\nmation is"),
        ("infor-\nmation", "infor-\nmation"),
        ("well-known  kite", "well-\n  known kite"),
        ("is well-\nknown.", "is well-known."),
        ("The kite is RED.", "THE KITE is red."),
        ("known. A well", "known.\nA well"),
    ],
)
def test_a_quote_is_found_whatever_its_case_white_space_and_line_breaks(quote, wording):
    span = locate(Document("d", TEXT), quote)
    assert span.text == wording == TEXT[span.start : span.end]


@pytest.mark.parametrize("quote", ["", " \n", "misinformation", "in formation", "wellknown kites"])
def test_what_does_not_stand_in_the_document_is_not_found(quote):
    assert locate(Document("d", TEXT), quote) is None


def test_the_quotes_own_case_is_found_first():
    assert locate(Document("d", "A KITE, a kite."), "a kite").start == 8
