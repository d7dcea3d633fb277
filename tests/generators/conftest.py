"""What every generator must show, whatever it makes."""

import random
from collections.abc import Callable

import pytest

from lcrag.generators.budget import counter
from lcrag.generators.drafts import overhead
from lcrag.metrics.task import TaskScore
from lcrag.schema import Answer
from lcrag.testing.dataset import check_dataset

ALL_GOLDS = ("string_match_all", "keyword_recall")


def gold_text(question) -> str:
    """The reply of a reader that knows the gold."""
    together = question.task.metric in ALL_GOLDS
    return ", ".join(question.answers) if together else question.answers[0]


def mean_score(dataset, reply) -> float:
    scores = [TaskScore().score(q, Answer(*_reply(reply(q)))) for q in dataset.questions]
    assert None not in scores
    return 100 * sum(scores) / len(scores)


def _reply(reply):
    return (reply, (), reply == "unanswerable")


@pytest.fixture
def check() -> Callable:
    """Check a generator at 4k and 64k tokens.

    ``make(tokens, seed)`` makes a dataset. A reader that knows the gold scores 100, an empty answer ``floor``, the gold
    of another question at most ``chance``; spans are exact, the same seed gives the same data, and the prompt with
    room for its answer is at most 2 per cent shorter than asked for.
    """

    def run(make, *, floor=0.0, chance=5.0, lengths=(4096, 65536), gold=gold_text):
        for tokens in lengths:
            dataset = make(tokens, 0)
            check_dataset(dataset)
            answerable = [q for q in dataset.questions if q.answerable]
            assert all(q.evidence for q in answerable)
            assert all(
                q.metadata["length"] == tokens and q.metadata["task"] == q.task.name
                for q in dataset.questions
            )
            assert mean_score(dataset, lambda q: gold(q) if q.answerable else "unanswerable") == 100
            assert mean_score(dataset, lambda q: "") == floor
            assert mean_score(dataset, another(dataset, gold)) <= chance
            fits(dataset, tokens)
        assert make(lengths[0], 0).digest == make(lengths[0], 0).digest != make(lengths[0], 1).digest

    return run


def another(dataset, gold):
    """A reader that gives another question's gold."""
    rng, golds = random.Random(0), {q.id: gold(q) for q in dataset.questions if q.answerable}
    return lambda q: rng.choice([g for g in golds.values() if g != golds.get(q.id)] or [""])


def fits(dataset, tokens, tokenizer=""):
    """The longest prompt on each document, with room for its answer, has the length that was asked for."""
    count = counter(tokenizer)
    rest: dict = {}
    for q in dataset.questions:
        rest[q.document_ids] = max(rest.get(q.document_ids, 0), overhead(q.text, q.choices, q.task, count))
    for ids, beside in rest.items():
        length = sum(count(dataset.document(i).text) for i in ids) + beside
        assert 0.98 * tokens <= length <= tokens, (dataset.name, ids, length)
