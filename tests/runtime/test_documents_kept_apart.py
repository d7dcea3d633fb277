"""A store that holds every document answers a question from the question's own documents."""

import json

import pytest
from langchain_core.vectorstores import InMemoryVectorStore

from embedders import as_langchain
from lcrag import Application, Experiment, LaRARule
from lcrag.strategies import ChunkedRetrieval, LongContext
from retrievers import LangChainRetriever, RecursiveChunker, VectorStoreRetriever


@pytest.fixture(params=["vector_store", "langchain"])
def shared_store(request, dataset, embedder):
    """Both documents in one store, as a retriever of each kind."""
    own = VectorStoreRetriever(InMemoryVectorStore(as_langchain(embedder)), RecursiveChunker(100, 0))
    own.build({d.id: d.text for d in dataset.documents})
    if request.param == "vector_store":
        return own
    return LangChainRetriever(own.store.as_retriever())


def test_an_application_answers_from_the_documents_that_it_is_asked_about(
    shared_store, dataset, scripted, embedder
):
    app = Application(
        ChunkedRetrieval(k=3), scripted(), dataset.documents, retriever=shared_store, embedder=embedder
    )
    about_south = app.invoke({"question": "When was Northwind founded?", "documents": ["south"]})
    assert about_south["declined"]
    assert [s.metadata["document"] for s in about_south["sources"]] == ["south"] * 3
    assert app.invoke({"question": "When was Northwind founded?", "documents": ["north"]})["answer"] == "1987"


def test_an_experiment_writes_table_and_report(shared_store, dataset, scripted, embedder, tmp_path):
    results = Experiment(
        dataset,
        scripted(),
        [ChunkedRetrieval(k=3), LongContext()],
        tmp_path / "out",
        [LaRARule()],
        shared_store,
        embedder,
        mlflow="",
    ).run()
    assert (results.output / "outcomes.parquet").exists() and results.report.exists()
    assert results.table["feature_retrieval_top"].notna().all()
    for line in (results.output / "outcomes.jsonl").read_text().splitlines():
        outcome = json.loads(line)["outcome"]
        for step in outcome["steps"]:
            if step["name"] == "retrieve":
                assert {p.split("[")[0] for p in step["output"].split(", ")} == {outcome["document_id"]}
