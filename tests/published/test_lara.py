"""LaRA's published answers as outcomes: the real ones, and a small folder of the same form."""

import json

import numpy as np
import pandas as pd
import pytest

from lcrag.errors import LcragError
from lcrag.outcomes import score_failures, validate
from lcrag.outcomes.costs import cost_of
from lcrag.published.lara import CUT, import_lara
from lcrag.published.lara_table import import_lara_table
from lcrag.replay import examples_of, replay
from lcrag.routers import FixedRouter, LaRARule

SETS = {  # questions: location, reasoning, comparison, hallucination
    ("32k", "book"): (75, 59, 45, 59), ("32k", "financial"): (148, 118, 87, 118), ("32k", "paper"): (53, 53, 19, 53),
    ("128k", "book"): (250, 168, 73, 167), ("128k", "financial"): (108, 77, 33, 77),
    ("128k", "paper"): (129, 131, 92, 134),
}  # fmt: skip
KINDS = ("location", "reasoning", "comparison", "hallucination")


def test_every_answer_is_there(lara):
    assert (
        len(lara) == 55_791
    )  # 12 models, 2 modes, 2,326 questions, but for one that stands twice and 9 missing
    assert lara["model"].nunique() == 12 and "gpt-4o-0806" not in set(lara["model"])
    assert set(lara["strategy"]) == {"long_context", "chunked_retrieval"}
    counts = lara.groupby(["length", "domain", "kind"])["question_id"].nunique()
    found = {key: tuple(int(counts[(*key, kind)]) for kind in KINDS) for key in SETS}
    short = {k: tuple(np.subtract(SETS[k], found[k])) for k in SETS if found[k] != SETS[k]}
    assert [sum(v) for v in short.values()] == [1]  # the question that stands there twice
    assert 12 * 2 * lara["question_id"].nunique() - len(lara) == 9


def test_failed_calls_are_failed_and_not_wrong(lara):
    failed = lara[lara["error"] != ""]
    assert failed["score"].isna().all() and (failed["answer"] == "").all()
    assert not (lara["answer"] == "")[lara["error"] == ""].any()
    counts = failed.groupby(["model", "strategy", "length", "domain", "kind"]).size()
    assert counts["gpt-4o", "long_context", "128k", "book", "hallucination"] == 19
    assert counts["gpt-4o", "long_context", "128k", "paper", "hallucination"] == 16
    assert counts["qwen2.5-72b-instruct", "long_context", "32k", "financial", "location"] == 10
    gemini = lara.query(
        "model == 'gemini-1.5-pro' and length == '128k' and domain == 'financial' and kind == 'reasoning'"
    )
    assert gemini["strategy"].value_counts().to_dict() == {"long_context": 77, "chunked_retrieval": 68}


def test_failed_calls_can_count_as_wrong(lara):
    failed = lara[lara["error"] != ""]
    assert len(failed) == 201
    found = validate(score_failures(lara, "wrong"))
    rows = found.loc[failed.index]
    is_sound = rows["kind"].isin(["location", "hallucination"])
    assert (rows.loc[is_sound, "score"] == 0).all() and (rows.loc[is_sound, "error"] == "").all()
    assert rows.loc[is_sound, "failure"].str.startswith("The call failed").all()
    assert rows.loc[~is_sound, "score"].isna().all()  # else failures would be all that is scored
    assert (cost_of(rows[is_sound]) > 0).all()
    others = found.drop(failed.index)
    pd.testing.assert_series_equal(others["score"], lara.drop(failed.index)["score"])
    again = score_failures(found, "left_out")
    pd.testing.assert_frame_equal(again[lara.columns], lara)


def test_scores_are_where_they_are_sound(lara):
    scored = lara[lara["score"].notna()]
    assert set(scored["kind"]) == {"location", "hallucination"}
    assert lara.query("kind in ['location', 'hallucination'] and error == ''")["score"].notna().all()
    declines = scored[scored["kind"] == "hallucination"]
    assert (declines["score"] == declines["declined"]).all()
    assert (
        lara.query("kind in ['reasoning', 'comparison'] and error == ''")["score_token_recall"].notna().all()
    )


