"""How probable it was that an answer begins with a word."""

from __future__ import annotations

from collections.abc import Iterable

TOP = 20  # token probabilities that servers give at most


def begins(piece: str, word: str) -> bool:
    """Whether a token's text is how ``word`` may begin, whatever the case and the quotes before it."""
    said = piece.strip(" \t\n\"'`*").lower()
    return bool(said) and word.lower().startswith(said)


def probability(tokens: Iterable[tuple[str, float]], word: str) -> float:
    """Probability that the first token begins ``word``, of (text, log probability) of the likeliest tokens."""
    from math import exp

    return min(1.0, sum(exp(logprob) for piece, logprob in tokens if begins(piece, word)))
