"""What every dataset promises."""

from __future__ import annotations

from lcrag.datasets.base import Dataset
from lcrag.testing.promises import promise


def check_dataset(dataset: Dataset) -> None:
    """Check a dataset: ids differ, evidence stands where it says, and a smaller choice is part of a larger one.

    Raises:
        AssertionError: a promise is broken; the message names it.
        LcragError: what ``Dataset.validate`` finds.
    """
    label = dataset.name
    promise(bool(dataset.questions), f"{label}: there are no questions.")
    dataset.validate()
    few, more = (dataset.take(n) for n in (1, min(3, len(dataset.questions))))
    promise(len(few.questions) == 1, f"{label}: take(1) must give one question.")
    promise(
        {q.id for q in few.questions} <= {q.id for q in more.questions},
        f"{label}: what take(1) chooses must be among what take(3) chooses.",
    )
    promise(dataset.digest == dataset.take().digest, f"{label}: taking all questions must change nothing.")
    for question in dataset.questions:
        promise(bool(question.text.strip()), f"{label}: question {question.id} has no text.")
        promise(bool(question.document_ids), f"{label}: question {question.id} names no document.")
        promise(
            not (question.answers and not question.answerable),
            f"{label}: question {question.id} has answers, but is said not to be answerable.",
        )
