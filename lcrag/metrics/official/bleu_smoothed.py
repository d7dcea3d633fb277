"""BLEU of one sentence with one reference, smoothed by the fourth method of Chen and Cherry (2014)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

ORDER = 4
K = 5  # the constant of the fourth method


def smoothed_bleu(candidate: Sequence[str], reference: Sequence[str]) -> float:
    """From 0 to 1, as nltk's ``sentence_bleu`` with ``SmoothingFunction().method4`` gives it."""
    length = len(candidate)
    counts = [_shared(candidate, reference, n) for n in range(1, ORDER + 1)]
    if not counts[0][0]:
        return 0.0
    logs, misses = 0.0, 1
    for shared, total in counts:
        precision = shared / total
        if not shared and length > 1:
            precision = math.log(length) / (2**misses * K) / total
            misses += 1
        logs += math.log(precision) / ORDER if precision > 0 else 0.0
    penalty = 1.0 if length > len(reference) else math.exp(1 - len(reference) / length)
    return penalty * math.exp(logs)


def _shared(candidate: Sequence[str], reference: Sequence[str], n: int) -> tuple[int, int]:
    """N-grams of the candidate in the reference, and all of them, at least 1."""
    grams = [Counter(zip(*(words[i:] for i in range(n)), strict=False)) for words in (candidate, reference)]
    return sum((grams[0] & grams[1]).values()), max(1, sum(grams[0].values()))
