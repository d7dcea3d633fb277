"""Questions that a run would pay for and could not score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lcrag.metrics.score import score
from lcrag.schema import Answer, Passage, Question
from lcrag.tables import many


def unscored(questions: Sequence[Question], metric: str) -> Iterator[str]:
    """Say in a sentence how many questions have no gold answer, and to how many more the metric does not apply."""
    without = [q for q in questions if not applies(metric, q)]
    no_gold = [q for q in without if q.answerable and not q.answers]
    of_all = f"of {many(len(questions), 'question')}"
    if no_gold:
        have = "have" if len(questions) > 1 else "has"
        yield f"{len(no_gold)} {of_all} {have} no gold answer: {_run(len(no_gold))}, but not scored."
    if rest := len(without) - len(no_gold):
        yield f"The metric {metric} does not apply to {rest} {of_all}: {_run(rest)}, but not scored."


def applies(metric: str, question: Question) -> bool:
    """Whether the metric scores an answer to this question that gives everything a metric could look at."""
    evidence = (Passage("?", question.document_ids[0] if question.document_ids else "", 0, 1),)
    text = question.answers[0] if question.answers else "?"
    return metric in score(question, Answer(text, evidence, notes={"facts": 1.0}, quotes=("?",)))


def _run(count: int) -> str:
    return "they are run" if count > 1 else "it is run"
