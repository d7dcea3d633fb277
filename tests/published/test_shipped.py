"""The tables that are part of the package: facts alone, and the same figures as the authors' files give."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import lcrag
from lcrag.errors import LcragError
from lcrag.outcomes import load_outcomes, without_defects
from lcrag.published import headline, import_lara, import_nocha, load_published, recall_scores, save_facts
from lcrag.published.shipped import DATA
from lcrag.replay import cross_replay, examples_of
from lcrag.routers import FeatureRouter, ProbeRouter

NAMES = ("lara", "nocha")
TEXTS = {"question", "answer", "gold"}


@pytest.fixture(scope="module")
def shipped():
    return load_published("lara")


@pytest.mark.parametrize("name", NAMES)
def test_a_table_holds_no_text_of_a_question_an_answer_or_a_document(name):
    file = DATA / f"{name}.parquet"
    assert file.stat().st_size < 2e6
    table = pq.read_table(file).to_pandas()
    assert "gold" not in table
    assert (table["question"] == "").all() and (table["answer"] == "").all()
    words = {
        c: table[c].astype(str).str.count(r"\s").max() for c in table.select_dtypes(["object", "string"])
    }
    assert max(words.values()) < 15, words  # titles of documents, and one sentence of ours on failed calls
    assert set(table["error"]) <= {"", "The call failed: no answer was published."}


def test_its_origin_and_licence_are_beside_it():
    text = (DATA / "ORIGIN.md").read_text("utf-8")
    for words in (
        "Copyright (c) 2025 Alibaba-NLP",
        "Copyright (c) 2024 Marzena Karpinska",
        "Permission is hereby granted, free of charge",
        "python experiments/published_tables.py",
        "arXiv 2502.09977",
        "arXiv 2406.16264",
    ):
        assert words in text
    for name in NAMES:
        table = load_published(name)
        assert f"{len(table):,}" in text or str(len(table)) in text


def test_the_build_takes_the_tables_along():
    import tomllib

    root = Path(lcrag.__file__).parents[1]
    patterns = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"][
        "package-data"
    ]
    assert {f for p in patterns["lcrag.published"] for f in DATA.parent.glob(p)} == set(DATA.iterdir())


def test_another_name_is_one_sentence():
    with pytest.raises(LcragError, match="no published answers 'lora'; there are: lara, nocha"):
        load_published("lora")


def same(shipped, imported):
    """Every column but texts and dollars (their prices change) is the same, to the last digit."""
    columns = [c for c in imported if c not in TEXTS and not c.endswith("dollars")]
    pd.testing.assert_frame_equal(shipped[columns], imported[columns], check_exact=True)


def same_queries(a, b):
    assert a.strategies == b.strategies and a.clusters == b.clusters
    np.testing.assert_array_equal(a.scores, b.scores)
    np.testing.assert_array_equal(a.costs, b.costs)
    for left, right in zip(a.queries, b.queries, strict=True):
        assert (left.id, left.kind, left.model, left.signals) == (
            right.id,
            right.kind,
            right.model,
            right.signals,
        )


def test_nocha_is_what_the_authors_file_gives(data):
    imported = import_nocha(data / "NoCha" / "data_sample" / "data_sample.json")
    table = load_published("nocha")
    same(table, imported)
    a, b = (examples_of(t, strategies=["bm25_top5", "bm25_top50"]) for t in (table, imported))
    same_queries(a, b)
    assert [q.features for q in a.queries[:1]] != [{}]
    for left, right in zip(a.queries, b.queries, strict=True):
        np.testing.assert_equal(dict(left.features), dict(right.features))
    assert str(headline(table)) == str(headline(imported))


def test_lara_is_what_the_authors_files_give(lara, shipped):
    same(shipped, lara)
    is_few = lara["model"].eq("gpt-4o") & lara["length"].eq("32k")
    few = shipped[is_few].drop(
        columns=[c for c in shipped if c.startswith("note_support")]
    )  # not in this import
    same_queries(examples_of(few), examples_of(lara[is_few]))


def test_the_headline_is_what_the_authors_files_give(lara, shipped):
    assert str(headline(shipped)) == str(headline(lara))


def test_routers_decide_the_same_with_and_without_texts(small_lara, tmp_path):
    imported = import_lara(small_lara)
    save_facts(imported, tmp_path / "f.parquet")
    table = load_outcomes(tmp_path / "f.parquet")
    assert set(table["question"]) == {""} and "gold" not in table
    a, b = (examples_of(t[t["score"].notna()]) for t in (table, imported))
    same_queries(a, b)
    for router in (ProbeRouter(), FeatureRouter(probe="chunked_retrieval")):
        left, right = (cross_replay(router, e, "task") for e in (a, b))
        assert left.chosen.tolist() == right.chosen.tolist()


def test_token_recall_on_demand(small_lara, shipped):
    weak = recall_scores(import_lara(small_lara, features=False))
    pd.testing.assert_frame_equal(weak, import_lara(small_lara, features=False, scores="recall"))
    filled = load_published("lara", scores="recall")
    assert filled.loc[filled["error"] == "", "score"].notna().all()
    assert filled.loc[filled["error"] != "", "score"].isna().all()
    is_sound = shipped["score"].notna()
    assert (filled.loc[is_sound, "score"] == shipped.loc[is_sound, "score"]).all()


def test_the_headline_names_winners_with_intervals(shipped):
    known = headline(shipped)
    by = {(f.kind, f.models): f for f in known.findings}
    assert len(by) == 4 * 3 and known.title == "12 models, 2325 questions on 131 documents"
    assert {by["hallucination", c].winner for _, c in by} == {"chunked_retrieval"}
    assert by["location", "proprietary"].winner == "long_context"
    assert by["location", "open up to 12B"].winner == "chunked_retrieval"
    assert by["location", "open from 70B"].winner == ""
    assert by["reasoning", "proprietary"].is_weak and not by["location", "proprietary"].is_weak
    rows = shipped.query("kind == 'location' and model == 'gpt-4o'").pivot(
        index="question_id", columns="strategy", values="score"
    )
    one = headline(shipped[shipped["model"].eq("gpt-4o") & shipped["kind"].eq("location")]).findings[0]
    gap = (rows["long_context"] - rows["chunked_retrieval"]).mean()
    assert one.pair.difference == pytest.approx(gap) and one.pair.low < gap < one.pair.high
    text = " ".join(str(known).split())
    assert re.search(
        r"chunked_retrieval wins: hallucination \(all models\); location \(open up to 12B\)", text
    )
    assert "By token recall, a weak measure: comparison, reasoning." in text
    assert "Tokens per question: long_context 74.7k, chunked_retrieval 3.16k; 3.89k and 3.16k where" in text
    assert known.best == "chunked_retrieval" and known.oracle_gain == pytest.approx(0.071, abs=0.002)


def test_the_headline_follows_the_scores(shipped):
    """Arms exchanged: every winner loses. Arms exchanged by a coin for each document: no winner is left."""
    swap = {"long_context": "chunked_retrieval", "chunked_retrieval": "long_context"}
    values = ["score", "score_token_recall", "declined"]
    key = ["question_id", "model"]
    wide = shipped.set_index([*key, "strategy"])[values]
    mirrored = wide.rename(index=swap, level="strategy")

    def with_scores(is_swapped):
        places = pd.MultiIndex.from_frame(shipped[[*key, "strategy"]])
        other = mirrored.reindex(places).set_axis(shipped.index)
        scores = {c: shipped[c].mask(is_swapped & other["declined"].notna(), other[c]) for c in values}
        return shipped.assign(**scores).astype({"declined": bool})

    truth = [f.winner for f in headline(shipped).findings]
    swapped = [f.winner for f in headline(with_scores(pd.Series(True, shipped.index))).findings]
    assert swapped == [swap.get(w, "") for w in truth] and "" in truth and len(set(truth)) == 3
    groups = shipped["document_group"].unique()
    coin = dict(zip(groups, np.random.default_rng(0).random(len(groups)) < 0.5, strict=True))
    shuffled = headline(with_scores(shipped["document_group"].map(coin)))
    assert {f.winner for f in shuffled.findings} == {""}


def test_one_book_gives_no_interval_and_four_no_winner():
    known = headline(load_published("nocha"))
    by = {(f.first, f.second): f for f in known.findings}
    assert by["long_context", "bm25_top50"].difference() == "+0.067 (15 questions, one document)"
    more = by["bm25_top50", "bm25_top5"]
    assert (more.pair.n, more.documents, more.winner) == (63, 4, "")  # four signs cannot tell at 5%
    assert "wins:" not in known.short()


def test_the_guide_runs_and_shows_the_headline(shipped, capsys):
    text = (Path(lcrag.__file__).parents[1] / "docs" / "published.md").read_text("utf-8")
    shown = re.search(r"<!-- headline -->\n```\n(.*?)\n```\n<!-- end of headline -->", text, re.DOTALL)
    assert shown[1] == str(headline(shipped))
    names = {}
    exec(compile(re.search(r"```python\n(.*?)```", text, re.DOTALL)[1], "published.md", "exec"), names)
    assert names["winners"]["location", "proprietary"] == "long_context"
    assert "The router, lara_prior, wins" in capsys.readouterr().out


def test_the_winners_do_not_hang_on_known_defects(shipped):
    clean = headline(without_defects(shipped, ["renamed"]))
    assert [f.winner for f in clean.findings] == [f.winner for f in headline(shipped).findings]
