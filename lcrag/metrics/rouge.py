"""ROUGE of an answer that is a summary."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from lcrag.metrics.base import wants_free_text
from lcrag.metrics.library import require
from lcrag.schema import Answer, Question
from retrievers.chunkers.sentence import sentences

Variant = Literal["rouge1", "rouge2", "rougeL", "rougeLsum"]
Measure = Literal["fmeasure", "recall", "precision"]


@dataclass(frozen=True)
class Rouge:
    """Words or runs of words that the answer shares with a gold answer (ROUGE, Lin 2004).

    Computed by Google's library rouge-score. Of several gold answers the one with the highest F-measure counts, as in
    the library and in SQuALITY (Wang et al. 2022, arXiv 2205.11465). The library reads only the letters a-z and digits,
    so that it cannot score texts in other alphabets.

    Attributes:
        variant: ``rouge1`` and ``rouge2`` count words and pairs of words, ``rougeL`` the longest common subsequence,
            ``rougeLsum`` the same sentence by sentence.
        measure: ``fmeasure``, ``recall`` or ``precision``.
        stemmer: Whether "kites" counts as "kite" (Porter's stemmer): yes in SQuALITY and SCROLLS, no in L-Eval.

    Raises:
        LcragError: rouge-score is not installed.

    Differs from the paper: sentences of ``rougeLsum`` are split by pysbd; SQuALITY's script splits them by NLTK.
    """

    name: str = "rouge"
    variant: Variant = "rougeL"
    measure: Measure = "fmeasure"
    stemmer: bool = True

    def __post_init__(self) -> None:
        require("rouge", "rouge_score")

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 for free text, where a gold answer has something to share: one word has no pair of words."""
        if not wants_free_text(question):
            return None
        scorer = _scorer(self.variant, self.stemmer)
        golds = [self._lines(gold) for gold in question.answers]
        counted: Variant = "rouge2" if self.variant == "rouge2" else "rouge1"
        counter = _scorer(counted, self.stemmer)  # counting is quicker than a common subsequence
        golds = [gold for gold in golds if counter.score(gold, gold)[counted].fmeasure]
        if not golds:
            return None
        best = scorer.score_multi(golds, self._lines(answer.text))[self.variant]
        return float(getattr(best, self.measure))

    def _lines(self, text: str) -> str:
        """A sentence on each line, as ``rougeLsum`` expects it."""
        if self.variant != "rougeLsum":
            return text
        return "\n".join(" ".join(text[start:end].split()) for start, end in sentences(text))


@cache
def _scorer(variant: Variant, stemmer: bool) -> Any:
    from rouge_score.rouge_scorer import RougeScorer

    return RougeScorer([variant], use_stemmer=stemmer)
