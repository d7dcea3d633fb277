"""What a router would have scored on questions that another one answered: estimates from feedback alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lcrag.errors import LcragError
from lcrag.routers.learning.bandit import LinearBandit
from lcrag.routers.learning.bandit_sums import answer_number
from lcrag.routers.learning.cost_lines import Matrix
from lcrag.routers.learning.encoding import Encoding
from lcrag.routers.learning.examples import Examples
from lcrag.routers.learning.parts import document_parts
from lcrag.routers.learning.router import ReplayableRouter
from lcrag.statistics.mean import Interval, clustered_mean
from lcrag.tables import human, interval, known, many, ruled, wrapped

FOLDS = 5
MIN_EFFECTIVE = 20  # answers; below it an estimate is noted as one not to rely on
RIDGE = 100.0  # of the model of scores; narrower on 400 answers of LaRA's table than 1 or 10, as good as by validation


@dataclass(frozen=True)
class OffPolicyValue:
    """What a router is estimated to score.

    Attributes:
        router: the router's name.
        ips: by inverse propensity scores: unbiased, and wide where the router agrees with what was logged by chance.
        snips: the same, self-normalised (Swaminathan and Joachims 2015): nearly unbiased, and mostly narrower.
        doubly_robust: a model of scores, corrected by inverse propensity scores (Dudík et al. 2011, arXiv 1103.4601).
        logged: the mean score of what was answered.
        cost: mean cost per query by ``snips``, in the examples' unit; NaN for routers that probe.
        effective: how many answers of equal weight would tell as much: (sum of weights)² / (sum of squared weights).
        left_out: answers whose strategy was certain: they tell nothing of others.
        learned: answers that the router has learned from, so that its value is flattered.
    """

    router: str
    ips: Interval
    snips: Interval
    doubly_robust: Interval
    logged: Interval
    cost: float
    effective: float
    left_out: int = 0
    learned: int = 0


def off_policy_value(
    router: ReplayableRouter,
    feedback: Examples,
    *,
    explores: bool = False,
    seed: int = 0,
    resamples: int = 9999,
) -> OffPolicyValue:
    """Estimate a router's mean score from feedback on answers that another router drew.

    The estimates stand on the propensities that were logged, and on feedback being given no more to one strategy's
    answers than to another's. Intervals are clustered by document.

    Args:
        router: a fitted router, or one that does not learn. A bandit that is not fitted is fitted on other documents.
        feedback: see ``feedback_examples``.
        explores: whether a bandit draws, or takes the strategy of highest expected value.
        seed: seeds folds and bootstrap.
        resamples: bootstrap samples.

    Raises:
        LcragError: these are no feedback, every strategy was certain, the router would have chosen none of what was
            answered, needs signals of a probe that were not logged, or does not learn from feedback.
    """
    if feedback.propensities is None:
        raise LcragError(
            "Values are estimated from feedback with propensities; replay routers on a full table."
        )
    is_drawn = ~np.isnan(feedback.scores).all(1) & (feedback.propensities < 1)
    data = feedback.take(np.flatnonzero(is_drawn))
    if data.propensities is None or not len(data):
        raise LcragError(
            "Every strategy in the feedback was certain (propensity 1), which tells nothing of others: let a bandit or "
            "the random router draw."
        )
    parts = document_parts(data.clusters, FOLDS, seed)
    policy = _policy(router, data, parts, explores)
    rows, chosen = np.arange(len(data)), np.argmax(~np.isnan(data.scores), axis=1)
    rewards, costs = data.scores[rows, chosen], data.costs[rows, chosen]
    weights = policy[rows, chosen] / data.propensities
    if not weights.any():
        raise LcragError(f"Router {router.name} would have chosen none of the strategies that were answered.")
    expected = _expected_scores(data, chosen, rewards, parts)
    ratio = float((weights * rewards).sum() / weights.sum())
    corrected = (policy * expected).sum(1) + weights * (rewards - expected[rows, chosen])

    def mean(values: Matrix) -> Interval:
        return clustered_mean(values, data.clusters, resamples=resamples, seed=seed)

    is_priced = ~np.isnan(costs) & (not router.probes)
    priced = weights[is_priced].sum()
    return OffPolicyValue(
        router.name,
        ips=mean(weights * rewards),
        snips=mean(ratio + weights * (rewards - ratio) / weights.mean()),  # linearised
        doubly_robust=mean(corrected),
        logged=mean(rewards),
        cost=float((weights * np.nan_to_num(costs))[is_priced].sum() / priced) if priced else np.nan,
        effective=float(weights.sum() ** 2 / (weights**2).sum()),
        left_out=int((~is_drawn).sum()),
        learned=_learned(router, data),
    )


def _policy(router: ReplayableRouter, data: Examples, parts: Sequence[Any], explores: bool) -> Matrix:
    """The probability with which the router chooses each strategy, shape (N, A)."""
    if any(p not in q.signals for q in data.queries for p in router.probes):
        raise LcragError(
            f"Router {router.name} probes {', '.join(router.probes)}, but the feedback has answers without its signals."
        )
    if not router.learns:
        return _shares(router, data, explores)
    if not isinstance(router, LinearBandit):
        router.fit(data)  # says why it cannot learn
        raise LcragError(f"Router {router.name} is not fitted: give a fitted one, or a bandit.")
    if len(parts) < 2:
        raise LcragError(f"Router {router.name} is not fitted, and one document only has feedback: fit it.")
    policy = np.zeros(data.scores.shape)
    for test in parts:
        fitted = router.fit(data.take(np.setdiff1d(np.arange(len(data)), test)))
        policy[test] = _shares(fitted, data.take(test), explores)
    return policy


def _shares(router: ReplayableRouter, data: Examples, explores: bool) -> Matrix:
    if explores and isinstance(router, LinearBandit):
        return router.propensities(data.queries, data.strategies)
    chosen = [d.strategy for d in router.choose(data.queries, data.strategies)]
    return np.array([[float(s == name) for name in data.strategies] for s in chosen])


def _expected_scores(data: Examples, chosen: Any, rewards: Matrix, parts: Sequence[Any]) -> Matrix:
    """What each strategy is expected to score on each query, learned from other documents; shape (N, A)."""
    from sklearn.linear_model import Ridge

    expected = np.full(data.scores.shape, float(rewards.mean()))
    for test in parts:
        train = np.setdiff1d(np.arange(len(data)), test) if len(parts) > 1 else test
        queries = [data.queries[i] for i in train]
        encoding = Encoding.fit(queries, retrieval=True, kind=True, model=True)
        rows, tested = encoding.matrix(queries), encoding.matrix([data.queries[i] for i in test])
        for arm in range(len(data.strategies)):
            is_arm = chosen[train] == arm
            if is_arm.any():
                model = Ridge(RIDGE).fit(rows[is_arm], rewards[train][is_arm])
                expected[test, arm] = np.clip(model.predict(tested), 0.0, 1.0)
    return expected


def _learned(router: ReplayableRouter, data: Examples) -> int:
    """How many of the answers a fitted bandit has learned from."""
    state = router.state if isinstance(router, LinearBandit) else None
    if state is None or state.sums is None:
        return 0
    return int(np.isin([answer_number(q.id) for q in data.queries], state.sums.answers).sum())


def value_table(values: Sequence[OffPolicyValue], unit: str) -> str:
    """Estimates of several routers from the same feedback, with notes."""
    header = ["router", "doubly robust [95%]", "SNIPS [95%]", "IPS [95%]", f"{unit}/query", "effective n"]
    rows = [
        [
            v.router,
            *(interval(i.mean, i.low, i.high) for i in (v.doubly_robust, v.snips, v.ips)),
            human(v.cost),
            known(v.effective, ",.0f"),
        ]
        for v in values
    ]
    first = values[0]
    logged = first.logged
    notes = [
        f"- Estimated from {logged.n:,} answers with feedback on {many(logged.clusters, 'document')}; they scored "
        f"{interval(logged.mean, logged.low, logged.high)}."
    ]
    if first.left_out:
        notes.append(f"- {many(first.left_out, 'answer')} left out: the strategy was certain.")
    notes += [
        f"- {v.router}: the answers tell as much as {known(v.effective, ',.0f')} of its own: too few to rely on."
        for v in values
        if v.effective < MIN_EFFECTIVE
    ]
    notes += [
        f"- {v.router} has learned from {v.learned:,} of the answers: its value is flattered."
        for v in values
        if v.learned
    ]
    return "\n".join([*ruled([header, *rows]), *wrapped(notes)])
