"""Agreement of an answer with gold answers, by normalised text (SQuAD, Rajpurkar et al. 2016)."""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Sequence

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_DASHES = re.compile(r"[\u2010-\u2015\u2212-]")
_PUNCTUATION = str.maketrans("", "", string.punctuation + "\u2018\u2019\u201c\u201d")


def normalise(text: str) -> str:
    """Lower case, no punctuation, no articles, single spaces.

    SQuAD's normalisation, with Unicode compatibility forms folded and a dash between words read as a
    space; commas inside numbers go with the punctuation, so ``1,234`` is ``1234``.
    """
    text = unicodedata.normalize("NFKC", text).lower()
    text = _DASHES.sub(" ", text).translate(_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", text).split())


def exact_match(prediction: str, answers: Sequence[str]) -> float:
    """1 when the normalised prediction is one of the normalised answers."""
    return float(normalise(prediction) in {normalise(a) for a in answers})


def contains(prediction: str, answers: Sequence[str]) -> float:
    """1 when a normalised answer stands in the normalised prediction, on word boundaries.

    Best subspan EM (Liu et al. 2023, arXiv 2307.03172, section 2.3); the word boundaries are ours, so
    that ``3`` is not found in ``1832``.
    """
    text = f" {normalise(prediction)} "
    return float(any(f" {gold} " in text for a in answers if (gold := normalise(a))))


def token_f1(prediction: str, answers: Sequence[str]) -> float:
    """The best token F1 over the answers: bags of normalised words."""
    return max((_f1(normalise(prediction).split(), normalise(a).split()) for a in answers), default=0.0)


def token_recall(prediction: str, answers: Sequence[str]) -> float:
    """The share of an answer's normalised words that the prediction has, the best over the answers.

    Unlike F1 it does not punish an answer for being a whole sentence.
    """
    words = Counter(normalise(prediction).split())
    golds = (Counter(normalise(a).split()) for a in answers)
    return max((sum((words & g).values()) / sum(g.values()) for g in golds if g), default=0.0)


def _f1(words: list[str], gold: list[str]) -> float:
    if not words or not gold:
        return float(words == gold)
    shared = sum((Counter(words) & Counter(gold)).values())
    return 2 * shared / (len(words) + len(gold))
