"""Corrected accuracies where the truth is known: simulated judges that err in a known way."""

import numpy as np
import pytest
from scipy.special import ndtri

from lcrag.errors import LcragError
from lcrag.judging.correction import corrected_bounds, error_covariance, rogan_gladen
from lcrag.judging.prediction_powered import prediction_powered
from lcrag.statistics import clustered_mean, clustered_rate

JUDGES = [(0.9, 0.7), (0.7, 0.95), (0.6, 0.6)]  # sensitivity, specificity
Z = ndtri(0.975)
NOMINAL = (0.93, 0.98)


def singles(n):
    return [str(i) for i in range(n)]


def rate(share, n):
    return clustered_rate(np.arange(n) < round(share * n), singles(n))


def part(values, mask, names):
    return clustered_rate(values[mask], [n for n, k in zip(names, mask, strict=True) if k])


def within(coverage):
    return NOMINAL[0] <= coverage <= NOMINAL[1]


def test_rogan_and_gladens_formula():
    found = rogan_gladen(np.arange(100) < 55, None, rate(0.9, 200), rate(0.7, 200))
    assert found.raw == 0.55
    assert found.mean == pytest.approx((0.55 + 0.7 - 1) / (0.9 + 0.7 - 1))
    assert found.low < found.mean < found.high
    nearly_perfect = rogan_gladen(np.arange(100) < 55, None, rate(1, 100_000), rate(1, 100_000))
    assert nearly_perfect.mean == 0.55
    plain = clustered_mean(np.arange(100) < 55, singles(100), bounds=(0, 1))
    assert (nearly_perfect.low, nearly_perfect.high) == pytest.approx((plain.low, plain.high), abs=0.01)


def test_it_stays_within_0_and_1():
    assert rogan_gladen(np.zeros(50), None, rate(0.9, 100), rate(0.7, 100)).mean == 0
    top = rogan_gladen(np.ones(50), None, rate(0.9, 100), rate(0.7, 100))
    assert top.mean == top.high == 1 and top.low > 0.5
    assert np.isnan(rogan_gladen([np.nan], None, rate(0.9, 100), rate(0.7, 100)).mean)


def test_a_judge_without_information_is_refused():
    for sensitivity, specificity in ((0.6, 0.4), (0.3, 0.5), (1, 0)):
        with pytest.raises(LcragError, match="is not above 1, so its verdicts say nothing"):
            rogan_gladen([1, 0], None, rate(sensitivity, 100), rate(specificity, 100))
    with pytest.raises(LcragError, match="use another judge"):
        rogan_gladen([1, 0], None, rate(0.9, 100), clustered_rate([], []))


def test_where_the_judge_may_know_nothing_everything_is_possible():
    found = rogan_gladen(np.arange(200) < 100, None, rate(0.55, 40), rate(0.5, 40))
    assert (found.low, found.high) == (0, 1)


@pytest.mark.parametrize(("sensitivity", "specificity"), JUDGES)
@pytest.mark.parametrize("accuracy", [0.2, 0.5, 0.8, 0.95])
@pytest.mark.parametrize("labelled", [100, 200, 400])
def test_95_percent_intervals_cover_the_accuracy_in_95_percent(sensitivity, specificity, accuracy, labelled):
    """Half of the labelled answers are right; 500 answers are judged; 20,000 times."""
    rng, half = np.random.default_rng(0), labelled // 2
    share = accuracy * sensitivity + (1 - accuracy) * (1 - specificity)
    called = rng.binomial(500, share, 20_000) / 500
    right, wrong = (
        rng.binomial(half, sensitivity, 20_000) / half,
        rng.binomial(half, specificity, 20_000) / half,
    )
    is_informed = right + wrong > 1  # others are refused
    low, high = corrected_bounds(called, 500, right, half, wrong, half, quantile=Z)
    assert within(((low <= accuracy) & (accuracy <= high))[is_informed].mean())
    naive = abs(called - accuracy) <= Z * np.sqrt(called * (1 - called) / 500)
    if abs(share - accuracy) > 0.05:
        assert naive.mean() < 0.85  # what is corrected here
    if abs(share - accuracy) > 0.12:
        assert naive.mean() < 0.01


def beta(rng, mean, correlation, size):
    """Shares that differ by document; a document's answers have this correlation."""
    strength = 1 / correlation - 1
    return rng.beta(mean * strength, (1 - mean) * strength, size)


