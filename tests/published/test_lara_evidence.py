"""Where LaRA's questions were written from."""

from __future__ import annotations

import pytest

from lcrag.errors import LcragError
from lcrag.published import evidence_positions


def test_positions_are_the_middles_of_parts_for_all_but_whole_documents_and_comparisons(data):
    positions = evidence_positions(data / "LaRA")
    assert positions["32k-book-location-1"] == pytest.approx(0.1)  # the first of five parts
    assert positions["32k-book-location-2"] == pytest.approx(0.3)
    assert {round(v, 2) for k, v in positions.items() if k.startswith("128k-book-loc")} == {
        round(0.05 + i / 10, 2) for i in range(10)
    }
    assert (
        not any("-comp-" in k for k in positions)
        and 0 < min(positions.values()) < max(positions.values()) < 1
    )
    assert len(positions) == 1820


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(LcragError, match=r"32k_book_location\.jsonl cannot be read"):
        evidence_positions(tmp_path)
