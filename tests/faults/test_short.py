"""A few faults on a small run; ``make faults`` has many of each, and test_killed_in_a_row.py has kills."""

import pytest

from tests.faults.run import CALLS, QUICK
from tests.faults.scenarios import Faults


@pytest.fixture(scope="module")
def faults(tmp_path_factory):
    return Faults(tmp_path_factory.mktemp("faults"), [QUICK[0], CALLS[0]], documents=1)


def test_server_errors_are_tried_again(faults):
    result = faults.proxy("500", every=6)
    assert (result.lost, result.twice, result.differing, result.paid_twice) == (0, 0, 0, 0)


def test_a_damaged_journal_costs_the_damaged_rows(faults):
    result = faults.damaged()
    assert (result.lost, result.twice, result.differing) == (0, 0, 0)
