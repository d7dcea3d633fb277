"""A benchmark's own averages, to the digit, beside published figures."""

import numpy as np
import pandas as pd
import pytest

from lcrag.analysis.leaderboard import averaged, leaderboard
from lcrag.benchmarks.base import Benchmark, Published
from lcrag.schema import Outcome, Question, Task

# LaRA, arXiv 2502.09977: the mean over genres within each level, then over levels, whatever the number of questions
LEVELS = Task("qa", average=("level", "genre"))
PAIRS = Task("claims", together="pair")


def questions(rows, task):
    return [Question(f"q{i}", "?", ("d",), metadata=m, task=task) for i, m in enumerate(rows)]


def test_groups_weigh_the_same_whatever_their_size():
    rows = [("location", "book", 1)] * 3 + [("location", "paper", 0), ("reasoning", "book", 0.5)]
    asked = questions([{"level": level, "genre": genre} for level, genre, _ in rows], LEVELS)
    scores = pd.Series([s for *_, s in rows], [q.id for q in asked])
    assert averaged(scores, asked) == {"location": 50.0, "reasoning": 50.0, "overall": 50.0}


def test_questions_that_belong_together_are_right_together():
    asked = questions([{"pair": p} for p in (1, 1, 2, 2)], PAIRS)
    assert averaged(pd.Series([1, 1, 1, 0], [q.id for q in asked]), asked) == {"overall": 50.0}


def test_what_is_not_scored_is_left_out():
    asked = questions([{"level": "a", "genre": "x"}] * 2, LEVELS)
    assert averaged(pd.Series([1.0, np.nan], [q.id for q in asked]), asked)["overall"] == 100.0
    assert np.isnan(averaged(pd.Series(dtype=float), asked)["overall"])


def test_the_page_has_this_run_and_published_rows():
    asked = questions(
        [{"level": "location", "genre": "book"}, {"level": "reasoning", "genre": "book"}], LEVELS
    )
    rows = [
        Outcome(q.id, "d", "", "long_context", "tiny", 0, score=float(i)).flat() for i, q in enumerate(asked)
    ]
    published = (Published("GPT-4o, RAG", {"location": 82.55, "overall": 69.0}, "table 1"),)
    benchmark = Benchmark("lara", "LaRA", "arXiv 2502.09977", "MIT", "x", (), {}, list, published=published)
    page = leaderboard(pd.DataFrame(rows), asked, benchmark).splitlines()
    table = [line for line in page if line.startswith("|")]
    assert table[0] == "| system | location | reasoning | overall | source |"
    assert table[2:] == [
        "| long_context (tiny) | 0.00 | 100.00 | 50.00 | this run |",
        "| GPT-4o, RAG | 82.55 | - | 69.00 | table 1 |",
    ]
    assert "the mean over level, then genre" in page[2]


@pytest.mark.parametrize("task", [None, Task("t")])
def test_without_keys_it_is_the_mean_over_questions(task):
    asked = questions([{}, {}, {}], task)
    assert averaged(pd.Series([1, 0, 0.5], [q.id for q in asked]), asked) == {"overall": 50.0}
