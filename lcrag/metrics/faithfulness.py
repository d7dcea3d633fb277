"""Facts that a model claims to have quoted, held against the source and against the gold evidence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from lcrag.datasets.evidence import find_quote
from lcrag.metrics.text import normalise
from retrievers.chunkers.sentence import sentences

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FUZZY = 90.0  # rapidfuzz's scale of 0 to 100
NEAR = 60.0
SEMANTIC = 0.85  # cosine


def hallucinated(facts: Sequence[str], source: str, *, fuzzy: bool = False) -> list[bool]:
    """For each fact whether it is missing from the source.

    The exact matcher of ALR^2 (Li et al. 2024, arXiv 2410.03227): a quoted sentence must stand in the
    context; case, punctuation, articles and line breaks aside (``find_quote`` says how words that are broken over
    two lines are found). ``fuzzy`` allows a tenth of the characters to differ (rapidfuzz's partial ratio of at
    least 90). An empty fact is missing.
    """
    text = f" {normalise(source)} "

    def stands(fact: str) -> bool:
        if not fuzzy:
            return f" {fact} " in text
        from rapidfuzz.fuzz import partial_ratio

        return fact in text or partial_ratio(fact, text) >= FUZZY

    cleaned = [normalise(f) for f in facts]
    return [
        not clean or not (stands(clean) or find_quote(source, fact))
        for fact, clean in zip(facts, cleaned, strict=True)
    ]


def unlike_any(facts: NDArray[np.float32], source: NDArray[np.float32]) -> list[bool]:
    """The same by meaning: no sentence of the source is as near as 0.85 in cosine.

    Args:
        facts: unit vectors, shape (facts, dimension).
        source: unit vectors of the source's sentences, shape (sentences, dimension).
    """
    return [bool(best < SEMANTIC) for best in (facts @ source.T).max(axis=1)]


def nearest_sentence(fact: str, source: str) -> str:
    """The source's sentence that is most like the fact, empty if none is (rapidfuzz's ratio below 60)."""
    from rapidfuzz import fuzz, process

    said = [" ".join(source[s:e].split()) for s, e in sentences(source)]
    found: Any = process.extractOne(fact, said, scorer=fuzz.ratio, score_cutoff=NEAR)
    return str(found[0]) if found else ""


def fact_recall(quotes: Sequence[str], gold: Sequence[str], *, fuzzy: bool = False) -> float:
    """The share of gold evidence that was quoted, 0 to 1; a gold span within a longer quote counts."""
    said = "\n".join(quotes)
    missing = hallucinated(gold, said, fuzzy=fuzzy)
    return 1 - sum(missing) / len(missing) if missing else 0.0
