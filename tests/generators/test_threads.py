"""Threads through a JSON object: the text itself leads from the question to the answer."""

import json
import re

import pytest

from lcrag.errors import LcragError
from lcrag.generators import generate_threads

TASKS = (
    "single_needle",
    "multi_needle",
    "conditional_needle",
    "single_thread",
    "multi_thread",
    "branched_thread",
)


def follow(pairs, key):
    """The value at the end of the longest thread from a key."""
    best = (0, key)
    for value in pairs[key] if isinstance(pairs[key], list) else [pairs[key]]:
        depth, end = follow(pairs, value) if value in pairs else (0, value)
        best = max(best, (depth + 1, end))
    return best


@pytest.mark.parametrize("task", TASKS)
def test_a_task_is_answered_from_its_text(check, task):
    check(lambda tokens, seed: generate_threads((task,), tokens, 2, seed=seed))
    dataset = generate_threads((task,), 4096, 3)
    for question in dataset.questions:
        pairs = json.loads(dataset.document(question.document_ids[0]).text)
        keys = re.findall(r'"([0-9a-f-]{36})"', question.text)
        if task == "conditional_needle":
            found = [value for key, value in pairs.items() if "*" in key]
        else:
            found = [follow(pairs, key)[1] if "thread" in task else pairs[key] for key in keys]
        assert sorted(found) == sorted(question.answers)
        assert len(question.evidence) == {"single_needle": 1, "single_thread": 5, "branched_thread": 5,
                                          "multi_thread": 15}.get(task, 3)  # fmt: skip


@pytest.mark.parametrize("direction", ["forward", "backward"])
def test_a_thread_runs_in_the_direction_that_is_asked_for(direction):
    dataset = generate_threads(("single_thread",), count=3, direction=direction)
    for question in dataset.questions:
        text = dataset.document(question.document_ids[0]).text
        pairs, key, places = json.loads(text), re.search(r'Key: "(.+)"', question.text)[1], []
        while key in pairs:
            places.append(text.index(f'"{key}":'))
            key = pairs[key]
        assert places == sorted(places, reverse=direction == "backward")


def test_a_direction_that_is_none_is_told():
    with pytest.raises(LcragError, match="there is no direction 'up'; known are: forward"):
        generate_threads(direction="up")
