"""Feedback on an application's answers: taken, kept on disk, told where it cannot be."""

import json
import multiprocessing
import threading
from dataclasses import replace

import pytest

from lcrag import Application, LaRARule, QualityRouter, RandomRouter, Routed
from lcrag.errors import LcragError
from lcrag.metrics import ExactMatch
from lcrag.serving.feedback_log import FeedbackLog, latest, read_answers
from lcrag.serving.served import ServedAnswer
from lcrag.strategies import ChunkedRetrieval, LongContext
from retrievers.bm25 import BM25Retriever
from tests.routers.conftest import make_examples

STRATEGIES = (ChunkedRetrieval(k=2), LongContext())
QUESTION = {"question": "When was Northwind founded?", "documents": ["north"]}


@pytest.fixture
def application(dataset, scripted, embedder, tmp_path):
    def make(strategy=None, folder=tmp_path / "feedback", **more):
        return Application(
            strategy or Routed(LaRARule(), STRATEGIES), scripted(), dataset.documents,
            retriever=BM25Retriever(), embedder=embedder, feedback_folder=folder, **more,
        )  # fmt: skip

    return make


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_feedback_is_a_row_with_all_that_led_to_the_answer(application, tmp_path):
    app = application(Routed(RandomRouter(), STRATEGIES))
    given = app.invoke(QUESTION)
    assert str(app.feedback(given["id"], 0.75)) == f"Answer {given['id']} scores 0.75."
    (row,) = lines(tmp_path / "feedback" / "feedback.jsonl")
    assert row["question"] == QUESTION["question"] and row["documents"] == ["north"]
    assert row["strategy"] == given["strategy"] and row["propensity"] == 0.5 and row["score"] == 0.75
    assert row["candidates"] == ["chunked_retrieval", "long_context"] and row["router"] == "random_router"
    assert row["features"]["asks_when"] == 1.0 and row["tokens"] > 0
    assert row["usage"]["read"]["prompt_tokens"] == given["usage"]["prompt_tokens"]


def test_a_thumb_or_a_gold_answer(application):
    app = application()
    id = app.invoke(QUESTION)["id"]
    assert app.feedback(id, thumb=True).score == 1.0
    assert app.feedback(id, thumb=False).score == 0.0
    assert app.feedback(id, gold="founded in 1987").score == pytest.approx(0.5)  # token F1
    assert app.feedback(id, gold=["1988", "1987"]).score == 1.0
    assert application(metric=ExactMatch()).feedback(id, gold="in 1987").score == 0.0


def test_the_last_feedback_counts_and_says_so(application, tmp_path):
    app = application()
    id = app.invoke(QUESTION)["id"]
    app.feedback(id, 0.2)
    again = application().feedback(id, 1)  # another process knows the answer and its score
    assert again.replaces == 0.2 and "in place of 0.20: the last one counts" in str(again)
    answers, _, damaged = read_answers(tmp_path / "feedback" / "feedback.jsonl")
    assert [a.score for a in answers] == [0.2, 1.0] and not damaged
    assert [a.score for a in latest(answers)] == [1.0]


def test_bad_feedback(application, scripted, dataset, embedder):
    app = application()
    with pytest.raises(LcragError, match="no answer 'x'; no answer was given yet"):
        app.feedback("x", 1)
    id = app.invoke(QUESTION)["id"]
    with pytest.raises(LcragError, match=f"has no answer '{id[:-1]}'; did you mean '{id}'"):
        app.feedback(id[:-1], 1)
    for more in ({}, {"score": 1, "thumb": True}):
        with pytest.raises(LcragError, match="either a score, a thumb or a gold answer"):
            app.feedback(id, **more)
    for score in (1.5, -0.1, float("nan"), "good", True):
        with pytest.raises(LcragError, match="must be a number from 0 to 1"):
            app.feedback(id, score)
    with pytest.raises(LcragError, match="must be true or false, not 1"):
        app.feedback(id, thumb=1)
    for gold in ("", [], [3]):
        with pytest.raises(LcragError, match="does not score answer"):
            app.feedback(id, gold=gold)
    without = application(folder=None)
    with pytest.raises(LcragError, match=r"keeps no feedback: give it a folder, .*feedback_folder"):
        without.feedback(without.invoke(QUESTION)["id"], 1)


