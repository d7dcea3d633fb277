"""The verdict on small tables: what it must say, and what it must never say."""

import re
import zlib

import numpy as np
import pandas as pd
import pytest

from lcrag.analysis.comparison import compare
from lcrag.analysis.report import headline
from tests.outcomes.conftest import row

TOKENS = {
    "closed_book": 50,
    "chunked_retrieval": 800,
    "memory": 900,
    "self_route": 2000,
    "long_context": 6000,
}
NO_PRAISE = ("better than", "Use ", ": use ", "highest")
TOO_LONG = "The document is longer than the window: truncate it."


def answers(documents, each, tokens=TOKENS, **accuracies):
    """A table of right and wrong answers; an accuracy may depend on document and question, and ``None`` fails."""
    rows = []
    for strategy, accuracy in accuracies.items():
        rng = np.random.default_rng(zlib.crc32(strategy.encode()))
        for d in range(documents):
            for q in range(each):
                given = accuracy(d, q) if callable(accuracy) else accuracy
                draw = rng.random()
                score, error = (None, TOO_LONG) if given is None else (float(draw < given), "")
                rows.append(
                    row(f"d{d}q{q}", strategy, document_id=f"d{d}", score=score, error=error,
                        prompt_tokens=float(tokens[strategy]), closed_book=strategy == "closed_book")
                )  # fmt: skip
    return pd.DataFrame(rows)


def half(d, q):
    return float((d + q) % 2)


