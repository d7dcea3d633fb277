"""``lcrag replay lara`` and the first part of ``lcrag demo`` as a user types them, from the package alone."""

import re
import time

import pytest

from lcrag.errors import LcragError
from lcrag.outcomes import load_outcomes, save_outcomes
from tests.commands.test_replay import lcrag, table  # noqa: F401


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def flat(text):
    return " ".join(text.split())


def test_published_answers_are_replayed_by_name():
    output = flat(
        lcrag("replay", "lara", *("--router", "lara_rule", "--router", "lara_prior", "--router", "probe"))
    )
    assert "16308 queries on 131 documents" in output and "lara_prior" in output
    assert "What these answers say: 12 models, 2325 questions on 131 documents." in output
    assert "chunked_retrieval wins: hallucination (all models)" in output
    share = re.search(r"Of 3 routers the best, lara_prior, wins (\d+)% of that \(\+0\.0\d+ \[", output)
    headroom = re.search(r"lara_prior [\d.]+ \[[^]]*\] \[[^]]*\] [+\d.]+ \S+ (\d+)%", output)
    assert share[1] == headroom[1]
    assert "It is told the kind of question, which an application mostly does not know." in output
    assert "The best that is not told, probe_router, wins 0% of that" in output


def test_kinds_defects_and_strategies_hold_for_the_headline_too():
    output = flat(lcrag("replay", "lara", "--kind", "location", "--router", "random"))
    assert "wins: location" in output and "hallucination" not in output
    output = flat(
        lcrag("replay", "nocha", "--strategy", "bm25_top5", "--strategy", "bm25_top50", "--router", "random")
    )
    assert "bm25_top50 minus bm25_top5" in output and "long_context" not in output


def test_nocha_has_one_common_book_so_that_no_router_can_be_tested():
    output = flat(lcrag("replay", "nocha"))
    assert "15 queries on 1 document" in output and "long_context minus bm25_top50" in output
    assert "All strategies share one document only, so routers cannot be cross-validated: left out." in output
    assert "_router" not in output


def test_routers_that_read_no_texts_are_the_default(monkeypatch):
    seen = []

    def evaluate(routers, *_, **__):
        seen.extend(r.name for r in routers)
        raise LcragError("enough")

    monkeypatch.setattr("lcrag.replay.evaluate", evaluate)
    with pytest.raises(LcragError, match="enough"):
        lcrag("replay", "lara")
    assert {"lara_rule", "quality_router", "cascade_router", "linucb_router"} <= set(seen)
    assert not {"tfidf_router", "knn_router"} & set(seen)


@pytest.mark.parametrize("router", ["tfidf", "knn"])
def test_routers_that_read_texts_are_one_sentence(router, tmp_path):
    message = (
        f"Router {router}_router reads the texts of questions, which the published table 'lara' does not have: "
        r"make one with texts from the authors' files \(`lcrag import lara FOLDER`\)"
    )
    with pytest.raises(LcragError, match=message):
        lcrag("replay", "lara", "--router", router)
    with pytest.raises(LcragError, match=message):
        lcrag("fit", "lara", tmp_path / "r", "--router", router)


def test_a_budget_router_needs_texts_where_its_predictor_does(tmp_path):
    file = tmp_path / "r.yaml"
    file.write_text("- {type: budget, total: 1.0e+9, predictor: tfidf}\n")
    with pytest.raises(LcragError, match="budget_router reads the texts of questions"):
        lcrag("replay", "nocha", "--routers", file)


@pytest.mark.slow
def test_a_router_is_fitted_on_published_answers(tmp_path):
    output = lcrag("fit", "lara", tmp_path / "r", "--router", "lara_prior", "--kind", "location")
    assert output.startswith("lara_prior learned from 9156 queries")


@pytest.mark.parametrize("file", ["lara", "lara/outcomes.parquet"])
def test_a_file_or_a_run_of_that_name_wins(table, tmp_path, file):  # noqa: F811
    save_outcomes(load_outcomes(table), tmp_path / file)
    output = lcrag("replay", "lara", "--router", "random")
    assert "48 queries on 8 documents" in output and "What these answers say" not in output


def test_the_demo_begins_with_what_is_known(monkeypatch):
    began = []
    monkeypatch.setattr("lcrag.cli.run_experiment", lambda *_, **__: began.append(time.process_time()))
    started = time.process_time()
    output = lcrag("demo")
    assert began[0] - started < 10  # seconds of the processor
    assert output.startswith(
        "What is known (LaRA's published answers: 12 models, 2325 questions on 131 documents):"
    )
    assert "lcrag replay lara" in output and len(output.splitlines()) <= 6
    assert "chunked_retrieval wins: hallucination (all models)" in output


def test_another_folder_of_that_name_does_not_win(tmp_path):
    (tmp_path / "nocha").mkdir()
    assert "15 queries on 1 document" in lcrag("replay", "nocha")
