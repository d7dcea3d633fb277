"""Agreement of several judges."""

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from lcrag.errors import LcragError
from lcrag.judging.agreement import agreement_of


def test_each_pair_is_scikit_learns_and_all_are_fleiss():
    rng = np.random.default_rng(0)
    truth = rng.random(200) < 0.6
    judges = {name: np.where(rng.random(200) < 0.8, truth, ~truth) * 0.9 for name in "abc"}
    found = agreement_of(judges)
    for (a, b), kappa in found.pairs.items():
        assert kappa.mean == pytest.approx(cohen_kappa_score(judges[a] > 0.5, judges[b] > 0.5))
    assert list(found.pairs) == [("a", "b"), ("a", "c"), ("b", "c")]
    assert found.mean_kappa == pytest.approx(np.mean([k.mean for k in found.pairs.values()]))
    # by hand: counts of yes, pairs that agree
    yes = sum((v > 0.5).astype(int) for v in judges.values())
    share = yes.mean() / 3
    observed = np.mean([(y * (y - 1) + (3 - y) * (2 - y)) / 6 for y in yes])
    expected = share**2 + (1 - share) ** 2
    assert found.fleiss == pytest.approx((observed - expected) / (1 - expected))
    assert found.n == 200


def test_answers_without_a_verdict():
    found = agreement_of({"a": [1, 0, 1, np.nan], "b": [1, 0, np.nan, 1], "c": [1, 0, 0, 1]})
    assert found.n == 2 and found.fleiss == 1
    assert found.pairs["a", "c"].n == 3 and found.pairs["a", "b"].n == 2


def test_documents_widen_the_interval():
    a = np.random.default_rng(1).integers(0, 2, 30).repeat(6)
    b = np.where(np.random.default_rng(2).random(30).repeat(6) < 0.2, 1 - a, a)
    wide, narrow = (
        agreement_of({"a": a, "b": b}, c).pairs["a", "b"] for c in ([str(i // 6) for i in range(180)], None)
    )
    assert wide.mean == narrow.mean and wide.high - wide.low > 2 * (narrow.high - narrow.low)


def test_what_cannot_agree():
    with pytest.raises(LcragError, match="needs two judges or more, and there are 1"):
        agreement_of({"a": [1]})
    with pytest.raises(LcragError, match="have 1 and 2 verdicts: give each the same answers"):
        agreement_of({"a": [1], "b": [1, 0]})
    assert np.isnan(agreement_of({"a": [1, 1], "b": [1, 1]}).mean_kappa)
