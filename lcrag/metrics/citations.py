"""Whether the passages that an answer cites support it: L-CiteEval's scores (Tang et al. 2024, arXiv 2410.02115)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from lcrag.errors import LcragError
from lcrag.metrics.text import normalise

Entails = Callable[[str, str], bool]
MAX_CITATIONS = 3  # of a sentence that count, as published
LEXICAL_SHARE = 0.8  # of the words of a claim that must stand in the passages
MAX_RANGE = 100  # numbers in a range; of a longer one only the ends are read
_DASH = r"\s*[-\u2013\u2014]\s*"
_PART = rf"\d{{1,9}}(?:{_DASH}\d{{1,9}})?"  # a number or a range
_CITED = re.compile(rf"\[\s*({_PART}(?:\s*[,;]\s*{_PART})*)\s*\]")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?!\[)|(?<=\])\s+(?!\[)|\n+")


def cited_numbers(text: str) -> list[int]:
    """Every number in square brackets, in order: ``[1]``, ``[1][2]``, ``[1, 2]`` and ``[1-3]``."""
    numbers: list[int] = []
    for part in (part for inside in _CITED.findall(text) for part in re.split("[,;]", inside)):
        ends = [int(n) for n in re.split(_DASH, part.strip())]
        is_range = ends[0] <= ends[-1] < ends[0] + MAX_RANGE
        numbers += range(ends[0], ends[-1] + 1) if is_range else ends
    return numbers


def without_citations(text: str) -> str:
    """The text without its bracketed numbers."""
    return re.sub(r"\s+([.,;!?])", r"\1", _CITED.sub("", text)).strip()


def citation_scores(
    text: str, passages: Sequence[str], entailment: str | Entails = "lexical"
) -> dict[str, float]:
    """``citation_recall``, ``citation_precision`` and ``citation_f1`` of an answer, 0 to 1.

    Recall is the share of sentences that are entailed by their cited passages together; a sentence without a
    citation, or with one out of range, counts as not entailed. Precision is the share of citations that are
    needed: a citation is superfluous if it alone does not entail the sentence and the others do. Both use the first
    three citations of a sentence.

    Args:
        text: the answer with its citations, numbered from 1.
        passages: the passages that the citations number, the first one being 1.
        entailment: ``lexical``, the Hugging Face name of an NLI cross-encoder, or a function of premise and
            hypothesis.
    """
    entails = entailment if callable(entailment) else entailment_by(entailment)
    sentences = [s for s in _SENTENCE.split(text) if without_citations(s)]
    supported, needed, cited = 0, 0, 0
    for sentence in sentences:
        numbers = cited_numbers(sentence)[:MAX_CITATIONS]
        cited += len(numbers)
        if not numbers or any(not 1 <= n <= len(passages) for n in numbers):
            continue
        premises = [passages[n - 1] for n in numbers]
        claim = without_citations(sentence)
        if not entails(" ".join(premises), claim):
            continue
        supported += 1
        for i, premise in enumerate(premises):
            others = " ".join(p for j, p in enumerate(premises) if j != i)
            superfluous = len(premises) > 1 and not entails(premise, claim) and entails(others, claim)
            needed += not superfluous
    recall = supported / len(sentences) if sentences else 0.0
    precision = needed / cited if cited else 0.0
    f1 = 2 * recall * precision / (recall + precision) if recall + precision else 0.0
    return {"citation_recall": recall, "citation_precision": precision, "citation_f1": f1}


def lexically_entails(premise: str, hypothesis: str) -> bool:
    """Whether four in five of the hypothesis' words stand in the premise: needs no model."""
    words = normalise(hypothesis).split()
    premise_words = set(normalise(premise).split())
    return bool(words) and sum(w in premise_words for w in words) / len(words) >= LEXICAL_SHARE


def entailment_by(name: str) -> Entails:
    """The entailment test by its name: ``lexical``, or an NLI cross-encoder from Hugging Face.

    Raises:
        LcragError: the model cannot be loaded or has no label "entailment".
    """
    return lexically_entails if name == "lexical" else _by_model(name)


@cache
def _by_model(name: str) -> Entails:
    try:
        from sentence_transformers import CrossEncoder

        model: Any = CrossEncoder(name)
    except (ImportError, OSError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise LcragError(f"The entailment model {name!r} could not be loaded: {reason}") from error
    labels = {str(v).lower(): int(k) for k, v in model.config.id2label.items()}
    if "entailment" not in labels:
        raise LcragError(
            f"{name} is not an NLI model: its labels are {', '.join(labels)}, none is entailment."
        )

    def entails(premise: str, hypothesis: str) -> bool:
        (scores,) = model.predict([(premise, hypothesis)])
        return bool(scores.argmax() == labels["entailment"])

    return entails
