"""What a run does beside asking its model is done once, however many rows there are."""

import copy
import dataclasses
import hashlib
import json
import sys
import tracemalloc
from dataclasses import asdict
from datetime import date

import pandas as pd

from lcrag.components.settings import settings
from lcrag.experiment import plan, row_keys
from lcrag.experiment.journal import Journal, read_journal
from lcrag.experiment.stored import table_of
from lcrag.metrics import text
from lcrag.metrics.score import score
from lcrag.readers.base import Completion, Message, Request
from lcrag.runtime.calls import CallJournal, digest
from lcrag.runtime.resources import Resources
from lcrag.schema import Answer, Ledger, Outcome, Passage, Question, Span, Step, Task, Usage
from lcrag.strategies import ClosedBook, LongContext
from lcrag.testing.world import CountingEmbedder
from retrievers import DenseRetriever
from tests.experiment.test_engine import run


def test_each_text_is_hashed_once(tmp_path, dataset, scripted, embedder, monkeypatch):
    hashed, sha256 = [], hashlib.sha256
    monkeypatch.setattr(hashlib, "sha256", lambda data=b"": hashed.append(data) or sha256(data))
    run(tmp_path, dataset, scripted(), embedder, [ClosedBook(name=f"closed{i}") for i in range(4)])
    for fact in (b"It was founded in 1987", b"Its chief is Ada Moss."):
        assert sum(fact in data and len(data) > 1000 for data in hashed) == 1


def test_rows_under_keys_of_whole_texts_are_taken_over(tmp_path, dataset, scripted, embedder):
    _, resources = run(tmp_path, dataset, scripted(), embedder, [LongContext()])
    journal = tmp_path / "outcomes.jsonl"
    questions, texts = {q.id: q for q in dataset.questions}, {d.id: d.text for d in dataset.documents}

    def key(question):
        """As rows were named when each hashed its whole texts."""
        shared = [resources.reader, resources.retriever, resources.embedder]
        run_key = json.dumps([5, 0, *(settings(x, identity=True) for x in shared), []], sort_keys=True)
        parts = [run_key, settings(LongContext(), identity=True), question.asked()]
        parts += [texts[i] for i in question.document_ids]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]

    entries = [json.loads(line) for line in journal.read_text().splitlines()]
    entries = [e | {"key": key(questions[e["outcome"]["question_id"]])} for e in entries]
    journal.write_text("".join(f"{json.dumps(e)}\n" for e in entries))
    reader = scripted()
    run(tmp_path, dataset, reader, embedder, [LongContext()])
    assert reader.requests == []


def test_rows_and_calls_are_written_without_a_copy_and_prompts_hashed_once(tmp_path, monkeypatch):
    copied, hashed, deepcopy, sha256 = [], [], copy.deepcopy, hashlib.sha256
    monkeypatch.setattr(copy, "deepcopy", lambda value, *rest: copied.append(value) or deepcopy(value, *rest))
    monkeypatch.setattr(hashlib, "sha256", lambda data=b"": hashed.append(data) or sha256(data))
    row = Outcome(
        "q", "d", "", "s", "m", 0, usage=Ledger({"read": Usage(10) / 2}), steps=(Step("read", "a", "b"),)
    )
    with Journal(tmp_path) as journal:
        journal.append("key", row, [], Usage(5))
    request = Request((Message("user", "A long prompt."),), cache_salt="s")
    calls = CallJournal(tmp_path / "calls.jsonl")
    calls.take("key", request)
    calls.record("key", request, Completion("yes", Usage(5)))
    assert copied == [] and len(hashed) == 1
    assert read_journal(journal.path).rows == {"key": row}
    plain = json.dumps(asdict(request) | {"cache_salt": ""}, sort_keys=True)  # as earlier runs hashed it
    assert sha256(plain.encode()).hexdigest()[:32] == digest(request)
    assert CallJournal(calls.path).take("key", request).completion.text == "yes"


def test_each_question_is_looked_at_once_to_choose_the_metric(experiment, monkeypatch):
    looked = []
    monkeypatch.setattr(plan, "default_metric", lambda questions: looked.append(1) or "accuracy")
    experiment(routers=[]).run()
    assert len(looked) == 1


def test_a_question_is_hashed_as_it_is_asked_without_a_copy_of_it():
    task = Task("t", "Answer briefly.")
    evidence = (Span("d", 0, 4, "text"),)
    for given in (
        {},
        {"task": task},
        {"metadata": {"date": date(2026, 1, 2), "n": [1, {"a": Span("d", 0, 1, "t")}]}},
    ):
        question = Question("q", "Which?", ("d",), ("a", "b"), "location", ("a", "b"), evidence, **given)
        assert row_keys._asked(question) == json.dumps(question.asked(), sort_keys=True, default=str)


