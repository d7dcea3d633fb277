"""The probability that an answer begins with a word."""

from __future__ import annotations

from collections.abc import Iterable
from math import exp

MAX_LOGPROBS = 20  # OpenAI's and vLLM's limit of alternatives per token


def begins(piece: str, word: str) -> bool:
    """Whether a token's text can begin ``word``; case and quotation marks do not matter."""
    beginning = piece.strip(" \t\n\"'`*").lower()
    return bool(beginning) and word.lower().startswith(beginning)


def probability(tokens: Iterable[tuple[str, float]], word: str) -> float:
    """Probability that the first token begins ``word``.

    Args:
        tokens: Text and log probability of the most probable first tokens.
        word: The word to watch for.
    """
    return min(1.0, sum(exp(logprob) for piece, logprob in tokens if begins(piece, word)))
