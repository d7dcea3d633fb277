"""What KV cache methods learn offline: from one prefill of a calibration text with the model itself."""

from __future__ import annotations

import pydoc_data.topics
from collections.abc import Sequence
from typing import Any

from lcrag.readers.kv.base import Filled, KVCache
from lcrag.readers.prefill import Fill, fill, rotary_frequencies

TOKENS = 2048  # of the calibration text; queries, keys and values of all layers are held at once
TOPICS = (
    "objects",
    "exprlists",
    "import",
    "class",
    "with",
    "naming",
    "numbers",
    "execmodel",
    "formatstrings",
)


def calibration_text() -> str:
    """Parts of Python's language reference, which every installation has; the demo asks about other parts."""
    return "\n\n".join(pydoc_data.topics.topics[t] for t in TOPICS if t in pydoc_data.topics.topics)


def calibration_layers(model: Any, tokenizer: Any) -> list[Filled]:
    """What each layer computes for the calibration text."""
    config = model.config.get_text_config()
    ids = tokenizer(calibration_text(), add_special_tokens=False).input_ids
    cache = Fill(config.num_hidden_layers, rotary_frequencies(model))
    fill(model, ids[: min(TOKENS, config.max_position_embeddings)], cache)
    return cache.stores


def learned(model: Any, tokenizer: Any, method: KVCache) -> Sequence[Any] | None:
    """What the method learns of the model, for each layer; ``None`` if it learns nothing."""
    return method.learn(calibration_layers(model, tokenizer)) if method.learns else None
