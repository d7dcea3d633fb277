import asyncio
import hashlib
import json
from dataclasses import replace

import pytest

from lcrag.errors import LcragError, ReaderUnavailable
from lcrag.experiment.engine import Engine, batches
from lcrag.experiment.journal import Journal
from lcrag.experiment.plan import Plan
from lcrag.readers.scripted import ScriptedReader
from lcrag.runtime.resources import Resources
from lcrag.strategies import (
    ChunkedRetrieval,
    ClosedBook,
    LongContext,
    MapReduce,
    MemoryReading,
    RetrieveThenReason,
    SelfRoute,
)
from retrievers.bm25 import BM25Retriever

ALL = [
    ClosedBook(),
    ChunkedRetrieval(k=2),
    MemoryReading(k=2),
    LongContext(),
    RetrieveThenReason(),
    SelfRoute(k=2),
]


def run(folder, dataset, reader, embedder, strategies=ALL, **kwargs):
    resources = Resources(
        reader,
        {d.id: d for d in dataset.documents},
        BM25Retriever(),
        embedder,
        questions=[q.document_ids for q in dataset.questions],
        keep=folder / "built",
    )
    with Journal(folder) as journal:
        return asyncio.run(
            Engine(Plan(dataset, reader, strategies), resources, journal, **kwargs).run()
        ), resources


def test_every_question_meets_every_strategy_once_in_order(tmp_path, dataset, scripted, embedder):
    outcomes, _ = run(tmp_path, dataset, scripted(), embedder)
    expected = [(s.name, q.id) for s in ALL for q in dataset.questions]
    assert [(o.strategy, o.question_id) for o in outcomes] == expected
    assert not [o.error for o in outcomes if o.error]
    by = {(o.strategy, o.question_id): o for o in outcomes}
    assert by["long_context", "n1"].score == 1.0
    assert by["closed_book", "n1"].score == 0.0
    assert by["closed_book", "n3"].score == 1.0  # declined, and there is no answer
    assert by["long_context", "s2"].scores["choice"] == 1.0


def test_usage_is_what_the_reader_counted_to_the_token(tmp_path, dataset, scripted, embedder):
    reader = scripted()
    outcomes, _ = run(tmp_path, dataset, reader, embedder)
    asked = sum(reader.count_tokens(r.messages) for r in reader.requests)
    assert sum(o.usage["read"].prompt_tokens for o in outcomes) == asked
    assert sum(o.usage["read"].calls for o in outcomes) == len(reader.requests)


def test_one_leader_warms_each_document_and_the_others_reuse_it(tmp_path, dataset, scripted, embedder):
    outcomes, _ = run(tmp_path, dataset, scripted(delay=0.002), embedder, [LongContext()])
    for document in ("north", "south"):
        cached = [o.usage["read"].cached_tokens for o in outcomes if o.document_id == document]
        assert cached[0] == 0
        assert all(c > 0 for c in cached[1:])


def test_strategies_do_not_profit_from_each_others_prefill(tmp_path, dataset, scripted, embedder):
    together, _ = run(tmp_path / "a", dataset, scripted(), embedder)
    alone, _ = run(tmp_path / "b", dataset, scripted(), embedder, [RetrieveThenReason()])
    mine = [o for o in together if o.strategy == "retrieve_then_reason"]
    assert [o.usage["read"].cached_tokens for o in mine] == [o.usage["read"].cached_tokens for o in alone]


def test_order_is_by_document_with_a_leader_only_for_document_first_prompts(dataset):
    got = batches(dataset.questions, [LongContext(), ClosedBook()])
    assert [(u.strategy.name, u.leader, len(u.questions)) for u in got] == [
        ("closed_book", False, 6),
        ("long_context", True, 3),
        ("long_context", True, 3),
    ]
    assert {q.document_ids for q in got[1].questions} == {("north",)}


def test_in_flight_is_bounded_by_the_reader(tmp_path, dataset, scripted, embedder):
    now = most = 0

    class Counted(ScriptedReader):
        async def generate(self, request):
            nonlocal now, most
            now += 1
            most = max(most, now)
            try:
                return await super().generate(request)
            finally:
                now -= 1

    reader = Counted(scripted().answers, delay=0.002, max_concurrency=2)
    many_at_once = [
        MapReduce(part_chars=200),
        MemoryReading(name="notes", reading="note_each", chunk_chars=200),
    ]
    run(tmp_path, dataset, reader, embedder, [*ALL, *many_at_once])
    assert most == 2


def test_a_second_run_pays_nothing_and_gives_the_same(tmp_path, dataset, scripted, embedder):
    first, _ = run(tmp_path, dataset, scripted(), embedder)
    reader, seen = scripted(), []
    second, _ = run(
        tmp_path, dataset, reader, embedder, on_row=lambda row, resumed: seen.append((row, resumed))
    )
    assert reader.requests == []
    assert all(resumed for _, resumed in seen)
    assert sorted((row.strategy, row.question_id) for row, _ in seen) == sorted(
        (row.strategy, row.question_id) for row in first
    )
    assert second == first


