"""The number of pairs of tokens that attend, for ``new`` tokens after ``past`` ones."""

from __future__ import annotations


def causal_pairs(new: float, past: float) -> float:
    """Each token attends to all before it."""
    return new * past + new * new / 2


def window_pairs(new: float, past: float, window: float) -> float:
    """Each token attends to at most ``window`` tokens before it."""

    def up_to(end: float) -> float:
        return end * end / 2 if end <= window else window * window / 2 + window * (end - window)

    return up_to(past + new) - up_to(past) if window < past + new else causal_pairs(new, past)


def chunk_pairs(new: float, past: float, chunk: float) -> float:
    """Each token attends to the tokens before it in its own chunk of ``chunk`` tokens (Llama 4)."""

    def up_to(end: float) -> float:
        whole, rest = divmod(end, chunk)
        return (whole * chunk * chunk + rest * rest) / 2

    return up_to(past + new) - up_to(past) if chunk < past + new else causal_pairs(new, past)
