"""Caps are kept before a call, whatever runs beside it, and a resumed run knows what was spent."""

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lcrag.cost.model import ModelSpec
from lcrag.cost.price_cards import PriceCard
from lcrag.errors import LcragError
from lcrag.experiment.config import from_mapping
from lcrag.experiment.engine import Engine
from lcrag.experiment.experiment import Experiment
from lcrag.experiment.journal import Journal
from lcrag.experiment.plan import Plan
from lcrag.readers.scripted import ScriptedReader
from lcrag.runtime.caps import Budget, Limits, OverBudget
from lcrag.runtime.meter import Meter, reserve
from lcrag.runtime.resources import Resources
from lcrag.schema import Usage
from lcrag.strategies import ChunkedRetrieval, ClosedBook, GistMemory, LongContext, MapReduce
from retrievers.bm25 import BM25Retriever

SPEC = ModelSpec(1000, 1000, 0, layers=2, query_heads=2, kv_heads=1, head_dim=4)


class WithShape(ScriptedReader):
    spec = SPEC


def run(folder, dataset, reader, embedder, strategies, budget, prices=None):
    resources = Resources(
        reader,
        {d.id: d for d in dataset.documents},
        BM25Retriever(),
        embedder,
        prices=prices,
        questions=[q.document_ids for q in dataset.questions],
        keep=folder / "built",
        budget=budget,
    )
    with Journal(folder) as journal:
        return asyncio.run(Engine(Plan(dataset, reader, strategies), resources, journal).run()), resources


def tokens(reader):
    return sum(reader.count_tokens(r.messages) for r in reader.requests)


def test_a_question_over_its_cap_is_a_row_that_names_the_cap_and_nothing_is_asked(
    tmp_path, dataset, scripted, embedder
):
    reader = scripted()
    both = [ClosedBook(), LongContext()]
    rows, _ = run(tmp_path, dataset, reader, embedder, both, Budget(question={"tokens": 150}))
    by = {s: [r for r in rows if r.strategy == s] for s in ("closed_book", "long_context")}
    assert not any(r.error for r in by["closed_book"])
    assert all("budget.question.tokens = 150" in r.error and r.score is None for r in by["long_context"])
    assert len(reader.requests) == len(dataset.questions)


def test_the_most_a_call_may_take_counts_its_whole_completion(tmp_path, dataset, scripted, embedder):
    reader = scripted()
    run(tmp_path / "free", dataset, reader, embedder, [ClosedBook()], Budget())
    longest = max(reader.count_tokens(r.messages) for r in reader.requests)
    for room, refused in ((48, False), (47, True)):
        capped = Budget(question=Limits(tokens=longest + room))
        rows, _ = run(tmp_path / str(room), dataset, scripted(), embedder, [ClosedBook()], capped)
        assert any(r.error for r in rows) is refused


@pytest.mark.parametrize(
    "limits", [{"tokens": 900}, {"flops": 2.5e6}, {"dollars": 0.0012}], ids=lambda x: next(iter(x))
)
@pytest.mark.parametrize("concurrency", [1, 8])
def test_an_experiment_never_goes_over_its_cap(tmp_path, dataset, scripted, embedder, limits, concurrency):
    reader = WithShape(scripted().answers, delay=0.001, max_concurrency=concurrency)
    prices = PriceCard(input_mtok=1.0, output_mtok=2.0)
    strategies = [ClosedBook(), ChunkedRetrieval(k=2), LongContext()]
    rows, shared = run(
        tmp_path, dataset, reader, embedder, strategies, Budget(experiment=Limits(**limits)), prices
    )
    (unit,) = limits
    assert 0 < shared.spending.meter.spent[unit] <= limits[unit]
    refused = [r for r in rows if f"budget.experiment.{unit}" in r.error]
    assert refused and len(rows) == 3 * len(dataset.questions)
    assert any(not r.error for r in rows)


def test_concurrent_calls_that_end_cheaper_leave_room_for_those_that_wait(
    tmp_path, dataset, scripted, embedder
):
    free = scripted()
    run(tmp_path / "free", dataset, free, embedder, [ClosedBook()], Budget())
    enough = tokens(free) + len(free.requests) * 2 + 48
    rows, _ = run(
        tmp_path / "capped",
        dataset,
        scripted(delay=0.002),
        embedder,
        [ClosedBook()],
        Budget(experiment={"tokens": enough}),
    )
    assert not [r.error for r in rows if r.error]


def test_a_resumed_run_counts_what_journalled_rows_spent(tmp_path, dataset, scripted, embedder):
    reader = scripted()
    cap = Budget(experiment={"tokens": 700})
    first, _ = run(tmp_path, dataset, reader, embedder, [ClosedBook(), LongContext()], cap)
    assert any(r.error for r in first)
    again = scripted()
    second, shared = run(tmp_path, dataset, again, embedder, [ClosedBook(), LongContext()], cap)
    assert tokens(reader) + tokens(again) <= 700
    assert again.requests == []
    assert [r.error == "" for r in second] == [r.error == "" for r in first]
    assert shared.spending.meter.spent["tokens"] >= tokens(reader)
    more, _ = run(tmp_path, dataset, scripted(), embedder, [ClosedBook(), LongContext()], Budget())
    assert not any(r.error for r in more)


