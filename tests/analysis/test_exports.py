"""The comparison as Markdown, LaTeX, CSV and JSON: the last two round nothing."""

import io
import json

import pandas as pd
import pytest

from lcrag.analysis.comparison import compare
from lcrag.analysis.exports import as_csv, as_json, as_latex, as_markdown


@pytest.fixture
def comparison(outcomes):
    table = outcomes().assign(slice_length=["2k-4k", "8k-16k"] * 144, score_f1=0.5)
    return compare(table, remarks=["Right is: the | exact * answer."])


def test_markdown_has_verdict_table_slices_and_footnotes(comparison):
    page = as_markdown(comparison, "A *run*")
    assert page.startswith(
        "# A \\*run\\*\n\n48 questions on 6 documents\n\n" + comparison.verdict.split(":")[0]
    )
    assert comparison.to_markdown() in page
    assert "## Accuracy by kind" in page and "## Accuracy by length" in page and "## Other metrics" in page
    assert "## chunked_retrieval against long_context, by slice" in page and "| length | 2k-4k | 24 |" in page
    assert "\n- Right is: the \\| exact \\* answer.\n" in page


def test_latex_has_every_table_with_its_caption(comparison):
    page = as_latex(comparison, "50% & more\nlines")
    assert page.count(r"\begin{table}") == page.count(r"\end{table}") == 5
    assert comparison.to_latex() in page
    assert r"\caption{Accuracy by length of 50\% \& more lines.}" in page and r"\label{tab:length}" in page
    assert r"long\_context" in page and "2k-4k" in page


def test_csv_and_json_keep_every_digit(comparison):
    table = comparison.table
    read = pd.read_csv(io.StringIO(as_csv(comparison)), float_precision="round_trip")
    pd.testing.assert_frame_equal(read, table, check_dtype=False, check_exact=True)
    stored = json.loads(as_json(comparison, {"seed": 3}), parse_constant=pytest.fail)
    assert stored["settings"] == {"seed": 3} and stored["verdict"] == comparison.verdict
    assert stored["unit"] == "flops" and stored["questions"] == 48
    assert stored["by_slice"]["length"]["long_context"]["2k-4k"] == comparison.by_slice["length"].loc[
        "long_context", "2k-4k"]  # fmt: skip
    rows = {row["name"]: row for row in stored["table"]}
    assert rows["long_context"]["accuracy"] == table.set_index("name").loc["long_context", "accuracy"]
    assert rows["oracle"]["p_value"] is None and list(rows["oracle"]) == list(table.columns)
    assert stored["slices"][0]["value"] == "2k-4k" and stored["footnotes"] == comparison.footnotes()


def test_latex_shows_what_is_smaller_and_larger():
    from lcrag.analysis.tables import latex

    text = latex(pd.DataFrame({"p": ["<.001***", "a > b"]}), ["strategy"] * 2)
    assert r"\textless{}.001***" in text and r"a \textgreater{} b" in text
