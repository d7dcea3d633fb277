"""Parts of a story in the wrong order; arrivals and departures say the right one."""

import json
import re

import pytest

from lcrag.generators import generate_tsort
from lcrag.metrics.official import ExactOrder
from lcrag.schema import Answer, Question


def test_the_order_is_in_the_text(check):
    check(lambda tokens, seed: generate_tsort(tokens, 4, prompt="official", seed=seed), chance=25)
    dataset = generate_tsort(4096, 5, parts=5)
    for question in dataset.questions:
        text = dataset.document(question.document_ids[0]).text
        before, *parts, _ = re.split(r"\n\n(?:Part \d+|After):\n", text)
        city, order = re.search(r"led to (\w+)\.", before)[1], []
        for _ in parts:
            part = next(i for i, p in enumerate(parts) if f"arrived in {city}." in p)
            order.append(part + 1)
            onward = re.search(r"led to (\w+)\.", parts[part])
            city = onward[1] if onward else city
        assert order == json.loads(question.answers[0]) != sorted(order)


@pytest.mark.parametrize(
    ("reply", "score"),
    [
        ("[4, 1, 3, 2]", 1),
        ("First I thought [1, 2, 3, 4]. Answer: 4 -> 1 -> 3 -> 2", 1),
        ("4 1 3 2", 1),
        ("[4, 1, 3]", 0),
        ("[1, 2, 3, 4]", 0),
        ("4", 0),
        ("", 0),
    ],
)
def test_an_order_is_right_as_a_whole_or_not_at_all(reply, score):
    assert ExactOrder().score(Question("q", "?", ("d",), ("[4, 1, 3, 2]",)), Answer(reply)) == score
