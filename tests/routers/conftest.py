"""A world in which the right strategy can be seen in the question."""

from __future__ import annotations

import numpy as np
import pytest

from lcrag.routers import Examples, QualityRouter, Query, save_router
from lcrag.routers.learning.features import signals, text_features

ARMS = ("chunked_retrieval", "long_context")


def make_examples(n=400, seed=0, noise=0.1, models=("small", "large"), documents=20):
    """Retrieval is right on "when" questions, long context on "compare" questions, but for some noise."""
    rng = np.random.default_rng(seed)
    queries, scores, costs, names = [], [], [], []
    for i in range(n):
        compares = bool(rng.random() < 0.5)
        word = ("tin", "wool", "salt", "rice")[i % 4] + f" of lot {i}"
        text = f"Compare the price of {word} with silk." if compares else f"When was {word} first sold?"
        good = np.array([1.0 - compares, float(compares)])
        scores.append(np.where(rng.random(2) < noise, 1 - good, good))
        tokens = float(rng.integers(2000, 9000))
        costs.append((900.0, tokens))
        declines = bool(scores[-1][0] == 0)
        said = {
            "chunked_retrieval": signals(text, "unanswerable" if declines else "in 1990", declines, {}),
            "long_context": signals(text, "in 1990", False, {}),
        }
        vector = np.array([compares, 1.0 - compares, 0.1 * (i % 4) + 0.001 * i], np.float32)
        queries.append(
            Query(f"q{i}", text, "comparison" if compares else "location", models[i % len(models)], tokens,
                  text_features(text), vector / np.linalg.norm(vector), said)
        )  # fmt: skip
        names.append(f"d{i % documents}")
    return Examples(tuple(queries), ARMS, np.array(scores), np.array(costs), tuple(names))


@pytest.fixture(scope="session")
def examples():
    return make_examples()


@pytest.fixture(scope="session")
def unseen():
    return make_examples(n=200, seed=1)


def accuracy(decisions, examples):
    column = [examples.strategies.index(d.strategy) for d in decisions]
    return float(examples.scores[np.arange(len(column)), column].mean())


@pytest.fixture
def file(examples, tmp_path):
    """A good file, to be spoilt."""
    save_router(QualityRouter().fit(examples), tmp_path / "r.router")
    return tmp_path / "r.router"
