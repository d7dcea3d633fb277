"""An answer that an application gave, as a line of JSON: what was decided, on what, and later how good it was."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from lcrag.ledger import Ledger, Usage
from lcrag.routers.learning.query import Query

Share = Annotated[float, Field(ge=0, le=1)]
Numbers = Mapping[str, float | None]  # JSON has no NaN: what is not known is null


@dataclass(frozen=True)
class ServedAnswer:
    """One answer, with what its router saw.

    Attributes:
        id: names the answer.
        time: when it was given, in UTC (ISO 8601).
        question: the question.
        documents: ids of the documents that it is about.
        kind: the question's label, if it has one.
        model: the reader.
        router: the router; empty where one strategy answers everything.
        strategy: the strategy that answered.
        candidates: the strategies that could have.
        propensity: the probability with which the strategy was chosen; 1 where nothing was drawn.
        features: what the router saw of the question (``lcrag.routers.learning.features``).
        tokens: tokens of the documents.
        window: the reader's context window.
        answer: the answer.
        declined: whether it declines.
        usage: what the strategy took, by role; what the router took beside it is not in it.
        signals: of each strategy that the router has probed, the signals of its answer.
        embedding: of the question, for routers that need one.
        score: how good the answer was; ``None`` as long as nobody said.
        source: where the score comes from: ``score``, ``thumb`` or ``gold``.
        rated: when it was scored.
    """

    id: Annotated[str, Field(min_length=1)]
    time: str
    question: str
    documents: tuple[str, ...]
    kind: str
    model: str
    router: str
    strategy: str
    candidates: tuple[str, ...]
    propensity: Annotated[float, Field(gt=0, le=1)]
    features: Numbers
    tokens: float | None
    window: float | None
    answer: str
    declined: bool
    usage: Mapping[str, Numbers]
    signals: Mapping[str, Numbers] = field(default_factory=dict)
    embedding: tuple[float, ...] | None = None
    score: Share | None = None
    source: str = ""
    rated: str = ""

    def record(self) -> dict[str, Any]:
        """As plain JSON."""
        plain: dict[str, Any] = _without_nan(asdict(self))
        return plain

    @staticmethod
    def of(record: Any) -> ServedAnswer:
        """What ``record`` wrote.

        Raises:
            ValueError: it is of another shape.
        """
        return _ADAPTER.validate_python(record)

    def query(self) -> Query:
        """What the router saw; its id is that of the answer."""
        import numpy as np

        return Query(
            self.id,
            self.question,
            self.kind,
            self.model,
            _known(self.tokens),
            {k: _known(v) for k, v in self.features.items()},
            None if self.embedding is None else np.array(self.embedding, np.float32),
            {s: {k: _known(v) for k, v in values.items()} for s, values in self.signals.items()},
        )

    def ledger(self) -> Ledger:
        """What the strategy took."""
        return Ledger({role: Usage(**amounts) for role, amounts in self.usage.items()})  # type: ignore


_ADAPTER = TypeAdapter(ServedAnswer)


def _known(value: float | None) -> float:
    return math.nan if value is None else value


def _without_nan(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_nan(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_without_nan(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
