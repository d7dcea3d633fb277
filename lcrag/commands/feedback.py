"""An application's feedback on the command line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lcrag.errors import LcragError

if TYPE_CHECKING:
    from lcrag.routers.learning.examples import Examples


def feedback_at(
    router: Any,
    path: Path,
    strategies: Sequence[str] | None,
    kinds: Sequence[str] | None,
    cost: str,
    cache: str,
) -> Examples:
    """What routers learn from in a folder of feedback.

    Raises:
        LcragError: there is no feedback, or none of these kinds, or the router does not learn from any.
    """
    from lcrag.routers.learning.bandit import LinearBandit
    from lcrag.serving.feedback_table import feedback_examples, read_feedback

    if not isinstance(router, LinearBandit):
        raise LcragError(
            f"Router {router.name} learns from questions that every strategy has answered, but feedback scores the "
            "strategy that answered only: take linucb or thompson, or run the questions through every strategy."
        )
    answers = read_feedback(path)
    if kinds and not (answers := [a for a in answers if a.kind in kinds]):
        raise LcragError(f"{path} has no feedback on questions of the kind {', '.join(kinds)}.")
    return feedback_examples(answers, strategies=strategies, cost=cost, cache=cache)  # type: ignore[arg-type]
