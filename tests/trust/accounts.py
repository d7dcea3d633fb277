"""What a run costs by the counts of servers and models, by its rows, and by a bill made with a pencil."""

from __future__ import annotations

from collections import Counter

import pytest

from lcrag.cost.price_cards import PriceCard
from lcrag.cost.prices import Prices
from lcrag.schema import READER_ROLES

INPUT, CACHED, OUTPUT, EMBED, RERANK = 3.0, 0.75, 12.0, 0.02, 0.05  # dollars per million tokens
CARDS = Prices(PriceCard(INPUT, OUTPUT, CACHED), PriceCard(EMBED, 0), PriceCard(RERANK, 0))


def count_models(patch: pytest.MonkeyPatch) -> Counter:
    """Counts the tokens that transformers really read, without padding, by their width, and cross-encoders' calls."""
    from sentence_transformers import CrossEncoder
    from transformers import BertModel

    counts: Counter = Counter()
    forward, predict = BertModel.forward, CrossEncoder.predict

    def counted_forward(self, input_ids=None, attention_mask=None, **rest):
        counts[self.config.hidden_size] += int(attention_mask.sum())
        return forward(self, input_ids=input_ids, attention_mask=attention_mask, **rest)

    def counted_predict(self, *args, **rest):
        counts["predict"] += 1
        return predict(self, *args, **rest)

    patch.setattr(BertModel, "forward", counted_forward)
    patch.setattr(CrossEncoder, "predict", counted_predict)
    return counts


def counts(calls, read_by_models):
    """What the servers and the models have counted."""
    chats = [c for c in calls if c.path == "chat"]
    embeddings = [c for c in calls if c.path == "embeddings"]
    return Counter(
        {
            "prompt": sum(c.prompt for c in chats),
            "cached": sum(c.cached for c in chats),
            "foreign": 0,
            "completion": sum(c.completion for c in chats),
            "calls": len(chats),
            "embedded": sum(c.prompt for c in embeddings) if embeddings else read_by_models[384],
            "embeddings": len(embeddings),
            "reranked": read_by_models[8],
            "reranks": read_by_models["predict"],
        }
    )


def booked(outcomes):
    """The same amounts, as the rows have them."""

    def total(roles, amount):
        return sum(getattr(o.usage.sum(roles), amount) for o in outcomes)

    embedder, reranker = ("embed", "index"), ("rerank",)
    return {
        "prompt": total(READER_ROLES, "prompt_tokens"),
        "cached": total(READER_ROLES, "cached_tokens"),
        "foreign": total(READER_ROLES, "foreign_cached_tokens"),
        "completion": total(READER_ROLES, "completion_tokens"),
        "calls": total(READER_ROLES, "calls"),
        "embedded": total(embedder, "prompt_tokens"),
        "embeddings": total(embedder, "calls"),
        "reranked": total(reranker, "prompt_tokens"),
        "reranks": total(reranker, "calls"),
    }


def bill(counted):
    """Dollars, as one would reckon them from the servers' logs with a pencil."""
    return (
        (counted["prompt"] - counted["cached"]) * INPUT / 1_000_000
        + counted["cached"] * CACHED / 1_000_000
        + counted["completion"] * OUTPUT / 1_000_000
        + counted["embedded"] * EMBED / 1_000_000
        + counted["reranked"] * RERANK / 1_000_000
    )
