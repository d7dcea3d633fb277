"""A bandit in an application learns from feedback, and feedback is a table that routers are fitted on."""

import re
import threading
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from lcrag import Application, FixedRouter, LinUCBRouter, Routed, ThompsonRouter, load_router
from lcrag.cli import app as cli
from lcrag.errors import LcragError
from lcrag.outcomes import load_outcomes, save_outcomes
from lcrag.serving.feedback_table import feedback_examples, feedback_outcomes, read_feedback
from lcrag.strategies import ChunkedRetrieval, LongContext
from retrievers.bm25 import BM25Retriever
from tests.routers.conftest import make_examples
from tests.routers.test_bandits import same

STRATEGIES = (ChunkedRetrieval(k=2), LongContext())
NAMES = ["chunked_retrieval", "long_context"]
WORDS = ("tin", "wool", "salt", "rice")


@pytest.fixture
def application(dataset, scripted, embedder, tmp_path):
    def make(router, folder=tmp_path / "feedback", **more):
        return Application(
            Routed(router, STRATEGIES), scripted(), dataset.documents,
            retriever=BM25Retriever(), embedder=embedder, feedback_folder=folder, **more,
        )  # fmt: skip

    return make


def ask(app, count, start=0):
    """Retrieval is right on "when" questions, long context on "compare" questions; returns the share that was right."""
    right = []
    for i in range(start, start + count):
        compares = i % 2
        word = f"{WORDS[i % 4]} of lot {i}"
        text = f"Compare the price of {word} with silk." if compares else f"When was {word} first sold?"
        given = app.invoke({"question": text, "documents": ["north", "south"][i // 2 % 2]})
        right.append(given["strategy"] == NAMES[compares])
        app.feedback(given["id"], thumb=right[-1])
    return float(np.mean(right))


@pytest.mark.parametrize("kind", [LinUCBRouter, ThompsonRouter])
def test_a_bandit_learns_from_nothing_and_survives_a_restart(kind, application, tmp_path):
    bandit = kind(warm_up=20, retrieval=False)
    app = application(bandit)
    assert 0 < ask(app, 20) < 1
    assert ask(app, 30, 20) > 0.7
    learned = load_router(tmp_path / "feedback" / "learned.router")
    scratch = bandit.fit(feedback_examples(read_feedback(tmp_path / "feedback"), strategies=NAMES))
    same(learned, scratch)
    assert len(learned.log()) == 50
    for again in (bandit, learned):  # what is in the file is not learned twice
        restarted = application(again)
        same(restarted.router, learned)
    assert ask(restarted, 20, 50) > 0.75
    answers = read_feedback(tmp_path / "feedback")
    assert all(a.propensity == 0.5 for a in answers[:20])
    late = [a.propensity for a in answers[-20:]]
    assert min(late) >= 0.02 and max(late) > 0.9


def test_processes_learn_from_each_other_and_corrections_count(application, tmp_path):
    bandit = LinUCBRouter(retrieval=False).fit(make_examples())
    one, other = application(bandit), application(bandit)
    ask(one, 4)
    id = other.invoke({"question": "When?", "documents": ["north"]})["id"]
    other.feedback(id, 0.0)
    other.feedback(id, 1.0)
    rated = read_feedback(tmp_path / "feedback")
    assert len(rated) == 5 and rated[-1].score == 1.0
    same(other.router, bandit.learn(feedback_examples(rated, strategies=NAMES)))


def test_threads_give_feedback_at_once(application, tmp_path):
    bandit = LinUCBRouter(retrieval=False).fit(make_examples())
    app = application(bandit)
    threads = [threading.Thread(target=ask, args=(app, 5, 10 * i)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    rated = feedback_examples(read_feedback(tmp_path / "feedback"), strategies=NAMES)
    assert len(rated) == 20
    same(app.router, bandit.learn(rated))
    same(load_router(tmp_path / "feedback" / "learned.router"), app.router)


def test_what_does_not_learn_stays_as_it_is(application, tmp_path):
    bandit = LinUCBRouter(retrieval=False).fit(make_examples())
    frozen = application(bandit, learn=False)
    ask(frozen, 6)
    assert frozen.router is bandit and not (tmp_path / "feedback" / "learned.router").exists()
    assert all(a.propensity == 1 for a in read_feedback(tmp_path / "feedback"))
    assert application(FixedRouter("long_context")).router == FixedRouter("long_context")


def test_feedback_is_a_table_of_outcomes(application, tmp_path):
    app = application(LinUCBRouter(retrieval=False))
    ask(app, 4)
    table = feedback_outcomes(read_feedback(tmp_path / "feedback"))
    save_outcomes(table, tmp_path / "f.parquet")
    table = load_outcomes(tmp_path / "f.parquet")
    assert len(table) == 4 and set(table["score"]) <= {0.0, 1.0} and (table["note_propensity"] == 0.5).all()
    assert (table["read_prompt_tokens"] > 0).all() and table["feature_asks_when"].tolist() == [1, 0, 1, 0]
    examples = feedback_examples(read_feedback(tmp_path / "feedback"))
    assert (np.isnan(examples.scores).sum(1) == 1).all() and set(examples.documents) == {"north", "south"}
    assert np.nanmin(examples.costs) > 0 and examples.queries[0].tokens > 0


def test_fit_reads_feedback(application, tmp_path):
    folder = tmp_path / "feedback"
    ask(application(LinUCBRouter(warm_up=5, retrieval=False)), 8)
    (tmp_path / "b.yaml").write_text("- {type: thompson, warm_up: 5}")
    run = CliRunner().invoke(
        cli, ["fit", str(folder), str(tmp_path / "r"), "--routers", str(tmp_path / "b.yaml")]
    )
    assert run.output == f"thompson_router learned from 8 queries: {tmp_path / 'r'}\n"
    assert len(load_router(tmp_path / "r").log()) == 8

    def refused(*arguments):
        result = CliRunner().invoke(cli, ["fit", *map(str, arguments)])
        assert isinstance(result.exception, LcragError)
        return str(result.exception)

    assert "take linucb or thompson" in refused(folder, tmp_path / "r", "--router", "cascade")
    assert "begins with 50 answers" in refused(
        folder / "feedback.jsonl", tmp_path / "r", "--router", "linucb"
    )
    assert "no feedback on questions of the kind x" in refused(
        folder, tmp_path / "r", "--router", "linucb", "--kind", "x"
    )
    (folder / "feedback.jsonl").write_text("{}\n")
    assert "feedback.jsonl has no feedback" in refused(folder, tmp_path / "r", "--router", "linucb")


def test_replay_estimates_values_from_feedback(application, tmp_path):
    folder = tmp_path / "feedback"
    ask(application(LinUCBRouter(warm_up=100, retrieval=False)), 30)
    run = CliRunner().invoke(cli, ["replay", str(folder)])
    assert run.exit_code == 0 and "doubly robust [95%]" in run.output
    assert "too few to rely on" in run.output  # one of the two has at most 15
    assert "fixed:chunked_retrieval" in run.output and "Estimated from 30 answers" in run.output
    result = CliRunner().invoke(cli, ["replay", str(folder), "--router", "quality"])
    assert "take linucb or thompson" in str(result.exception)


def test_an_application_tells_drift(application):
    app = application(LinUCBRouter(warm_up=5, retrieval=False))
    with pytest.raises(LcragError, match="linucb_router has learned nothing yet"):
        app.drift()
    ask(app, 6)
    assert app.drift().verdict == "6 questions on 2 documents are too few to tell: at least 30 are needed."


def test_the_guide_runs(dataset, scripted, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = (Path(__file__).parents[2] / "docs" / "feedback.md").read_text("utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    block = re.sub(r'TransformersReader\("smollm2"\),\s*"manuals/"', "reader, documents", block)
    block = block.partition("print(app.drift())")[0]  # which needs a router that has learned
    names = {"reader": scripted(), "documents": dataset.documents}
    exec(compile(block, "feedback.md", "exec"), names)
    assert names["result"]["answer"] == "1987" and len(read_feedback("feedback")) == 1
