"""How far two bags of words agree, as the scorers of benchmarks count it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple


class Agreement(NamedTuple):
    """Precision, recall and their F1, from 0 to 1."""

    precision: float = 0.0
    recall: float = 0.0
    f1: float = 0.0


def agreement(prediction: Sequence[str], gold: Sequence[str]) -> Agreement:
    """The words that both have; 0 where they share none, also where both are empty.

    The function ``f1_score`` that LongBench, LV-Eval, InfiniteBench and L-CiteEval share.
    """
    shared = sum((Counter(prediction) & Counter(gold)).values())
    if not shared:
        return Agreement()
    precision, recall = shared / len(prediction), shared / len(gold)
    return Agreement(precision, recall, 2 * precision * recall / (precision + recall))
