"""L-CiteEval's correctness: the answer without its citations."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from lcrag.metrics.bags import agreement
from lcrag.metrics.pip_rouge import rouge_l, rouge_n
from lcrag.metrics.text import squad_normalise
from lcrag.schema import Answer, Question

SUMMARIES = ("qmsum", "gov_report", "multi_news")


@dataclass(frozen=True)
class LCiteEval:
    """How right an answer is without its citations: F1, ROUGE, counted stars (Tang et al. 2024, arXiv 2410.02115).

    Only the first line counts, ``[1]`` and the like are dropped. Questions have token F1, summaries ROUGE-L from the
    first colon on if they begin with a heading such as "Summary:", ``niah`` the recall of words, ``counting_stars``
    the share of the counts that are in the reply's JSON.

    Attributes:
        measure: What decides for questions; the paper prints precision and recall, each the best over the gold answers.

    Differs from the paper: the authors' script ends in an error for several gold summaries; here the best counts.
    """

    name: str = "lciteeval"
    measure: Literal["f1", "precision", "recall"] = "f1"

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 for questions of L-CiteEval's tasks with gold answers."""
        task = str(question.metadata.get("task", ""))
        if not question.answers or "passages" not in question.metadata:
            return None
        if task == "counting_stars":
            return _stars(answer.text, question.answers)
        text = answer.text.strip()
        if task in SUMMARIES and "summary" in text[:100].lower():
            text = text.partition(":")[2].strip()
        text = without_citations(text.partition("\n")[0])
        if task in SUMMARIES or task == "niah":
            return max(_rouge(text, gold, task) for gold in question.answers)
        words = squad_normalise(text).split()
        scores = (agreement(words, squad_normalise(gold).split()) for gold in question.answers)
        return max(float(getattr(score, self.measure)) for score in scores)


def without_citations(text: str) -> str:
    """The text without ``[1]`` as the authors drop it: a bar after a space and closing brackets go, too."""
    return re.sub(r"\[\d+", "", re.sub(r" \[\d+", "", text)).replace(" |", "").replace("]", "")


def found_object(text: str) -> dict[str, Any]:
    """The JSON object from the first brace to the first closing one; empty if there is none."""
    try:
        value = json.loads(text[text.index("{") : text.index("}") + 1])
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _rouge(text: str, gold: str, task: str) -> float:
    score = rouge_n(text, gold, 1) if task == "niah" else rouge_l(text, gold)
    if score is None:
        return 0.0
    return score.recall if task == "niah" else score.f1


def _stars(reply: str, golds: Sequence[str]) -> float:
    counts = found_object(reply.strip()).get("little_penguin")
    if not isinstance(counts, list):
        return 0.0
    return sum(str(count) in golds for count in counts[: len(golds)]) / len(golds)
