"""LoCoMo's scores of answers."""

from __future__ import annotations

import re
import string
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from lcrag.metrics.library import require
from lcrag.schema import Answer, Question

DECLINES = ("no information available", "not mentioned")
_ARTICLES = re.compile(r"\b(a|an|the|and)\b")
_PUNCTUATION = str.maketrans("", "", string.punctuation)


@dataclass(frozen=True)
class Locomo:
    """F1 of word stems, or whether the answer declines (LoCoMo, Maharana et al. 2024, arXiv 2402.17753).

    ``evaluation.py``: for multi-hop questions the gold answer's parts between commas, each with the best part of the
    answer, else the whole answers; for open-domain questions the gold answer up to its first semicolon; for adversarial
    ones whether the answer says that nothing is mentioned, also by its letter.

    Raises:
        LcragError: nltk is not installed.
    """

    name: str = "locomo"

    def __post_init__(self) -> None:
        require("locomo", "nltk")

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 for questions of the data set."""
        category = question.metadata.get("category")
        if category == "adversarial":
            text = _chosen(answer.text, question.metadata.get("choice", {})).lower()
            return float(any(words in text for words in DECLINES))
        if not question.answers:
            return None
        gold = question.answers[0]
        if category == "open_domain":
            gold = gold.split(";")[0].strip()
        if category != "multi_hop":
            return _f1(answer.text, gold)
        parts = [part.strip() for part in answer.text.split(",")]
        golds = [part.strip() for part in gold.split(",")]
        return sum(max(_f1(part, one) for part in parts) for one in golds) / len(golds)


def _chosen(text: str, choice: Mapping[str, str]) -> str:
    """What a reply of one letter stands for (``get_cat_5_answer``)."""
    letter = text.strip().lower()
    if not choice or len(letter) not in (1, 3):
        return text
    return choice["a" if letter in ("a", "(a)") else "b"]


def _f1(prediction: str, gold: str) -> float:
    words, wanted = _stems(prediction), _stems(gold)
    shared = sum((Counter(words) & Counter(wanted)).values())
    return 2 * shared / (len(words) + len(wanted)) if shared else 0.0


def _stems(text: str) -> list[str]:
    plain = text.replace(",", "").lower().translate(_PUNCTUATION)
    return [_stemmer().stem(word) for word in _ARTICLES.sub(" ", plain).split()]


@cache
def _stemmer() -> Any:
    from nltk.stem import PorterStemmer

    return PorterStemmer()