def test_what_a_question_cap_refused_is_not_paid_for_again_until_the_cap_changes(
    tmp_path, dataset, scripted, embedder
):
    strategies = [MapReduce(part_chars=300)]
    capped = Budget(question={"tokens": 400})
    reader = scripted()
    first, _ = run(tmp_path, dataset, reader, embedder, strategies, capped)
    assert all(r.error for r in first) and reader.requests
    assert all(r.usage["read"].prompt_tokens <= 400 for r in first)
    again = scripted()
    run(tmp_path, dataset, again, embedder, strategies, capped)
    assert again.requests == []
    free, _ = run(tmp_path, dataset, again, embedder, strategies, Budget())
    assert not any(r.error for r in free)


def test_a_build_may_take_the_caps_of_all_that_share_it(tmp_path, dataset, scripted, embedder):
    free, _ = run(tmp_path / "free", dataset, scripted(), embedder, [GistMemory()], Budget())
    share = max(r.usage["build"].prompt_tokens + r.usage["build"].completion_tokens for r in free)
    assert share > 0
    reader = scripted()
    rows, _ = run(
        tmp_path / "capped", dataset, reader, embedder, [GistMemory()], Budget(question={"tokens": 30})
    )
    assert all("budget.question.tokens = 30" in r.error for r in rows)
    assert tokens(reader) <= 30 * 3 * 2  # two documents, three questions on each


def test_what_a_build_took_counts_once_for_the_experiment(tmp_path, dataset, scripted, embedder):
    reader = scripted()
    _, shared = run(tmp_path, dataset, reader, embedder, [GistMemory()], Budget(experiment={"tokens": 1e6}))
    assert shared.spending.paid.prompt_tokens == tokens(reader)
    with Journal(tmp_path) as journal:
        assert journal.content.paid.prompt_tokens == tokens(reader)


def test_seconds_are_refused_at_the_pace(tmp_path, dataset, scripted, embedder):
    slow = scripted(delay=0.01, max_concurrency=1)
    rows, _ = run(
        tmp_path / "a", dataset, slow, embedder, [ClosedBook()], Budget(experiment={"seconds": 0.025})
    )
    assert 1 <= sum(not r.error for r in rows) <= 2
    calibrated = Budget(experiment={"seconds": 1.0}, seconds_per_token=1.0)
    rows, _ = run(tmp_path / "b", dataset, scripted(), embedder, [ClosedBook()], calibrated)
    assert all("budget.experiment.seconds" in r.error for r in rows)


@pytest.mark.parametrize("bad", [0, -5, float("nan"), float("inf"), True, "many"])
def test_a_budget_that_buys_nothing_is_refused_in_a_sentence(bad):
    with pytest.raises(LcragError, match=r"^A budget of .* tokens buys nothing: give a number above 0\.$"):
        Budget(question={"tokens": bad})
    with pytest.raises(LcragError, match="seconds_per_token"):
        Budget(seconds_per_token=0)


def test_yaml(tmp_path):
    def spec(budget):
        return {"dataset": "synthetic", "strategies": ["closed_book"], "budget": budget}

    found = from_mapping(spec({"question": {"tokens": 8000}, "experiment": {"dollars": 1.0}}))
    assert found.budget == Budget(Limits(tokens=8000), Limits(dollars=1.0))
    assert found.parameters()["budget"]["question"]["tokens"] == 8000
    for budget, said in (
        ({"question": {"tokens": 0}}, "configuration: budget: A budget of 0 tokens buys nothing"),
        ({"question": {"token": 5}}, "unknown unit 'token'"),
        ({"questions": {"tokens": 5}}, "did you mean 'question'"),
        ({"question": 5}, "caps are expected"),
    ):
        with pytest.raises(LcragError, match=said):
            from_mapping(spec(budget))


def test_caps_that_cannot_be_kept_are_refused_before_anything_is_spent(tmp_path, dataset, scripted, embedder):
    reader = scripted()
    experiment = Experiment(dataset, reader, [ClosedBook()], tmp_path, embedder=embedder, mlflow="")
    for unit in ("flops", "dollars"):
        with pytest.raises(
            LcragError, match=f"budget.question.{unit} cannot be kept: the {unit} of scripted"
        ):
            replace(experiment, budget=Budget(question={unit: 1})).run()
    assert reader.requests == []


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(0, 50)), min_size=1, max_size=25), st.integers(1, 300)
)
def test_no_interleaving_spends_more_than_the_cap(calls, cap):
    meter = Meter(Limits(tokens=cap), "experiment")
    refused = []

    async def call(prompt, written):
        most = Usage(prompt_tokens=prompt, completion_tokens=50)
        try:
            async with reserve([meter], most):
                await asyncio.sleep(0)
                meter.book(Usage(prompt_tokens=prompt, completion_tokens=written))
        except OverBudget as error:
            refused.append(error)

    async def all_of_them():
        await asyncio.gather(*(call(*c) for c in calls))

    asyncio.run(all_of_them())
    assert meter.spent["tokens"] <= cap
    assert meter.reserved["tokens"] == 0
    if sum(p + 50 for p, _ in calls) <= cap:
        assert not refused


def test_what_was_spent_before_a_refusal_is_in_its_row(tmp_path, dataset, scripted, embedder):
    reader = scripted()
    strategies = [MapReduce(part_chars=300), GistMemory()]
    rows, shared = run(tmp_path, dataset, reader, embedder, strategies, Budget(question={"tokens": 400}))
    mapped = [r for r in rows if r.strategy == "map_reduce"]
    assert all(r.error for r in mapped)
    assert all(r.usage["read"].prompt_tokens + r.usage["read"].completion_tokens <= 400 for r in mapped)
    assert any(r.usage["read"].calls for r in mapped)
    assert shared.spending.paid.prompt_tokens == tokens(reader)
