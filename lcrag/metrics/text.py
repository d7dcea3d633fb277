"""Agreement of an answer with gold answers, by normalised text (SQuAD, Rajpurkar et al. 2016)."""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Literal

from lcrag.metrics.quantities import Quantity, all_agree, split_quantities

Normalisation = Literal["lcrag", "squad"]
_ARTICLES = re.compile(r"\b(?:an|the|a(?=\s+\w))\b", re.IGNORECASE)
_LETTER_A = re.compile(r"(?<![.!?:;\"'(])(?<=\w)\s+A\b")  # "hepatitis A", "vitamin A deficiency"
_SQUAD_ARTICLES = re.compile(r"\b(a|an|the)\b")
_DASHES = re.compile(r"[\u2010-\u2015\u2212-]")
_ASCII_PUNCTUATION = str.maketrans("", "", string.punctuation)
_PUNCTUATION = str.maketrans("", "", string.punctuation + "\u2018\u2019\u201c\u201d")
SHORT = 4000  # characters of a text whose normal form is remembered: answers and passages, not documents
_KEPT_A = "\ue000"  # stands for a letter A that is no article
_FILLERS = frozenset(  # words beside a number that say nothing of what it counts
    [
        "about",
        "around",
        "approximately",
        "roughly",
        "nearly",
        "exactly",
        "total",
        "of",
        "at",
        "most",
        "in",
        "on",
        "by",
        "per",
        "year",
        "us",
        "usd",
        "dollars",
        "is",
        "are",
        "was",
        "were",
        "had",
        "has",
        "have",
        "it",
    ]
)
_NEGATION = (
    r"(?:\b(?:not|never|nor|instead of|rather than|unlike)|n't|\b(?:is|are|was|were|do|does|did|has|have)nt)"
)
_REJECTS = re.compile(  # what stands before something that is rejected: "not in", "rather than the"
    rf"{_NEGATION}(?: (?:in|at|on|by|to|from|of|for|the|an|a|about))*\W*$", re.IGNORECASE
)


def normalise(text: str) -> str:
    """Lower case, no punctuation, no articles, single spaces.

    SQuAD's normalisation, with Unicode compatibility forms folded, a dash between words read as a space, and a
    capital A within a sentence kept ("hepatitis A"). Commas inside numbers go with the punctuation, so ``1,234`` is
    ``1234``.
    """
    return _remembered(text) if len(text) <= SHORT else _normalised(text)


def _normalised(text: str) -> str:
    text = unicodedata.normalize("NFKC", text)
    text = _LETTER_A.sub(f" {_KEPT_A}", text).lower()
    text = _DASHES.sub(" ", text).translate(_PUNCTUATION)
    return " ".join(_ARTICLES.sub(" ", text).replace(_KEPT_A, "a").split())


_remembered = lru_cache(1024)(_normalised)  # every metric normalises the same answers again


def squad_normalise(text: str) -> str:
    """SQuAD's official normalisation to the letter: dashes and quotes beyond ASCII stay."""
    plain = text.lower().translate(_ASCII_PUNCTUATION)
    return " ".join(_SQUAD_ARTICLES.sub(" ", plain).split())


NORMALISERS: dict[Normalisation, Callable[[str], str]] = {"lcrag": normalise, "squad": squad_normalise}


def exact_match(prediction: str, answers: Sequence[str], normalisation: Normalisation = "lcrag") -> float:
    """1 when the normalised prediction is one of the normalised answers."""
    normal = NORMALISERS[normalisation]
    return float(normal(prediction) in {normal(a) for a in answers})


def contains(prediction: str, answers: Sequence[str]) -> float:
    """1 when a gold answer stands in the prediction.

    Best subspan EM (Liu et al. 2023, arXiv 2307.03172, section 2.3) on word boundaries, so that ``3`` is not in
    ``1832``. Ours: what the prediction rejects ("not 24 months but 36") does not count, and a gold answer that is a
    number or a date counts within the precision that is given (``quantities``).
    """
    return float(any(_contains(prediction, answer) for answer in answers))


@lru_cache(256)  # several metrics ask the same of an answer
def _contains(prediction: str, answer: str) -> bool:
    gold = normalise(answer)
    if not gold:
        return False
    wanted, words = numeric(answer)
    if wanted:
        return _has_quantities(prediction, wanted, words)
    text = normalise(prediction)
    places = [m.start() for m in re.finditer(rf"(?<!\S){re.escape(gold)}(?!\S)", text)]
    return any(not _REJECTS.search(text[:place]) for place in places)


def numeric(answer: str, question: str = "") -> tuple[list[Quantity], list[str]]:
    """The quantities of a gold answer that is little else, and its other words; nothing for other answers.

    What the question says already does not count.
    """
    asked, asked_rest = split_quantities(question)
    spans, rest = split_quantities(answer)
    wanted = [q for _, q in spans if not any(q.agrees(a) for _, a in asked)]
    known = _FILLERS.union(normalise(asked_rest).split())
    words = [w for w in normalise(rest).split() if w not in known]
    return (wanted, words) if wanted and len(words) <= 2 * len(wanted) else ([], [])


def _has_quantities(prediction: str, wanted: Sequence[Quantity], words: Sequence[str]) -> bool:
    present, quantities = asserted_quantities(prediction)
    return all_agree(wanted, quantities) and 2 * sum(w in present for w in words) >= len(words)


def asserted_quantities(text: str) -> tuple[set[str], list[Quantity]]:
    """The words of a text, and its quantities without those that it rejects."""
    spans, rest = split_quantities(text)
    return set(normalise(rest).split()), [q for place, q in spans if not _REJECTS.search(text[:place])]


def token_f1(prediction: str, answers: Sequence[str], normalisation: Normalisation = "lcrag") -> float:
    """The best token F1 over the answers: bags of normalised words."""
    normal = NORMALISERS[normalisation]
    return max((_f1(normal(prediction).split(), normal(a).split()) for a in answers), default=0.0)


def token_recall(prediction: str, answers: Sequence[str], question: str = "") -> float:
    """The share of an answer's normalised words that the prediction has, the best over the answers.

    Unlike F1 it does not punish an answer for being a whole sentence. Words of the question do not count, where the
    gold answer has others. A gold answer that is a number or a date counts in full or not at all, as in ``contains``.
    """
    return max((_recall(prediction, answer, question) for answer in answers), default=0.0)


def _recall(prediction: str, answer: str, question: str) -> float:
    wanted, words = numeric(answer, question)
    if wanted:
        return float(_has_quantities(prediction, wanted, words))
    gold = normalise(answer).split()
    asked = set(normalise(question).split())
    counted = Counter([w for w in gold if w not in asked] or gold)
    shared = Counter(normalise(prediction).split()) & counted
    return sum(shared.values()) / sum(counted.values()) if counted else 0.0


def _f1(prediction: list[str], gold: list[str]) -> float:
    if not prediction or not gold:
        return float(prediction == gold)
    shared = sum((Counter(prediction) & Counter(gold)).values())
    return 2 * shared / (len(prediction) + len(gold))
