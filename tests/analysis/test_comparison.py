"""The table: right figures, always with baselines, nothing missing counted as nothing."""

import io
from math import isnan

import pandas as pd
import pytest

from lcrag.analysis.comparison import compare
from lcrag.errors import LcragError

LABELS = {"tokens": "tokens", "flops": "FLOPs", "dollars": "dollars"}


def row(comparison, name):
    return comparison.table.set_index("name").loc[name]


def test_figures_are_the_tables_means(outcomes):
    table = outcomes()
    found = compare(table)
    for name, rows in table.groupby("strategy"):
        mine = row(found, name)
        assert mine.accuracy == pytest.approx(rows["score"].mean())
        assert mine.prompt == pytest.approx(rows["read_prompt_tokens"].mean())
        assert mine.cached == pytest.approx(rows["read_cached_tokens"].mean())
        assert mine.flops == pytest.approx(rows["read_flops"].mean())
        assert mine.low <= mine.accuracy <= mine.high
    assert found.best == table.groupby("strategy")["score"].mean().idxmax()
    assert (found.questions, found.documents, found.skipped) == (48, 6, 0)
    assert found.unit == "flops"


def test_baselines_are_always_there_and_in_order(outcomes):
    found = compare(outcomes())
    names = found.table["name"].tolist()
    assert names[-3] == "oracle" and names[-2].startswith("best fixed (") and names[-1] == "random (mean)"
    fixed, oracle, rnd = row(found, names[-2]), row(found, "oracle"), row(found, "random (mean)")
    candidates = found.table[(found.table.group == "strategy") & (found.table.name != "closed_book")]
    assert fixed.accuracy == candidates.accuracy.max()
    assert rnd.accuracy == pytest.approx(candidates.accuracy.mean())
    assert oracle.accuracy >= fixed.accuracy >= rnd.accuracy


def test_a_closed_book_strategy_is_no_candidate_whatever_its_name(outcomes):
    table = outcomes()
    renamed = table.replace({"strategy": {"closed_book": "no_text"}})
    for name in ("oracle", "random (mean)"):
        assert row(compare(renamed), name).accuracy == row(compare(table), name).accuracy
    with pytest.raises(LcragError, match="Router r chose 'no_text' for question d0q0"):
        compare(renamed, routers={"r": {"d0q0": "no_text"}})


def test_tables_from_before_the_column_know_closed_book_by_its_name(outcomes):
    table = outcomes()
    old = table.drop(columns=["closed_book", "finish_reason"])
    pd.testing.assert_frame_equal(compare(old).table, compare(table).table)


def test_answers_cut_at_max_tokens_are_counted_and_told(outcomes, change):
    table = outcomes().assign(finish_reason="stop")
    assert "max_tokens" not in str(compare(table))
    for question in ("d0q0", "d1q1", "d2q2"):
        table = change(table, "long_context", question, finish_reason="length")
    table = change(table, "long_context", "d2q2", score=None, error="It broke.")
    found = compare(table)
    assert row(found, "long_context")["cut"] == 2 and row(found, "memory")["cut"] == 0
    assert "Answers cut at max_tokens: long_context 2." in str(found)
    assert "Many answers were cut" not in str(found)  # 2 of 47


def test_many_cut_answers_are_a_warning_that_names_the_strategy(outcomes, change):
    table = outcomes().assign(finish_reason="stop")
    for question in ("d0q0", "d1q1", "d2q2"):
        table = change(table, "long_context", question, finish_reason="length")
        table = change(table, "memory", question, finish_reason="length")
    table = change(table, "memory", "d2q2", score=None, error="It broke.")
    for failures in ("left_out", "wrong"):
        text = " ".join(str(compare(table, failures=failures)).split())
        assert "Many answers were cut: long_context (6%)." in text  # 3 of 48, while memory has 2 of 47
        assert "raise max_tokens of these strategies" in text


