"""Cost of many questions on one document when something is built once: a cache, an index, a memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import floor, isfinite

from lcrag.cost.compression import DENSE, KVShares
from lcrag.cost.hardware import Hardware
from lcrag.cost.model import ModelSpec
from lcrag.cost.price import Price
from lcrag.cost.roofline import call_seconds
from lcrag.cost.workload import Approach, Call

EMBEDDER_PARAMETERS = 22e6  # all-MiniLM-L6-v2
EMBEDDING_MTOK = 0.02  # dollars per million tokens: OpenAI's text-embedding-3-small


@dataclass(frozen=True)
class CostFunction:
    """The cost of the model's calls and of embedding, in one unit.

    Attributes:
        unit: dollars, FLOPs or seconds.
        call: the cost of one call.
        embed: the cost of embedding a number of tokens.
    """

    unit: str
    call: Callable[[Call], float]
    embed: Callable[[float], float]


@dataclass(frozen=True)
class LinearCost:
    """Cost of an approach, linear in the number of questions m: ``build + first + (m - 1) * later``.

    Attributes:
        name: the approach.
        build: cost before the first question.
        first: cost of the first question.
        later: cost of each later question.
    """

    name: str
    build: float
    first: float
    later: float

    def total(self, questions: float) -> float:
        """Cost of ``questions`` questions, at least one."""
        return self.build + self.first + (questions - 1) * self.later


def linear_cost(approach: Approach, cost: CostFunction) -> LinearCost:
    """Cost of an approach in the unit of ``cost``."""
    build = sum(c.times * cost.call(c) for c in approach.build)
    index = cost.embed(approach.document_embedding) if approach.document_embedding else 0.0
    query = cost.embed(approach.question_embedding) if approach.question_embedding else 0.0
    first, later = cost.call(approach.first), cost.call(approach.later)
    return LinearCost(approach.name, build + index, first + query, later + query)


def break_even(one: LinearCost, other: LinearCost) -> int | None:
    """The number of questions from which on ``one`` costs less than ``other``; ``None`` if it never stays below.

    1 means from the first question on. Both are linear, so they cross at most once.
    """
    if one.later >= other.later:
        if one.later == other.later and one.total(1) < other.total(1):
            return 1
        return None
    extra = (one.build + one.first - one.later) - (other.build + other.first - other.later)
    since = extra / (other.later - one.later)
    if since < 0:
        return 1
    return floor(since) + 1 if isfinite(since) else None


def dollar_cost(price: Price, embedding_mtok: float = EMBEDDING_MTOK) -> CostFunction:
    """Dollars of an API with a price; embedding costs ``embedding_mtok`` dollars per million tokens.

    A call's ``written`` tokens have the surcharge for writing into a cache, ``cached`` ones the discount for reading.
    """
    return CostFunction(
        "dollars",
        lambda c: price.dollars(c.prompt, c.cached, c.completion, c.written),
        lambda tokens: tokens * embedding_mtok / 1e6,
    )


def flops_cost(spec: ModelSpec, embedder_parameters: float = EMBEDDER_PARAMETERS) -> CostFunction:
    """FLOPs; embedding takes 2 per weight and token (attention is small in an embedder's short windows)."""
    return CostFunction(
        "FLOPs",
        lambda c: spec.flops(c.prompt, c.cached, c.completion),
        lambda tokens: 2 * embedder_parameters * tokens,
    )


def seconds_cost(
    spec: ModelSpec,
    hardware: Hardware,
    embedder_parameters: float = EMBEDDER_PARAMETERS,
    kv: KVShares = DENSE,
) -> CostFunction:
    """Seconds on hardware, one call after the other; an embedder reaches the same utilisation as the model."""
    return CostFunction(
        "seconds",
        lambda c: call_seconds(spec, hardware, c.prompt, c.cached, c.completion, kv),
        lambda tokens: 2 * embedder_parameters * tokens / (hardware.flops * hardware.mfu),
    )


def rented_cost(seconds: CostFunction, usd_per_hour: float) -> CostFunction:
    """Dollars of hardware that is paid by the hour: ``seconds * usd_per_hour / 3600``."""
    return CostFunction(
        "dollars",
        lambda c: seconds.call(c) * usd_per_hour / 3600,
        lambda tokens: seconds.embed(tokens) * usd_per_hour / 3600,
    )
