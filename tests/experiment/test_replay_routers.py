"""Routers of an experiment: what they are fitted on and choose among."""

from dataclasses import dataclass, field

import pytest

from lcrag.analysis import compare
from lcrag.experiment.routing import replay_routers
from lcrag.routers import Decision, ReplayableRouter
from tests.analysis.conftest import changed, outcomes  # noqa: F401

NAMES = ["chunked_retrieval", "long_context"]


@dataclass(frozen=True)
class Noting(ReplayableRouter):
    """Notes the unit of the examples that it is fitted on."""

    name: str = "noting"
    units: list = field(default_factory=list)

    @property
    def learns(self):
        return True

    def fit(self, examples):
        self.units.append(examples.unit)
        return self

    def choose(self, queries, candidates):
        return [Decision(candidates[0])] * len(queries)


@pytest.mark.parametrize("flops", [None, 2.7e8])
@pytest.mark.parametrize("cost", ["auto", "tokens", "dollars"])
def test_routers_are_fitted_on_the_unit_of_the_table(outcomes, flops, cost):  # noqa: F811
    table = outcomes(flops=flops, dollars=1e-6).assign(question="What?")
    router = Noting()
    choices = replay_routers([router], table, NAMES, None, 0, cost=cost).choices
    assert set(router.units) == {compare(table, routers=choices, cost=cost).unit}


def test_routers_are_fitted_on_flops_only_where_every_strategy_has_them(outcomes):  # noqa: F811
    table = changed(outcomes().assign(question="What?"), "memory", "d0q0", read_flops=None)
    router = Noting()
    replay_routers([router], table, NAMES, None, 0)
    assert set(router.units) == {"tokens"} and compare(table).unit == "tokens"


def test_a_renamed_closed_book_strategy_is_in_no_baseline(tmp_path, dataset, scripted, embedder):
    import lcrag
    from lcrag.strategies import ChunkedRetrieval, ClosedBook, LongContext
    from retrievers.bm25 import BM25Retriever

    strategies = [ClosedBook(name="no_text"), ChunkedRetrieval(k=2), LongContext()]
    results = lcrag.Experiment(
        dataset, scripted(), strategies, output=tmp_path, retriever=BM25Retriever(), embedder=embedder, mlflow=""
    ).run()  # fmt: skip
    accuracy = results.comparison.table.set_index("name")["accuracy"]
    assert accuracy["random (mean)"] == pytest.approx(accuracy[NAMES].mean())
    assert lcrag.examples_of(lcrag.load_outcomes(tmp_path)).strategies == tuple(NAMES)
