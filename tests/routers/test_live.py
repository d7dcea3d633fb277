"""Routers on live questions: they see what the table says, pay once, and stop when they know enough."""

import asyncio
from dataclasses import dataclass, replace

import numpy as np
import pytest

import lcrag
from lcrag.errors import LcragError
from lcrag.replay import examples_of
from lcrag.routers import (
    AdaptiveRAGRouter,
    CascadeRouter,
    Decision,
    FeatureRouter,
    FixedRouter,
    KNNRouter,
    LinUCBRouter,
    LLMRouter,
    ProbeRouter,
    QualityRouter,
    ReplayableRouter,
    Routed,
    TfidfRouter,
)
from lcrag.runtime.resources import Resources
from lcrag.runtime.toolbox import MeteredToolbox
from lcrag.strategies import ChunkedRetrieval, LongContext
from retrievers.bm25 import BM25Retriever
from retrievers.chunkers import RecursiveChunker
from tests.strategies.conftest import ask

STRATEGIES = (ChunkedRetrieval(k=2), LongContext())
RETRIEVER = BM25Retriever(chunker=RecursiveChunker(200, 0))


@pytest.fixture
def table(tmp_path, dataset, scripted, embedder):
    return lcrag.Experiment(
        dataset, scripted(), list(STRATEGIES), output=tmp_path / "out", retriever=RETRIEVER, embedder=embedder,
        mlflow="",
    ).run().table  # fmt: skip


@pytest.fixture
def examples(table, embedder):
    return examples_of(table, embedder=embedder)


@pytest.fixture
def live(dataset, scripted, embedder):
    """Ask a question: ``live(router, "n1")`` gives answer, toolbox and the reader's requests."""

    def ask(router, question="n1", reader=None):
        reader = reader or scripted()
        shared = Resources(
            reader, {d.id: d for d in dataset.documents}, RETRIEVER, embedder,
            questions=[q.document_ids for q in dataset.questions],
        )  # fmt: skip
        tools = MeteredToolbox(shared, "routed")
        (asked,) = (q for q in dataset.questions if q.id == question)
        return asyncio.run(Routed(router, STRATEGIES).answer(asked, tools)), tools, reader.requests

    return ask


def test_the_answer_of_a_probe_is_not_asked_for_twice(examples, live):
    fitted = QualityRouter(probe="chunked_retrieval", estimator="linear").fit(
        replace(examples, scores=np.tile([1.0, 0.0], (6, 1)))  # retrieval is the better one
    )
    answer, tools, requests = live(fitted)
    assert answer.text == "1987" and answer.steps[0].output == "chunked_retrieval"
    assert len(requests) == 1 and tools.ledger["read"].calls == 1
    dear = QualityRouter(probe="chunked_retrieval", estimator="linear").fit(
        replace(examples, scores=np.tile([0.0, 1.0], (6, 1)))
    )
    answer, tools, requests = live(dear)
    assert answer.steps[0].output == "long_context" and len(requests) == 2
    assert tools.ledger["read"].calls == 2  # both are paid for


def test_self_route_escalates_only_what_is_declined(live):
    assert len(live(ProbeRouter(), "n1")[2]) == 1
    answer, _, requests = live(ProbeRouter(), "n3")
    assert len(requests) == 2 and answer.declined


def test_a_cascade_stops_early(examples, live, dataset):
    """Fitted on outcomes where retrieval is right unless it declines."""
    declined = np.array([q.signals["chunked_retrieval"]["declined"] for q in examples.queries])
    assert 0 < declined.sum() < 6
    many = [i for _ in range(20) for i in range(6)]
    told = replace(examples, scores=np.column_stack([1 - declined, declined])).take(many)
    fitted = CascadeRouter(budget=2.0).fit(told)
    assert fitted.order == ("chunked_retrieval", "long_context")
    for question, no in zip([q.id for q in examples.queries], declined, strict=True):
        answer, _, requests = live(fitted, question)
        assert len(requests) == 1 + no
        assert answer.steps[0].output == ("long_context" if no else "chunked_retrieval")


def test_what_knn_embeds_is_booked_as_the_embedders(examples, live):
    _, tools, _ = live(KNNRouter(k=2).fit(examples))
    assert tools.ledger["embed"].prompt_tokens == len(["When", "was", "Northwind", "founded?"])
    assert tools.ledger["route"].calls == 0
    _, tools, _ = live(TfidfRouter().fit(examples))
    assert tools.ledger["route"].calls == 0


@dataclass(frozen=True)
class Noting(ReplayableRouter):
    """Keeps what it was shown."""

    seen: list
    name: str = "noting"

    @property
    def probes(self):
        return ("chunked_retrieval", "long_context")

    @property
    def needs_embedding(self):
        return True

    @property
    def wants_retrieval(self):
        return True

    def choose(self, queries, candidates):
        self.seen.extend(queries)
        return [Decision("long_context", "", self.probes)] * len(queries)


def test_what_is_seen_live_is_what_the_table_says(examples, live):
    """No skew between training and serving: text, features, signals of answers and embedding are the same numbers."""
    for stored in examples.queries:
        seen = []
        live(Noting(seen), stored.id)
        (query,) = seen
        assert (query.text, query.kind, query.model) == (stored.text, stored.kind, stored.model)
        assert query.tokens == stored.tokens
        assert query.features == pytest.approx(stored.features, nan_ok=True)
        assert (query.embedding == stored.embedding).all()
        assert set(query.signals) == set(stored.signals)
        for strategy, said in stored.signals.items():
            assert query.signals[strategy] == pytest.approx(said), strategy


