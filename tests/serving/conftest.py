"""An application on the documents of the test world, with a fast retriever and embedder."""

import pytest

from lcrag import Application
from lcrag.testing.world import TEXTS, WordEmbedder
from retrievers.bm25 import BM25Retriever
from retrievers.chunkers import RecursiveChunker


@pytest.fixture
def serve(scripted):
    def make(strategy, reader=None, **settings):
        return Application(
            strategy, reader or scripted(), TEXTS, retriever=BM25Retriever(RecursiveChunker(200, 0)),
            embedder=WordEmbedder(), **settings,
        )  # fmt: skip

    return make
