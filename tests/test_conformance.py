"""The project's own components keep the promises that the conformance kit checks, and the kit finds broken ones."""

from dataclasses import dataclass, field

import pytest

from embedders import as_langchain
from lcrag import Answer, Dataset, Decision, Document, Question, ReplayableRouter, ScriptedReader, Strategy
from lcrag.components import build, find, names
from lcrag.judges import JudgedMetric, Verdict
from lcrag.metrics.score import METRICS, STANDARD
from lcrag.testing import (
    check_chunker,
    check_dataset,
    check_embedder,
    check_judged_metric,
    check_metric,
    check_reader,
    check_retriever,
    check_router,
    check_strategy,
)
from lcrag.testing.world import TEXTS, WordEmbedder, reader
from retrievers import BM25Retriever, LangChainRetriever, Passage, RecursiveChunker, VectorStoreRetriever
from tests.strategies.conftest import MATRIX

GIVEN = {
    "fixed": {"strategy": "long_context"},
    "budget": {"total": 1e6, "questions": 60},
    "mmr": {"embedder": WordEmbedder()},
}
NEEDS_MORE = {"file", "langchain", "vector_store", "reranker", "lara_reranked", "late_chunk", "multi_vector"}
NEEDS_MORE |= {"milvus", "qdrant"}  # tests/retrievers/test_remote.py gives them a folder
SMALL = {"type": "recursive", "size": 200, "overlap": 0}


@pytest.mark.parametrize("strategy", MATRIX, ids=lambda s: s.name)
def test_strategies(strategy):
    check_strategy(strategy)


@pytest.mark.parametrize("name", [n for n in names("router") if n not in NEEDS_MORE])
def test_routers(name):
    check_router(build("router", {"type": name, **GIVEN.get(name, {})}, "here"))


@pytest.mark.parametrize("name", [n for n in names("retriever") if n not in NEEDS_MORE])
def test_retrievers(name):
    pytest.importorskip("faiss")
    inner = {"retriever": {"type": "bm25", "chunker": SMALL}} if name in {"parent", "sentence_window"} else {}
    check_retriever(build("retriever", {"type": name, **inner}, "here", {"embedder": WordEmbedder()}))


@pytest.mark.parametrize("name", ["recursive", "sentence"])
def test_chunkers(name):
    overlap = {"overlap": 0} if name == "recursive" else {}
    check_chunker(build("chunker", {"type": name, "size": 60, **overlap}, "here"))


EXTRA = [
    n
    for n in names("metric")
    if find("metric", n).__module__.startswith("lcrag.metrics.") and n not in METRICS
]
LIBRARIES = {"rouge": "rouge_score", "bleu": "sacrebleu", "chrf": "sacrebleu"}


@pytest.mark.parametrize("metric", STANDARD, ids=lambda m: m.name)
def test_metrics(metric):
    check_metric(metric)


@pytest.mark.parametrize("name", EXTRA)
def test_metrics_that_are_named(name):
    if name in LIBRARIES:
        pytest.importorskip(LIBRARIES[name])
    check_metric(build("metric", name, "here"))


def test_judged_metrics():
    members = [
        {"type": "correctness", "name": n, "rubric": r} for n, r in (("one", "lara"), ("two", "simpleqa"))
    ]
    for spec in ("correctness", {"type": "panel", "members": members}):
        check_judged_metric(build("metric", spec, "here"))


def test_a_judged_metric_that_breaks_its_promises_is_found():
    @dataclass(frozen=True)
    class Percent(JudgedMetric):
        name: str = "percent"

        async def score(self, question, answer, tools):
            return Verdict(100.0)

    with pytest.raises(AssertionError, match=r"percent: question q1, judge 'True' scores 100\.0"):
        check_judged_metric(Percent())


@pytest.mark.parametrize("name", ["synthetic", "multi_hop"])
def test_datasets(name):
    check_dataset(build("dataset", {"type": name, "documents": 2}, "here"))


def test_readers_and_embedders():
    check_reader(reader(window=500))
    check_embedder(WordEmbedder())


@pytest.mark.slow
def test_the_real_reader_and_embedder():
    pytest.importorskip("torch")
    check_reader(build("reader", "transformers", "here"))
    check_embedder(build("embedder", "sentence_transformer", "here"))


@dataclass(frozen=True)
class Liar(Strategy):
    name: str = "liar"
    text: str = "1987"
    evidence: tuple = ()
    notes: tuple = ()

    async def answer(self, question, tools):
        return Answer(self.text, self.evidence, notes=dict(self.notes))