def test_every_decision_is_the_one_of_the_replay(examples, live):
    """Fitted on all, a router decides live as it does in a replay."""
    from lcrag.replay import replay

    for router in (
        TfidfRouter(min_df=1), KNNRouter(k=1), ProbeRouter(), FeatureRouter(), FeatureRouter(retrieval=False),
        CascadeRouter(budget=2.0), CascadeRouter(budget=2.0, retrieval=False), AdaptiveRAGRouter(retrieval=False),
        QualityRouter(probe="chunked_retrieval"), QualityRouter(retrieval=False), LinUCBRouter(retrieval=False),
    ):  # fmt: skip
        scores = np.array([[1.0, 0.0], [0.0, 1.0]] * 3)
        told = replace(examples, scores=scores)
        fitted = router.fit(told)
        chosen = [told.strategies[i] for i in replay(fitted, told).chosen]
        assert [live(fitted, q.id)[0].steps[0].output for q in told.queries] == chosen, router.name


def test_features_of_a_retrieval_are_learned_from_only_where_it_is_made(examples):
    assert "retrieval_top" in examples.queries[0].features
    for kind in (FeatureRouter, QualityRouter, AdaptiveRAGRouter, LinUCBRouter):
        for retrieval in (True, False):
            router = kind(retrieval=retrieval).fit(examples)
            assert router.wants_retrieval == retrieval
            assert ("retrieval_top" in router.state.encoding.names) == retrieval


def named(reply, scripted):
    """A reader that routes by ``reply`` and answers 1987."""
    return scripted(lambda r: reply if "Which way is the cheapest" in r.messages[-1].content else "1987")


@pytest.mark.parametrize(
    ("reply", "strategy", "reason"),
    [
        ("long_context", "long_context", "named by the model"),
        ("I would take chunked_retrieval, not long_context.", "chunked_retrieval", "named by the model"),
        ("Bananas!", "chunked_retrieval", "the model named no strategy"),
        ("", "chunked_retrieval", "the model named no strategy"),
    ],
)
def test_a_model_that_routes(live, scripted, reply, strategy, reason):
    reader = named(reply, scripted)
    answer, tools, requests = live(LLMRouter(reasoning="direct"), reader=reader)
    assert answer.text == "1987" and answer.steps[0].output == strategy and answer.steps[0].input == reason
    prompt = requests[0].messages[-1].content
    assert "north: about" in prompt and "8192 tokens" in prompt and "founded?" in prompt
    assert "It was founded in 1987" not in prompt  # before retrieving: metadata and the document's beginning
    assert tools.ledger["route"].calls == 1 and tools.ledger["read"].calls == 1
    assert requests[0].begin == ("chunked_retrieval", "long_context")


@pytest.mark.parametrize(
    ("reply", "strategy", "reason"),
    [
        (
            "1. A fact. long_context is dear.\nDecision: chunked_retrieval",
            "chunked_retrieval",
            "named by the model",
        ),
        ("Decision: none yet.\n6. Little.\nDecision: long_context.", "long_context", "named by the model"),
        ("1. A fact. long_context would do, but", "chunked_retrieval", "the model named no strategy"),
    ],
)
def test_a_model_that_reasons_before_it_routes(live, scripted, reply, strategy, reason):
    answer, tools, requests = live(LLMRouter(), reader=named(reply, scripted))
    assert answer.steps[0].output == strategy and answer.steps[0].input == reason
    prompt = requests[0].messages[-1].content
    assert [f"{n}. " in prompt for n in range(1, 8)] == [True] * 6 + [False]
    assert "In doubt take the cheaper way" in prompt and "scripted" in prompt
    assert requests[0].max_tokens >= 200 and not requests[0].begin
    assert tools.ledger["route"].calls == 1


def test_a_router_by_prompt_is_told_title_and_type_but_not_the_kind(dataset, scripted, embedder):
    north = replace(dataset.documents[0], metadata={"title": "Kite almanac", "type": "annual report"})
    question = replace(dataset.questions[0], kind="hallucination")
    told = replace(dataset, documents=(north, dataset.documents[1]), questions=(question,))
    reader = named("Decision: long_context", scripted)
    ask(Routed(LLMRouter(), (ChunkedRetrieval(k=1), LongContext())), told, reader, embedder)
    prompt = reader.requests[0].messages[-1].content
    assert "title Kite almanac, type annual report" in prompt and "hallucination" not in prompt


def test_what_a_model_that_names_nothing_falls_back_to(live, scripted):
    reader = named("Bananas!", scripted)
    assert live(LLMRouter(otherwise="long_context"), reader=reader)[0].steps[0].output == "long_context"
    with pytest.raises(LcragError, match="llm_router chose 'gist', but the strategies are"):
        live(LLMRouter(otherwise="gist"), reader=named("Bananas!", scripted))


def test_a_router_that_chooses_or_probes_what_is_not_there(live):
    for router in (FixedRouter("gist"), ProbeRouter(first="gist")):
        with pytest.raises(
            LcragError, match="chose 'gist', but the strategies are: chunked_retrieval, long_context"
        ):
            live(router)
