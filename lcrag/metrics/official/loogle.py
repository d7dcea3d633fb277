"""LooGLE's scorers that need no judge."""

from __future__ import annotations

import ast
import math
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from lcrag.metrics.pip_rouge import rouge_l, rouge_n
from lcrag.schema import Answer, Question

Measure = Literal["rougeL", "rouge1", "rouge2", "bleu1", "bleu4"]


@dataclass(frozen=True)
class Loogle:
    """LooGLE's score without a judge: recall of words, or the share of masks filled (Li et al. 2023, arXiv 2311.04939).

    Questions and summaries have ROUGE by recall, so that long answers win, or BLEU; an empty reply is read as "None".
    ``shortdep_cloze`` is the share of masks that the reply, a dictionary, fills with the gold words.

    Attributes:
        measure: What decides for questions and summaries. ``bleu4`` is the precision of four words alone, as the
        authors'
            weights have it.
        match: ``exact`` wants a mask's very words, ``partial`` one of them.
        variant: ``official`` reads a reply that is a dictionary and nothing else; ``fixed`` finds one in the reply.

    Differs from the paper: the authors pool masks over all questions, and their main figure for questions is GPT-4's
    judgement. METEOR and BERTScore are not here, and a reply is never run as Python, as theirs is.
    """

    name: str = "loogle"
    measure: Measure = "rougeL"
    match: Literal["exact", "partial"] = "exact"
    variant: Literal["official", "fixed"] = "official"

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 for questions of LooGLE's tasks with gold answers."""
        masks = question.metadata.get("masks")
        if isinstance(masks, Mapping) and masks:
            return self._filled(answer.text, masks)
        if not question.answers or "masks" not in question.metadata:
            return None
        return max(self._similar(answer.text or "None", gold) for gold in question.answers)

    def _filled(self, reply: str, masks: Mapping[str, Any]) -> float:
        if self.variant == "fixed":
            inside = re.search(r"\{.*\}", reply, re.DOTALL)
            reply = inside[0] if inside else reply
        try:
            filled = ast.literal_eval(reply.strip())
        except (ValueError, SyntaxError, RecursionError, MemoryError, TypeError):
            return 0.0
        if not isinstance(filled, dict):
            return 0.0
        return sum(self._right(filled.get(mask), gold) for mask, gold in masks.items()) / len(masks)

    def _right(self, word: object, gold: object) -> bool:
        if self.match == "exact":
            return word == gold
        return isinstance(word, str) and bool(set(word.split()) & set(str(gold).split()))

    def _similar(self, reply: str, gold: str) -> float:
        if self.measure.startswith("bleu"):
            return _bleu(reply.split(), gold.split(), int(self.measure[-1]))
        runs = {"rouge1": 1, "rouge2": 2}.get(self.measure)
        rouge = rouge_n(reply, gold, runs) if runs else rouge_l(reply, gold)
        return rouge.recall if rouge else 0.0


def _bleu(words: list[str], gold: list[str], n: int) -> float:
    """Precision of runs of ``n`` words by the penalty for shortness (NLTK); 0 where no word is shared."""
    if not set(words) & set(gold):
        return 0.0
    runs, wanted = (
        Counter(tuple(side[i : i + n]) for i in range(len(side) - n + 1)) for side in (words, gold)
    )
    precision = sum((runs & wanted).values()) / max(1, sum(runs.values()))
    penalty = 1.0 if len(words) > len(gold) else math.exp(1 - len(gold) / len(words))
    return precision * penalty