@dataclass(frozen=True)
class Unmetered(Strategy):
    name: str = "unmetered"

    async def answer(self, question, tools):
        from lcrag.readers.base import Message, Request

        completion = await tools.shared.reader.generate(Request((Message("user", question.text),)))
        return Answer(completion.text)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (Liar(evidence=(Passage("kites", "north.md", 0, 5, 1.0),)), "evidence does not stand at its offsets"),
        (Liar(evidence=(Passage("x", "west.md", 0, 1, 1.0),)), "is not about 'west.md'"),
        (Liar(notes=(("mood", "good"),)), "the note 'mood' is not a number"),
        (Unmetered(), "question q1 the reader saw 4 prompt tokens and the embedder 0, the ledger has 0"),
        (ScriptedReader(["x"]), "a strategy needs `answer`"),
    ],
)
def test_a_broken_strategy_is_found(broken, message):
    with pytest.raises(AssertionError, match=message):
        check_strategy(broken)


def test_a_broken_router_metric_dataset_retriever_and_reader_are_found():
    @dataclass(frozen=True)
    class Elsewhere(ReplayableRouter):
        name: str = "elsewhere"

        def choose(self, queries, candidates):
            return [Decision("nowhere")] * len(queries)

    @dataclass(frozen=True)
    class Percent:
        name: str = "percent"

        def score(self, question, answer):
            return 100.0

    with pytest.raises(AssertionError, match="elsewhere: 'nowhere' is not a candidate"):
        check_router(Elsewhere())
    with pytest.raises(AssertionError, match=r"percent: question q1 scores 100\.0; a score is from 0 to 1"):
        check_metric(Percent())
    odd = Question("q", "Who?", ("d",), ("Ada",), answerable=False)
    with pytest.raises(AssertionError, match="question q has answers, but is said not to be answerable"):
        check_dataset(Dataset("odd", (Document("d", "Ada."),), (odd,)))
    with pytest.raises(
        AssertionError, match=r"a prompt longer than the context window must raise LcragError"
    ):
        check_reader(Unbounded(["word"] * 9, context_window=50))


def test_a_reader_that_promises_what_it_does_not_keep_is_found():
    check_reader(ScriptedReader([str(n) for n in range(9)], context_window=50))  # promises nothing
    with pytest.raises(AssertionError, match="is batch_invariant, but requests at once have other answers"):
        check_reader(Promising([str(n) for n in range(9)], context_window=50))


class Promising(ScriptedReader):
    """Gives its answers in the order of arrival and says that they depend on the request alone."""

    batch_invariant = True


class Unbounded(ScriptedReader):
    """Takes any prompt."""

    async def generate(self, request):
        return await ScriptedReader(["one"], context_window=10**9).generate(request)


@dataclass(frozen=True)
class OneShelf:
    """Every document that was ever built stands on one shelf, and a search looks at all of it."""

    shelf: dict = field(default_factory=dict)

    def build(self, texts):
        self.shelf.update(texts)
        every = BM25Retriever(chunker=RecursiveChunker(200, 0)).build(self.shelf or texts)
        return AllOfIt(every)


@dataclass(frozen=True)
class AllOfIt:
    index: object
    build_tokens: int = 0

    def search(self, queries, k, *, document_ids=None):
        return self.index.search(queries, k)

    def query_tokens(self, queries):
        return 0


@dataclass(frozen=True)
class Mute(AllOfIt):
    def search(self, queries, k, *, document_ids=None):
        return self.index.search(queries, k) if document_ids is None else [[] for _ in queries]


@dataclass(frozen=True)
class MuteShelf(OneShelf):
    def build(self, texts):
        return Mute(super().build(texts).index)


def test_a_retriever_that_leaks_between_documents_or_finds_nothing_in_one_is_found():
    with pytest.raises(AssertionError, match=r"asked for passages of north\.md alone, it gives others"):
        check_retriever(OneShelf())
    with pytest.raises(AssertionError, match=r"asked for passages of north\.md alone, it gives none"):
        check_retriever(MuteShelf())


@pytest.mark.parametrize("kind", ["vector_store", "langchain"])
def test_langchain_stores_that_hold_both_documents(kind):
    from langchain_core.vectorstores import InMemoryVectorStore

    store = InMemoryVectorStore(as_langchain(WordEmbedder()))
    retriever = VectorStoreRetriever(store, RecursiveChunker(200, 0))
    if kind == "langchain":
        retriever.build(TEXTS)
    check_retriever(retriever if kind == "vector_store" else LangChainRetriever(store.as_retriever()))
