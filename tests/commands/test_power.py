"""``lcrag power`` as a user types it."""

import re

import pandas as pd
import pytest
from typer.testing import CliRunner

from lcrag.cli import app
from lcrag.errors import LcragError
from lcrag.outcomes import save_outcomes
from tests.outcomes.conftest import row


def lcrag(*arguments):
    done = CliRunner().invoke(app, ["power", *map(str, arguments)])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return " ".join(done.output.split())


@pytest.fixture
def pilot(tmp_path):
    """48 questions on 8 documents; long context is right on 40, retrieval on 32 of them, nobody else on any."""
    rows = [
        row(f"q{i}", strategy, document_id=f"d{i % 8}", score=float(right), prompt_tokens=9.0)
        for i in range(48)
        for strategy, right in (
            ("chunked_retrieval", i % 6 and i % 5),
            ("long_context", i % 6),
            ("memory", 0),
            ("other", 0),
        )
        for right in [bool(right)]
    ]
    save_outcomes(pd.DataFrame(rows), tmp_path / "outcomes.parquet")
    return tmp_path


def test_from_assumptions_alone():
    text = lcrag("--questions", 64, "--documents", 8)
    assert "Variance of a question's difference 0.50, correlation within documents 0.10" in text
    assert "With 64 questions on 8 documents differences under 42 points cannot be seen (80% power)." in text
    assert 83 < int(re.search(r"10 points 8 (\d+) ", text)[1]) < 95


def test_a_pilot_gives_variance_questions_and_documents_and_all_can_be_replaced(pilot):
    text = lcrag(pilot, "--difference", 10)
    assert "chunked_retrieval and long_context on" in text
    assert "Variance of a question's difference 0.14" in text and "With 48 questions on 8 documents" in text
    assert "5 points" not in text and "10 points 6 " in text
    planned = lcrag(pilot, "--questions", 80, "--documents", 40, "--variance", 0.5, "--difference", 10)
    assert "difference 0.50" in planned and "With 80 questions on 40 documents" in planned


def test_too_few_documents_are_said_to_show_nothing():
    assert "No difference can be significant with 5 documents: take at least 6." in lcrag(
        "--questions", 50, "--documents", 5
    )
    assert "No difference can be significant with 7 documents and 5 tests: take at least 8." in lcrag(
        "--questions", 50, "--documents", 7, "--comparisons", 5
    )


def test_where_scores_never_differ_the_variance_is_assumed(pilot):
    text = lcrag(pilot, "--strategy", "memory", "--strategy", "other", "--difference", 20)
    assert "memory and other on" in text
    assert (
        "Their scores never differ here, so the variance is assumed. Variance of a question's difference 0.50"
        in text
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Give a pilot run, or both --questions and --documents"),
        (("--questions", 5), "Give a pilot run, or both"),
        (("--questions", 5, "--documents", 8), "5 questions cannot be on 8 documents"),
        (("--questions", 5, "--documents", 2, "--strategy", "memory"), "names strategies of a pilot"),
        (("PILOT", "--strategy", "memory"), "Give --strategy twice"),
        (
            ("PILOT", "--strategy", "memory", "--strategy", "memo"),
            "has no strategy 'memo'; there are: chunked",
        ),
    ],
)
def test_what_cannot_be_computed_is_one_sentence(pilot, arguments, message):
    with pytest.raises(LcragError, match=message):
        lcrag(*(pilot if a == "PILOT" else a for a in arguments))
