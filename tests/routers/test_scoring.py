"""Quality against cost, by hand."""

from dataclasses import dataclass

import numpy as np
import pytest

from lcrag.errors import LcragError
from lcrag.routers import Examples, Query
from lcrag.routers.learning.scoring import ScoringRouter, ScoringState

NAMES = ("cheap", "dear")
QUERIES = tuple(Query(f"q{i}", "Who?", tokens=float(t)) for i, t in enumerate((100, 200, 300)))
EXAMPLES = Examples(
    QUERIES,
    NAMES,
    np.array([[0.0, 1.0], [1.0, 1.0], [1.0, 0.0]]),
    np.array([[90.0, 100.0]] * 3),
    ("a", "b", "c"),
)


@dataclass(frozen=True)
class Fixed(ScoringRouter[ScoringState]):
    """Expects the same quality of a strategy for every query."""

    name: str = "fixed_quality"
    quality: tuple[float, float] = (0.5, 0.55)

    def _learn(self, examples, costs):
        return ScoringState(costs)

    def predict(self, queries):
        return np.array([self.quality] * len(queries))


def chosen(router, candidates=NAMES):
    return {d.strategy for d in router.fit(EXAMPLES).choose(QUERIES, list(candidates))}


@pytest.mark.parametrize(
    ("router", "strategy"),
    [
        (Fixed(), "dear"),  # 0.55 against 0.5
        (Fixed(cost_weight=0.4), "dear"),  # 0.55 - 0.4 * 1 = 0.15 against 0.5 - 0.4 * 0.9 = 0.14
        (Fixed(cost_weight=0.6), "cheap"),  # -0.05 against -0.04
        (Fixed(cost_weight=0.1, probe="cheap"), "cheap"),  # 0.45 against 0.5: the probe has been paid for
        (Fixed(cost_weight=0.04, probe="cheap"), "dear"),  # 0.51 against 0.5
        (Fixed(quality=(0.5, 0.5)), "cheap"),  # of equals the cheaper
    ],
)
def test_expected_quality_is_weighed_against_what_is_still_to_be_paid(router, strategy):
    assert chosen(router) == {strategy}


def test_a_probe_that_has_run_costs_nothing_more():
    costs = Fixed(probe="cheap").fit(EXAMPLES).expected_costs(QUERIES)
    assert costs == pytest.approx(np.array([[0.0, 1.0]] * 3))
    assert Fixed().fit(EXAMPLES).expected_costs(QUERIES) == pytest.approx(np.array([[0.9, 1.0]] * 3))


def test_only_candidates_are_chosen():
    assert chosen(Fixed(), ["cheap"]) == {"cheap"}
    with pytest.raises(LcragError, match="knows cheap, dear; the strategies are: other"):
        chosen(Fixed(), ["other"])
    with pytest.raises(LcragError, match="probes 'other', but the outcomes have: cheap, dear"):
        Fixed(probe="other").fit(EXAMPLES)
    with pytest.raises(ValueError, match="must not be negative"):
        Fixed(cost_weight=-0.1)
