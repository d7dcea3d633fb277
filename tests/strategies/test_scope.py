"""``scope: corpus``: one index over all documents, whatever documents a question names."""

import asyncio
from dataclasses import fields, replace

import pytest

import lcrag
from lcrag.components import build
from lcrag.components.find import find, names
from lcrag.components.settings import digest, settings
from lcrag.errors import LcragError
from lcrag.experiment.row_keys import RowKeys
from lcrag.runtime.toolbox import MeteredToolbox
from lcrag.schema import Document
from lcrag.strategies import Cascade, ChunkedRetrieval, ClosedBook, LongRAG, SelfRoute
from retrievers.bm25 import BM25Retriever
from tests.counting import CountingRetriever
from tests.strategies.conftest import MATRIX, ask, ask_all, resources

WITH_SCOPE = [s for s in MATRIX if "scope" in {f.name for f in fields(s)}]


@pytest.fixture
def misled(shown_dataset):
    """The question on Southbay's chief names Northwind's document, which does not say it."""
    questions = [replace(q, document_ids=("north",)) for q in shown_dataset.questions if q.id == "s1"]
    return replace(shown_dataset, questions=tuple(questions))


def test_every_strategy_that_names_a_retriever_has_a_scope():
    found = [find("strategy", name) for name in names("strategy")]
    retrieving = {c.__name__ for c in found if "retriever" in {f.name for f in fields(c)}}
    assert len(retrieving) == 9
    assert {type(s).__name__ for s in WITH_SCOPE} == retrieving | {"SelfRoute"}


@pytest.mark.parametrize("strategy", WITH_SCOPE, ids=lambda s: s.name)
def test_what_another_document_says_is_found(strategy, misled, scripted, embedder):
    strategy = replace(strategy, **({"m": 0} if hasattr(strategy, "m") else {}))
    evidence = {}
    for scope in ("question", "corpus"):
        answer, _ = ask(replace(strategy, scope=scope), misled, scripted(), embedder)
        evidence[scope] = answer.evidence
    assert {p.document_id for p in evidence["question"]} <= {"north"}
    assert "south" in {p.document_id for p in evidence["corpus"]}
    texts = {d.id: d.text for d in misled.documents}
    if strategy.name != "corrective":  # its passages are strips, joined
        assert all(texts[p.document_id][p.start : p.end] == p.text for p in evidence["corpus"])


def test_the_answer_comes_from_the_other_document(misled, scripted, embedder, tmp_path):
    strategies = [ChunkedRetrieval(), ChunkedRetrieval("far", scope="corpus"), SelfRoute(scope="corpus")]
    results = lcrag.Experiment(
        misled, scripted(), strategies, tmp_path, retriever=BM25Retriever(), embedder=embedder, mlflow=""
    ).run()
    answers = dict(zip(results.table.strategy, results.table.answer, strict=True))
    assert answers == {"chunked_retrieval": "unanswerable", "far": "Ada Moss", "self_route": "Ada Moss"}


def test_a_preview_shows_the_passages_of_all_documents(misled):
    from lcrag.experiment.preview import preview

    near, far = ChunkedRetrieval(k=1), ChunkedRetrieval("far", k=1, scope="corpus")
    question = misled.questions[0]
    assert "Ada Moss." not in preview(misled, question, [near])
    assert "Ada Moss." in preview(misled, question, [far])


def test_one_index_is_built_for_all_strategies_and_divided_among_all_questions(dataset, scripted, embedder):
    from retrievers import DenseRetriever

    pytest.importorskip("faiss")
    counting = CountingRetriever()
    shared = replace(resources(dataset, scripted(), embedder), retriever=counting)
    for strategy in (ChunkedRetrieval("far", scope="corpus"), ChunkedRetrieval("far1", k=1, scope="corpus")):
        ask_all(strategy, shared, dataset)
    assert counting.built == [("north", "south")]
    dense = DenseRetriever(embedder)
    shared = replace(resources(dataset, scripted(), embedder), retriever=dense)
    tools = ask_all(ChunkedRetrieval(scope="corpus"), shared, dataset)
    whole = dense.build({d.id: d.text for d in dataset.documents}).build_tokens
    booked = [t.ledger["index"].prompt_tokens for _, t in tools]
    assert booked == pytest.approx([whole / len(dataset.questions)] * len(dataset.questions))


def test_demonstrations_are_answered_from_the_same_index(shown_dataset, scripted, embedder):
    counting = CountingRetriever()
    shared = replace(resources(shown_dataset, scripted(), embedder), retriever=counting)
    drag = replace(next(s for s in WITH_SCOPE if s.name == "drag"), scope="corpus")
    asyncio.run(drag.answer(shown_dataset.questions[0], MeteredToolbox(shared, "drag")))
    assert counting.built == [("north", "south")]


def test_rows_depend_on_the_scope_and_on_every_document(dataset, scripted, embedder, tmp_path):
    far = ChunkedRetrieval("far", scope="corpus")
    strategies = [ChunkedRetrieval(), far, Cascade((far, ClosedBook()), name="within")]

    def keys(data):
        plan = lcrag.Experiment(data, scripted(), strategies, tmp_path, embedder=embedder, mlflow="")
        return RowKeys(plan, resources(data, scripted(), embedder)).of(data.questions[0])

    before = keys(dataset)
    grown = keys(replace(dataset, documents=(*dataset.documents, Document("east", "Eastlake builds boats."))))
    assert {name for name in before if before[name] == grown[name]} == {"chunked_retrieval"}
    assert digest(ChunkedRetrieval()) != digest(ChunkedRetrieval(scope="corpus"))


def test_rows_of_before_strategies_had_a_scope_keep_their_keys():
    assert "scope" not in settings(ChunkedRetrieval(), identity=True)
    assert settings(ChunkedRetrieval())["scope"] == "question"  # as it is logged


def test_yaml_names_it_and_a_wrong_scope_is_told():
    assert build("strategy", {"type": "long_rag", "scope": "corpus"}, "here") == LongRAG(scope="corpus")
    with pytest.raises(LcragError, match=r"scope: 'world' does not fit: Input should be 'question' or"):
        build("strategy", {"type": "long_rag", "scope": "world"}, "here")