def test_an_interrupted_run_ends_as_an_undisturbed_one(
    tmp_path, dataset, scripted, embedder, record_property
):
    whole, _ = run(tmp_path / "whole", dataset, scripted(), embedder)
    lines = (tmp_path / "whole" / "outcomes.jsonl").read_text().splitlines(keepends=True)
    for kept in range(0, len(lines), 5):
        folder = tmp_path / f"cut{kept}"
        folder.mkdir()
        (folder / "outcomes.jsonl").write_text("".join(lines[:kept]) + lines[kept][:40])
        reader = scripted()
        resumed, _ = run(folder, dataset, reader, embedder)
        assert len((folder / "outcomes.jsonl").read_text().splitlines()) == len(lines)
        for a, b in zip(resumed, whole, strict=True):
            assert (a.answer, a.score, a.scores, a.prompt_hash) == (
                b.answer,
                b.score,
                b.scores,
                b.prompt_hash,
            )
        total = [sum(o.usage["read"].cached_tokens for o in rows) for rows in (resumed, whole)]
        assert total[0] == total[1]
        record_property("interrupted", 1)


def test_another_configuration_or_text_is_another_row(tmp_path, dataset, scripted, embedder):
    run(tmp_path, dataset, scripted(), embedder, [ChunkedRetrieval(k=2)])
    reader = scripted()
    run(tmp_path, dataset, reader, embedder, [ChunkedRetrieval(k=3)])
    assert len(reader.requests) == len(dataset.questions)


def test_the_row_of_a_document_that_changed_is_answered_again(tmp_path, dataset, scripted, embedder):
    run(tmp_path, dataset, scripted(), embedder, [LongContext()])
    north, south = dataset.documents
    changed = replace(dataset, documents=(replace(north, text=north.text.replace("1987", "1991")), south))
    spans = [replace(q, evidence=()) for q in dataset.questions]  # the same questions on both texts
    same = replace(dataset, questions=tuple(spans))
    run(tmp_path / "b", same, scripted(), embedder, [LongContext()])
    reader = scripted()
    run(tmp_path / "b", replace(changed, questions=tuple(spans)), reader, embedder, [LongContext()])
    asked = [r.messages[-1].content for r in reader.requests]
    assert len(asked) == 3 and all("founded in 1991" in text for text in asked)


def test_the_prompt_hash_names_every_prompt_in_order(tmp_path, dataset, scripted, embedder):
    """By hand: SHA-256 of the roles and contents of the messages of each call, one call after the other."""
    reader = scripted()
    (row, *_), _ = run(tmp_path, dataset, reader, embedder, [RetrieveThenReason()])
    calls = [r for r in reader.requests if "When was Northwind founded?" in r.messages[-1].content]
    assert len(calls) == 2
    hashed = hashlib.sha256()
    for call in calls:
        hashed.update(json.dumps([[m.role, m.content] for m in call.messages]).encode())
    assert row.question_id == "n1" and row.prompt_hash == hashed.hexdigest()[:16]


def test_a_step_shows_the_end_of_the_prompt_and_the_answer(tmp_path, dataset, scripted, embedder):
    (row, *_), _ = run(tmp_path, dataset, scripted(), embedder, [LongContext()])
    (step,) = row.steps
    assert (step.name, step.output) == ("read", "1987")
    assert len(step.input) == 400 and "When was Northwind founded?" in step.input


def test_what_a_strategy_builds_shares_no_prefix_with_another_strategy(tmp_path, dataset, scripted, embedder):
    reader = scripted()
    run(tmp_path, dataset, reader, embedder, [MemoryReading(name="notes", keys="value+fact")])
    assert len(reader.requests) > len(dataset.questions)
    builds = {r.cache_salt for r in reader.requests} - {"notes"}
    assert len(builds) == len(dataset.documents) and all(salt.startswith("build:") for salt in builds)


def test_a_failing_question_is_a_row_with_an_error_and_is_tried_again(tmp_path, dataset, scripted, embedder):
    def fails_on_n2(request):
        if "sell?" in request.messages[-1].content:
            raise LcragError("Question n2: the prompt is too long.")
        return "unanswerable"

    outcomes, _ = run(tmp_path, dataset, scripted(fails_on_n2), embedder, [ClosedBook()])
    failed = [o for o in outcomes if o.error]
    assert [(o.question_id, o.score) for o in failed] == [("n2", None)]
    reader = scripted()
    outcomes, _ = run(tmp_path, dataset, reader, embedder, [ClosedBook()])
    assert len(reader.requests) == 1
    assert not any(o.error for o in outcomes)


