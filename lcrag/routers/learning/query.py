"""What a router sees of a question, live or in a replay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lcrag.routers.learning.features import (
    context_features,
    estimated_tokens,
    retrieval_features,
    text_features,
)
from lcrag.schema import Answer, Question
from lcrag.strategies.base import Toolbox

PROBE_K = 5  # passages of the retrieval that features are made of


@dataclass(frozen=True, slots=True)
class Query:
    """What a router may look at before it chooses a strategy.

    Attributes:
        id: the question's.
        text: the question.
        kind: its task, if it is labelled; in an application it mostly is not.
        model: the reader's name.
        tokens: of the question's documents, estimated from their characters.
        features: see ``lcrag.routers.learning.features``.
        embedding: of the text, shape (dimension,), for routers that want one.
        signals: of answers that strategies have given already, by strategy; only those a router asked for.
        answers: the same strategies' answers, where there are any (not in a replay).
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


async def look(
    question: Question, tools: Toolbox, *, retrieval: bool = False, embedding: bool = False
) -> Query:
    """A live question as routers see it.

    Args:
        question: what is asked.
        tools: knows the documents, and retrieves and embeds where that is wanted (booked under ``route``).
        retrieval: make features of a first retrieval.
        embedding: embed the text.
    """
    lengths = {d.id: len(d.text) for d in tools.documents(question)}
    tokens = estimated_tokens(sum(lengths.values()))
    features = text_features(question.text) | context_features(tokens, tools.context_window, len(lengths))
    if retrieval:
        passages = await tools.retrieve(question.text, question, PROBE_K, role="route")
        features |= retrieval_features(question.text, passages, lengths)
    vector = (await tools.embed([question.text], role="route"))[0] if embedding else None
    return Query(question.id, question.text, question.kind, tools.reader_name, tokens, features, vector)


def models_of(queries: Sequence[Query]) -> list[str]:
    """The readers' names, each once, sorted."""
    return sorted({q.model for q in queries})
