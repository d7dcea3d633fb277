"""What routers may see of each question of a run, with a first retrieval where a strategy has retrieved for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path
from sys import intern

from lcrag.errors import LcragError, reason
from lcrag.experiment.kept_features import KeptFeatures
from lcrag.routers.learning.query import query_of
from lcrag.runtime.resources import Resources
from lcrag.runtime.toolbox import MeteredToolbox
from lcrag.schema import Outcome, Question
from lcrag.tables import many


@dataclass
class _FeatureToolbox(MeteredToolbox):
    """A toolbox that need not ask a server for the reader's window.

    Attributes:
        window: The window in tokens, 0 where it is not known.
    """

    window: int = 0

    @property
    def context_window(self) -> int:
        """See ``window``."""
        return self.window


async def features_of(
    questions: Sequence[Question],
    outcomes: Sequence[Outcome],
    resources: Resources,
    window: float | None = None,
    folder: Path | None = None,
) -> tuple[dict[str, dict[str, float]], tuple[str, ...]]:
    """The features of each question; those that an earlier run in the folder has computed are taken over.

    Args:
        questions: the questions.
        outcomes: their outcomes.
        resources: documents and retriever.
        window: the reader's window where it is known from an earlier run; else the reader is asked for it.
        folder: the run's folder, in which features are kept; ``None`` keeps none.

    Returns:
        The features by question, and what went wrong with them, in sentences: a retrieval that fails leaves its
        features out.
    """
    problems: list[str] = []
    try:
        tokens = int(resources.reader.context_window if window is None else window)
    except Exception as error:  # its server is down; the answers are paid for
        tokens = 0
        problems.append(f"The window of {resources.reader.name} is not known ({reason(error)}).")
    kept: KeptFeatures | None = None
    try:
        kept = None if folder is None else KeptFeatures(folder, resources, tokens)
    except LcragError as error:
        problems.append(str(error))
    retrieved = {o.question_id for o in outcomes if any(step.name == "retrieve" for step in o.steps)}
    features: dict[str, dict[str, float]] = {}
    errors: list[Exception] = []
    for question in questions:
        retrieval = question.id in retrieved
        stored = kept.get(question, retrieval) if kept else None
        if stored is not None:
            features[question.id] = stored
            continue
        features[question.id], failure = await _computed(question, resources, tokens, retrieval)
        if failure is not None:
            errors.append(failure)
        elif kept:
            try:
                kept.add(question, retrieval, features[question.id])
            except LcragError as full:  # the answers are paid for: the run goes on and keeps no more features
                problems.append(str(full))
                kept = None
    if errors:
        whose = "their" if len(errors) > 1 else "its"
        problems.append(
            f"The features of {many(len(errors), 'question')} are incomplete: {whose} first retrieval failed "
            f"({reason(errors[0])})."
        )
    return features, tuple(problems)


async def _computed(
    question: Question, resources: Resources, window: int, retrieval: bool
) -> tuple[dict[str, float], Exception | None]:
    """The question's features, and why those of a first retrieval are missing."""
    tools = _FeatureToolbox(resources, salt="features", window=window)
    failure: Exception | None = None
    try:
        query = await query_of(question, tools, retrieval=retrieval)
    except Exception as error:  # the answers are paid for: the run goes on without these features
        failure = error
        query = await query_of(question, tools)
    # a name is one object, not one for each question
    features = {intern(f"feature_{k}"): float(v) for k, v in query.features.items()}
    return {"document_tokens": query.tokens, "window": float(window or nan), **features}, failure
