"""What embedders and rerankers did, as a ledger: their tokens, seconds, FLOPs and dollars."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lcrag.cost.encoder import reading_flops
from lcrag.cost.prices import Prices
from lcrag.schema import Ledger, Role, Usage
from retrievers.work import Work, recorded, timed


def recorded_work(work: Callable[..., Any], *args: Any) -> tuple[Any, list[Work], float]:
    """Do ``work``, in the thread that calls this.

    Returns:
        Its result, what embedders and rerankers did for it, and the seconds of everything else.
    """
    with recorded() as works:
        result, seconds = timed(lambda: work(*args))
    return result, works, max(0.0, seconds - sum(w.seconds for w in works))


def usage_of(work: Work, prices: Prices) -> Usage:
    """One call's usage; FLOPs and dollars are ``None`` where the model's shape or its price is not known."""
    price = prices.embedder if work.model == "embedder" else prices.reranker
    return Usage(
        prompt_tokens=work.tokens,
        calls=1,
        seconds=work.seconds,
        flops=reading_flops(work.config, work.tokens, work.texts, work.lengths),
        dollars=None if price is None else price.dollars(work.tokens, 0, 0, seconds=work.seconds),
    )


def ledger_of(works: Sequence[Work], prices: Prices, embed_role: Role, rest: tuple[Role, float]) -> Ledger:
    """A ledger of some calls.

    Args:
        works: the calls.
        prices: the price cards.
        embed_role: where the embedder's calls are booked, ``embed`` or ``index``.
        rest: a role and the seconds of everything else, such as the search itself.
    """
    ledger = Ledger({rest[0]: Usage(seconds=rest[1])})
    for work in works:
        role = embed_role if work.model == "embedder" else "rerank"
        ledger = ledger.add(role, usage_of(work, prices))
    return ledger