@pytest.mark.parametrize(
    ("cost", "unit", "column"),
    [("auto", "flops", "flops"), ("flops", "flops", "flops"), ("dollars", "dollars", "dollars")],
)
def test_costs_are_compared_in_the_unit_that_is_asked_for(outcomes, cost, unit, column):
    found = compare(outcomes(dollars=1e-6), cost=cost)
    assert found.unit == unit
    pd.testing.assert_series_equal(found.table["cost"], found.table[column], check_names=False)
    assert f"in {LABELS[unit]}" in " ".join(str(found).split())


def test_tokens_can_be_asked_for_where_flops_are_known(outcomes):
    found = compare(outcomes(), cost="tokens")
    long = row(found, "long_context")
    assert found.unit == "tokens"
    assert long.cost == pytest.approx(long.prompt - long.cached + long.completion)


def test_a_router_is_a_row_and_its_costs_are_those_of_what_it_chose(outcomes):
    table = outcomes()
    asked = table["question_id"].unique()
    choices = {q: "long_context" if i % 2 else "memory" for i, q in enumerate(asked)}
    found = row(compare(table, routers={"half": choices}), "half")
    chosen = table[table["strategy"] == table["question_id"].map(choices)]
    assert found.group == "router"
    assert found.accuracy == pytest.approx(chosen["score"].mean())
    assert found.prompt == pytest.approx(chosen["read_prompt_tokens"].mean())


def test_a_failed_answer_is_counted_and_not_scored_as_wrong(outcomes, change):
    table = outcomes()
    table = change(table, "memory", "d0q0", score=None, error="It broke.", read_prompt_tokens=0)
    found = compare(table)
    memory = row(found, "memory")
    assert (memory.scored, memory.failed) == (47, 1)
    whole = table[(table.strategy == "memory") & (table.error == "")]
    assert memory.accuracy == pytest.approx(whole["score"].mean())
    assert memory.prompt == pytest.approx(whole["read_prompt_tokens"].mean())
    assert found.skipped == 1
    assert "Failed answers are not scored" in str(found) and "memory 1" in str(found)


def test_a_failed_answer_counts_as_wrong_on_demand(outcomes, change):
    table = outcomes()
    table = change(table, "memory", "d0q0", score=None, error="It broke.", read_prompt_tokens=70)
    table = table.astype({"score": float})
    memory = row(compare(table, failures="wrong"), "memory")
    assert (memory.scored, memory.failed, memory.counted_wrong) == (48, 0, 1)
    rows = table[table.strategy == "memory"]
    assert memory.accuracy == pytest.approx(rows["score"].sum() / 48)
    assert memory.prompt == pytest.approx(rows["read_prompt_tokens"].mean())
    found = compare(table, failures="wrong")
    text = " ".join(str(found).split())
    assert "count as wrong (score 0), at the cost that was recorded: memory 1." in text
    assert "not scored" not in text and found.skipped == 0
    assert row(compare(table), "memory").counted_wrong == 0 and "as wrong" not in str(compare(table))


def test_unknown_flops_are_a_dash_and_cost_falls_back_to_tokens(outcomes):
    found = compare(outcomes(flops=None))
    assert found.unit == "tokens"
    long = row(found, "long_context")
    assert isnan(long.flops)
    assert long.cost == pytest.approx(long.prompt - long.cached + long.completion)
    assert "No FLOPs for" in str(found)


def test_dollars_appear_only_where_a_price_is_known(outcomes):
    assert "dollars" not in str(compare(outcomes()))
    priced = compare(outcomes(dollars=1e-6))
    assert "dollars" in str(priced)
    assert row(priced, "long_context").dollars == pytest.approx(
        row(priced, "long_context").prompt * 1e-6, rel=1e-3
    )


def test_few_documents_are_said_to_prove_nothing(outcomes):
    assert "no difference can be significant" in str(compare(outcomes(documents=3)))
    assert "no difference can be significant" not in str(compare(outcomes(documents=14, each=2)))


def test_a_clear_difference_is_significant_and_no_difference_is_not(outcomes):
    found = compare(outcomes(documents=14, each=6))
    assert row(found, "closed_book").p_value < 0.01
    same = outcomes(documents=14, each=6)
    twin = same[same.strategy == found.best].assign(strategy="twin")
    assert row(compare(pd.concat([same, twin])), "twin").p_value == 1.0


