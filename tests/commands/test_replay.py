"""``lcrag import``, ``replay`` and ``fit`` as a user types them, on small tables."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from lcrag.cli import app
from lcrag.errors import LcragError
from lcrag.outcomes import load_outcomes, save_outcomes
from lcrag.routers import load_router
from tests.outcomes.conftest import row, small_lara  # noqa: F401
from tests.published.test_nocha import claim


def lcrag(*arguments):
    done = CliRunner().invoke(app, [str(a) for a in arguments])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


@pytest.fixture
def table(tmp_path):
    """48 questions on 8 documents: retrieval is right where it is asked when, long context where to compare."""
    rng = np.random.default_rng(0)
    rows = []
    for i in range(48):
        compares = i % 2
        text = f"Compare lamp {i} with kite {i}." if compares else f"When was lamp {i} sold?"
        for strategy, right, tokens in (
            ("chunked_retrieval", 1 - compares, 300.0),
            ("long_context", compares, 6000.0),
        ):
            right = right if rng.random() < 0.95 else 1 - right
            rows.append(
                row(f"q{i}", strategy, question=text, document_id=f"d{i % 8}", score=float(right),
                    kind="comparison" if compares else "location", declined=not right, prompt_tokens=tokens,
                    document_tokens=6000.0, flag_renamed=i == 0, flag_other=i == 1)
            )  # fmt: skip
    save_outcomes(pd.DataFrame(rows), tmp_path / "t.parquet")
    return tmp_path / "t.parquet"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--folds", 0), "folds is 0, but must be at least 2"),
        (("--folds", 1), "folds is 1, but must be at least 2"),
        (("--seed", -1), "seed is -1, but must be at least 0"),
        (("--fold-seeds", 0), "fold_seeds is 0, but must be at least 1"),
        (("--router", "llm"), "Router llm_router asks a model: run it as"),
    ],
)
def test_numbers_out_of_range_and_routers_that_ask_a_model_are_one_sentence(table, arguments, message):
    with pytest.raises(LcragError, match=message):
        lcrag("replay", table, "--router", "tfidf", *arguments)


def test_a_router_that_asks_a_model_cannot_be_fitted_and_no_router_neither(table, tmp_path):
    with pytest.raises(LcragError, match="Router llm_router asks a model"):
        lcrag("fit", table, tmp_path / "r", "--router", "llm")
    (tmp_path / "none.yaml").write_text("[]")
    with pytest.raises(LcragError, match=r"none\.yaml has 0 routers: give one to fit"):
        lcrag("fit", table, tmp_path / "r", "--routers", tmp_path / "none.yaml")


@pytest.mark.parametrize(
    "name", ["oracle", "best_fixed", "best fixed", "best fixed (a)", "random", "random (mean)"]
)
def test_a_strategy_named_like_a_baseline_is_refused(table, tmp_path, name):
    outcomes = load_outcomes(table).replace({"strategy": {"long_context": name}})
    save_outcomes(outcomes, tmp_path / "o.parquet")
    with pytest.raises(LcragError, match="as a baseline is: give it another `name`"):
        lcrag("replay", tmp_path / "o.parquet", "--router", "tfidf")


@pytest.mark.parametrize("question", ["", " ", "???"])
def test_questions_without_words_are_one_sentence_or_a_table(table, tmp_path, question):
    save_outcomes(load_outcomes(table).assign(question=question), tmp_path / "o.parquet")
    with pytest.raises(LcragError, match="tfidf_router learns from the words of questions, and too few"):
        lcrag("fit", tmp_path / "o.parquet", tmp_path / "r", "--router", "tfidf")
    if question.strip():
        lcrag("fit", tmp_path / "o.parquet", tmp_path / "r", "--router", "knn")
    else:
        with pytest.raises(LcragError, match="question of the outcomes has no text"):
            lcrag("fit", tmp_path / "o.parquet", tmp_path / "r", "--router", "knn")
    lcrag("fit", tmp_path / "o.parquet", tmp_path / "r", "--router", "quality")


def test_a_loaded_router_that_cannot_decide_is_one_sentence(table, tmp_path):
    """Arrays of another shape, which no check of the file can know to be wrong."""
    from skops.io import dumps, loads

    file = tmp_path / "r.router"
    lcrag("fit", table, file, "--router", "tfidf")
    content = loads(file.read_bytes(), trusted=["builtins.str"])
    content["router"]["state"]["weights"] = np.zeros((1, 1))
    file.write_bytes(dumps(content))
    with pytest.raises(LcragError, match=r"r\.router holds a router that cannot decide \(.*\): fit it again"):
        lcrag("replay", table, "--load", file)


def test_import_nocha(tmp_path):
    sample = tmp_path / "s.json"
    sample.write_text(json.dumps([claim(), claim(claim="It snows.", type=False)]))
    said = lcrag("import", "nocha", sample, "--output", tmp_path / "n.parquet")
    assert (
        "2 outcomes in" in said
        and "1 question, 1 model, 2 strategies; 2 scored, 0 failed, 0 without a score" in said
    )
    assert set(load_outcomes(tmp_path / "n.parquet")["kind"]) == {"claim_pair"}
    lcrag("import", "nocha", sample, "--output", tmp_path / "c.parquet", "--no-pairs")
    assert len(load_outcomes(tmp_path / "c.parquet")) == 4
    with pytest.raises(LcragError, match=r"none\.json cannot be read"):
        lcrag("import", "nocha", tmp_path / "none.json")


def test_import_lara_table(tmp_path):
    file = tmp_path / "main.json"
    file.write_text(json.dumps({"m|32k": {"location": {"LC": 80, "RAG": 70.5}}}))
    said = lcrag("import", "lara-table", file, "--output", tmp_path / "m.parquet")
    assert "2 scored" in said
    assert load_outcomes(tmp_path / "m.parquet")["score"].tolist() == [0.8, 0.705]
    with pytest.raises(LcragError, match="do not say what every strategy cost in tokens"):
        lcrag("replay", tmp_path / "m.parquet", "--router", "lara_rule")


def test_import_lara(small_lara, tmp_path):  # noqa: F811
    said = lcrag("import", "lara", small_lara, "--output", tmp_path / "l.parquet")
    assert "48 outcomes" in said and "24 scored, 0 failed, 24 without a score" in said
    assert "Known defect renamed: 2 questions (lcrag replay --exclude renamed)." in said
    assert load_outcomes(tmp_path / "l.parquet")["feature_retrieval_top"].notna().all()
    said = lcrag(
        "import",
        "lara",
        small_lara,
        "--output",
        tmp_path / "l.parquet",
        "--no-features",
        "--scores",
        "recall",
    )
    assert "48 scored" in said
    with pytest.raises(LcragError, match="has no evaluation/prediction"):
        lcrag("import", "lara", tmp_path)


def test_failed_calls_count_as_wrong_on_demand(small_lara, tmp_path):  # noqa: F811
    for kind in ("location", "reasoning"):
        file = small_lara / f"evaluation/prediction/tiny/full_preds_tiny_32k_book_{kind}.jsonl"
        file.write_text(json.dumps(json.loads(file.read_text()) | {"prediction": False}) + "\n")
    output = tmp_path / "l.parquet"
    command = ["import", "lara", small_lara, "--output", output, "--no-features"]
    assert "23 scored, 2 failed" in (said := lcrag(*command)) and "with --failures wrong they score 0" in said
    said = lcrag(*command, "--failures", "wrong")
    assert "24 scored, 1 failed" in said and "Failed calls that count as wrong (score 0): 1." in said
    assert "answers to the same questions have no score" in said  # reasoning needs a judge
    lcrag(*command, "--scores", "recall")
    command = ["replay", output, "--router", "random", "--split", "task"]
    said = " ".join(lcrag(*command, "--failures", "wrong").split())
    assert "24 queries" in said
    assert "Failed calls that count as wrong (score 0), at the cost that was recorded: long_context 2" in said
    assert "22 queries" in lcrag(*command)
    with pytest.raises(LcragError, match="Failed calls are left_out or wrong, not 'right'"):
        lcrag(*command, "--failures", "right")


def test_replay_routers_by_name(table, tmp_path):
    said = lcrag("replay", table, "--router", "tfidf", "--router", "probe", "--output", tmp_path / "out")
    assert "48 queries on 8 documents" in said
    for name in (
        "tfidf_router",
        "probe_router",
        "best fixed",
        "random (mean)",
        "oracle",
        "cross-validated by document",
    ):
        assert name in said
    names = {"routing.md", "routing.csv", "quality_cost.png", "decisions.parquet"}
    assert {f.name for f in (tmp_path / "out").iterdir()} == names
    table = pd.read_csv(tmp_path / "out" / "routing.csv").set_index("name")
    decisions = pd.read_parquet(tmp_path / "out" / "decisions.parquet")
    assert len(decisions) == 2 * 48
    scores = decisions.groupby("router")["score"].mean()
    assert (
        scores["tfidf_router"] == pytest.approx(table.loc["tfidf_router", "accuracy"]) and scores.min() > 0.8
    )
    assert (
        "## tfidf_router: best strategy (rows) by chosen one" in (tmp_path / "out" / "routing.md").read_text()
    )
    assert (tmp_path / "out" / "quality_cost.png").read_bytes()[:4] == b"\x89PNG"


def test_without_names_all_routers_that_fit_are_replayed(table, tmp_path, monkeypatch, embedder):
    monkeypatch.setattr("lcrag.runtime.defaults.default_embedder", lambda: embedder)
    said = lcrag("replay", table)
    for name in (
        "lara_rule",
        "lara_prior",
        "feature_router",
        "quality_router",
        "knn_router",
        "cascade_router",
    ):
        assert name in said
    other = load_outcomes(table).replace({"strategy": {"chunked_retrieval": "bm25_top5"}})
    save_outcomes(other, tmp_path / "other.parquet")
    said = lcrag("replay", tmp_path / "other.parquet")
    assert "quality_router" in said and "lara_rule" not in said and "probe_router" not in said


def test_routers_from_yaml(table, tmp_path):
    file = tmp_path / "r.yaml"
    file.write_text("routers:\n- {type: tfidf, name: mine, min_df: 1}\n- lara_rule\n")
    said = lcrag("replay", table, "--routers", file)
    assert "mine" in said and "lara_rule" in said
    file.write_text("- {type: tfidf, min_dt: 1}\n")
    with pytest.raises(LcragError, match=r"r\.yaml \(tfidf\): unknown key 'min_dt'; did you mean 'min_df'"):
        lcrag("replay", table, "--routers", file)
    file.write_text("router: tfidf\n")
    with pytest.raises(
        LcragError, match=r"r\.yaml: a list of routers is expected, or a mapping with the key 'routers'"
    ):
        lcrag("replay", table, "--routers", file)


def test_fitted_routers_are_loaded_and_not_fitted_again(table, tmp_path):
    file = tmp_path / "q.router"
    assert "tfidf_router learned from 24 queries" in lcrag(
        "fit", table, file, "--router", "tfidf", "--kind", "location"
    )
    said = lcrag("replay", table, "--load", file)
    assert "fitted before, on other outcomes" in said and "tfidf_router" in said
    assert lcrag("fit", table, file).startswith("quality_router learned from 48 queries")
    assert load_router(file).name == "quality_router"
    with pytest.raises(LcragError, match="Give either --load for fitted routers, or --router and --routers"):
        lcrag("replay", table, "--load", file, "--router", "tfidf")
    two = tmp_path / "two.yaml"
    two.write_text("[tfidf, feature]")
    with pytest.raises(LcragError, match=r"two\.yaml has 2 routers: give one to fit"):
        lcrag("fit", table, file, "--routers", two)


def test_kinds_and_defects_can_be_left_out(table):
    assert "24 queries" in lcrag("replay", table, "--router", "random", "--kind", "location")
    assert "47 queries" in lcrag("replay", table, "--router", "random", "--exclude", "renamed")
    assert "46 queries" in lcrag("replay", table, "--router", "random", "--exclude", "all")


def test_costs_splits_and_caches(table):
    assert "cross-validated by task" in lcrag("replay", table, "--router", "random", "--split", "task")
    with pytest.raises(LcragError, match="do not say what every strategy cost in dollars"):
        lcrag("replay", table, "--router", "random", "--cost", "dollars")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--router", "tfdif"], "--router: unknown router 'tfdif'; did you mean 'tfidf'"),
        (["--router", "llm"], "llm_router asks a model: run it as a `routed` strategy"),
        (["--router", "fixed"], r"--router \(fixed\): the key 'strategy' is missing"),
        (["--router", "random", "--strategy", "gist"], "no strategy 'gist' in the outcomes; there are"),
        (["--router", "random", "--kind", "riddle"], "no questions of the kind 'riddle'; there are: comparison"),
        (["--router", "random", "--exclude", "renmed"], "no defect 'renmed' in the table; known are: renamed, other"),
        (["--router", "random", "--cost", "euros"], "tokens, flops or dollars, or auto, not in 'euros'"),
        (["--router", "random", "--cache", "hot"], "A cache is warm or cold, not 'hot'"),
        (["--router", "random", "--split", "genre"], "Unknown split 'genre'; choose document"),
        (["--router", "random", "--split", "model"], "have one model only"),
        (["--load", "none.router"], "There is no router at none.router"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence(table, arguments, message):
    with pytest.raises(LcragError, match=message) as caught:
        lcrag("replay", table, *arguments)
    assert "\n" not in str(caught.value)


def test_no_table(tmp_path):
    with pytest.raises(LcragError, match="There is no table of outcomes at"):
        lcrag("replay", tmp_path / "none.parquet")
