"""What is built once is paid for once: over all questions, and by each question with its share."""

import asyncio
from dataclasses import replace

import pytest

from lcrag.runtime.caps import Budget, Limits
from lcrag.runtime.guard import BudgetGuard
from lcrag.runtime.resources import Resources
from lcrag.runtime.toolbox import MeteredToolbox
from lcrag.strategies import QueryExpansion
from retrievers.chunkers import RecursiveChunker
from retrievers.hybrid import HybridRetriever
from tests.strategies.conftest import MATRIX, SHOWN, ask_all

pytest.importorskip("faiss")
names = pytest.mark.parametrize("strategy", MATRIX, ids=lambda s: s.name)


@pytest.fixture
def counting(embedder):
    """An embedder that writes down the kind and the tokens of everything that it reads."""

    class Counting(type(embedder)):
        def __init__(self):
            super().__init__()
            object.__setattr__(self, "seen", [])

        def embed(self, texts, kind="document"):
            embedded = super().embed(texts, kind)
            self.seen.append((kind, embedded.tokens))
            return embedded

        def tokens(self, *kinds):
            return sum(tokens for kind, tokens in self.seen if kind in kinds)

    return Counting


def shared_by(dataset, reader, embedder, index_embedder, questions):
    return Resources(
        reader,
        {d.id: d for d in dataset.documents},
        HybridRetriever(index_embedder, RecursiveChunker(200, 0)),
        embedder,
        questions=[q.document_ids for q in questions],
        demonstration_pool=SHOWN,
    )


def built(ledger):
    return ledger["build"].prompt_tokens + ledger["index"].prompt_tokens


@names
def test_all_questions_together_pay_for_what_was_done(strategy, dataset, scripted, counting):
    """To the token: what the reader read and what the embedders of memory and index embedded, nothing twice."""
    if strategy.name == "routed":
        pytest.skip("it searches for some questions only, and the index is divided among all on the document")
    dataset = replace(dataset, demonstrations=SHOWN)
    reader, embedder, index_embedder = scripted(), counting(), counting()
    shared = shared_by(dataset, reader, embedder, index_embedder, dataset.questions)
    booked = sum(tools.spent.prompt_tokens for _, tools in ask_all(strategy, shared, dataset))
    read = sum(reader.count_tokens(r.messages) for r in reader.requests)
    assert booked == pytest.approx(
        read + embedder.tokens("query", "document") + index_embedder.tokens("query", "document")
    )


@names
def test_a_share_depends_on_the_questions_alone(strategy, dataset, scripted, counting):
    """However often it searches: four times as many questions on the document leave a quarter."""
    first = dataset.questions[0]

    async def share(sharing):
        shared = shared_by(dataset, scripted(), counting(), counting(), [first] * sharing)
        tools = MeteredToolbox(shared, strategy.name)
        await strategy.answer(first, tools)
        return built(tools.ledger)

    assert asyncio.run(share(4)) == pytest.approx(asyncio.run(share(1)) / 4)


def test_an_index_is_booked_once_for_one_question_and_its_parts(dataset, scripted, counting):
    index_embedder = counting()
    shared = shared_by(dataset, scripted(), counting(), index_embedder, dataset.questions)
    question = dataset.questions[0]  # one of three on its document

    async def run():
        tools = MeteredToolbox(shared, "salt")
        await asyncio.gather(*(tools.retrieve(q, question, 2) for q in ("kites", "lamps", "wind")))
        await tools.metered(lambda inner: inner.retrieve("Bergen", question, 2))
        return tools.ledger

    assert built(asyncio.run(run())) == pytest.approx(index_embedder.tokens("document") / 3)


def test_what_is_built_from_something_built_carries_it_whole(dataset, scripted, counting):
    """Six questions share the outer thing, three the index in it: together they pay for each once."""
    index_embedder = counting()
    shared = shared_by(dataset, scripted(), counting(), index_embedder, dataset.questions)
    north = dataset.questions[0]

    async def outer(build):
        await build.retrieve("kites", north, 1)

    async def run():
        total = 0.0
        for question in dataset.questions:
            tools = MeteredToolbox(shared, "salt")
            await tools.build("outer", [], outer)
            if question.document_ids == north.document_ids:
                await tools.retrieve("kites", question, 1)
            total += built(tools.ledger)
        return total

    assert asyncio.run(run()) == pytest.approx(index_embedder.tokens("document") + 1)  # and its own query


def test_a_cap_counts_what_was_built_once(dataset, scripted, embedder):
    """60 prompt tokens are built; a cap that holds them once and the answer is kept, though they are used 3 times."""
    question = dataset.questions[0]
    reader = scripted()
    shared = Resources(
        reader,
        {d.id: d for d in dataset.documents},
        None,
        embedder,
        questions=[question.document_ids],
        budget=Budget(question=Limits(tokens=200)),
    )

    async def note(build):
        from lcrag.strategies.pieces.prompts import chat

        return (await build.read(chat("word " * 60), max_tokens=4)).text

    async def run():
        guard = BudgetGuard(shared, shared.spending.question())
        tools = MeteredToolbox(shared, "salt", guard)
        for _ in range(3):
            await tools.build("note", question.document_ids, note)
        return guard

    guard = asyncio.run(run())
    assert guard.meters[0].spent["tokens"] == guard.paid.prompt_tokens + guard.paid.completion_tokens


def test_query_expansion_with_two_searches_books_one_index(dataset, scripted, counting):
    index_embedder = counting()
    shared = shared_by(dataset, scripted(), counting(), index_embedder, dataset.questions[:1])
    tools = MeteredToolbox(shared, "query_expansion")
    asyncio.run(QueryExpansion(by="passages", k=2).answer(dataset.questions[0], tools))
    assert built(tools.ledger) == index_embedder.tokens("document")
