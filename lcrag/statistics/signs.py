"""The sign-flip test: how often a difference as large arises if each document's sign is a coin's."""

from __future__ import annotations

import itertools

import numpy as np

from lcrag.statistics.clusters import Floats

FLIPS = 100_000  # so that Holm's correction over 15 tests can still fall to 0.00015
SIGNS = np.array(list(itertools.product((1.0, -1.0), repeat=8)))  # eight signs for each byte


def sign_flip(sums: Floats, flips: int = FLIPS, seed: int = 0) -> tuple[float, bool]:
    """The two-sided p-value, and whether it is a bound only: no random assignment was as extreme.

    All assignments are tried where there are at most ``flips`` of them, else that many random ones, to which the
    observed one is added (Phipson and Smyth 2010). Clusters without a difference change nothing and are left out.

    Args:
        sums: summed difference of each cluster, shape (clusters,).
        flips: bound on the assignments.
        seed: seeds the random ones.
    """
    sums = sums[sums != 0]
    if not len(sums):
        return 1.0, False
    observed = abs(sums.sum()) - 1e-12 * np.abs(sums).sum()
    if len(sums) < flips.bit_length():  # 2 ** len(sums) <= flips
        totals = np.zeros(1)
        for value in sums:
            totals = np.concatenate([totals + value, totals - value])
        return float((np.abs(totals) >= observed).mean()), False
    extreme = int((np.abs(_random_totals(sums, flips, seed)) >= observed).sum())
    return (extreme + 1) / (flips + 1), extreme == 0


def smallest_p(clusters: int, flips: int = FLIPS) -> float:
    """The smallest p-value that ``sign_flip`` can give for this number of clusters."""
    return 2.0 ** (1 - clusters) if clusters < flips.bit_length() else 1 / (flips + 1)


def _random_totals(sums: Floats, flips: int, seed: int) -> Floats:
    """Totals under random signs, shape (flips,): a random byte draws the signs of eight clusters at once."""
    rng = np.random.default_rng(seed)
    padded = np.append(sums, np.zeros(-len(sums) % 8)).reshape(-1, 8)
    totals = np.zeros(flips)
    for eight in padded:
        totals += (SIGNS @ eight)[rng.integers(0, 256, flips, dtype=np.uint8)]
    return totals
