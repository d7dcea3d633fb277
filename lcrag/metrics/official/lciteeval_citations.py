"""L-CiteEval's citations: whether what is cited supports what is said."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Literal

from lcrag.metrics.citations import MAX_CITATIONS, Entails, entailment_by
from lcrag.metrics.official.lciteeval import found_object, without_citations
from lcrag.schema import Answer, Question
from retrievers.chunkers.sentence import sentences

_CITED = re.compile(r"\[(\d+)")


@dataclass(frozen=True)
class LCiteEvalCitations:
    """How well an answer cites the passages of the prompt (Tang et al. 2024, arXiv 2410.02115).

    Recall is the share of sentences that the first three passages they cite entail together; precision the share of
    citations that are needed. ``niah`` and ``counting_stars`` know the right passages and need no model.

    Attributes:
        measure: ``f1`` of both, ``recall`` or ``precision``.
        entailment: The Hugging Face name of an NLI model, in the paper ``tasksource/deberta-base-long-nli``, or
            ``lexical``, which needs none; empty leaves answers out that need a model.

    Differs from the paper: sentences are split by pysbd, not NLTK. Answers from retrieved passages, which have
    numbers of their own, are left out.
    """

    name: str = "lciteeval_citations"
    measure: Literal["f1", "recall", "precision"] = "f1"
    entailment: str = ""

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 for questions of L-CiteEval, where a model is named or none is needed.

        Raises:
            LcragError: the model cannot be loaded.
        """
        passages = question.metadata.get("passages")
        if not isinstance(passages, list | tuple) or answer.evidence:
            return None
        task = str(question.metadata.get("task", ""))
        right = {int(number) for number in question.metadata.get("gold_passages", ())}
        if task == "counting_stars":
            listed = found_object(answer.text.strip()).get("passage_id")
            numbers = {n for n in listed if isinstance(n, int)} if isinstance(listed, list) else set()
            return self._measured(*_overlap(numbers, right))
        if task == "niah":
            line = answer.text.strip().partition("\n")[0]
            return self._measured(*_overlap([int(n) for n in _CITED.findall(line)][:MAX_CITATIONS], right))
        if not self.entailment:
            return None
        return self._measured(*_entailed(answer.text, passages, entailment_by(self.entailment)))

    def _measured(self, recall: float, precision: float) -> float:
        if self.measure == "f1":
            return 2 * recall * precision / (recall + precision) if recall + precision else 0.0
        return recall if self.measure == "recall" else precision


def _overlap(numbers: Collection[int], right: Collection[int]) -> tuple[float, float]:
    hits = len(set(numbers) & set(right))
    return (hits / len(right), hits / len(numbers)) if numbers and right else (0.0, 0.0)


def _entailed(text: str, passages: Sequence[str], entails: Entails) -> tuple[float, float]:
    parts = [text[start:end] for start, end in sentences(text)]
    supported = needed = cited = 0
    for part in parts:
        numbers = [int(n) for n in _CITED.findall(part)]
        if not numbers or any(not 1 <= n <= len(passages) for n in numbers):
            continue
        premises = [f"Passage: {passages[n - 1]}" for n in numbers[:MAX_CITATIONS]]
        cited += len(premises)
        claim = without_citations(part).strip()
        if not entails("\n".join(premises), claim):
            continue
        supported += 1
        needed += sum(_needed(i, premises, claim, entails) for i in range(len(premises)))
    return (supported / len(parts) if parts else 0.0), (needed / cited if cited else 0.0)


def _needed(i: int, premises: Sequence[str], claim: str, entails: Entails) -> bool:
    """A citation is superfluous if it alone does not entail the claim and the others do."""
    if len(premises) == 1 or entails(premises[i], claim):
        return True
    return not entails("\n".join([*premises[:i], *premises[i + 1 :]]), claim)