def test_a_folder_that_is_a_file_or_cannot_be_written(application, tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(LcragError, match="cannot be a folder of feedback"):
        application(folder=tmp_path / "taken")
    app = application(folder=tmp_path / "f")
    (tmp_path / "f" / "answers.jsonl").mkdir()
    assert app.invoke(QUESTION)["answer"] == "1987"  # the answer is paid for


def test_a_probe_and_the_chosen_strategy_cost_what_they_take_alone(application, tmp_path):
    examples = replace(make_examples(), scores=make_examples().scores[:, ::-1] * 0 + (0.0, 1.0))
    app = application(
        Routed(QualityRouter(probe="chunked_retrieval", estimator="linear").fit(examples), STRATEGIES)
    )
    given = app.invoke(QUESTION)
    alone = application(LongContext()).invoke(QUESTION)
    routed, other = lines(tmp_path / "feedback" / "answers.jsonl")
    assert given["strategy"] == routed["strategy"] == other["strategy"] == "long_context"
    assert other["router"] == "" and other["propensity"] == 1.0
    cost = routed["usage"]["read"]["prompt_tokens"]
    assert cost == alone["usage"]["prompt_tokens"] < given["usage"]["prompt_tokens"]
    assert "retrieval_top" in routed["features"] and routed["signals"]["chunked_retrieval"]["declined"] == 0.0


def served(id="a", **more):
    given = {"id": id, "time": "", "question": "When?", "documents": ("d",), "kind": "", "model": "m", "router": "r",
             "strategy": "s", "candidates": ("s", "t"), "propensity": 0.5, "features": {"words": 2.0, "x": None},
             "tokens": 10.0, "window": None, "answer": "1", "declined": False, "usage": {}, "score": 1.0}  # fmt: skip
    return ServedAnswer(**(given | more))


def write(folder, name, count):
    log = FeedbackLog(folder)
    for i in range(count):
        with log.locked():
            log.add_feedback(served(f"{name}-{i}", answer="x" * 20_000))


def test_processes_and_threads_write_whole_lines(tmp_path):
    processes = [
        multiprocessing.get_context("spawn").Process(target=write, args=(tmp_path, n, 25)) for n in "ab"
    ]
    threads = [threading.Thread(target=write, args=(tmp_path, n, 25)) for n in "cd"]
    for worker in (*processes, *threads):
        worker.start()
    for worker in (*processes, *threads):
        worker.join()
    answers, _, damaged = read_answers(tmp_path / "feedback.jsonl")
    assert len({a.id for a in answers}) == 100 and not damaged


def test_a_torn_line_is_left_out_and_hides_no_other(tmp_path):
    log, file = FeedbackLog(tmp_path), tmp_path / "feedback.jsonl"
    log.add_feedback(served("a"))
    with file.open("a") as torn:
        torn.write(file.read_text()[:50])
    assert [a.id for a in read_answers(file)[0]] == ["a"]
    log.add_feedback(served("b"))
    file.write_text(
        file.read_text() + '{"id": "c"}\n[1]\n' + json.dumps(served("d").record() | {"score": 7}) + "\n"
    )
    answers, end, damaged = read_answers(file)
    assert [a.id for a in answers] == ["a", "b"] and damaged == 4
    assert end == file.stat().st_size and read_answers(file, end) == ([], end, 0)


def test_what_is_read_is_what_was_written():
    row = json.loads(json.dumps(served(embedding=(0.5, 1.0), signals={"s": {"words": 1.0}}).record()))
    assert ServedAnswer.of(row) == served(embedding=(0.5, 1.0), signals={"s": {"words": 1.0}})
    query = ServedAnswer.of(row).query()
    assert query.id == "a" and query.features["words"] == 2.0 and query.features["x"] != query.features["x"]