def judged_documents(rng, documents, each, accuracy, sensitivity, specificity):
    """Labels and verdicts of answers to questions on documents that differ in difficulty and in the judge's errors."""
    right = rng.random((documents, each)) < beta(rng, accuracy, 0.2, documents)[:, None]
    yes = rng.random((documents, each)) < beta(rng, sensitivity, 0.1, documents)[:, None]
    no = rng.random((documents, each)) < beta(rng, specificity, 0.1, documents)[:, None]
    verdicts = np.where(right, yes, ~no)
    return (
        right.ravel().astype(float),
        verdicts.ravel().astype(float),
        [str(i // each) for i in range(documents * each)],
    )


@pytest.mark.parametrize(("sensitivity", "specificity"), JUDGES)
def test_coverage_with_documents_as_clusters(sensitivity, specificity):
    rng, accuracy = np.random.default_rng(1), 0.75
    hits, as_if_independent, naive, runs = 0, 0, 0, 0
    for _ in range(1_000):
        label, verdict, names = judged_documents(rng, 40, 8, 0.5, sensitivity, specificity)
        _, called, target = judged_documents(rng, 40, 10, accuracy, sensitivity, specificity)
        errors = [part(verdict, label == 1, names), part(1 - verdict, label == 0, names)]
        if errors[0].mean + errors[1].mean <= 1:
            continue
        runs += 1
        covariance = error_covariance(label, verdict, names)
        found = rogan_gladen(called, target, *errors, covariance=covariance)
        hits += found.low <= accuracy <= found.high
        blind = corrected_bounds(
            called.mean(), 400, errors[0].mean, errors[0].n, errors[1].mean, errors[1].n, quantile=Z
        )
        as_if_independent += blind[0] <= accuracy <= blind[1]
        plain = clustered_mean(called, target, bounds=(0, 1))
        naive += plain.low <= accuracy <= plain.high
    assert runs > 900
    assert within(hits / runs)
    assert as_if_independent / runs < 0.92
    share = accuracy * sensitivity + (1 - accuracy) * (1 - specificity)
    assert naive / runs < 0.4 or abs(share - accuracy) < 0.05


@pytest.mark.parametrize(("sensitivity", "specificity"), JUDGES)
@pytest.mark.parametrize("labelled", [100, 400])
def test_prediction_powered_coverage(sensitivity, specificity, labelled):
    rng, accuracy, hits, widths, plain = np.random.default_rng(2), 0.8, 0, [], []
    for _ in range(1_000):
        y = rng.random(labelled + 1_000) < accuracy
        f = np.where(y, rng.random(len(y)) < sensitivity, rng.random(len(y)) >= specificity)
        found = prediction_powered(y[:labelled], f[:labelled], f[labelled:])
        hits += found.low <= accuracy <= found.high
        widths.append(found.high - found.low)
        plain.append(2 * Z * y[:labelled].std() / np.sqrt(labelled))
    assert within(hits / 1_000)
    assert np.mean(widths) < np.mean(plain) * 1.03  # a judge that says nothing costs nothing


def test_prediction_powered_coverage_with_documents_in_both_samples():
    rng, accuracy, hits, blind = np.random.default_rng(3), 0.75, 0, 0
    for _ in range(1_000):
        y, f, names = judged_documents(rng, 50, 12, accuracy, 0.9, 0.7)
        few = np.arange(len(y)) % 12 < 4  # a third of each document's answers is labelled
        parts = [[n for n, k in zip(names, m, strict=True) if k] for m in (few, ~few)]
        found = prediction_powered(y[few], f[few], f[~few], *parts)
        hits += found.low <= accuracy <= found.high
        found = prediction_powered(y[few], f[few], f[~few])
        blind += found.low <= accuracy <= found.high
    assert within(hits / 1_000)
    assert blind / 1_000 < 0.9


def test_prediction_powered_by_hand():
    y, f, rest = [1, 0, 1, 1], [1, 1, 1, 0], [1, 1, 0, 1, 1, 0, 1, 1]
    found = prediction_powered(y, f, rest, weight=1)
    assert found.raw == 0.75 and found.mean == pytest.approx(0.75 + (3 - 3) / 4)
    nothing_known = prediction_powered(y, [1, 1, 1, 1], [1] * 8)
    assert nothing_known.mean == 0.75  # the labels alone
    with pytest.raises(LcragError, match="needs labelled answers and verdicts on others: there are 1 and 8"):
        prediction_powered([1, np.nan], [1, 1], rest)
