"""Facts that a model claims to have quoted, held against the source."""

from __future__ import annotations

from collections.abc import Sequence

from lcrag.metrics.text import normalise


def hallucinated(facts: Sequence[str], source: str) -> list[bool]:
    """For each fact whether it is missing from the source.

    The exact matcher of ALR^2 (Li et al. 2024, arXiv 2410.03227): a quoted sentence must stand in the
    context; case, punctuation, articles and line breaks aside. An empty fact is missing.
    """
    text = f" {normalise(source)} "
    return [not (fact := normalise(f)) or f" {fact} " not in text for f in facts]


def fuzzily_hallucinated(facts: Sequence[str], source: str, threshold: float = 90.0) -> list[bool]:
    """The same with a tolerance: the best partial match (rapidfuzz, 0 to 100) is below ``threshold``."""
    from rapidfuzz.fuzz import partial_ratio

    text = normalise(source)
    return [not (fact := normalise(f)) or partial_ratio(fact, text) < threshold for f in facts]
