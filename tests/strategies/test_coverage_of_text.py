"""Which share of a long text each strategy reads: docs/strategies.md has the figures."""

import pytest

from experiments.benchmarks.share_read import coverage, table
from lcrag.components import names

READS_ALL = (
    "chain_of_agents", "cited_long_context", "clue_memory", "evolving_memory", "gist_memory", "long_context",
    "map_reduce", "refine", "retrieve_then_reason", "summary_tree",
)  # fmt: skip


@pytest.mark.parametrize("name", READS_ALL)
def test_the_whole_text_is_read(name):
    assert coverage()[name].total == 1


def test_what_reads_part_after_part_reads_all_for_each_question():
    assert {coverage()[name].question for name in ("map_reduce", "refine", "chain_of_agents")} == {1}


def test_what_searches_reads_little_and_something():
    searching = set(names("strategy")) - {*READS_ALL, "closed_book"}
    assert all(0 < coverage()[name].total < 0.2 for name in searching)
    assert coverage()["closed_book"].total == 0


def test_every_strategy_is_in_the_table():
    assert [name for name in names("strategy") if f"| `{name}` |" not in table()] == []
