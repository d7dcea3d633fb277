"""Power against tables from another model than its own, tested by the test that the tables of a run use."""

import numpy as np
import pytest

from lcrag.statistics import (
    Variation,
    documents_needed,
    min_documents,
    paired_difference,
    smallest_difference,
    smallest_p,
    variation,
)
from lcrag.statistics.power import even, power
from lcrag.statistics.variation import design_effect


def answers(gap, documents, each, seed, tables=1):
    """Right and wrong answers of two strategies, shapes (tables, documents, each).

    An answer is right where skill, the document's effect on the strategy and the question's difficulty add up.
    """
    rng = np.random.default_rng(seed)
    hard = rng.normal(0, 0.8, (tables, documents, each))
    a, b = (
        0.4 * rng.normal(size=(tables, documents, 1))
        + rng.normal(size=(tables, documents, each))
        - hard
        + skill
        for skill in (gap / 2, -gap / 2)
    )
    return (a > 0).astype(float), (b > 0).astype(float)


def names(documents, each):
    return [str(i) for i in range(documents) for _ in range(each)]


def truth(gap, each):
    """The difference and its variation in a very large table."""
    a, b = answers(gap, 20_000, each, seed=1)
    return float((a - b).mean()), variation((a - b).ravel(), names(20_000, each))


@pytest.mark.parametrize(("documents", "each"), [(8, 8), (16, 4), (40, 5)])
def test_a_difference_with_a_power_of_80_percent_is_shown_in_80_percent_of_tables(
    documents, each, record_property
):
    low, high = 0.2, 3.0
    for _ in range(9):
        gap = (low + high) / 2
        difference, given = truth(gap, each)
        low, high = (low, gap) if power(difference, (each,) * documents, given) >= 0.8 else (gap, high)
    assert given.correlation > 0.02
    a, b = (x.reshape(600, -1) for x in answers(gap, documents, each, seed=2, tables=600))
    clusters = names(documents, each)
    pairs = [
        paired_difference(x, y, clusters, resamples=2, flips=70_000 if documents < 17 else 10_000)
        for x, y in zip(a, b, strict=True)
    ]
    shown = np.mean([pair.p_value < 0.05 for pair in pairs])
    record_property("trust", f"{documents} documents with {each} questions: {shown:.1%}")
    assert 0.75 <= shown <= 0.85
    smallest = smallest_difference((each,) * documents, given)
    assert smallest == pytest.approx(difference, abs=0.01)


def test_holms_correction_costs_power_and_the_simulated_test_agrees():
    difference, given = truth(1.2, 6)
    alone, among_five = (power(difference, (6,) * 14, given, comparisons=k) for k in (1, 5))
    assert among_five < alone - 0.1
    a, b = (x.reshape(400, -1) for x in answers(1.2, 14, 6, seed=3, tables=400))
    p = [paired_difference(x, y, names(14, 6), resamples=2).p_value for x, y in zip(a, b, strict=True)]
    assert np.mean(np.array(p) < 0.01) == pytest.approx(among_five, abs=0.06)


def test_with_five_documents_no_difference_can_be_shown():
    assert np.isnan(smallest_difference((100,) * 5, Variation()))
    assert (min_documents(), min_documents(comparisons=5)) == (6, 8)
    assert 5 * smallest_p(7) > 0.05 > 5 * smallest_p(8)
    assert power(0.9, (10,) * 5, Variation(0.1, 0)) == 0


def test_more_documents_show_more_and_more_questions_on_the_same_documents_little():
    given = Variation(0.5, 0.3)
    few, more, deep = (smallest_difference(s, given) for s in ((4,) * 12, (4,) * 48, (16,) * 12))
    assert more < 0.6 * few
    assert few > deep > 1.3 * more


@pytest.mark.parametrize(("difference", "each"), [(0.1, 8), (0.2, 3)])
def test_documents_needed_is_the_inverse_of_the_smallest_difference(difference, each):
    given = Variation(0.3, 0.1)
    documents = documents_needed(difference, each, given)
    assert smallest_difference((each,) * documents, given) == pytest.approx(difference, abs=0.01)


def test_for_many_documents_it_is_the_formula_of_the_literature():
    """n = (1.96 + 0.84)² * variance * design effect / difference², Miller 2024, section 5, but for one percent."""
    given = Variation(0.5, 0.1)
    by_hand = (1.959964 + 0.841621) ** 2 * 0.5 * 1.7 / (8 * 0.02**2)
    assert documents_needed(0.02, 8, given) == pytest.approx(by_hand, rel=0.01)
    assert smallest_difference((8,) * 2085, given) == pytest.approx(0.02, rel=0.01)
    simulated, formula = (smallest_difference((8,) * documents, given) for documents in (150, 151))
    assert simulated == pytest.approx(formula, abs=0.0051)


def test_the_variation_of_a_pilot_by_hand():
    """Documents a: 1, 1; b: 0, 0; c: 1, 0. Between 0.5, within 1/6; 0.1667 shared of 0.3333."""
    given = variation([1, 1, 0, 0, 1, 0, np.nan], list("aabbccc"))
    assert (given.variance, given.correlation) == (pytest.approx(1 / 3), pytest.approx(0.5))
    assert variation([1, 0, 1, 0], list("aabb")) == Variation(pytest.approx(1 / 3), 0)
    assert variation([1, 0], list("ab")) == Variation(0.5, 0)
    assert variation([0, 0, 0], list("aab")) == Variation(0, 0)
    assert np.isnan(variation([np.nan], ["a"]).variance)


def test_the_design_effect_of_unequal_documents():
    assert design_effect([5, 5], 0.25) == 2
    assert design_effect([9, 1], 0.25) == pytest.approx(1 + (8.2 - 1) * 0.25)
    assert (even(10, 4), even(3, 8)) == ((3, 3, 2, 2), (1, 1, 1))