def test_text_markdown_and_latex_hold_every_row(outcomes):
    found = compare(outcomes())
    for shown in (str(found), found.to_markdown(), found.to_latex().replace(r"\_", "_")):
        assert all(name in shown for name in found.table["name"])
    rule, *_ = found.to_markdown().splitlines()[1:]
    assert rule.count("|") == found.to_markdown().splitlines()[0].count("|")
    assert found.to_latex().count(r"\\") == len(found.table) + 1
    assert max(map(len, str(found).splitlines())) < 170
    cells = pd.read_csv(io.StringIO(found.shown().to_csv()))
    assert len(cells) == len(found.table)


@pytest.mark.parametrize(
    ("spoil", "routers", "message"),
    [
        (lambda t: t.drop(columns="score"), {}, "no column 'score'"),
        (lambda t: t.iloc[:0], {}, "no outcomes"),
        (lambda t: pd.concat([t, t.iloc[:1]]), {}, "several outcomes of strategy closed_book"),
        (lambda t: t, {"memory": {}}, "both named 'memory'"),
        (lambda t: t, {"r": {"d0q0": "closed_book"}}, "chose 'closed_book' for question d0q0"),
    ],
)
def test_a_table_that_cannot_be_compared_is_refused(outcomes, spoil, routers, message):
    with pytest.raises(LcragError, match=message):
        compare(spoil(outcomes()), routers=routers)


def test_an_unknown_unit_is_refused(outcomes):
    with pytest.raises(LcragError, match="counted in tokens, flops or dollars, or auto, not in 'euros'"):
        compare(outcomes(), cost="euros")


def test_the_foot_of_the_table_says_what_so_many_questions_can_show(outcomes):
    comparison = compare(outcomes(documents=12, each=4))
    text = " ".join(str(comparison).split())
    (note,) = [n for n in comparison.footnotes() if "cannot be seen" in n]
    points = int(note.split("under ")[1].split()[0])
    assert note in text and 25 < points < 60
    assert note == (
        f"With these 48 questions on 12 documents differences under {points} points cannot be seen "
        "(80% power, 5 tests)."
    )
    more = compare(outcomes(documents=60, each=4)).contrast.smallest
    assert more < 0.5 * points / 100


def test_nothing_is_said_of_power_where_nothing_can_be_shown_or_answers_never_differ(outcomes):
    same = outcomes(documents=12, each=4).assign(score=0.0)
    assert "cannot be seen" not in str(compare(outcomes(documents=5))) + str(compare(same))


def test_the_contrast_is_retrieval_against_long_context_and_its_p_value_is_the_tables(outcomes):
    comparison = compare(outcomes(documents=12, each=4))
    pair = comparison.contrast
    assert (pair.first, pair.second, comparison.best) == ("chunked_retrieval", "long_context", "long_context")
    assert pair.p_value == row(comparison, "chunked_retrieval").p_value
    assert pair.paired.difference == pytest.approx(pair.scores[0] - pair.scores[1])
    without = outcomes().query("strategy not in ['chunked_retrieval', 'memory', 'self_route']")
    assert compare(without).contrast.first == "retrieve_then_reason"
    others = outcomes().query("strategy in ['closed_book', 'memory', 'self_route']")
    assert {compare(others).contrast.first, compare(others).contrast.second} == {"memory", "self_route"}
    alone = outcomes().query("strategy in ['closed_book', 'memory']")
    assert compare(alone).contrast is None


def test_a_pair_that_is_no_test_of_the_table_is_corrected_for_one_more(outcomes):
    table = outcomes(documents=12, each=4)
    top = table[table.strategy == "memory"].assign(strategy="top", score=1.0)
    comparison = compare(pd.concat([table, top]))
    pair = comparison.contrast
    assert comparison.best == "top" and pair.tests == 7
    assert pair.p_value == pytest.approx(min(1, 7 * pair.paired.p_value))