CASES = {
    "long context wins": (
        answers(20, 5, closed_book=0.1, chunked_retrieval=0.3, long_context=0.8),
        ("long_context is better than chunked_retrieval: ", "p < 0.001", "difference is +34 to +62 points", "7.5 times",
         "use long_context where the difference is worth that, else chunked_retrieval."),
        ("No difference", "may be", "take about"),
    ),
    "retrieval wins and is cheaper": (
        answers(20, 5, closed_book=0.1, chunked_retrieval=0.8, long_context=0.3),
        ("chunked_retrieval is better than long_context", "7.5 times as much: use chunked_retrieval."),
        ("worth", "No difference"),
    ),
    "a tie": (
        answers(12, 3, closed_book=0.05, chunked_retrieval=0.55, long_context=0.65),
        ("No difference between", "could be shown", " points (p = ", "chunked_retrieval costs 805 tokens per question",
         "chunked_retrieval may score up to", "To show a difference of 10 points, take about", "3 questions each"),
        ("better than chunked", "as good", "use "),
    ),
    "better by one test, not after the correction": (
        answers(8, 6, chunked_retrieval=lambda d, q: float(q < 3), memory=lambda d, q: float(q < 2),
                long_context=lambda d, q: float(q < 3 or (q == 3 and d < 6)), self_route=half,
                tokens=TOKENS),
        ("long_context may be better than chunked_retrieval", "with 3 tests in the table this is not shown (p = 0.0"),
        ("is better", "use "),
    ),
    "all wrong": (
        answers(8, 3, closed_book=0, chunked_retrieval=0, long_context=0),
        ("No strategy that reads the documents is right on any question, so none is recommended.", "Read some answers"),
        (*NO_PRAISE, "take about"),
    ),
    "the pair is all wrong, another strategy is not": (
        answers(8, 6, chunked_retrieval=0, memory=0.6, long_context=0),
        ("Neither chunked_retrieval (0%) nor long_context (0%) scores more than 0%, so neither is recommended.",
         "memory has the highest score of all"),
        ("No difference", "use "),
    ),
    "long context could not be run": (
        answers(8, 3, closed_book=0.05, chunked_retrieval=0.6, long_context=None),
        ("long_context could not be run on 24 of 24 questions (The document is longer than the window: truncate it).",
         "chunked_retrieval scores ", "95% interval", "there is nothing to compare it with"),
        ("better than chunked", "use ", "No difference"),
    ),
    "long context failed on some": (
        answers(20, 5, chunked_retrieval=0.3, long_context=lambda d, q: None if d < 2 else 0.8),
        ("long_context is better than", "could not be run on 10 of 100 questions, which the comparison leaves out"),
        (),
    ),
    "long context failed on very few": (
        answers(50, 5, chunked_retrieval=0.3, long_context=lambda d, q: None if d + q == 0 else 0.8),
        ("long_context is better than",),
        ("could not be run",),
    ),
    "nothing was scored": (
        answers(4, 2, chunked_retrieval=None, long_context=None),
        ("could be scored, so there is no verdict", "long_context could not be run on 8 of 8"),
        (*NO_PRAISE, "%"),
    ),
    "closed book is as good as the rest": (
        answers(20, 5, closed_book=0.6, chunked_retrieval=0.35, long_context=0.5),
        ("closed_book, which reads no document, scores", "none is recommended", "cannot answer without the documents"),
        (*NO_PRAISE, "take about"),
    ),
    "not shown to be above closed book": (
        answers(8, 3, closed_book=0.5, chunked_retrieval=0.55, long_context=0.7),
        ("It is not shown that any strategy is better than closed_book",),
        ("use ",),
    ),
    "cheaper and as good": (
        answers(100, 6, closed_book=0.05, chunked_retrieval=lambda d, q: float(q < 4), memory=0.2,
                long_context=lambda d, q: float(q < {0: 3, 10: 5}.get(d % 20, 4))),
        ("chunked_retrieval scores at most 5 points less than long_context", "use chunked_retrieval."),
        ("is better than long", "take about"),
    ),
    "the same answers to few questions": (
        answers(8, 4, chunked_retrieval=half, long_context=half),
        ("score the same on each of 32 questions, which are too few to call them equal", "take about"),
        ("use ", "as good", "+0 to"),
    ),
    "one document": (
        answers(1, 30, closed_book=0.05, chunked_retrieval=0.2, long_context=0.9),
        ("are compared on one document, which shows nothing for other documents", "take about"),
        ("is better than chunked", "may be better", "use ", "interval"),
    ),
    "another strategy is ahead": (
        answers(30, 5, closed_book=0.05, chunked_retrieval=0.3, self_route=0.85, long_context=0.75),
        ("long_context is better than chunked_retrieval", "self_route has the highest score of all ("),
        ("No difference",),
    ),
    "one strategy only": (
        answers(8, 4, closed_book=0.05, memory=0.7),
        ("memory scores ", "at 905 tokens per question, and there is nothing to compare it with"),
        (*NO_PRAISE[1:],),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_the_verdict_says_what_the_test_allows_and_no_more(name):
    table, said, unsaid = CASES[name]
    text = compare(table, cost="tokens").verdict
    for part in said:
        assert part in text, text
    for part in unsaid:
        assert part not in text, text
    assert len(re.findall(r"[.)] (?=[A-Z]|\w+_)", text)) < 6 and "nan" not in text
    assert headline(compare(table, cost="tokens"))[0] == text


def test_between_equal_strategies_a_difference_is_claimed_in_at_most_one_of_twenty_tables():
    claims = 0
    for seed in range(60):
        first, second = np.random.default_rng(seed).random((2, 10, 3)).round()
        table = answers(
            10,
            3,
            chunked_retrieval=lambda d, q, right=first: right[d, q],
            long_context=lambda d, q, right=second: right[d, q],
        )
        claims += compare(table, cost="tokens").contrast.is_shown
    assert claims <= 4


def test_costs_that_are_not_known_are_said_to_be_unknown_and_dollars_have_their_sign():
    table = answers(20, 5, chunked_retrieval=0.3, long_context=0.8)
    dollars = compare(table.assign(read_dollars=table["read_prompt_tokens"] * 1e-6), cost="dollars").verdict
    assert "chunked_retrieval costs $0.0008 per question, long_context $0.006, 7.5 times as much" in dollars
    assert "What they cost is not known: use long_context." in compare(table, cost="dollars").verdict


def test_failures_that_count_as_wrong_are_told_with_the_verdict():
    table = answers(20, 5, chunked_retrieval=0.6, long_context=lambda d, q: None if d < 8 else 0.8)
    text = compare(table, cost="tokens", failures="wrong").verdict
    assert "long_context could not be run on 40 of 100 questions, which count as wrong" in text


def test_an_interval_that_leaves_out_0_by_little_is_not_rounded_to_it():
    table = answers(
        100,
        6,
        chunked_retrieval=lambda d, q: float(q < 3),
        long_context=lambda d, q: float(q < 3 + (d % 14 == 0)),
    )
    text = compare(table, cost="tokens").verdict
    assert "long_context is better than chunked_retrieval: 51% against 50%" in text
    assert re.search(r"difference is \+0\.[1-9] to \+[12]\.\d points; p = 0\.0", text), text
