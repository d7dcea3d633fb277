from datetime import date

import pytest

from lcrag.memory.dates import demote_outside, first_date, period_of
from lcrag.memory.values import split_values
from lcrag.schema import Document
from retrievers.chunkers import RecursiveChunker

CHAT = """# Session of 3 May 2024
User: I bought a kite.
Assistant: Nice.

# Session of 2024-06-11
User: The kite broke.
Assistant: What a pity.
User: I will mend it.
Assistant: Good luck.
"""


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("What did I buy in May 2024?", (2024, 5, 1), (2024, 5, 31)),
        ("What broke on 11 June 2024?", (2024, 6, 11), (2024, 6, 11)),
        ("What broke on June 11th, 2024?", (2024, 6, 11), (2024, 6, 11)),
        ("Between 2024-05-01 and 2024-06-30, what happened?", (2024, 5, 1), (2024, 6, 30)),
        ("What happened in 2023?", (2023, 1, 1), (2023, 12, 31)),
    ],
)
def test_period(text, low, high):
    assert period_of(text) == (date(*low), date(*high))


@pytest.mark.parametrize("text", ["What may I buy?", "Is 2024 a number of kites?", "On 2024-13-45?"])
def test_no_period(text):
    assert period_of(text) is None


def test_out_of_range_items_are_demoted_and_none_is_dropped():
    dates = [["2024-05-03"], ["2024-06-11"], [], ["2024-06-02"], ["2024-06-11", "2024-05-09"]]
    period = (date(2024, 5, 1), date(2024, 5, 31))
    ranked = [1, 0, 2, 3, 4]
    assert demote_outside(ranked, dates, period) == [0, 2, 3, 4, 1]  # 2 June is within two days
    assert demote_outside(ranked, dates, period, widen_days=0) == [0, 2, 4, 1, 3]


def test_rounds_are_exact_and_dated():
    document = Document("chat", CHAT)
    values = split_values(document, "auto", RecursiveChunker(1000, 0))
    assert [v.text.split("\n")[0] for v in values] == [
        "User: I bought a kite.",
        "User: The kite broke.",
        "User: I will mend it.",
    ]
    assert [v.date for v in values] == ["2024-05-03", "2024-06-11", "2024-06-11"]
    assert all(CHAT[v.start : v.end] == v.text for v in values)


def test_a_text_without_speakers_is_chunked():
    document = Document("text", "One sentence here. " * 100)
    values = split_values(document, "auto", RecursiveChunker(300, 0))
    assert len(values) > 5
    assert all(document.text[v.start : v.end] == v.text for v in values)


def test_first_date():
    assert first_date("[2024/05/03 10:00]") == "2024-05-03"
    assert first_date("no date") is None
