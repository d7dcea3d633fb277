"""BERTScore: how well the tokens of an answer match those of a gold answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from lcrag.judges.base import JudgedMetric, JudgeTools, Need, Verdict
from lcrag.metrics.base import wants_free_text
from lcrag.metrics.rouge import Measure
from lcrag.schema import Answer, Question

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class BertScore(JudgedMetric):
    """How well the answer's tokens match a gold answer's in meaning (Zhang et al. 2020, arXiv 1904.09675, section 3).

    Each token is matched with the most similar token of the other text by the cosine of their vectors: recall is the
    mean over the gold answer's tokens, precision over the answer's. The experiment's embedder reads both texts; the
    best gold answer counts. Scores of one embedder cannot be compared with those of another.

    Attributes:
        measure: ``fmeasure``, ``recall`` or ``precision``.

    Differs from the paper: vectors are the last layer of the experiment's embedder, not a layer tuned on human
    judgements; no idf weights, no baseline rescaling; a score below 0 is 0.
    """

    name: str = "bert_score"
    measure: Measure = "fmeasure"
    needs: ClassVar[frozenset[Need]] = frozenset({"gold"})

    def applies(self, question: Question, answer: Answer) -> bool:
        """Whether the question has gold answers in free text."""
        return wants_free_text(question)

    async def score(self, question: Question, answer: Answer, tools: JudgeTools) -> Verdict:
        """From 0 to 1 for free text, by the experiment's embedder; an empty answer has 0."""
        golds = [gold for gold in question.answers if gold.strip()]
        if not golds or not self.applies(question, answer):
            return Verdict(None, "There is no gold answer in free text.")
        if not answer.text.strip():
            return Verdict(0.0, "The answer is empty.")
        vectors, *gold_vectors = await tools.embed_tokens([answer.text, *golds])
        scores = [greedy_match(vectors, gold)[self.measure] for gold in gold_vectors]
        best = max(range(len(scores)), key=scores.__getitem__)
        return Verdict(min(1.0, max(0.0, scores[best])), f"The nearest gold answer is {golds[best]!r}.")


def greedy_match(answer: NDArray[np.float32], gold: NDArray[np.float32]) -> dict[Measure, float]:
    """Recall, precision and F-measure of two texts' unit vectors, shapes (tokens, dimension); 0 without tokens."""
    if not len(answer) or not len(gold):
        return {"recall": 0.0, "precision": 0.0, "fmeasure": 0.0}
    similarity = gold @ answer.T
    recall = float(similarity.max(axis=1).mean())
    precision = float(similarity.max(axis=0).mean())
    both = recall + precision
    return {
        "recall": recall,
        "precision": precision,
        "fmeasure": 2 * recall * precision / both if both > 0 else 0.0,
    }