def test_hallucination_scores_go_with_the_judged_ones(lara, data):
    """Over models, lengths and modes the share of refusals follows the paper's judge (Pearson 0.955 by our notes)."""
    published = import_lara_table(data / "LaRA" / "paper_main_table.json").query("kind == 'hallucination'")
    names = {m: m.replace("-instruct", "").replace("-20241022", "") for m in lara["model"].unique()}
    mine = lara.query("kind == 'hallucination'").assign(model=lambda t: t["model"].map(names))
    genres = mine.groupby(["model", "length", "strategy", "domain"])["score"].mean()
    found = genres.groupby(["model", "length", "strategy"]).mean().rename("mine")
    both = published.merge(found.reset_index(), on=["model", "length", "strategy"])
    assert len(both) >= 28
    assert pd.Series(both["score"]).corr(both["mine"]) > 0.9


def test_known_defects_are_flags(lara):
    assert lara[lara["flag_renamed"]]["question_id"].nunique() == 118
    assert set(lara[lara["flag_renamed"]]["domain"]) == {"book"}
    numbered = lara[lara["flag_paper_number"]]
    assert set(numbered["domain"]) == {"paper"} and numbered["question"].str.contains("(?i)paper [0-9]").all()


def test_costs_are_estimated_from_what_was_sent(lara):
    long = lara[lara["strategy"] == "long_context"]
    assert long["read_prompt_tokens"].max() <= CUT + 1
    assert (long["truncation"] == "middle").any()
    assert lara.query("strategy == 'chunked_retrieval'")["read_prompt_tokens"].max() < 3500
    assert (lara["read_cached_tokens"] < lara["read_prompt_tokens"]).all()
    assert lara["read_seconds"].isna().all() and lara["read_flops"].isna().all()
    assert lara.query("model == 'gpt-4o'")["read_dollars"].gt(0).all()
    assert lara.query("model == 'mistral-nemo'")["read_dollars"].notna().sum() in {0, 2 * 2325}


def test_a_small_folder(small_lara):
    found = import_lara(small_lara, features=True)
    assert len(found) == 2 * 2 * 3 * 4
    scores = found.groupby(["kind", "strategy"])["score"].mean()
    assert scores["location", "long_context"] == 1.0 and scores["location", "chunked_retrieval"] < 0.5
    assert scores["hallucination", "long_context"] == 1.0
    assert scores["hallucination", "chunked_retrieval"] == 1.0
    assert np.isnan(scores["reasoning", "long_context"])
    assert found["feature_retrieval_top"].notna().all()
    assert found.query("strategy == 'chunked_retrieval'")["note_support"].notna().all()
    four = found.query("strategy == 'long_context'")
    assert (
        four["read_cached_tokens"] == 0.75 * four["document_tokens"]
    ).all()  # three of four find the prefix
    with_proxy = import_lara(small_lara, features=False, scores="recall")
    assert with_proxy["score"].notna().all()


def test_a_failed_call_and_a_question_that_stands_twice(small_lara):
    file = small_lara / "evaluation/prediction/tiny/rag_preds_tiny_32k_book_hallu.jsonl"
    answered = json.loads(file.read_text())
    file.write_text(json.dumps(answered | {"prediction": False}) + "\n" + json.dumps(answered) + "\n")
    (failed,) = import_lara(small_lara, features=False).query("error != ''").to_dict("records")
    assert failed["question_id"] == "32k-book-hallu-1" and np.isnan(failed["score"])
    assert failed["error"] == "The call failed: no answer was published."
    wrong = import_lara(small_lara, features=False, failures="wrong").query("failure != ''")
    assert wrong["score"].tolist() == [0.0] and wrong["error"].tolist() == [""]


