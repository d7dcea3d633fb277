"""NoCha as a data set: pairs of claims, the authors' prompt, and the accuracies of the shipped answers."""

import json
import pickle
from collections import defaultdict

import pytest

from lcrag.benchmarks import load_nocha
from lcrag.benchmarks.nocha import BENCHMARK
from lcrag.errors import LcragError
from lcrag.metrics.task import TaskScore
from lcrag.schema import Answer
from lcrag.strategies.pieces.official import prompt_of
from tests.benchmarks.fixtures import written


@pytest.fixture
def folder(tmp_path):
    return written(tmp_path, "nocha")


def test_claims_of_a_pair_count_together(folder):
    dataset = load_nocha(folder)
    true, false = dataset.questions
    assert true.text == "Hartman keeps the inn." and true.answers == ("TRUE",)
    assert false.id == "nocha-the_inn-7-false" and false.answers == ("FALSE",)
    assert true.metadata[true.task.together] == false.metadata["pair"] == "the_inn-7"
    assert len(dataset.documents) == 1
    score = TaskScore().score
    assert score(false, Answer("<explanation>True, an inn.</explanation><answer>FALSE</answer>")) == 1.0
    assert score(false, Answer("It is true or false.")) == 0.0


def test_the_prompt_is_the_authors_to_the_letter(data, folder):
    question = load_nocha(folder, prompt="official").questions[0]
    theirs = (data / "NoCha" / "prompts" / "prompt.txt").read_text()
    assert prompt_of(question, "TEXT") == theirs.replace("[book_text]", "TEXT").replace(
        "[claim]", question.text
    )


def test_books_of_the_authors_pickle_are_read_and_nothing_in_it_is_run(folder):
    (folder / "books_txt" / "the_inn.txt").unlink()
    file = folder / "data_sample" / "classic_books.pkl"
    file.write_bytes(pickle.dumps({"the_inn": "Hartman keeps the inn."}))
    assert load_nocha(folder).documents[0].text == "Hartman keeps the inn."
    file.write_bytes(b"cos\nsystem\n(S'false'\ntR.")
    with pytest.raises(LcragError, match=r"classic_books\.pkl is not the authors' pickle of texts"):
        load_nocha(folder)


def test_a_claim_that_is_neither_true_nor_false_is_told(folder):
    file = folder / "data_sample" / "data_sample.json"
    rows = json.loads(file.read_text())
    file.write_text(json.dumps([rows[0] | {"type": "maybe"}]))
    with pytest.raises(LcragError, match="record 1: 'type' must be true or false, not 'maybe'"):
        load_nocha(folder)


def test_pair_accuracies_of_the_shipped_answers(data):
    dataset = load_nocha(data / "NoCha")
    assert len(dataset.questions) == BENCHMARK.counts["nocha"] and not dataset.notices
    rows = json.loads((data / "NoCha" / "data_sample" / "data_sample.json").read_text())
    rows = {(r["claim"], str(r["type"]).upper()): r for r in rows}
    settings = [key.removeprefix("response-") for key in next(iter(rows.values())) if "response-" in key]
    assert len(settings) == 18
    accuracies = {}
    for setting in settings:
        pairs = defaultdict(list)
        for q in dataset.questions:
            reply = rows[q.text, q.answers[0]][f"response-{setting}"]
            score = None if reply == "SKIPPED" else TaskScore().score(q, Answer(reply))
            pairs[q.metadata["pair"]].append(score)
        read = [all(scores) for scores in pairs.values() if None not in scores]
        if read:
            accuracies[f"{setting}, {len(read)} pairs"] = round(100 * sum(read) / len(read), 2)
    published = {p.system: p.scores["overall"] for p in BENCHMARK.published}
    assert published.items() <= accuracies.items()
