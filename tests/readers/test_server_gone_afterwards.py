"""A finished run does not need its server any more."""

from __future__ import annotations

import pandas as pd

from tests.readers.scripted_server import serving


def test_the_table_of_a_finished_run_is_made_without_its_server(run, tmp_path):
    with serving() as state:
        first = run(url=state.url)
        assert first.returncode == 0
        table = pd.read_parquet(tmp_path / "out" / "outcomes.parquet")
        looked_up, calls = state.looked_up, len(state.seen)
        assert run(url=state.url).returncode == 0
        assert (state.looked_up, len(state.seen)) == (looked_up, calls)  # the server is not even asked
    again = run(url=state.url)
    assert (again.returncode, again.stderr) == (0, "")
    assert again.stdout.replace("6 of 6 answers were there already.\n", "") == first.stdout
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "out" / "outcomes.parquet"), table)
