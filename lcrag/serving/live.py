"""What an application remembers of its answers, so that feedback on them can be taken and learned from."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from lcrag.errors import LcragError
from lcrag.metrics.base import Metric
from lcrag.routers.base import Decision, Router, check_candidate
from lcrag.routers.learning.bandit import LinearBandit
from lcrag.routers.learning.query import query_of
from lcrag.routers.learning.router import ReplayableRouter
from lcrag.routers.routed import Routed
from lcrag.schema import Answer, Question, Step
from lcrag.serving.drift import Drift, drift
from lcrag.serving.feedback_log import FeedbackLog, read_answers
from lcrag.serving.learner import LiveLearner
from lcrag.serving.observed import Metered, Observed
from lcrag.serving.served import ServedAnswer
from lcrag.strategies.base import Strategy, Toolbox

logger = logging.getLogger("lcrag")


@dataclass(frozen=True)
class Feedback:
    """Feedback that was taken.

    Attributes:
        id: the answer's.
        score: from 0 to 1.
        replaces: the score that the answer had before; ``None`` if it had none.
    """

    id: str
    score: float
    replaces: float | None = None

    def __str__(self) -> str:
        before = "" if self.replaces is None else f", in place of {self.replaces:.2f}: the last one counts"
        return f"Answer {self.id} scores {self.score:.2f}{before}."


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

    async def answer(self, question: Question, tools: Toolbox) -> Answer:
        """The strategy's answer; what led to it is kept for ``remember``."""
        if self.log is None:
            return await self.strategy.answer(question, tools)
        router = self.router
        if isinstance(self.strategy, Routed) and router is not None:
            return await self._routed(self.strategy.strategies, router, question, tools)
        answer = await self.strategy.answer(question, tools)
        name = self.strategy.name
        query = await query_of(question, tools)
        self._observed[question.id] = Observed(query, Decision(name), (name,), "", None)
        return answer

    async def _routed(
        self, strategies: Sequence[Strategy], router: Router, question: Question, tools: Toolbox
    ) -> Answer:
        """As ``Routed`` answers, with what the router saw and what each strategy took alone."""
        candidates: dict[str, Strategy] = {s.name: Metered(s) for s in strategies}
        if isinstance(router, ReplayableRouter) and type(router).route is ReplayableRouter.route:
            query = await router.observe(question, candidates, tools)
            if isinstance(router, LinearBandit) and self._learner is not None:
                (decision,) = router.draw([query], list(candidates), np.random.default_rng())
            else:
                (decision,) = router.choose([query], list(candidates))
            check_candidate(decision.strategy, candidates, router.name)
            decision = replace(decision, answer=query.answers.get(decision.strategy))
        else:
            decision = await router.route(question, {s.name: s for s in strategies}, tools)
            query = await query_of(question, tools)
        answer = decision.answer or await candidates[decision.strategy].answer(question, tools)
        self._observed[question.id] = Observed(
            query, decision, tuple(candidates), router.name, answer.usage if answer.usage.entries else None
        )
        step = Step("route", decision.reason, decision.strategy)
        return replace(answer, steps=(step, *answer.steps))

    def remember(self, question: Question, answer: Answer, window: float) -> str:
        """Write down an answer, whose ``usage`` is all that the question took; returns its id."""
        id = uuid.uuid4().hex
        observed = self._observed.pop(question.id, None)
        if self.log is None or observed is None:
            return id
        query, decision = observed.query, observed.decision
        usage = answer.usage if observed.usage is None else observed.usage
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
            usage={role: asdict(amounts) for role, amounts in usage.entries.items()},
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
        value = _score(score, thumb, id) if gold is None else self._against(gold, served)
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

    def _against(self, gold: str | Sequence[str], served: ServedAnswer) -> float:
        """The answer's score by the metric.

        Raises:
            LcragError: the metric does not apply.
        """
        answers = (gold,) if isinstance(gold, str) else tuple(gold)
        question = Question(served.id, served.question, served.documents, answers, served.kind)
        value = None
        if answers and all(isinstance(a, str) and a.strip() for a in answers):
            value = self.metric.score(question, Answer(served.answer, declined=served.declined))
        if value is None:
            raise LcragError(
                f"The metric {self.metric.name} does not score answer {served.id} against {gold!r}: give a gold answer "
                "that is a text, or a score from 0 to 1."
            )
        return float(value)


def _score(score: Any, thumb: Any, id: str) -> float:
    if thumb is not None:
        if not isinstance(thumb, bool):
            raise LcragError(f"The thumb for answer {id} must be true or false, not {thumb!r}.")
        return float(thumb)
    if isinstance(score, bool) or not isinstance(score, int | float) or not 0 <= score <= 1:
        raise LcragError(f"The score of answer {id} must be a number from 0 to 1, not {score!r}.")
    return float(score)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
