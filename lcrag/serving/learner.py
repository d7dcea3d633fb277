"""A bandit that learns from feedback as it comes."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from lcrag.routers.file import save_router
from lcrag.routers.learning.bandit import LinearBandit
from lcrag.serving.feedback_table import feedback_examples
from lcrag.serving.served import ServedAnswer

LEARNED = "learned.router"


class LiveLearner:
    """Holds a bandit and replaces it by one that has learned; the caller sees to it that one thread at a time learns.

    The feedback on disk is all that there is to keep: a bandit that learns from it again becomes the same one, since
    answers that it knows are not learned twice. The file that is saved is for others to read.

    Args:
        router: the bandit to begin with, fitted or not.
        strategies: what it chooses among.
        folder: where it is saved whenever it has learned.
    """

    def __init__(self, router: LinearBandit, strategies: Sequence[str], folder: Path) -> None:
        self.router = router
        self._strategies, self._folder = list(strategies), folder
        self._waiting: dict[str, ServedAnswer] = {}
        for module in (
            "pandas",
            "skops.io",
        ):  # takes seconds: now, not while the first feedback holds the lock
            import_module(module)

    def learn(self, feedback: Sequence[ServedAnswer]) -> None:
        """Learn from feedback; an unfitted bandit waits until there is enough to begin with."""
        scored = [a for a in feedback if a.strategy in self._strategies and a.score is not None]
        if self.router.learns:
            self._waiting |= {a.id: a for a in scored}
            scored = list(self._waiting.values())
        if not scored or (self.router.learns and len(scored) < self.router.warm_up):
            return
        self.router = self.router.learn(feedback_examples(scored, strategies=self._strategies))
        self._waiting.clear()
        save_router(self.router, self._folder / LEARNED)