def test_a_ledger_has_a_column_for_each_amount_of_each_role():
    ledger = Ledger({"read": Usage(10, 4, 2, 1, 0.5, None)})
    names = [f.name for f in dataclasses.fields(Usage)]
    assert ledger.flat() == {f"{role}_{n}": getattr(ledger[role], n) for role in ledger for n in names}
    assert [*ledger.flat()] == [f"{role}_{n}" for role in ledger for n in names]


def test_rows_that_are_read_back_share_the_texts_of_their_passages(tmp_path):
    with Journal(tmp_path) as journal:
        for n in range(3):
            passage = Passage("A long passage.", "d", 0, 15, score=0.1 * n)
            journal.append(f"k{n}", Outcome(f"q{n}", "d", "", "s", "m", 0, evidence=(passage,)), [])
        kept = read_journal(journal.path)
    assert len({id(row.evidence[0].text) for row in kept.rows.values()}) == 1
    assert kept.rows == journal.rows and kept.prefixes == kept.refused == kept.windows == {}


def test_a_journal_is_read_line_by_line(tmp_path):
    text = "word " * 4000
    with Journal(tmp_path) as journal:
        for n in range(50):
            row = Outcome(f"q{n}", "d", "", "s", "m", 0, evidence=(Passage(text, "d", 0, len(text)),))
            journal.append(f"k{n}", row, [])
    size = journal.path.stat().st_size
    tracemalloc.start()
    read_journal(journal.path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 1_000_000 and peak < size / 4


def test_an_answer_is_normalised_once_by_all_metrics(monkeypatch):
    text._remembered.cache_clear()
    answer, counted = "The Kites of Bergen, in 1987", []
    monkeypatch.setattr(text.unicodedata, "normalize", lambda form, given: counted.append(given) or given)
    for _ in range(3):
        score(Question("q", "Which?", ("d",), ("kites",)), Answer(answer))
    assert counted.count(answer) == 1
    text._remembered.cache_clear()


def test_questions_that_share_documents_are_counted_once(scripted):
    questions = [("a",)] * 300 + [("a", "b")] * 2
    resources, calls = Resources(scripted(), {}, questions=questions), 0

    def count(frame, event, argument):
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        shared = [resources.sharing(ids) for ids in questions]
    finally:
        sys.setprofile(None)
    assert shared == [302] * 300 + [2] * 2
    assert calls < 3 * len(questions)
    assert resources.sharing(("b", "a")) == 2 and resources.sharing(("b",)) == 2
    assert resources.sharing(()) == resources.sharing(("c",)) == 302


def test_a_finished_run_embeds_nothing_again(experiment):
    embedder = CountingEmbedder()
    given = {"embedder": embedder, "retriever": DenseRetriever(embedder)}
    first = experiment(**given).run()
    features = [c for c in first.table if c.startswith("feature_")]
    assert "feature_retrieval_top" in features
    before = embedder.tokens
    again = experiment(**given).run()
    assert before > 0 and embedder.tokens == before
    assert again.table[features].equals(first.table[features]) and again.problems == ()


def test_features_that_are_missing_or_of_another_retriever_are_computed(experiment):
    embedder = CountingEmbedder()
    first = experiment(embedder=embedder, retriever=DenseRetriever(embedder)).run()
    kept = first.output / "features.jsonl"
    lines = kept.read_text().splitlines(keepends=True)
    kept.write_text("no JSON\n" + "".join(lines[1:3]) + lines[3][:40])
    again = experiment(embedder=embedder, retriever=DenseRetriever(embedder)).run()
    assert again.table["feature_retrieval_top"].equals(first.table["feature_retrieval_top"])
    assert any("features.jsonl:1 is damaged" in notice for notice in again.notices)
    other = experiment(embedder=embedder).run()  # with BM25
    assert not other.table["feature_retrieval_top"].equals(first.table["feature_retrieval_top"])


def test_a_table_takes_the_memory_of_its_cells():
    rows = [Outcome(f"q{i}", "d", "", "s", "m", 0, scores={"f1": 0.5} if i % 2 else {}) for i in range(1000)]
    tracemalloc.start()
    table = table_of(rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak / len(rows) < 5000  # a dict of the same cells takes more, beside them
    assert table.equals(pd.DataFrame([row.flat() for row in rows]))
    assert [*table] == [*pd.DataFrame([row.flat() for row in rows])]
