"""Pictures and report are made from the comparison and stand on their own."""

import base64
import io
import re

import pytest
from PIL import Image

from lcrag.analysis.comparison import compare
from lcrag.analysis.plots import accuracy_by_kind, accuracy_cost
from lcrag.analysis.report import headline, write_report


@pytest.fixture
def written(outcomes, tmp_path):
    table = outcomes().assign(question="Is <b>1 < 2</b>?", gold="yes")
    path = tmp_path / "new" / "report.html"
    write_report(table, compare(table), path, title="A & B", parameters={"reader": {"model": "m"}, "seed": 0})
    return path.read_text("utf-8")


def test_the_report_needs_nothing_from_outside_and_escapes_what_it_shows(written):
    assert not re.findall(r"(?:src|href)=\"(?!data:)", written)
    assert "https://" not in written and "<script" not in written
    assert "A &amp; B" in written and "Is &lt;b&gt;1 &lt; 2&lt;/b&gt;?" in written
    assert "<td>reader.model</td>" in written


def test_the_report_holds_every_row_and_question(written):
    for name in ("long_context", "oracle", "random (mean)", "best fixed"):
        assert name in written
    assert written.count("<summary>Is &lt;b") == 48


def test_the_pictures_in_it_are_real_and_name_every_strategy(written):
    images = [base64.b64decode(x).decode() for x in re.findall(r"svg\+xml;base64,([^\"]+)", written)]
    assert len(images) == 2
    assert "self_route" in images[0] and "oracle" in images[0] and "Pareto" in images[0]
    assert "hallucination" in images[1]


def test_the_same_outcomes_write_the_same_report(outcomes, tmp_path):
    for name in ("a", "b"):
        table = outcomes()
        write_report(table, compare(table), tmp_path / name, title="t", parameters={})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_pictures_are_drawn_for_odd_tables_too(outcomes, change):
    failed = outcomes()
    failed.loc[failed.strategy == "memory", ["score", "error"]] = [None, "down"]
    for table in (failed, outcomes(flops=None), outcomes(documents=1, each=1), outcomes().assign(kind="")):
        for draw in (accuracy_cost, accuracy_by_kind):
            image = io.BytesIO()
            draw(compare(table)).savefig(image, format="png")
            assert len(Image.open(image).convert("L").getcolors()) > 20


@pytest.mark.parametrize(
    ("cost", "label"), [("tokens", "tokens"), ("flops", "FLOPs"), ("dollars", "dollars")]
)
def test_the_axis_of_the_picture_names_the_unit(outcomes, cost, label):
    table = outcomes(dollars=1e-6)
    (axes,) = accuracy_cost(compare(table, cost=cost)).get_axes()
    assert axes.get_xlabel() == f"{label} per question, computed by the reader"
    (chosen,) = accuracy_cost(compare(table), cost="dollars").get_axes()
    assert chosen.get_xlabel() == "dollars per question, computed by the reader"


def test_answers_cut_at_max_tokens_are_told_in_the_report(outcomes, change, tmp_path):
    table = change(outcomes(), "long_context", "d0q0", finish_reason="length")
    path = tmp_path / "report.html"
    write_report(table, compare(table), path, title="t", parameters={})
    assert "Answers cut at max_tokens: long_context 1." in path.read_text("utf-8")


def test_the_page_begins_with_the_verdict_and_what_routers_could_reach(outcomes, written):
    comparison = compare(outcomes())
    verdict, oracle = headline(comparison)
    assert verdict == comparison.verdict and verdict.startswith("No difference between long_context")
    assert "(oracle) would reach" in oracle
    assert written.index(verdict.split(":")[0]) < written.index("<table>")
    nothing = compare(outcomes(documents=1, each=1).assign(score=None))
    assert headline(nothing) == ["No answer from the documents could be scored, so there is no verdict."]
