"""What an application remembers of its answers, so that feedback on them can be taken and learned from."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from lcrag.errors import LcragError
from lcrag.metrics.base import Metric
from lcrag.routers.base import Decision, Router, check_candidate
from lcrag.routers.learning.bandit import LinearBandit
from lcrag.routers.learning.query import query_of
from lcrag.routers.learning.router import ReplayableRouter
from lcrag.routers.routed import Routed
from lcrag.runtime.toolbox import MeteredToolbox
from lcrag.schema import Answer, Question, Step
from lcrag.serving.drift import Drift, drift
from lcrag.serving.feedback_log import FeedbackLog, read_answers
from lcrag.serving.given import Feedback, score_against, score_of
from lcrag.serving.learner import LiveLearner
from lcrag.serving.observed import Metered, Observed
from lcrag.serving.served import ServedAnswer
from lcrag.strategies.base import Strategy

logger = logging.getLogger("lcrag")


class LiveFeedback:
    """Answers by a strategy and remembers in a folder what was decided; takes feedback.

    Args:
        strategy: a strategy, or a ``Routed`` one.
        folder: where answers and feedback are kept; ``None``: nowhere, and then no feedback is taken.
        metric: scores an answer against a gold answer.
        learn: whether a bandit explores and goes on learning.
    """

    def __init__(
        self, strategy: Strategy, folder: Path | str | None, metric: Metric, learn: bool = True
    ) -> None:
        self.strategy, self.metric = strategy, metric
        self.log = None if folder is None else FeedbackLog(folder)
        self._observed: dict[str, Observed] = {}
        self._taking = threading.Lock()
        self._learner: LiveLearner | None = None
        if learn and self.log and isinstance(strategy, Routed) and isinstance(strategy.router, LinearBandit):
            names = [s.name for s in strategy.strategies]
            self._learner = LiveLearner(strategy.router, names, self.log.folder)
            self._learner.learn(self.log.new_feedback())

    @property
    def router(self) -> Router | None:
        """The router as it is now: one that learns has learned from the feedback; ``None`` if there is none."""
        if self._learner is not None:
            return self._learner.router
        return self.strategy.router if isinstance(self.strategy, Routed) else None

    async def answer(
        self, question: Question, tools: MeteredToolbox, strategy: Strategy | None = None
    ) -> Answer:
        """The strategy's answer; what led to it is kept for ``remember``.

        Args:
            question: the question.
            tools: the question's toolbox.
            strategy: the one that answers this question, if it is not the application's as it stands.
        """
        strategy = self.strategy if strategy is None else strategy
        if self.log is None:
            return await strategy.answer(question, tools)
        if isinstance(strategy, Routed):
            return await self._routed(strategy, question, tools)
        before = tools.ledger
        answer = await strategy.answer(question, tools)
        usage, query = tools.ledger - before, await query_of(question, tools)
        name = strategy.name
        self._observed[question.id] = Observed(query, Decision(name), (name,), "", usage)
        return answer

    async def _routed(self, routed: Routed, question: Question, tools: MeteredToolbox) -> Answer:
        """As ``Routed`` answers, with what the router saw and what the chosen strategy took."""
        is_own = isinstance(self.strategy, Routed) and routed.router is self.strategy.router
        router = (self.router if is_own else None) or routed.router
        candidates = {s.name: s for s in routed.strategies}
        if isinstance(router, ReplayableRouter) and type(router).route is ReplayableRouter.route:
            query = await router.observe(question, {s.name: Metered(s) for s in routed.strategies}, tools)
            if is_own and self._learner is not None and isinstance(router, LinearBandit):
                (decision,) = router.draw([query], list(candidates), np.random.default_rng())
            else:
                (decision,) = router.choose([query], list(candidates))
            check_candidate(decision.strategy, candidates, router.name)
            decision = replace(decision, answer=query.answers.get(decision.strategy))
        else:
            decision = await router.route(question, candidates, tools)
            query = await query_of(question, tools)
        before = tools.ledger
        answer = decision.answer or await candidates[decision.strategy].answer(question, tools)
        usage = decision.answer.usage if decision.answer else tools.ledger - before
        self._observed[question.id] = Observed(query, decision, tuple(candidates), router.name, usage)
        return replace(answer, steps=(Step("route", decision.reason, decision.strategy), *answer.steps))

    def remember(self, question: Question, answer: Answer, window: float) -> str:
        """Write down an answer; returns its id."""
        id = uuid.uuid4().hex
        observed = self._observed.pop(question.id, None)
        if self.log is None or observed is None:
            return id
        query, decision = observed.query, observed.decision
        served = ServedAnswer(
            id=id,
            time=_now(),
            question=question.text,
            documents=question.document_ids,
            kind=question.kind,
            model=query.model,
            router=observed.router,
            strategy=decision.strategy,
            candidates=observed.candidates,
            propensity=decision.propensity,
            features=dict(query.features),
            tokens=query.tokens,
            window=window,
            answer=answer.text,
            declined=answer.declined,
            usage={role: asdict(amounts) for role, amounts in observed.usage.entries.items()},
            signals={s: dict(values) for s, values in query.signals.items()},
            embedding=None if query.embedding is None else tuple(map(float, query.embedding)),
        )
        try:
            self.log.add_answer(served)
        except LcragError as error:  # the answer is paid for; only feedback on it is lost
            logger.warning("No feedback can be taken on answer %s: %s", id, error)
        return id

    def take(
        self,
        id: str,
        score: float | None = None,
        thumb: bool | None = None,
        gold: str | Sequence[str] | None = None,
    ) -> Feedback:
        """Append feedback on an answer.

        Raises:
            LcragError: there is no folder or no such answer, or not exactly one of score, thumb and gold is given.
        """
        log = self._log()
        served = log.answer(id)
        given = {"score": score, "thumb": thumb, "gold": gold}
        kinds = [kind for kind, value in given.items() if value is not None]
        if len(kinds) != 1:
            raise LcragError(f"Give either a score, a thumb or a gold answer for answer {id}.")
        value = score_of(score, thumb, id) if gold is None else score_against(gold, served, self.metric)
        rated = replace(served, score=value, source=kinds[0], rated=_now())
        with self._taking, log.locked():
            written = log.new_feedback()  # by other processes
            before = log.score_of(id)
            log.add_feedback(rated)
            written += log.new_feedback()
            if self._learner is not None:
                self._learner.learn(written)
        return Feedback(id, value, before)

    def drift(self) -> Drift:
        """The questions that were asked against those that the router learned from.

        Raises:
            LcragError: as ``drift``, or there is no folder.
        """
        answers, _, _ = read_answers(self._log().answers)
        return drift(self.router, answers)

    def _log(self) -> FeedbackLog:
        if self.log is None:
            raise LcragError(
                "This application keeps no feedback: give it a folder, `Application(..., feedback_folder=FOLDER)`."
            )
        return self.log


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
