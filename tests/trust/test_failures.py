"""Calls that the server refuses: what was paid before is kept, in the rows and in what the run counts as spent."""

from __future__ import annotations

import json

import pytest

from embedders.openai import OpenAIEmbedder
from tests.strategies.conftest import MATRIX

BUILDS = ("memory_facts", "gist_memory", "evolving_memory", "iter_drag")


@pytest.mark.parametrize("name", [*BUILDS, "retrieve_then_reason"])
def test_what_a_failed_row_paid_is_counted_to_the_token(name, run, running_server, record_property):
    """From the fourth call on the server refuses, in a build or between the calls of an answer."""

    def refused(messages):
        return sum(c.path == "chat" for c in running_server.calls) >= 3

    strategy = next(s for s in MATRIX if s.name == name)
    results, counted = run([strategy], OpenAIEmbedder("e", running_server.url), refused=refused)
    assert results.failed
    entries = [json.loads(line) for line in (results.output / "outcomes.jsonl").read_text().splitlines()]
    record_property("tokens", counted["prompt"] + counted["completion"])
    for amount, column in (
        ("prompt", "prompt_tokens"),
        ("completion", "completion_tokens"),
        ("calls", "calls"),
    ):
        assert sum(e["paid"][column] for e in entries) == pytest.approx(counted[amount]), amount
