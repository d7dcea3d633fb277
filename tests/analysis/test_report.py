"""Pictures and report are made from the comparison and stand on their own."""

import base64
import hashlib
import io
import re
from collections import Counter
from html.parser import HTMLParser

import pytest
from PIL import Image

from lcrag.analysis.comparison import compare
from lcrag.analysis.plots import accuracy_by_kind, accuracy_cost
from lcrag.analysis.report import headline, write_report
from lcrag.analysis.report_questions import anchor
from lcrag.schema import Passage, Question, Span


@pytest.fixture
def written(outcomes, tmp_path):
    table = outcomes().assign(question="Is <b>1 < 2</b>?", gold="yes")
    path = tmp_path / "new" / "report.html"
    write_report(table, compare(table), path, title="A & B", parameters={"reader": {"model": "m"}, "seed": 0})
    return path.read_text("utf-8")


def test_the_report_needs_nothing_from_outside_and_escapes_what_it_shows(written):
    assert not re.findall(r"(?:src|href)=\"(?!data:|#)", written)
    assert "https://" not in written and written.count("<script") == 1
    assert "A &amp; B" in written and "Is &lt;b&gt;1 &lt; 2&lt;/b&gt;?" in written
    assert '<th scope="row">reader.model</th>' in written


def test_the_report_holds_every_row_and_question(written):
    for name in ("long_context", "oracle", "random (mean)", "best fixed"):
        assert name in written
    assert written.count("<summary>Is &lt;b") == written.count('<details class="question"') == 48


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
    assert written.index(verdict.split(":")[0]) < written.index("<table")
    nothing = compare(outcomes(documents=1, each=1).assign(score=None))
    assert headline(nothing) == ["No answer from the documents could be scored, so there is no verdict."]


class Page(HTMLParser):
    """Elements of a page by tag, ids and links; every element that is opened is closed."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.opened = [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in {"meta", "img", "input"}:
            self.opened.append(tag)

    def handle_endtag(self, tag):
        assert self.opened.pop() == tag

    def of(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def page(outcomes, tmp_path):
    """Two answers name the same long passage, and a third one elsewhere; the first is where the gold stands."""
    table = outcomes()
    long = Passage("<i>Kites</i> " * 100, "document 0", 10, 1310)
    elsewhere = Passage("Lamps", "document 0", 5000, 5005)
    span = Span("document 0", 100, 112, "<i>Gold</i> text")
    questions = {"d0q0": Question("d0q0", "When?", ("document 0",), ("1 < 2",), evidence=(span,))}
    evidence = {("d0q0", "chunked_retrieval"): [long, elsewhere], ("d0q0", "memory"): [long]}
    path = tmp_path / "report.html"
    write_report(
        table, compare(table), path, title="t", parameters={}, questions=questions, evidence=evidence
    )
    return path.read_text("utf-8")


def test_a_question_has_its_gold_evidence_and_each_passage_is_on_the_page_once(page):
    assert "When?" in page and "1 &lt; 2" in page and "&lt;i&gt;Gold&lt;/i&gt; text" in page
    assert "document 0 100-112" in page
    assert page.count("<blockquote>&lt;i&gt;Kites") == 1 and page.count("Kites") < 60
    assert page.count('href="#p-0"') == 2 and page.count('href="#p-1"') == 1
    assert page.count("holds gold evidence") == 2
    assert "<i>" not in page


def test_a_full_page_says_where_further_passages_are(outcomes, tmp_path, monkeypatch):
    monkeypatch.setattr("lcrag.analysis.report_questions.MAX_LISTED", 2)
    table, path = outcomes(), tmp_path / "report.html"
    one = Passage("Lamps give light", "document 0", 0, 16)
    evidence = {(q, "memory"): [one] for q in ("d0q0", "d0q1", "d0q2", "d0q3")}
    write_report(table, compare(table), path, title="t", parameters={}, evidence=evidence)
    page = path.read_text("utf-8")
    assert page.count('href="#p-0"') == 2 and page.count("Lamps give light") == 1
    assert page.count("passages: 1, see outcomes.jsonl") == 2


def test_who_wins_where_is_counted_and_each_question_says_it(page, outcomes):
    scores = outcomes().pivot(index="question_id", columns="strategy", values="score")
    winners = Counter(zip(scores.chunked_retrieval, scores.long_context, strict=True))
    counts = {"only long_context right": winners[0, 1], "only chunked_retrieval right": winners[1, 0],
              "both right": winners[1, 1], "neither right": winners[0, 0]}  # fmt: skip
    for (words, count), name in zip(counts.items(), ("second", "first", "both", "neither"), strict=True):
        assert f'<th scope="row">{words}</th><td>{count}</td>' in page
        assert page.count(f'data-winner="{name}"') == count


def test_the_page_is_whole_and_its_links_lead_somewhere(page):
    parsed = Page(page)
    ids = [attributes["id"] for _, attributes in parsed.elements if "id" in attributes]
    assert parsed.opened == [] and len(ids) == len(set(ids)) and "q-d0q0" in ids
    assert {a["href"][1:] for a in parsed.of("a")} <= set(ids)
    assert all(a.get("scope") in {"col", "row"} for a in parsed.of("th"))
    assert len(parsed.of("caption")) == len(parsed.of("table"))
    (hidden,) = (a for a in parsed.of("p") if a.get("class") == "filter")
    assert "hidden" in hidden  # without its script the list is whole and plain


def test_a_browser_runs_only_the_script_of_the_page_and_loads_nothing(page):
    script = page.split("<script>")[1].split("</script>")[0]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = (a["content"] for a in Page(page).of("meta") if "http-equiv" in a)
    assert "default-src 'none'" in policy and f"script-src 'sha256-{digest}'" in policy


def test_the_address_of_a_question_is_its_own():
    names = ["a b", "a-b", "a/b", "a%20b", "é", '"><script>']
    anchors = [anchor(n) for n in names]
    assert len(set(anchors)) == len(names) and all(re.fullmatch(r"q-[\w.~%-]+", a, re.ASCII) for a in anchors)


def test_print_and_narrow_screens_have_their_styles(page):
    style = page.split("<style>")[1].split("</style>")[0]
    assert style.count("{") == style.count("}")
    for part in ("@page { size:A4", "@media print", "prefers-color-scheme:dark", "white-space:normal"):
        assert part in style
