"""Entities with their types, line by line."""

from __future__ import annotations

from dataclasses import dataclass

from lcrag.metrics.official.gold import gold_json
from lcrag.schema import Answer, Question


@dataclass(frozen=True)
class EntityPairs:
    """F1 of ``Entity: Type`` lines (LongICLBench, Li et al. 2024, arXiv 2404.02060, ``fewnerd_evaluate.py``).

    The gold answer is a JSON object. The first line that is no pair, or begins with ``Sentence``, ends the answer; what
    stands before a repetition of the sentence is not read.

    Differs from the paper: the authors count pairs over all sentences (micro F1); here each sentence has an F1 of its
    own, which a mean over sentences weights alike.
    """

    name: str = "entity_pairs"

    def score(self, question: Question, answer: Answer) -> float | None:
        """From 0 to 1 where the gold entities are known."""
        gold = gold_json(question, dict)
        if gold is None:
            return None
        pairs = parsed_pairs(answer.text, str(question.metadata.get("sentence", "")))
        shared = sum(gold.get(entity) == kind for entity, kind in pairs.items())
        return 2 * shared / (len(pairs) + len(gold)) if pairs or gold else 1.0


def parsed_pairs(text: str, sentence: str) -> dict[str, str]:
    """The entities of a reply; a later line replaces an earlier one on the same entity."""
    pairs = {}
    for line in (text.split(sentence)[-1] if sentence and sentence in text else text).strip().split("\n"):
        if ": " not in line or line.lower().startswith("sentence"):
            break
        entity, kind, *_ = line.split(": ")
        pairs[entity] = kind
    return pairs
