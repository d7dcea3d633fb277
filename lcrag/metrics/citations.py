"""Whether the passages that an answer cites support it: L-CiteEval's scores (Tang et al. 2024, arXiv 2410.02115)."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from lcrag.errors import LcragError
from lcrag.metrics.text import normalise

Entails = Callable[[str, str], bool]
MOST = 3  # citations of a sentence that count, as published
LEXICAL = 0.8
_CITED = re.compile(r"\[(\d+)\]")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?!\[)|(?<=\])\s+(?!\[)|\n+")


def cited_numbers(text: str) -> list[int]:
    """Every number in square brackets, in order."""
    return [int(n) for n in _CITED.findall(text)]


def without_citations(text: str) -> str:
    """The text without its bracketed numbers."""
    return re.sub(r"\s+([.,;!?])", r"\1", _CITED.sub("", text)).strip()


def citation_scores(
    text: str, passages: Sequence[str], entailment: str | Entails = "lexical"
) -> dict[str, float]:
    """``citation_recall``, ``citation_precision`` and ``citation_f1`` of an answer, 0 to 1.

    Recall is the share of sentences that their cited passages, put together, entail; a sentence without a
    citation, or with one out of range, counts as not entailed. Precision is the share of citations that are
    needed: one is superfluous if it does not entail the sentence alone and the others do without it. Both use
    the first three citations of a sentence.

    Args:
        text: the answer with its citations, numbered from 1.
        passages: what the numbers mean.
        entailment: ``lexical``, the Hugging Face name of an NLI cross-encoder, or a function of premise and
            hypothesis.
    """
    entails = entailment if callable(entailment) else entailment_by(entailment)
    sentences = [s for s in _SENTENCE.split(text) if without_citations(s)]
    supported, kept, cited = 0, 0, 0
    for sentence in sentences:
        numbers = cited_numbers(sentence)[:MOST]
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
            kept += not superfluous
    recall = supported / len(sentences) if sentences else 0.0
    precision = kept / cited if cited else 0.0
    f1 = 2 * recall * precision / (recall + precision) if recall + precision else 0.0
    return {"citation_recall": recall, "citation_precision": precision, "citation_f1": f1}


def lexically_entails(premise: str, hypothesis: str) -> bool:
    """Whether four in five of the hypothesis' words stand in the premise: a stand-in without a model."""
    words = normalise(hypothesis).split()
    known = set(normalise(premise).split())
    return bool(words) and sum(w in known for w in words) / len(words) >= LEXICAL


def entailment_by(name: str) -> Entails:
    """The test of that name: ``lexical``, else an NLI cross-encoder from Hugging Face.

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
        said = str(error).strip().splitlines()[0]
        raise LcragError(f"The entailment model {name!r} could not be loaded: {said}") from error
    labels = {str(v).lower(): int(k) for k, v in model.config.id2label.items()}
    if "entailment" not in labels:
        raise LcragError(f"{name} is no NLI model: its labels are {', '.join(labels)}, none is entailment.")

    def entails(premise: str, hypothesis: str) -> bool:
        (scores,) = model.predict([(premise, hypothesis)])
        return bool(scores.argmax() == labels["entailment"])

    return entails