def test_bad_folders(small_lara, tmp_path):
    with pytest.raises(
        LcragError, match="nothing has no evaluation/prediction: give the folder of the LaRA repository"
    ):
        import_lara(tmp_path / "nothing")
    file = small_lara / "evaluation/prediction/tiny/rag_preds_tiny_32k_book_hallu.jsonl"
    whole = file.read_text()
    for content, message in (
        (whole + "{oops\n", r"rag_preds_tiny_32k_book_hallu\.jsonl:2 is not JSON"),
        (whole + '{"file": "a.txt", "question": "x"}\n', r"hallu\.jsonl:2 has no 'prediction'"),
        (whole + "[1]\n", r"hallu\.jsonl:2 has no 'file'"),
        (
            whole.replace("bridge", "tower"),
            r"hallu\.jsonl:1 answers a question that datasets/query does not have",
        ),
    ):
        file.write_text(content)
        with pytest.raises(LcragError, match=message):
            import_lara(small_lara, features=False)
    file.write_text(whole)
    stray = file.with_name("rag_notes.jsonl")
    stray.write_text(whole)
    with pytest.raises(LcragError, match=r"rag_notes\.jsonl is not named as LaRA's predictions are"):
        import_lara(small_lara, features=False)
    stray.unlink()
    query = small_lara / "datasets/query/128k_paper_comp.jsonl"
    query.unlink()
    with pytest.raises(LcragError, match=r"LaRA's file .*128k_paper_comp\.jsonl is missing"):
        import_lara(small_lara, features=False)


def test_a_folder_without_predictions(small_lara):
    for file in (small_lara / "evaluation/prediction/tiny").iterdir():
        file.unlink()
    with pytest.raises(LcragError, match="holds no predictions"):
        import_lara(small_lara, features=False)


GAPS = {"32k": (0.08, 4.66, 15.22, -10.38, 2.40), "128k": (-5.25, -1.39, 14.30, -22.36, -3.68)}
MEANS = {"32k": (70.07, 67.49, 65.10, 71.32), "128k": (62.35, 55.45, 59.13, 64.60)}


@pytest.mark.parametrize("length", ["32k", "128k"])
def test_the_published_averages(data, length):
    """All ten gaps of the main table; the rule, both arms and the oracle of each task."""
    table = import_lara_table(data / "LaRA" / "paper_main_table.json").query("length == @length")
    examples = examples_of(table)
    assert (
        len(examples) == 44 and np.isnan(examples.costs).all()
    )  # 11 models, 4 tasks; costs are not published
    kinds = np.array([q.kind for q in examples.queries])
    arm = {s: i for i, s in enumerate(examples.strategies)}
    difference = 100 * (
        examples.scores[:, arm["long_context"]] - examples.scores[:, arm["chunked_retrieval"]]
    )
    gaps = [difference[kinds == kind].mean() for kind in KINDS]
    assert [round(g, 2) for g in (*gaps, difference.mean())] == pytest.approx(GAPS[length], abs=0.0101)
    rule, full, rag, oracle = MEANS[length]
    for router, published in (
        (LaRARule(), rule), (FixedRouter("long_context"), full), (FixedRouter("chunked_retrieval"), rag),
    ):  # fmt: skip
        assert 100 * replay(router, examples).scores.mean() == pytest.approx(published, abs=0.006)
    assert 100 * examples.scores.max(1).mean() == pytest.approx(oracle, abs=0.006)


def test_what_is_not_the_main_table(tmp_path):
    file = tmp_path / "table.json"
    with pytest.raises(LcragError, match=r"table\.json cannot be read \(No such file"):
        import_lara_table(file)
    for content in (
        "{oops",
        "[]",
        '{"m|32k": {"location": 3}}',
        '{"m|32k": {"riddles": {"LC": 1, "RAG": 2}}}',
    ):
        file.write_text(content)
        with pytest.raises(LcragError, match=r"table\.json is not LaRA's main table"):
            import_lara_table(file)


def test_declining_an_answerable_question_scores_nothing(lara):
    declined = lara[lara["declined"] & (lara["kind"] == "location") & lara["score"].notna()]
    assert len(declined) > 300
    assert (declined["score"] == 0).all() and (declined["score_token_recall"] > 0).any()


def test_documents_that_share_text_are_in_one_group(lara, record_property):
    """Longer collections of papers repeat those of shorter ones."""
    sizes = lara.groupby("document_group")["document_id"].nunique()
    assert sorted(sizes[sizes > 1]) == [2, 2, 2, 2, 3, 6]
    assert (lara["document_group"] != "").all()
    record_property("trust", f"LaRA: {sum(sizes)} documents in {len(sizes)} clusters")
