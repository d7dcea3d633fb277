"""Slices: what a question is like beside its kind, and scores by it."""

import numpy as np
import pandas as pd
import pytest

from lcrag.analysis.comparison import compare
from lcrag.analysis.report import write_report
from lcrag.analysis.slices import by_slice, compared_slices, slices_of
from lcrag.schema import Outcome, Question, Span, Task

TEXT = "x" * 10_000


def question(text="Who founded it?", spans=((100, 110),), **more):
    evidence = tuple(Span("d", start, end, TEXT[start:end]) for start, end in spans)
    return Question("q", text, ("d",), ("a",), evidence=evidence, **more)


def slices(given, tokens=2500.0):
    return slices_of(given, tokens, {"d": len(TEXT)})


@pytest.mark.parametrize(
    ("tokens", "label"),
    [(10, "up to 1k"), (1024, "up to 1k"), (1025, "1k-2k"), (4096, "2k-4k"), (4097, "4k-8k"), (0, "unknown")],
)
def test_lengths_are_powers_of_two(tokens, label):
    assert slices(question(), tokens)["slice_length"] == label


def test_the_place_of_the_evidence_is_a_fifth_of_the_document():
    assert slices(question())["slice_evidence_at"] == "0-20%"
    assert slices(question(spans=((9990, 9999), (5000, 5010))))["slice_evidence_at"] == "40-60%"
    assert "slice_evidence_at" not in slices(question(spans=()))


def test_scope_and_dispersion_come_from_words_and_evidence():
    near, far = question(), question("How many lamps in total?", spans=((0, 9), (9000, 9010)))
    assert (slices(near)["slice_scope"], slices(near)["slice_dispersion"]) == ("narrow", "one place")
    assert (slices(far)["slice_scope"], slices(far)["slice_dispersion"]) == ("wide", "several places")


def test_what_scores_are_averaged_over_is_a_slice():
    given = question(metadata={"genre": "book", "position": 4}, task=Task("t", average=("position",)))
    assert slices(given)["slice_position"] == "4"
    assert slices(given)["slice_genre"] == "book"


def table():
    """Retrieval is right on short documents alone, long context everywhere."""
    rows = []
    for i in range(48):
        length = ("2k-4k", "8k-16k", "16k-32k")[i % 3]
        scores = {"chunked_retrieval": float(length == "2k-4k"), "long_context": 1.0}
        for strategy, score in scores.items():
            outcome = Outcome(f"q{i}", f"d{i // 2}", "", strategy, "m", 0, answer="a", score=score)
            rows.append({**outcome.flat(), "slice_length": length, "slice_scope": "narrow"})
    return pd.DataFrame(rows)


def test_scores_by_slice_are_in_the_order_of_lengths_and_only_for_slices_that_divide():
    rows = dict(tuple(table().groupby("strategy")))
    means = by_slice(rows)
    assert list(means) == ["length"]
    assert list(means["length"].columns) == ["2k-4k", "8k-16k", "16k-32k"]
    assert means["length"].loc["chunked_retrieval"].tolist() == [1.0, 0.0, 0.0]


def test_questions_that_are_in_no_slice_are_none_of_its_values():
    stored = table().assign(slice_scope=["", "narrow"] * 48)
    assert list(by_slice(dict(tuple(stored.groupby("strategy"))))) == ["length"]


def test_each_value_is_tested_and_corrected_for_all_of_them():
    rows = dict(tuple(table().groupby("strategy")))
    tested = compared_slices(rows, ("chunked_retrieval", "long_context")).set_index("value")
    assert tested["questions"].tolist() == [16, 16, 16]
    np.testing.assert_allclose(tested["difference"], [0.0, -1.0, -1.0])
    assert tested.loc["16k-32k", "p_value"] < 0.01
    assert tested.loc["2k-4k", "p_value"] == 1.0


def test_table_and_report_show_slices(tmp_path):
    comparison = compare(table())
    assert "accuracy by length" in str(comparison)
    write_report(table(), comparison, tmp_path / "report.html", title="t", parameters={})
    page = (tmp_path / "report.html").read_text()
    assert "chunked_retrieval against long_context, by slice" in page
    assert "Accuracy by length" in page
