"""Context windows of models on a server: what the server reports, else what is published with the prices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

REPORTED = (
    "max_model_len",  # vLLM
    "context_length",  # OpenRouter, Together
    "context_window",  # Groq
    "max_context_length",  # Mistral
)
VENDORS = ("anthropic", "google", "openai")
OPEN_WEIGHTS = ("gpt-oss", "gemma")  # of these vendors; whoever serves them sets their window


def reported_window(fields: Mapping[str, Any]) -> int | None:
    """The window in one entry of a server's list of models; ``None`` where there is none."""
    values = (fields.get(name) for name in REPORTED)
    return next((v for v in values if isinstance(v, int) and not isinstance(v, bool) and v > 0), None)


def window_at(model: str, base_url: str) -> int | None:
    """The published window of a model at a provider's own address; ``None`` where either is not known."""
    found = _published(model, base_url)
    return found[1] if found else None


def window_of(model: str) -> int | None:
    """The published window of a model that its vendor alone serves, for proxies; ``None`` for any other.

    The window of open weights depends on who serves them, so theirs is not guessed.
    """
    found = None if any(name in model.lower() for name in OPEN_WEIGHTS) else _published(model, None)
    return found[1] if found and found[0] in VENDORS else None


def _published(model: str, base_url: str | None) -> tuple[str, int | None] | None:
    """Provider and window in genai-prices."""
    from genai_prices import Usage, calc_price

    try:
        entry = calc_price(Usage(input_tokens=1), model_ref=model, provider_api_url=base_url)
    except LookupError:
        return None
    return entry.provider.id, entry.model.context_window
