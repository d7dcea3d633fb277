"""What a router sees of a question, live or in a replay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from embedders.tokens import CHARS_PER_TOKEN
from lcrag.routers.learning.features import context_features, retrieval_features, text_features
from lcrag.schema import Answer, Question
from lcrag.strategies.base import Toolbox

FEATURE_K = 5  # passages of the first retrieval that features are made of


@dataclass(frozen=True, slots=True)
class Query:
    """What a router may see before it chooses a strategy.

    Attributes:
        id: the question's id.
        text: the question.
        kind: the question's task, if it is labelled; in an application it mostly is not.
        model: the reader's name.
        tokens: tokens of the question's documents, estimated from their characters; NaN if unknown.
        features: see ``lcrag.routers.learning.features``.
        embedding: embedding of the text, shape (dimension,), for routers that need one.
        signals: for each strategy that the router has probed, the signals of its answer.
        answers: the answers themselves, by strategy; empty in a replay.
    """

    id: str
    text: str
    kind: str = ""
    model: str = ""
    tokens: float = float("nan")
    features: Mapping[str, float] = field(default_factory=dict)
    embedding: NDArray[np.float32] | None = None
    signals: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    answers: Mapping[str, Answer] = field(default_factory=dict)


async def query_of(
    question: Question, tools: Toolbox, *, retrieval: bool = False, embedding: bool = False
) -> Query:
    """The query of a live question.

    Args:
        question: the question.
        tools: gives the documents; retrieves and embeds where that is wanted (booked under ``embed`` and ``retrieve``).
        retrieval: add features of a first retrieval.
        embedding: embed the text.
    """
    lengths = {d.id: len(d.text) for d in tools.documents(question)}
    tokens = sum(lengths.values()) / CHARS_PER_TOKEN  # a tokenizer would take longer than the router
    features = text_features(question.text) | context_features(tokens, tools.context_window, len(lengths))
    if retrieval:
        passages = await tools.retrieve(question.text, question, FEATURE_K)
        features |= retrieval_features(question.text, passages, lengths)
    vector = (await tools.embed([question.text]))[0] if embedding else None
    return Query(question.id, question.text, question.kind, tools.reader_name, tokens, features, vector)


def models_of(queries: Sequence[Query]) -> list[str]:
    """The readers' names, each once, sorted."""
    return sorted({q.model for q in queries})
