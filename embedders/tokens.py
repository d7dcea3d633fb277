"""Tokens estimated from characters, where no tokenizer or server counts them."""

from __future__ import annotations

import math

CHARS_PER_TOKEN = 4.0  # of English prose with today's vocabularies


def estimate_tokens(characters: int) -> int:
    """Tokens of a text of so many characters, rounded up."""
    return math.ceil(characters / CHARS_PER_TOKEN)