def test_a_reader_that_is_down_stops_the_run_and_keeps_the_rows(tmp_path, dataset, scripted, embedder):
    def dies(request):
        if "Southbay" in request.messages[-1].content:
            raise ReaderUnavailable("No server at http://localhost:1.")
        return "unanswerable"

    with pytest.raises(ReaderUnavailable, match="localhost:1"):
        run(tmp_path, dataset, scripted(dies, max_concurrency=1), embedder, [ClosedBook()])
    assert len((tmp_path / "outcomes.jsonl").read_text().splitlines()) == 3


def test_build_cost_is_divided_over_the_questions_on_the_document(tmp_path, dataset, scripted, embedder):
    outcomes, _ = run(tmp_path, dataset, scripted(), embedder, [MemoryReading(k=2)])
    for document in dataset.documents:
        rows = [o for o in outcomes if o.document_id == document.id]
        spent = sum(o.usage["index"].prompt_tokens for o in rows)
        assert spent == pytest.approx(embedder.count_tokens([document.text]), rel=0.02)


def test_facts_of_a_memory_survive_a_restart(tmp_path, dataset, scripted, embedder):
    strategy = MemoryReading(k=2, keys="value+fact")
    first, _ = run(tmp_path, dataset, scripted(), embedder, [strategy])
    (tmp_path / "outcomes.jsonl").unlink()
    reader = scripted()
    second, _ = run(tmp_path, dataset, reader, embedder, [strategy])
    assert len(reader.requests) == len(dataset.questions)  # no fact was extracted again
    assert [o.usage["build"].prompt_tokens for o in second] == [o.usage["build"].prompt_tokens for o in first]


def test_an_answer_that_was_cut_says_so(tmp_path, dataset, scripted, embedder):
    long_winded = scripted(lambda request: "It was founded in 1987, " * 40)
    short = [ClosedBook(max_tokens=8), MapReduce(part_chars=600)]
    outcomes, _ = run(tmp_path, dataset, long_winded, embedder, short)
    assert {o.finish_reason for o in outcomes} == {"length"}
    outcomes, _ = run(tmp_path / "whole", dataset, scripted(), embedder)
    assert {o.finish_reason for o in outcomes} == {"stop"}


def test_a_row_says_whether_the_document_was_read(tmp_path, dataset, scripted, embedder):
    strategies = [ClosedBook(name="from_memory"), LongContext()]
    outcomes, _ = run(tmp_path, dataset, scripted(), embedder, strategies)
    assert {o.strategy: o.closed_book for o in outcomes} == {"from_memory": True, "long_context": False}


def test_anyones_executor_runs_the_batches(tmp_path, dataset, scripted, embedder):
    class Backwards:
        async def run(self, batches, answer, reader):
            for batch in reversed(batches):
                for question in reversed(batch.questions):
                    await answer(question, batch.strategy)

    reader, order = scripted(), []
    resources = Resources(reader, {d.id: d for d in dataset.documents}, BM25Retriever(), embedder)
    plan = Plan(dataset, reader, [LongContext(), ClosedBook()], executor=Backwards())
    with Journal(tmp_path) as journal:
        engine = Engine(
            plan, resources, journal, lambda row, resumed: order.append((row.strategy, row.question_id))
        )
        outcomes = asyncio.run(engine.run())
    assert order[0] == ("long_context", "s3") and order[-1] == ("closed_book", "n1")
    assert [o.question_id for o in outcomes[:6]] == ["n1", "n2", "n3", "s1", "s2", "s3"]


def test_a_reader_that_takes_no_requests_is_refused(tmp_path, dataset, scripted, embedder):
    with pytest.raises(LcragError, match="scripted has max_concurrency = 0: set it to 1 or more"):
        run(tmp_path, dataset, scripted(max_concurrency=0), embedder)


def test_one_question_that_always_fails_is_a_failed_row_and_the_others_are_answered(
    tmp_path, dataset, scripted, embedder
):
    well = scripted()

    def respond(request):
        if "auditor" in request.messages[-1].content:
            raise LcragError("The connection was lost three times.")
        return well.answers(request)

    outcomes, _ = run(tmp_path, dataset, scripted(respond), embedder)
    assert {o.question_id for o in outcomes if o.error} == {"n3"}
    assert len([o for o in outcomes if not o.error]) == 5 * len(ALL)
    again, _ = run(tmp_path, dataset, well, embedder)
    assert not [o for o in again if o.error] and all(
        "auditor" in r.messages[-1].content for r in well.requests
    )


def test_a_row_says_whether_a_resumed_run_would_write_the_same(tmp_path, dataset, scripted, embedder):
    rows, _ = run(tmp_path, dataset, scripted(), embedder, [LongContext()])
    assert scripted().batch_invariant and all(row.batch_invariant for row in rows)
