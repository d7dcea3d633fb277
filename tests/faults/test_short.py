"""Each kind of fault once, quickly; ``make faults`` has many of each and writes docs/reliability.md."""

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


@pytest.mark.slow
def test_a_run_killed_while_it_judges_asks_no_judge_twice(tmp_path):
    judged = Faults(tmp_path, [QUICK[0], QUICK[1]], judged=True)
    result = judged.kills_while_judging(runs=1, kills=2)
    assert (result.lost, result.twice, result.differing) == (0, 0, 0)
    assert result.paid_twice <= 2 * 2  # a reply on its way to the process that is killed
